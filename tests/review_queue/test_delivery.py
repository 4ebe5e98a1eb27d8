"""How long a decision and a lift take to reach a provider, by the store's own rows."""

import pytest

from review_queue import delivery, entries, holds, lifts, providers, tokens
from review_queue.categories import Category
from review_queue.delivery import Report
from review_queue.lifts import LiftReason
from review_queue.records import Entry
from review_queue.store import Store
from tests.builders import a_decided_case
from tests.conftest import TickingClock
from tests.review_queue.lives import an_import, taken_over
from tests.review_queue.takers import DANA, DIGEST, a_pull, a_receipt, a_token

SELF_HARM = Category.SELF_HARM


def _listed(store: Store) -> Entry:
    a_decided_case(store, "aliya", "berik")
    return entries.add(store, entries.approved(store)[0])


def _published(store: Store, serial: int, begun_at: str = "") -> None:
    entries.record_export(
        store, serial=serial, actor="t", manifest_sha256=DIGEST, counts={}, begun_at=begun_at
    )


def _kinds(report: Report) -> list[str]:
    return [alert.kind for alert in report.alerts]


def test_hours_from_decision_and_from_lift_are_those_to_the_first_whole_pull(
    store: Store, clock: TickingClock
) -> None:
    token = a_token(store).token
    entry = _listed(store)
    clock.move(hours=1)
    _published(store, 1)
    a_pull(store, token, 1, whole=False)
    clock.move(hours=1)
    a_pull(store, token, 1)
    lifts.lift(store, entry.id, DANA, LiftReason.APPEAL, "Right they are.")
    a_pull(store, token, 1)
    clock.move(hours=3)
    _published(store, 2)
    clock.move(hours=1)

    (waiting,) = delivery.report(store)
    assert (waiting.serial, waiting.newest) == (1, 2)
    assert (waiting.blocks.done, waiting.blocks.waiting) == (1, 0)
    assert waiting.blocks.median == pytest.approx(2, abs=0.01)
    assert (waiting.lifts.done, waiting.lifts.waiting) == (0, 1)
    assert waiting.lifts.waits == pytest.approx(4, abs=0.01)

    a_pull(store, token, 2)
    clock.move(hours=1)
    a_receipt(store, token, 2)
    (found,) = delivery.report(store)
    assert (found.lifts.done, found.lifts.waiting) == (1, 0)
    assert found.lifts.longest == pytest.approx(4, abs=0.01)
    assert found.removals.longest == pytest.approx(5, abs=0.01)
    assert _kinds(found) == []


def test_a_later_list_has_all_that_the_ones_before_had(store: Store, clock: TickingClock) -> None:
    token = a_token(store).token
    _listed(store)
    for serial in (1, 2, 3):
        _published(store, serial)
    clock.move(hours=2)
    a_pull(store, token, 3)
    clock.move(hours=2)
    a_pull(store, token, 1)  # an old one, fetched late

    (found,) = delivery.report(store)
    assert found.blocks.longest == pytest.approx(2, abs=0.01)
    assert (found.serial, found.newest) == (3, 3)


def test_a_list_that_was_begun_before_a_lift_still_has_the_block(store: Store) -> None:
    token = a_token(store).token
    entry = _listed(store)
    begun = store.now()
    lifts.lift(store, entry.id, DANA, LiftReason.MISTAKE, "No.")
    _published(store, 1, begun)
    a_pull(store, token, 1)

    (found,) = delivery.report(store)
    assert (found.lifts.done, found.lifts.waiting) == (0, 1)


def test_a_list_that_a_wrong_clock_dated_too_late_hides_no_lift(
    store: Store, clock: TickingClock
) -> None:
    token = a_token(store).token
    entry = _listed(store)
    _published(store, 1, "2027-01-01T00:00:00.000Z")
    a_pull(store, token, 1)
    lifts.lift(store, entry.id, DANA, LiftReason.MISTAKE, "No.")
    assert delivery.report(store)[0].lifts.waiting == 1
    clock.move(hours=1)
    _published(store, 2)

    (found,) = delivery.report(store)
    assert (found.lifts.done, found.lifts.waiting) == (0, 1)


def test_a_list_that_was_held_brings_no_block_but_takes_lifts(
    store: Store, clock: TickingClock
) -> None:
    token = a_token(store).token
    _published(store, 1)
    entry = _listed(store)
    an_import(store, taken_over("a.example", entry_id="a"))
    lifts.lift(store, "a", DANA, LiftReason.MISTAKE, "No.")
    _published(store, 2)
    holds.record(store, 2, since=1, actor="t", reason="It would grow.")
    a_pull(store, token, 2)

    (found,) = delivery.report(store)
    assert (found.blocks.waiting, found.lifts.done) == (2, 1)
    assert delivery.of_entry(store, entry)[0].blocked_at == ""

    clock.move(hours=1)
    _published(store, 3)
    a_pull(store, token, 3)
    (found,) = delivery.report(store)
    assert found.blocks.waiting == 0
    assert delivery.of_entry(store, entry)[0].blocked_at != ""


def test_what_a_token_does_not_read_is_not_waited_for(store: Store) -> None:
    a_token(store, "north-net", SELF_HARM)
    _listed(store)
    _published(store, 1)

    (found,) = delivery.report(store)
    assert (found.blocks.done, found.blocks.waiting) == (0, 0)


def test_the_list_of_one_category_brings_nothing_of_another(store: Store) -> None:
    a_token(store, "north-net", Category.VIOLENCE)
    other = a_token(store, "north-net", SELF_HARM).token
    _listed(store)
    _published(store, 1)
    a_pull(store, other, 1)

    (found,) = delivery.report(store)
    assert (found.blocks.done, found.blocks.waiting) == (0, 1)


def test_what_was_decided_before_a_provider_came_is_not_counted(store: Store) -> None:
    _listed(store)
    a_token(store)

    (found,) = delivery.report(store)
    assert found.blocks.waiting == 0


def test_a_provider_that_stopped_pulling_is_named(store: Store, clock: TickingClock) -> None:
    token = a_token(store).token
    clock.move(hours=25)
    assert [one.text for one in delivery.report(store)[0].alerts] == [
        "never pulled, with a token for 25 hours"
    ]
    a_pull(store, token, 0, status=403)
    assert _kinds(delivery.report(store)[0]) == ["stopped"]
    a_pull(store, token, 1)
    assert _kinds(delivery.report(store)[0]) == []
    clock.move(hours=23)
    assert _kinds(delivery.report(store)[0]) == []
    assert _kinds(delivery.report(store, stopped_hours=6)[0]) == ["stopped"]
    tokens.revoke(store, token.id, DANA)
    assert _kinds(delivery.report(store)[0]) == ["no_token"]
    providers.end(store, "north-net", DANA)
    assert delivery.report(store) == []


def test_a_lift_that_is_not_taken_for_a_day_is_named(store: Store, clock: TickingClock) -> None:
    token = a_token(store).token
    entry = _listed(store)
    _published(store, 1)
    lifts.lift(store, entry.id, DANA, LiftReason.COURT, "Decided.")
    _published(store, 2)
    clock.move(hours=25)
    a_pull(store, token, 1)

    (alert,) = delivery.report(store)[0].alerts
    assert (alert.kind, alert.text) == (
        "lift_waits", "lifted blocks not taken off: 1, the first for 25 hours",
    )  # fmt: skip


def test_a_receipt_that_asks_for_a_look_is_named(store: Store, clock: TickingClock) -> None:
    token = a_token(store).token
    _published(store, 1)
    a_pull(store, token, 1)
    a_receipt(store, token, 1, "rolled_back", detail="no answer for egov.kz")
    assert _kinds(delivery.report(store)[0]) == ["not_applied"]
    a_receipt(store, token, 1)
    assert _kinds(delivery.report(store)[0]) == []
    clock.move(hours=49)
    a_pull(store, token, 1)
    assert _kinds(delivery.report(store)[0]) == ["stale_receipt"]


def test_who_stopped_pulling_is_told_without_a_whole_report(
    store: Store, clock: TickingClock
) -> None:
    token = a_token(store).token
    a_token(store, "south-net")
    providers.add(store, "without-token", DANA)
    clock.move(hours=20)
    a_pull(store, token, 1)
    clock.move(hours=5)

    (silent,) = delivery.stopped(store)
    assert (silent.provider.name, silent.last_pull_at) == ("south-net", "")
    clock.move(hours=20)
    (north, _) = delivery.stopped(store)
    assert (north.provider.name, bool(north.last_pull_at)) == ("north-net", True)
    providers.end(store, "south-net", DANA)
    providers.end(store, "north-net", DANA)
    assert delivery.stopped(store) == []


def test_of_one_entry_it_is_told_where_it_arrived_and_where_it_is_gone(
    store: Store, clock: TickingClock
) -> None:
    token = a_token(store).token
    a_token(store, "other-kind", SELF_HARM)
    entry = _listed(store)
    _published(store, 1)

    (taken,) = delivery.of_entry(store, entry)
    assert (taken.blocked_at, taken.removed_at) == ("", "")
    first = a_pull(store, token, 1)
    clock.move(hours=1)
    lifted = lifts.lift(store, entry.id, DANA, LiftReason.APPEAL)
    a_pull(store, token, 1)
    (taken,) = delivery.of_entry(store, entry, lifted.lifted_at)
    assert (taken.blocked_at, taken.removed_at) == (first.at, "")
    clock.move(hours=1)
    _published(store, 2)
    second = a_pull(store, token, 2)

    (taken,) = delivery.of_entry(store, entry, lifted.lifted_at)
    assert (taken.provider.name, taken.removed_at) == ("north-net", second.at)


def test_an_imported_entry_arrives_after_its_second_signature(
    store: Store, clock: TickingClock
) -> None:
    token = a_token(store).token
    _published(store, 1)
    a_pull(store, token, 1)
    clock.move(hours=1)
    an_import(store, taken_over("a.example", entry_id="a"))
    entry = entries.find(store, "a")
    assert entry

    (taken,) = delivery.of_entry(store, entry)
    assert taken.blocked_at == ""
    _published(store, 2)
    arrived = a_pull(store, token, 2)
    (taken,) = delivery.of_entry(store, entry)
    assert taken.blocked_at == arrived.at
