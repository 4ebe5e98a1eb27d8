"""A site whose block was lifted may be filled again: its case is opened anew, and people decide from the beginning."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from review_queue import audit, cases, decisions, entries, lifts
from review_queue.categories import CaseState, Category, Lane
from review_queue.clock import iso
from review_queue.errors import RefusedError
from review_queue.lifts import LiftReason
from review_queue.records import Case, Reviewer
from review_queue.store import Store
from tests.builders import a_decided_case, a_draft, a_page, fetch
from tests.conftest import TickingClock

DANA = Reviewer("dana", "Dana", "senior")


def lifted(store: Store, reason: LiftReason) -> Case:
    case = a_decided_case(store, "aliya", "berik")
    entry = entries.add(store, entries.approved(store)[0])
    lifts.lift(store, entry.id, DANA, reason)
    return cases.get(store, case.ref)


def seen(store: Store, case: Case, text: str, *, risk: float, at: datetime) -> tuple[Case, bool]:
    """A page of the case's site, fetched at that time, calls for a case."""
    page = replace(a_page("http://one.example/", text), fetched_at=iso(at))
    store.run("UPDATE frontier SET state = 'waiting'")
    (page_id,) = fetch(store, page)
    return cases.open_case(
        store, site=case.site, category=Category.VIOLENCE, lane=Lane.REVIEW, page_id=page_id, risk=risk
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "risk", "is_anew"),
    [
        (LiftReason.CONTENT_GONE, 0.5, True),
        (LiftReason.APPEAL, 0.5, False),
        (LiftReason.APPEAL, 0.9, True),
        (LiftReason.COURT, 0.8, False),
    ],
)
def test_what_is_fetched_after_a_lift_opens_the_case_anew(
    store: Store, clock: TickingClock, *, reason: LiftReason, risk: float, is_anew: bool
) -> None:
    case = lifted(store, reason)
    clock.move(days=9)

    found, opened = seen(store, case, "Other words.", risk=risk, at=clock())

    assert opened is is_anew
    assert found.state is (CaseState.OPEN if is_anew else CaseState.APPROVED)
    assert any(row.action == "case.reopened" for row in audit.rows(store, 99)) is is_anew
    assert entries.approved(store) == []


def test_what_was_fetched_before_the_lift_does_not(store: Store) -> None:
    case = lifted(store, LiftReason.CONTENT_GONE)

    _, opened = seen(store, case, "Other words.", risk=0.9, at=datetime(2026, 10, 1, tzinfo=UTC))

    assert not opened


def test_people_decide_anew_and_the_block_comes_back_as_another_entry(
    store: Store, clock: TickingClock
) -> None:
    case = lifted(store, LiftReason.CONTENT_GONE)
    clock.move(days=9)
    seen(store, case, "Other words.", risk=0.9, at=clock())
    decisions.decide(store, a_draft(case, "aliya"))
    assert entries.approved(store) == []
    decisions.decide(store, a_draft(case, "berik"))

    made = entries.add(store, entries.approved(store)[0])
    assert [entry.id for entry in entries.live(store)] == [made.id]


def test_a_case_that_still_blocks_something_is_not_opened_anew(
    store: Store, clock: TickingClock
) -> None:
    case = a_decided_case(store, "aliya", "berik")
    entries.add(store, entries.approved(store)[0])
    clock.move(days=9)

    assert not seen(store, case, "Other words.", risk=0.9, at=clock())[1]
    with pytest.raises(RefusedError, match="opened anew"):
        store.run("UPDATE cases SET turn = 2")


def test_a_case_that_is_to_be_listed_with_the_next_list_is_not_opened_anew(store: Store) -> None:
    a_decided_case(store, "aliya", "berik")

    with pytest.raises(RefusedError, match="opened anew"):
        store.run("UPDATE cases SET turn = 2")
