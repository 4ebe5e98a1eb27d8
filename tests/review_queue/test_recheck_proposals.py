"""Looks at a listed site lead to proposals, each once; people settle them, and nothing is lifted by itself."""

import pytest

from review_queue import entries, proposals, recheck_proposals, renewals
from review_queue.categories import Scope
from review_queue.errors import RefusedError
from review_queue.lifts import LiftReason
from review_queue.rechecks import Found
from review_queue.records import Reviewer
from review_queue.store import Store
from tests.conftest import TickingClock
from tests.review_queue.test_rechecks import found, listed

ALIYA, BERIK = (Reviewer(name, name.title(), "senior") for name in ("aliya", "berik"))


@pytest.mark.parametrize(
    ("outcomes", "days", "says"),
    [
        ([Found.GONE, Found.GONE], 7, "gone"),
        ([Found.GONE, Found.GONE], 6.9, ""),
        ([Found.GONE], 7, ""),
        ([Found.CHANGED, Found.CHANGED], 7, "changed"),
        ([Found.CHANGED, Found.GONE], 7, ""),
        ([Found.GONE, Found.UNREACHABLE, Found.GONE], 4, "gone"),
        ([Found.GONE, Found.STILL_THERE, Found.GONE], 7, ""),
        ([Found.GONE, Found.GONE, Found.STILL_THERE], 7, ""),
        ([Found.UNREACHABLE] * 3, 15, "not to be reached"),
        ([Found.UNREACHABLE] * 3, 14.9, ""),
        ([Found.UNREACHABLE] * 2, 31, ""),
    ],
)
def test_a_lift_is_proposed_where_the_harm_stays_away_long_enough(
    store: Store, clock: TickingClock, outcomes: list[Found], days: float, says: str
) -> None:
    checks = found(store, clock, listed(store), *outcomes, days=days)
    why = recheck_proposals.grounds_to_lift(checks)

    assert why.startswith(says)
    assert bool(why) == bool(says)


def test_a_proposal_is_made_once_and_lifts_nothing(store: Store, clock: TickingClock) -> None:
    entry = listed(store)
    found(store, clock, entry, Found.GONE, Found.GONE, days=7)
    why = recheck_proposals.follow(store, entry.id)
    found(store, clock, entry, Found.GONE, days=7)

    assert why.startswith("gone")
    assert recheck_proposals.follow(store, entry.id) == ""
    (one,) = proposals.open_ones(store)
    assert (one.entry_id, one.reason, one.note) == (entry.id, LiftReason.CONTENT_GONE, why)
    assert [live.id for live in entries.live(store)] == [entry.id]
    lifted = proposals.settle(store, one.id, ALIYA, lift=True)
    assert lifted is not None
    assert list(entries.live(store)) == []


def test_what_a_person_keeps_is_not_proposed_again_for_the_same_looks(
    store: Store, clock: TickingClock
) -> None:
    entry = listed(store)
    found(store, clock, entry, Found.GONE, Found.GONE, days=7)
    recheck_proposals.follow(store, entry.id)
    proposals.settle(store, proposals.open_ones(store)[0].id, ALIYA, lift=False, note="It moves.")

    found(store, clock, entry, Found.GONE, days=7)
    assert recheck_proposals.follow(store, entry.id) == ""
    found(store, clock, entry, Found.GONE, days=7)
    assert recheck_proposals.follow(store, entry.id).startswith("gone")


def test_a_proposal_ends_when_the_content_is_there_again(store: Store, clock: TickingClock) -> None:
    entry = listed(store)
    found(store, clock, entry, Found.GONE, Found.GONE, days=7)
    recheck_proposals.follow(store, entry.id)
    by_a_person = proposals.propose(store, entry.id, LiftReason.APPEAL, "Its owner asks.")
    found(store, clock, entry, Found.STILL_THERE, days=7)
    recheck_proposals.follow(store, entry.id)

    assert [one.id for one in proposals.open_ones(store)] == [by_a_person]


def test_at_its_review_date_an_entry_is_a_task_once_and_again_after_it_was_renewed(
    store: Store, clock: TickingClock
) -> None:
    entry = listed(store)
    assert recheck_proposals.remind(store) == []
    clock.move(days=181)

    assert [one.id for one in recheck_proposals.remind(store)] == [entry.id]
    assert recheck_proposals.remind(store) == []
    for person in (ALIYA, BERIK):
        renewals.sign(store, entry.id, person, "Still there.")
    assert recheck_proposals.remind(store) == []
    assert proposals.open_ones(store) == []
    clock.move(days=181)
    assert [one.id for one in recheck_proposals.remind(store)] == [entry.id]


def test_a_task_that_somebody_settled_is_not_made_again(store: Store, clock: TickingClock) -> None:
    listed(store)
    clock.move(days=181)
    recheck_proposals.remind(store)
    proposals.settle(store, proposals.open_ones(store)[0].id, ALIYA, lift=False)

    assert recheck_proposals.remind(store) == []


def test_an_address_is_a_task_at_its_review_date_too(store: Store, clock: TickingClock) -> None:
    listed(store, scope=Scope.IP, name="203.0.113.7")
    clock.move(days=181)

    assert [one.name for one in recheck_proposals.remind(store)] == ["203.0.113.7"]


def test_a_review_date_is_no_reason_to_lift_and_who_tries_is_told_how(
    store: Store, clock: TickingClock
) -> None:
    entry = listed(store)
    clock.move(days=181)
    recheck_proposals.remind(store)
    (one,) = proposals.open_ones(store)

    with pytest.raises(RefusedError, match=f"entries lift {entry.id} --reason"):
        proposals.settle(store, one.id, ALIYA, lift=True)
    assert proposals.open_ones(store) == [one]
    proposals.settle(store, one.id, ALIYA, lift=False)
    assert proposals.open_ones(store) == []
