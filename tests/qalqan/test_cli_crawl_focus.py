"""`qalqan crawl --focus` and `--max-total-pages` as they are typed, and what the round remembers of them."""

import json
from pathlib import Path

import pytest

from crawler.plan import FocusMode
from qalqan.cli.crawl_focus import focus_mode
from review_queue.errors import QalqanError
from review_queue.store import open_store
from tests.qalqan.crawling import qalqan_crawl, small_web
from tests.site.web import Web


def test_a_crawl_without_scores_has_no_focus_unless_told_and_no_hard_one() -> None:
    assert focus_mode(None, is_scored=True) is FocusMode.SOFT
    assert focus_mode(None, is_scored=False) is FocusMode.OFF
    assert focus_mode("soft", is_scored=False) is FocusMode.SOFT
    assert focus_mode("hard", is_scored=True) is FocusMode.HARD
    with pytest.raises(QalqanError, match="needs scores"):
        focus_mode("hard", is_scored=False)


def test_the_whole_run_is_bounded_and_the_round_says_so(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("s1.example\ns2.example\n")
    with Web() as web:
        small_web(web)

        done = qalqan_crawl(
            str(seeds), "--data", str(tmp_path), "--proxy", web.proxy, "--delay", "0", "--json",
            "--focus", "soft", "--max-total-pages", "2",
        )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["pages"] == 2
    with open_store(tmp_path) as store:
        policy = json.loads(store.value("SELECT policy FROM rounds"))
    assert (policy["focus"], policy["max_total_pages"]) == ("soft", 2)


def test_a_hard_focus_without_scores_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    done = qalqan_crawl("-", "--data", str(tmp_path), "--focus", "hard", stdin="http://s1.example/")

    assert done.returncode != 0
    assert "--focus hard needs scores" in done.stderr
