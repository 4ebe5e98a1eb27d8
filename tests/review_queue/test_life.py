"""Terms, lifts, proposals and renewals, as the parts use them."""

from datetime import datetime

import pytest

from review_queue import audit, decisions, entries, imports, lifts, proposals, renewals, terms
from review_queue.categories import Category, Scope
from review_queue.errors import RefusedError
from review_queue.lifts import LiftReason, UnknownEntryError
from review_queue.store import Store
from tests.builders import a_case, a_draft
from tests.conftest import TickingClock
from tests.review_queue.lives import BERIK, DANA, ERLAN, an_import, listed, taken_over


def _days(start: str, end: str) -> int:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).days


def _live(store: Store) -> list[str]:
    return [entry.id for entry in entries.live(store)]


def test_an_entry_is_due_after_180_days_and_ends_after_730(store: Store) -> None:
    entry = listed(store)

    assert _days(entry.listed_at, entry.review_at) == 180
    assert _days(entry.listed_at, entry.expires_at) == 730


def test_a_set_term_holds_for_what_is_listed_from_then_on(store: Store) -> None:
    before = listed(store)
    made = terms.set_term(
        store, Category.VIOLENCE, review_days=30, expiry_days=None, person=DANA, reason="Shorter."
    )
    an_import(store, taken_over("a.example", entry_id="a"))
    after = entries.find(store, "a")

    assert after
    assert _days(store.now(), after.review_at) == 29
    assert after.expires_at == ""
    assert entries.find(store, before.id) == before
    assert terms.current(store)[Category.VIOLENCE] == made
    assert terms.current(store)[Category.SELF_HARM] == terms.Term(Category.SELF_HARM)
    (row,) = audit.of_action(store, "term.set")
    assert (row.actor, row.detail["before"]) == ("dana", [180, 730])


@pytest.mark.parametrize(
    ("category", "review_days", "expiry_days", "reason"),
    [
        (Category.DISTRESS, 1, 1, "A reason."),
        (Category.VIOLENCE, 0, 1, "A reason."),
        (Category.VIOLENCE, 2, 1, "A reason."),
        (Category.VIOLENCE, 1, 40_000, "A reason."),
        (Category.VIOLENCE, 1, 1, " "),
        (Category.VIOLENCE, 1, 1, "two\nlines"),
    ],
)
def test_a_term_that_is_none_is_refused(
    store: Store, category: Category, review_days: int, expiry_days: int, reason: str
) -> None:
    with pytest.raises(RefusedError):
        terms.set_term(
            store, category, review_days=review_days, expiry_days=expiry_days, person=DANA, reason=reason
        )  # fmt: skip


def test_one_person_lifts_an_entry_at_once_and_it_does_not_come_back(store: Store) -> None:
    entry = listed(store)
    made = lifts.lift(store, entry.id, DANA, LiftReason.APPEAL, "The owner of it wrote to us.")

    assert _live(store) == []
    assert entries.approved(store) == []
    assert lifts.of(store, entry.id) == made
    assert entries.find(store, entry.id) == entry
    (row,) = audit.of_subject(store, entry.id)
    assert (row.actor, row.action, row.detail) == ("dana", "entry.lifted", {"reason": "appeal"})


def test_an_entry_is_lifted_once_and_only_by_a_reason_of_people(store: Store) -> None:
    entry = listed(store)
    with pytest.raises(RefusedError, match="expires by itself"):
        lifts.lift(store, entry.id, DANA, LiftReason.EXPIRED)
    with pytest.raises(RefusedError, match="one line"):
        lifts.lift(store, entry.id, DANA, LiftReason.COURT, "two\nlines")
    with pytest.raises(UnknownEntryError, match="entries list"):
        lifts.lift(store, "n\x1b[2J", DANA, LiftReason.COURT)
    lifts.lift(store, entry.id, DANA, LiftReason.COURT)
    with pytest.raises(RefusedError, match="was lifted at"):
        lifts.lift(store, entry.id, BERIK, LiftReason.APPEAL)


def test_a_lifted_block_is_approved_again_when_enough_people_decided_since(store: Store) -> None:
    entry = listed(store, "aliya", "berik", "dana", scope=Scope.DOMAIN)
    lifts.lift(store, entry.id, ERLAN, LiftReason.MISTAKE)
    case = a_case(store)
    for person in ("aliya", "berik", "dana"):
        assert entries.approved(store) == []
        before = decisions.latest_of(store, case.ref, person)
        assert before
        decisions.decide(store, a_draft(case, person, scope=Scope.DOMAIN, supersedes=before.id))

    (block,) = entries.approved(store)
    again = entries.add(store, block)
    assert _live(store) == [again.id]
    assert again.id != entry.id
    lifts.lift(store, again.id, ERLAN, LiftReason.MISTAKE)
    assert entries.approved(store) == []


@pytest.mark.parametrize("people", [("aliya",), ("aliya", "aliya"), ("aliya", "berik")])
def test_who_records_a_decision_anew_does_not_go_on_with_a_block_alone(
    store: Store, clock: TickingClock, people: tuple[str, ...]
) -> None:
    entry = listed(store, "aliya", "berik")
    case = a_case(store)
    clock.move(days=700)
    for person in people:
        before = decisions.latest_of(store, case.ref, person)
        assert before
        decisions.decide(store, a_draft(case, person, supersedes=before.id))

    again = entries.add(store, entries.approved(store)[0])

    assert _live(store) == [again.id] != [entry.id]
    is_both = len(set(people)) > 1
    assert (again.expires_at > entry.expires_at) == is_both
    assert (again.review_at > entry.review_at) == is_both


def test_a_renewed_block_keeps_its_new_dates_when_one_person_decides_anew(
    store: Store, clock: TickingClock
) -> None:
    entry = listed(store, "aliya", "berik")
    case = a_case(store)
    clock.move(days=700)
    for person in (DANA, BERIK):
        made = renewals.sign(store, entry.id, person, "It is still there.")
    clock.move(days=300)
    before = decisions.latest_of(store, case.ref, "aliya")
    assert before
    decisions.decide(store, a_draft(case, "aliya", supersedes=before.id))

    again = entries.add(store, entries.approved(store)[0])

    assert (again.review_at, again.expires_at) == (made.review_at, made.expires_at)
    assert _live(store) == [again.id]


def test_a_clock_that_was_set_back_brings_no_lifted_block_back(
    store: Store, clock: TickingClock
) -> None:
    clock.move(days=400)
    entry = listed(store)
    clock.move(days=-399)
    lifts.lift(store, entry.id, DANA, LiftReason.APPEAL)

    assert entries.approved(store) == []


def test_what_has_ended_is_not_live_even_before_it_is_lifted(
    store: Store, clock: TickingClock
) -> None:
    entry = listed(store)
    an_import(store, taken_over("a.example", entry_id="a"))
    assert _live(store) == ["a", entry.id]
    clock.move(days=731)

    assert _live(store) == []
    assert entries.count(store) == 0
    made = lifts.lift_expired(store)
    assert {each.entry_id for each in made} == {entry.id, "a"}
    assert {(each.reason, each.person.id) for each in made} == {(LiftReason.EXPIRED, "system")}
    assert lifts.lift_expired(store) == []
    (row,) = audit.of_action(store, "entries.expired")
    assert row.detail == {"count": 2, "entries": [each.entry_id for each in made]}
    assert entries.approved(store) == []


def test_nothing_ends_before_its_day_and_nothing_that_waits_for_people(
    store: Store, clock: TickingClock
) -> None:
    listed(store)
    an_import(store, taken_over("a.example"), people=1)
    clock.move(days=729)
    assert lifts.lift_expired(store) == []
    clock.move(days=9)
    assert len(lifts.lift_expired(store)) == 1


def test_what_was_lifted_since_a_moment_is_told_oldest_first(
    store: Store, clock: TickingClock
) -> None:
    an_import(store, *(taken_over(f"{name}.example", entry_id=name) for name in "abc"))
    lifts.lift(store, "c", DANA, LiftReason.APPEAL)
    clock.move(hours=1)
    moment = store.now()
    made = [lifts.lift(store, name, DANA, LiftReason.COURT) for name in "ba"]

    assert lifts.since(store, moment) == made
    assert lifts.since(store, made[1].lifted_at) == made[1:]
    assert len(lifts.since(store, "")) == 3


def test_two_people_renew_an_entry_for_the_term_of_its_category(
    store: Store, clock: TickingClock
) -> None:
    entry = listed(store)
    clock.move(days=700)
    first = renewals.sign(store, entry.id, DANA, "It is still there.")
    assert (first.is_done, renewals.pending(store)) == (False, [first])
    assert next(entries.live(store)).expires_at == entry.expires_at

    second = renewals.sign(store, entry.id, BERIK, "I looked as well.")

    assert second.is_done
    assert [one.id for one in second.signers] == ["dana", "berik"]
    assert renewals.pending(store) == []
    (renewed,) = entries.live(store)
    assert (renewed.review_at, renewed.expires_at) == (second.review_at, second.expires_at)
    assert _days(entry.expires_at, renewed.expires_at) == 700
    assert [row.action for row in audit.of_subject(store, entry.id)] == [
        "entry.renewal_signed",
        "entry.renewed",
    ]
    clock.move(days=100)
    assert lifts.lift_expired(store) == []
    assert _live(store) == [entry.id]


def test_an_entry_is_renewed_again_and_again_each_time_by_two(
    store: Store, clock: TickingClock
) -> None:
    an_import(store, taken_over("a.example", entry_id="a"))
    for person in (DANA, BERIK, DANA, BERIK):
        clock.move(days=10)
        done = renewals.sign(store, "a", person, "It is still there.")

    assert [one.turn for one in renewals.of(store, "a")] == [1, 2]
    assert next(entries.live(store)).expires_at == done.expires_at


def test_a_signature_that_nobody_followed_for_a_month_is_void(
    store: Store, clock: TickingClock
) -> None:
    entry = listed(store)
    renewals.sign(store, entry.id, DANA, "It is still there.")
    clock.move(days=31)

    assert renewals.pending(store) == []
    assert not renewals.sign(store, entry.id, BERIK, "It is still there.").is_done
    assert renewals.sign(store, entry.id, DANA, "It is still there.").is_done


def test_who_may_not_renew_is_told_why(store: Store, clock: TickingClock) -> None:
    entry = listed(store)
    for note in ("", " ", "two\nlines"):
        with pytest.raises(RefusedError, match="one line"):
            renewals.sign(store, entry.id, DANA, note)
    with pytest.raises(UnknownEntryError):
        renewals.sign(store, "nothing", DANA, "It is still there.")
    renewals.sign(store, entry.id, DANA, "It is still there.")
    with pytest.raises(RefusedError, match="different person"):
        renewals.sign(store, entry.id, DANA, "It is still there.")
    clock.move(days=731)
    with pytest.raises(RefusedError, match="not live"):
        renewals.sign(store, entry.id, BERIK, "It is still there.")
    lifts.lift_expired(store)
    with pytest.raises(RefusedError, match=r"lifted at .* \(expired\)"):
        renewals.sign(store, entry.id, BERIK, "It is still there.")


def test_a_proposal_waits_until_a_person_lifts_or_keeps(store: Store) -> None:
    an_import(store, *(taken_over(f"{name}.example", entry_id=name) for name in "ab"))
    first = proposals.propose(store, "a", LiftReason.CONTENT_GONE, "HTTP 404 three times.")
    second = proposals.propose(store, "b", LiftReason.CONTENT_GONE)
    assert proposals.propose(store, "a", LiftReason.CONTENT_GONE, "Again.") == first
    assert [one.id for one in proposals.open_ones(store)] == [first, second]

    made = proposals.settle(store, first, DANA, lift=True)
    assert proposals.settle(store, second, DANA, lift=False, note="A page of the hoster.") is None

    assert made == lifts.of(store, "a")
    assert made
    assert (made.reason, made.note) == (LiftReason.CONTENT_GONE, "HTTP 404 three times.")
    assert _live(store) == ["b"]
    assert proposals.open_ones(store) == []
    with pytest.raises(RefusedError, match="no proposal"):
        proposals.settle(store, first, BERIK, lift=True)


def test_a_proposal_is_over_when_its_entry_is_lifted_for_another_reason(store: Store) -> None:
    entry = listed(store)
    number = proposals.propose(store, entry.id, LiftReason.CONTENT_GONE, actor="dana")
    lifts.lift(store, entry.id, BERIK, LiftReason.APPEAL)

    assert proposals.open_ones(store) == []
    with pytest.raises(RefusedError, match="no proposal"):
        proposals.settle(store, number, DANA, lift=True)
    with pytest.raises(RefusedError):
        proposals.propose(store, entry.id, LiftReason.COURT)


def test_entries_of_both_kinds_come_in_one_order_a_page_at_a_time(store: Store) -> None:
    entry = listed(store)  # one.example
    an_import(
        store,
        *(taken_over(f"{name}.example", entry_id=name) for name in ("a", "z", "nn", "p")),
        taken_over("one.example", entry_id="d", scope=Scope.DOMAIN),
    )

    found = _live(store)
    assert found == ["a", "nn", "d", entry.id, "p", "z"]
    assert entries.count(store) == 6
    assert [each.id for each in entries.page(store, offset=2, limit=3)] == found[2:5]
    assert [
        each.id
        for each in entries.covering(
            store,
            [(Scope.HOST, "z.example"), (Scope.HOST, "one.example"), (Scope.URL, "z.example")],
        )
    ] == ["z", entry.id]


def test_an_entry_taken_over_says_what_it_rests_on(store: Store) -> None:
    number = an_import(store, taken_over("a.example", entry_id="a"))

    (entry,) = entries.live(store)
    assert (entry.case_ref, entry.decision_ids, entry.people) == ("", (), 2)
    assert entry.papers == ("Order 7 of 2026-01-31",)
    assert entry.listed_at == "2026-01-31T08:00:00.000Z"
    assert entry == entries.find(store, "a")
    assert list(imports.rows_of(store, number)) == [entry]
    assert entries.find(store, "nothing") is None


def test_what_ends_on_one_day_is_lifted_some_at_a_time(
    store: Store, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifts, "_BATCH", 2)
    an_import(store, *(taken_over(f"{name}.example", entry_id=name) for name in "abcde"))
    renewed = "c"
    clock.move(days=720)
    for person in (DANA, BERIK):
        renewals.sign(store, renewed, person, "It is still there.")
    clock.move(days=11)

    assert [each.entry_id for each in lifts.lift_expired(store)] == ["a", "b", "d", "e"]
    assert [row.detail["count"] for row in audit.of_action(store, "entries.expired")] == [2, 2]
    assert _live(store) == [renewed]
