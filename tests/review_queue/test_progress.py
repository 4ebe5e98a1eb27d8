"""Readings of a round: taken while it runs, read by whoever watches it."""

from pathlib import Path

from review_queue import frontier, progress
from review_queue.progress import Reading
from review_queue.store import Store, open_store
from tests.conftest import TickingClock


def opened(store: Store) -> int:
    return frontier.open_round(store, sites=["a.kz"], policy={"robots": "obey"}, max_pages=5)


def test_readings_come_back_in_their_order_with_the_errors_by_kind(
    store: Store, clock: TickingClock
) -> None:
    first = opened(store)
    other = opened(store)
    progress.note(store, first, Reading(pages=3, errors={"dns": 2, "tls": 1}, bytes=30, seconds=1))
    clock.move(seconds=10)
    progress.note(store, other, Reading(pages=1))
    progress.note(store, first, Reading(pages=9, pending=4, sites=2, harvested=1, seconds=11.5))

    found = progress.of_round(store, first)

    assert [(one.pages, one.harvested, one.seconds) for one in found] == [(3, 0, 1.0), (9, 1, 11.5)]
    assert found[0].errors == {"dns": 2, "tls": 1}
    assert found[0].at < found[1].at
    assert progress.newest(store, first) == found[1]
    assert progress.newest(store, other) == progress.of_round(store, other)[0]


def test_a_round_without_a_reading_has_none(store: Store) -> None:
    assert progress.newest(store, opened(store)) is None
    assert progress.of_round(store, 99) == []


def test_two_readings_of_one_moment_leave_the_later_one(tmp_path: Path) -> None:
    standing = TickingClock()
    with open_store(tmp_path / "data", clock=lambda: standing.moment) as store:
        round_id = opened(store)
        progress.note(store, round_id, Reading(pages=1))
        progress.note(store, round_id, Reading(pages=2))

        assert [one.pages for one in progress.of_round(store, round_id)] == [2]


def test_rounds_come_newest_first_with_their_rules_and_reports(store: Store) -> None:
    first, second = opened(store), opened(store)
    frontier.close_round(store, first, {"pages": 7})

    newest, older = progress.rounds(store, limit=5)

    assert (newest.id, newest.closed_at, newest.report) == (second, "", {})
    assert (older.id, older.report, older.policy) == (first, {"pages": 7}, {"robots": "obey"})
    assert progress.rounds(store, limit=1, offset=1) == [older]
    assert progress.round_of(store, first) == older
    assert progress.round_of(store, 99) is None
