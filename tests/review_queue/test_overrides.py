"""Two people for every override, in the store itself: each rule is tried with plain SQL as well."""

import pytest

from review_queue import allowances, audit, entries, overrides
from review_queue.allowances import AllowancesError
from review_queue.categories import Scope
from review_queue.errors import BadHostError, RefusedError
from review_queue.overrides import OVERRIDABLE, Guard, UnknownOverrideError
from review_queue.records import Reviewer
from review_queue.store import Store
from tests.builders import a_decided_case
from tests.review_queue.lives import an_import, taken_over

ALIYA, BERIK, DANA = (Reviewer(name, name.title(), "senior") for name in ("aliya", "berik", "dana"))
KEY = (Guard.RANK, "host", "popular-qalqan.kz")


def an_override(store: Store, *people: Reviewer) -> str:
    """An override of the rank list for popular-qalqan.kz, signed by these."""
    override_id = overrides.ask(store, *KEY, people[0], "All of it sells one thing.")
    for person in people[1:]:
        overrides.sign(store, override_id, person)
    return override_id


def _sign_by_hand(store: Store, override_id: str, reviewer_id: str) -> None:
    store.run(
        "INSERT OR REPLACE INTO override_signatures VALUES (?, ?, 'X', 'senior', ?)",
        [override_id, reviewer_id, store.now()],
    )


def test_one_signature_is_not_enough_and_two_are(store: Store) -> None:
    override_id = an_override(store, ALIYA)

    assert overrides.standing(store) == {}
    assert [one.id for one in overrides.pending(store)] == [override_id]
    assert overrides.sign(store, override_id, BERIK).is_standing
    assert overrides.standing(store) == {KEY: override_id}
    assert overrides.pending(store) == []


@pytest.mark.parametrize("spelling", ["aliya", "ALIYA", "Aliya"])
def test_the_store_refuses_the_same_person_twice(store: Store, spelling: str) -> None:
    override_id = an_override(store, ALIYA)

    with pytest.raises(RefusedError, match="has signed this override"):
        overrides.sign(store, override_id, Reviewer(spelling, "Another name", "supervisor"))
    with pytest.raises(RefusedError, match="has signed this override"):
        _sign_by_hand(store, override_id, spelling)

    assert overrides.standing(store) == {}


def test_without_its_trigger_a_second_spelling_is_still_no_second_person(store: Store) -> None:
    override_id = an_override(store, ALIYA)
    store.run("DROP TRIGGER override_signatures_no_replace")

    with pytest.raises(RefusedError):
        _sign_by_hand(store, override_id, "ALIYA")

    assert overrides.standing(store) == {}


@pytest.mark.parametrize("spelling", [" aliya", "aliya\u200b", "аliya", "aliya\0", ""])
def test_a_person_has_one_spelling(store: Store, spelling: str) -> None:
    override_id = an_override(store, ALIYA)

    with pytest.raises(RefusedError):
        _sign_by_hand(store, override_id, spelling)


def test_a_withdrawn_override_counts_no_longer_and_takes_no_more_signatures(store: Store) -> None:
    override_id = an_override(store, ALIYA, BERIK)

    gone = overrides.withdraw(store, override_id, DANA, "A shop moved in.")

    assert overrides.standing(store) == {}
    assert gone.withdrawn is not None
    assert (gone.withdrawn.reviewer_id, gone.withdrawn_because) == ("dana", "A shop moved in.")
    with pytest.raises(RefusedError, match="was withdrawn"):
        overrides.sign(store, override_id, DANA)
    with pytest.raises(RefusedError, match="withdrawn already"):
        overrides.withdraw(store, override_id, DANA, "Again.")


def test_a_withdrawn_override_can_be_asked_for_anew_by_two_people(store: Store) -> None:
    overrides.withdraw(store, an_override(store, ALIYA, BERIK), DANA, "A shop moved in.")

    again = an_override(store, ALIYA)

    assert overrides.standing(store) == {}
    overrides.sign(store, again, BERIK)
    assert overrides.standing(store) == {KEY: again}


def test_an_override_is_asked_for_once(store: Store) -> None:
    an_override(store, ALIYA)

    with pytest.raises(RefusedError, match="asked for already"):
        an_override(store, BERIK)


@pytest.mark.parametrize("guard", set(Guard) - OVERRIDABLE)
def test_nobody_overrides_form_and_reserved_names(store: Store, guard: Guard) -> None:
    with pytest.raises(RefusedError, match="nobody overrides"):
        overrides.ask(store, guard, "host", "popular-qalqan.kz", ALIYA, "Why not.")
    with pytest.raises(RefusedError):
        store.run("INSERT INTO overrides VALUES ('o', ?, 'host', 'a.kz', 'r', 't')", [guard])


@pytest.mark.parametrize("guard", sorted(OVERRIDABLE))
def test_the_store_knows_every_guard_that_can_be_overridden(store: Store, guard: Guard) -> None:
    scope, name = ("list", "41-600") if guard is Guard.SIZE else ("host", "popular-qalqan.kz")

    assert overrides.ask(store, guard, scope, name, ALIYA, "All of it.")


@pytest.mark.parametrize("name", ["popular-qalqan.kz", "41", "41-", "41-x", "41-600 ", "-600"])
def test_an_override_of_the_size_names_a_serial_and_a_size(store: Store, name: str) -> None:
    with pytest.raises(RefusedError, match="such as 41-600"):
        overrides.ask(store, Guard.SIZE, "list", name, ALIYA, "All of it.")


@pytest.mark.parametrize(
    ("scope", "name", "words"),
    [
        ("host", "Popular.kz", "normal form"),
        ("host", "pop ular", "not a host name"),
        ("url", "ftp://popular-qalqan.kz/", "not an http"),
        ("list", "1-2", "belongs to the guard size"),
    ],
)
def test_an_override_is_for_one_very_name(store: Store, scope: str, name: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        overrides.ask(store, Guard.RANK, scope, name, ALIYA, "All of it.")


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines"])
def test_an_override_has_a_reason_in_one_line(store: Store, reason: str) -> None:
    with pytest.raises(RefusedError, match="reason"):
        overrides.ask(store, *KEY, ALIYA, reason)
    override_id = an_override(store, ALIYA, BERIK)
    with pytest.raises(RefusedError, match="reason"):
        overrides.withdraw(store, override_id, ALIYA, reason)


def test_an_id_nobody_has_is_named(store: Store) -> None:
    with pytest.raises(UnknownOverrideError, match="no override has the id 'nothing'"):
        overrides.sign(store, "nothing", ALIYA)
    with pytest.raises(UnknownOverrideError, match="qalqan overrides list"):
        overrides.withdraw(store, "nothing", ALIYA, "Why.")


def test_who_signed_what_and_why_is_in_the_log(store: Store) -> None:
    override_id = an_override(store, ALIYA, BERIK)
    overrides.withdraw(store, override_id, DANA, "A shop moved in.")

    told = [(row.actor, row.action, row.subject) for row in audit.rows(store, limit=3)]

    assert told == [
        ("dana", "override.withdrawn", override_id),
        ("berik", "override.signed", override_id),
        ("aliya", "override.asked", override_id),
    ]


def test_an_entry_is_tied_to_overrides_that_stand_for_it_alone(store: Store) -> None:
    a_decided_case(store, "aliya", "berik")
    entry = entries.add(store, entries.approved(store)[0])
    right = overrides.ask(store, Guard.RANK, Scope.HOST, entry.name, ALIYA, "All of it.")
    wrong = an_override(store, ALIYA, BERIK)

    for override_id in (right, wrong):
        with pytest.raises(RefusedError, match="override that stands"):
            overrides.keep(store, entry.id, [override_id])
    overrides.sign(store, right, BERIK)
    overrides.keep(store, entry.id, [right])

    assert overrides.of_entry(store, entry.id) == (right,)


def test_an_imported_entry_is_tied_likewise_and_no_entry_that_is_none(store: Store) -> None:
    an_import(store, taken_over("shop.example", entry_id="taken"))
    wrong = an_override(store, ALIYA, BERIK)
    right = overrides.ask(store, Guard.RANK, Scope.HOST, "shop.example", ALIYA, "All of it.")
    overrides.sign(store, right, BERIK)

    for entry_id, override_id in (("taken", wrong), ("nothing", right)):
        with pytest.raises(RefusedError, match="override that stands"):
            overrides.keep(store, entry_id, [override_id])
    overrides.keep(store, "taken", [right])
    assert overrides.of_entry(store, "taken") == (right,)


def test_allowances_are_exact_names_and_no_store_with_any_is_published_from(store: Store) -> None:
    allowances.check_none(store)
    allowances.allow(store, ["Casino.example", "casino.example", "shop.example"])
    allowances.allow(store, ["casino.example"])

    assert allowances.names(store) == {"casino.example", "shop.example"}
    assert len([row for row in audit.rows(store) if row.action == "allowance.made"]) == 1
    with pytest.raises(AllowancesError, match=r"2 reserved names \(casino\.example, shop"):
        allowances.check_none(store)
    with pytest.raises(BadHostError):
        allowances.allow(store, ["two words"])
