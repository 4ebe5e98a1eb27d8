"""A crawl is watched while it runs: its harvest, its errors and its memory, by the caller and in the store."""

from collections.abc import Sequence
from pathlib import Path

from crawler.plan import Budget, Progress, Score, Scoring
from crawler.run import crawl
from review_queue import progress
from review_queue.categories import Category, Stance
from review_queue.records import ModelId, PageScore
from review_queue.store import open_store
from tests.crawler.conftest import no_language, plan_for, seeds_of
from tests.site.web import Web

CUTS = {Category.SELF_HARM: 0.5, Category.VIOLENCE: 0.5, Category.DISTRESS: 0.5}


def by_the_word() -> Score:
    """What a reader loads: a page that speaks of flour is the one we look for."""

    def score(pages: Sequence[tuple[str, str]]) -> list[PageScore]:
        return [_scored("flour" in text) for _, text in pages]

    return score


def _scored(is_one: bool) -> PageScore:  # noqa: FBT001  # the one thing that is told
    value = float(is_one)
    harms = {Category.SELF_HARM: 0.0, Category.VIOLENCE: value}
    return PageScore("en", harms, {Stance.PROMOTES: value, Stance.OTHER: 1 - value}, value)


def test_harvest_and_errors_are_told_while_the_crawl_runs_and_kept(web: Web, data: Path) -> None:
    web.pause_s = 0.3
    for page in range(8):
        words = "flour" if page in (2, 3) else "water"
        web.put(f"http://a.test/{page}", f"<p>{words}</p><a href=/{page + 1}>on</a>")
    scoring = Scoring(by_the_word, ModelId("by-the-word", "1", "d" * 64), CUTS)
    plan = plan_for(web, scoring=scoring, budget=Budget(max_pages=20, max_depth=20))
    told: list[Progress] = []

    seeds = seeds_of(web, "http://a.test/0")
    report = crawl(data, seeds, plan, detect_language=no_language, on_progress=told.append)

    assert (report.pages, report.harvested, report.errors) == (8, 2, {"http_404": 1})
    assert any(now.harvested > 0 and now.pages < 8 for now in told)
    assert all(now.memory_mb > 20 for now in told)
    assert [now.pages for now in told] == sorted(now.pages for now in told)
    with open_store(data) as store:
        readings = progress.of_round(store, report.round_id)
    assert len(readings) >= 2
    assert (readings[-1].pages, readings[-1].harvested) == (8, 2)
    assert readings[-1].errors == {"http_404": 1}
