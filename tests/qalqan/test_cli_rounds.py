"""`qalqan rounds` as it is typed: over a store with a finished round, one at work and one that died."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qalqan.cli.rounds import rounds
from review_queue import frontier, progress
from review_queue.clock import system_clock
from review_queue.progress import Reading
from review_queue.store import open_store


def typed(data: Path, *words: str) -> Result:
    return CliRunner().invoke(rounds, [words[0], *words[1:], "--data", str(data)])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Round 1 was closed with a report, 2 was heard of an hour ago, 3 just now."""
    folder = tmp_path / "data"

    def opened() -> int:
        return frontier.open_round(store, sites=["a.kz"], policy={"robots": "obey"}, max_pages=5)

    with open_store(folder, clock=lambda: system_clock() - timedelta(hours=1)) as store:
        first = opened()
        progress.note(store, first, Reading(pages=40, harvested=30, seconds=10))
        report = {"pages": 80, "errors": {"dns": 2, "http_404": 9}, "bytes": 3_000_000, "sites": 4,
                  "harvested": 30, "seconds": 61.2, "unread": {"time": 1}}  # fmt: skip
        frontier.close_round(store, first, report)
        progress.note(store, opened(), Reading(pages=7, sites=1, seconds=20))
    with open_store(folder) as store:
        progress.note(store, opened(), Reading(pages=9, errors={"tls": 1}, pending=5, sites=2))
    return folder


def test_rounds_are_listed_newest_first_with_where_they_stand(data: Path) -> None:
    lines = typed(data, "list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert "running   9 pages of 2 sites, 0 harvested, 1 errors, 0:00:00, 5 to go" in lines[0]
    assert "died      7 pages of 1 sites" in lines[1]
    assert "finished  80 pages of 4 sites, 30 harvested, 11 errors, 0:01:01" in lines[2]
    assert len(typed(data, "list", "--limit", "1").stdout.splitlines()) == 1


def test_programs_read_the_same_figures(data: Path) -> None:
    newest, died, closed = json.loads(typed(data, "list", "--json").stdout)

    assert (newest["state"], died["state"], closed["state"]) == ("running", "died", "finished")
    assert closed["errors"] == {"dns": 2, "http_404": 9}
    assert (closed["harvested"], newest["pending"], closed["unread"]) == (30, 5, {"time": 1})


def test_a_round_is_shown_with_its_errors_and_where_its_harvest_came_in(data: Path) -> None:
    shown = typed(data, "show", "1").stdout

    assert "9 x http_404: the server answered 404" in shown
    assert "2 x dns: unknown host" in shown
    assert "1 pages that no program could read: time" in shown
    assert "Harvest 37.5 % of the pages" in shown
    assert "3.0 MB received; robots.txt: obey" in shown
    whole = json.loads(typed(data, "show", "1", "--json").stdout)
    assert whole["policy"] == {"robots": "obey"}
    assert [one["pages"] for one in whole["readings"]] == [40]


def test_rounds_are_drawn_into_one_file(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "harvest.svg"

    done = typed(data, "show", "1", "--plot", str(file), "--beside", "3")

    assert done.exit_code == 0, done.output
    assert "round 1</text>" in file.read_text()
    assert "round 3</text>" in file.read_text()


def test_what_cannot_be_shown_or_drawn_is_told(data: Path, tmp_path: Path) -> None:
    assert "no round 99" in str(typed(data, "show", "99").exception)
    assert "--beside is for --plot" in typed(data, "show", "1", "--beside", "3").stderr
    nowhere = str(tmp_path / "no" / "x.svg")
    assert "name another --plot" in str(typed(data, "show", "1", "--plot", nowhere).exception)


def test_a_store_without_rounds_says_so(tmp_path: Path) -> None:
    with open_store(tmp_path / "data"):
        pass

    assert typed(tmp_path / "data", "list").stdout == "No round yet.\n"
