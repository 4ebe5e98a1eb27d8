"""Finding entries: by a part of the name, by where they stand, and in an import that waits."""

from dataclasses import replace

import pytest

from review_queue import entry_search, imports, lifts, proposals, renewals
from review_queue.categories import Scope
from review_queue.entry_search import Standing
from review_queue.lifts import LiftReason
from review_queue.store import Store
from tests.review_queue.lives import BERIK, DANA, an_import, listed, taken_over

NAMES = ("a.example", "b.example", "xn--80aodfsg.example")


def _names(store: Store, text: str = "", standing: Standing | None = None) -> list[str]:
    return [one.entry.name for one in entry_search.search(store, text, standing)]


@pytest.fixture
def decided(store: Store) -> str:
    """The name of an entry people decided, beside three that were taken over."""
    an_import(store, *(taken_over(name, entry_id=name[:8]) for name in NAMES))
    return listed(store).name


def test_a_part_of_a_name_finds_decided_and_imported_entries(store: Store, decided: str) -> None:
    assert _names(store) == sorted([*NAMES, decided])
    assert _names(store, decided[:3]) == [decided]
    assert _names(store, "80aod") == [NAMES[2]]
    assert _names(store, "a.exam") == [NAMES[0]]
    assert _names(store, "a.examp") == [NAMES[0]]
    assert _names(store, "nothing") == []
    assert _names(store, "%") == []


def test_an_entry_is_found_by_its_letters_and_by_its_id(store: Store) -> None:
    row = replace(
        taken_over("xn--80ak6aa92e.example", entry_id="old-1"), unicode_name="аррӏе.example"
    )
    an_import(store, row)

    assert _names(store, "аррӏ") == [row.name]
    assert _names(store, "old-1") == [row.name]


@pytest.mark.usefixtures("decided")
def test_each_entry_stands_in_one_place(store: Store) -> None:
    lifts.lift(store, "a.exampl", DANA, LiftReason.APPEAL)
    proposals.propose(store, "b.exampl", LiftReason.CONTENT_GONE)

    assert _names(store, standing=Standing.LIFTED) == ["a.example"]
    assert _names(store, standing=Standing.PROPOSED) == ["b.example"]
    assert "a.example" not in _names(store, standing=Standing.LIVE)
    (found,) = entry_search.search(store, standing=Standing.LIFTED)
    assert found.lift
    assert (found.standing, found.lift.reason) == (Standing.LIFTED, LiftReason.APPEAL)
    (found,) = entry_search.search(store, standing=Standing.PROPOSED)
    assert found.standing is Standing.PROPOSED
    assert entry_search.count_proposed(store) == 1


def test_what_is_due_for_review_is_due_no_more_once_renewed(store: Store) -> None:
    an_import(
        store, replace(taken_over("a.example", entry_id="a"), review_at="2026-02-01T00:00:00.000Z")
    )
    assert _names(store, standing=Standing.DUE) == ["a.example"]

    for person in (DANA, BERIK):
        renewals.sign(store, "a", person, "It is still there.")

    assert _names(store, standing=Standing.DUE) == []
    assert _names(store, standing=Standing.LIVE) == ["a.example"]


def test_what_is_over_without_a_lift_is_told_apart(store: Store) -> None:
    gone = an_import(store, taken_over("a.example"))
    listed(store)
    imports.withdraw(store, gone, DANA, "It was another list.")

    assert _names(store, standing=Standing.OVER) == ["a.example"]
    assert "a.example" not in _names(store, standing=Standing.LIVE)


def test_what_one_person_signed_for_is_no_entry_yet(store: Store) -> None:
    an_import(store, taken_over("a.example", entry_id="a"), people=1)

    assert _names(store) == []
    assert entry_search.find(store, "a") is None


def test_a_list_is_read_in_parts(store: Store, decided: str) -> None:
    every = sorted([*NAMES, decided])

    assert [one.entry.name for one in entry_search.search(store, limit=2)] == every[:2]
    assert [one.entry.name for one in entry_search.search(store, limit=2, offset=2)] == every[2:]


def test_an_import_shows_of_what_kind_it_is_and_a_sample_from_its_whole_length(
    store: Store,
) -> None:
    rows = [taken_over(f"n{n:03}.example") for n in range(25)]
    number = an_import(store, *rows, taken_over("z.example", scope=Scope.DOMAIN), people=1)

    assert [(one.scope, one.count) for one in entry_search.shares_of(store, number)] == [
        ("host", 25),
        ("domain", 1),
    ]
    assert [one.name for one in entry_search.sample_of(store, number, 3)] == [
        "n000.example",
        "n009.example",
        "n018.example",
    ]
    assert len(entry_search.sample_of(store, number, 100)) == 26


def test_where_an_entry_came_from_is_told(store: Store) -> None:
    number = an_import(store, taken_over("a.example", entry_id="a"))

    assert entry_search.import_of(store, "a") == number
    assert entry_search.import_of(store, listed(store).id) is None


@pytest.mark.usefixtures("decided")
def test_what_one_person_has_renewed_waits_for_another(store: Store) -> None:
    renewals.sign(store, "a.exampl", DANA, "It is still there.")

    (found,) = entry_search.search(store, standing=Standing.RENEWING)
    assert (found.entry.name, found.standing) == ("a.example", Standing.RENEWING)
    assert _names(store, "b.ex", Standing.RENEWING) == []
    renewals.sign(store, "a.exampl", BERIK, "It is.")
    assert _names(store, standing=Standing.RENEWING) == []


def test_the_entries_of_a_case_are_told_with_where_they_stand(store: Store) -> None:
    entry = listed(store)
    assert [one.standing for one in entry_search.of_case(store, entry.case_ref)] == [Standing.LIVE]

    lifts.lift(store, entry.id, DANA, LiftReason.APPEAL)

    (found,) = entry_search.of_case(store, entry.case_ref)
    assert (found.entry.id, found.standing) == (entry.id, Standing.LIFTED)
    assert entry_search.of_case(store, "KZ-2222-2222") == []
