"""What became of rounds: which crawl is at work, how fast it goes, which run by the clock is late."""

from datetime import UTC, datetime, timedelta

import pytest

from review_queue import audit, frontier, progress
from review_queue.progress import CrawlRound, Reading
from review_queue.rounds import (
    BEGUN,
    ENDED,
    CrawlState,
    Outcome,
    Planned,
    by_clock,
    pace,
    runs,
    state_of,
)
from review_queue.store import Store
from tests.conftest import TickingClock


def _alive(_: str) -> bool:
    return True


def _dead(_: str) -> bool:
    return False


def _begin(store: Store, name: str = "nightly") -> None:
    audit.append(store, actor="timer", action=BEGUN, subject=name, detail={"process": "1:2"})


def _end(store: Store, outcome: str = "done", name: str = "nightly", error: str = "") -> None:
    detail = {"outcome": outcome, "counts": {"crawl": {"pages": 3}}, "error": error}
    audit.append(store, actor="timer", action=ENDED, subject=name, detail=detail)


def _planned(owed: datetime, name: str = "nightly") -> Planned:
    return Planned(name, owed + timedelta(days=1), owed, owed)


def _open(store: Store) -> int:
    return frontier.open_round(store, sites=["one.example"], policy={"robots": "obey"}, max_pages=1)


def _crawl(store: Store, round_id: int) -> CrawlRound:
    found = progress.round_of(store, round_id)
    assert found
    return found


def test_a_crawl_is_at_work_while_it_leaves_readings(store: Store, clock: TickingClock) -> None:
    round_id = _open(store)
    assert state_of(_crawl(store, round_id), None, clock()) is CrawlState.RUNNING

    clock.move(minutes=10)
    assert state_of(_crawl(store, round_id), None, clock()) is CrawlState.DIED
    progress.note(store, round_id, Reading(pages=1))
    newest = progress.newest(store, round_id)
    assert state_of(_crawl(store, round_id), newest, clock()) is CrawlState.RUNNING

    clock.move(minutes=3)
    assert state_of(_crawl(store, round_id), newest, clock()) is CrawlState.DIED


@pytest.mark.parametrize(
    ("report", "state"),
    [({"stopped": True}, CrawlState.STOPPED), ({"stopped": False}, CrawlState.FINISHED),
     ({}, CrawlState.FINISHED)],
)  # fmt: skip
def test_a_closed_crawl_says_how_it_ended(
    store: Store, clock: TickingClock, report: dict[str, object], state: CrawlState
) -> None:
    round_id = _open(store)
    frontier.close_round(store, round_id, report)
    clock.move(days=9)

    assert state_of(_crawl(store, round_id), None, clock()) is state


def test_the_pace_is_that_of_the_last_minute() -> None:
    readings = [
        Reading(pages=1000, pending=900, seconds=10),
        Reading(pages=1010, errors={"dns": 10}, pending=800, seconds=100),
        Reading(pages=1040, errors={"dns": 40}, pending=240, seconds=160),
        Reading(pages=1060, errors={"dns": 50}, pending=200, seconds=180),
    ]

    found = pace(readings)

    # since the reading at 100 s: 50 pages and 40 errors in 80 s
    assert found
    assert found.per_second == pytest.approx(90 / 80)
    assert found.left_s == pytest.approx(200 / (90 / 80))


def test_a_crawl_that_has_just_begun_or_stands_still_has_a_pace_or_none() -> None:
    assert pace([]) is None
    assert pace([Reading(seconds=10)]) is None
    first = pace([Reading(pages=5, pending=10, seconds=10)])
    assert first
    assert (first.per_second, first.left_s) == (0.5, 20.0)
    assert pace([Reading(pages=5, seconds=s) for s in (10.0, 80.0)]) is None


def test_runs_of_several_rounds_are_told_apart_and_limited_in_time(
    store: Store, clock: TickingClock
) -> None:
    _begin(store)
    _end(store)
    clock.move(days=1)
    since = clock().isoformat().replace("+00:00", "Z")
    _begin(store)
    _begin(store, "weekly")
    _end(store, "failed", error="no room")
    _end(store, "stopped", "weekly")

    found = list(runs(store, _dead, since=since))

    assert [(run.name, run.outcome, run.error) for run in found] == [
        ("weekly", Outcome.STOPPED, ""),
        ("nightly", Outcome.FAILED, "no room"),
    ]
    assert [run.name for run in runs(store, _dead)] == ["weekly", "nightly", "nightly"]


def test_only_the_newest_run_can_be_at_work(store: Store) -> None:
    _begin(store)
    _begin(store)

    assert [run.outcome for run in runs(store, _alive)] == [Outcome.RUNNING, Outcome.DIED]
    assert [run.outcome for run in runs(store, _dead)] == [Outcome.DIED, Outcome.DIED]


@pytest.mark.parametrize("outcome", ["failed", "stopped", "died", None])
def test_a_round_is_late_until_it_is_done(
    store: Store, clock: TickingClock, outcome: str | None
) -> None:
    owed = datetime(2026, 11, 1, 8, tzinfo=UTC)
    if outcome:
        _begin(store)
    if outcome in {"failed", "stopped"}:
        _end(store, outcome)

    (found,) = by_clock(store, [_planned(owed)], _dead)
    assert found.late
    assert timedelta(hours=1) <= found.late < timedelta(hours=1, minutes=1)
    assert [run.outcome for run in found.runs] == ([Outcome(outcome)] if outcome else [])

    clock.move(minutes=5)
    _begin(store)
    _end(store)
    (found,) = by_clock(store, [_planned(owed)], _dead)
    assert found.late is None


def test_what_was_done_before_the_time_that_is_owed_does_not_count(
    store: Store, clock: TickingClock
) -> None:
    _begin(store)
    _end(store)
    clock.move(days=1)

    (found,) = by_clock(store, [_planned(datetime(2026, 11, 1, 10, tzinfo=UTC))], _dead)

    assert found.late


def test_a_round_of_once_a_year_is_looked_up_that_far_back(
    store: Store, clock: TickingClock
) -> None:
    owed = clock() - timedelta(seconds=1)
    _begin(store)
    _end(store)
    _begin(store, "once")
    _end(store, name="once")
    clock.move(days=300)

    (yearly, once) = by_clock(store, [_planned(owed)], _dead)
    assert (yearly.name, yearly.late, len(yearly.runs)) == ("nightly", None, 1)
    assert (once.name, once.planned, once.late) == ("once", None, None)

    assert by_clock(store, [], _dead) == []  # neither planned nor run lately
