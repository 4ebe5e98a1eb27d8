"""The store itself refuses: every rule about lifts, renewals and imports is tried with plain SQL."""

import pytest

from review_queue import decisions, entries, imports, lifts, proposals, renewals
from review_queue.categories import Scope
from review_queue.errors import RefusedError
from review_queue.lifts import LiftReason
from review_queue.store import Store
from tests.builders import a_case, a_decided_case, a_draft
from tests.review_queue.lives import BERIK, DANA, an_import, listed, taken_over

LATER = "2027-11-01T09:00:00.000Z"


def _sign_import(store: Store, number: int, person: str) -> None:
    store.run(
        "INSERT OR REPLACE INTO import_signatures VALUES (?, ?, ?, 'senior', ?)",
        [number, person, person.title(), store.now()],
    )


def _renew(store: Store, entry_id: str, turn: int, person: str, review_at: str = "") -> None:
    store.run(
        "INSERT INTO renewals(entry_id, turn, person_id, person_name, person_role, note, signed_at, review_at,"
        " expires_at) VALUES (?, ?, ?, 'P', 'senior', 'Still there.', ?, ?, ?)",
        [entry_id, turn, person, store.now(), review_at, review_at],
    )


def _row(store: Store, number: int, entry_id: str = "new", name: str = "new.example") -> None:
    store.run(
        "INSERT INTO imported_entries VALUES (?, 'host', ?, ?, 9, ?, 'violence', 'VI-1', 1, 'SAMPLE-1', 1, ?, ?, '',"
        " 'A paper')",
        [name, entry_id, number, name, LATER, LATER],
    )


def test_one_person_alone_signs_no_import_however_they_are_spelt(store: Store) -> None:
    number = an_import(store, taken_over("a.example"), people=1)
    for same in ("dana", "DANA"):
        with pytest.raises(RefusedError):
            _sign_import(store, number, same)
    for odd in ("dana ", "dana\0x", "ԁana", ""):
        with pytest.raises(RefusedError):
            _sign_import(store, number, odd)
    assert list(entries.live(store)) == []
    _sign_import(store, number, "berik")
    assert [entry.people for entry in entries.live(store)] == [2]


def test_an_import_is_signed_first_by_who_prepared_it_and_whole(store: Store) -> None:
    store.run(
        "INSERT INTO imports VALUES (7, 'S', 'f', ?, 2, 0, 'dana', 'D', 'senior', ?)",
        ["b" * 64, LATER],
    )
    _row(store, 7)
    with pytest.raises(RefusedError, match="all its rows"):
        _sign_import(store, 7, "dana")
    _row(store, 7, "newer", "newer.example")
    with pytest.raises(RefusedError, match="who prepared it"):
        _sign_import(store, 7, "berik")
    _sign_import(store, 7, "dana")
    with pytest.raises(RefusedError, match="somebody signed"):
        _row(store, 7, "slipped", "slipped.example")


def test_a_withdrawn_import_is_signed_by_nobody(store: Store) -> None:
    number = an_import(store, taken_over("a.example"), people=1)
    imports.withdraw(store, number, DANA, "The wrong file.")
    with pytest.raises(RefusedError, match="withdrawn"):
        _sign_import(store, number, "berik")


def test_a_file_is_in_one_import_that_stands(store: Store) -> None:
    number = an_import(store, taken_over("a.example"))
    again = (
        "INSERT INTO imports VALUES (9, 'S', 'f', ?, 1, 0, 'dana', 'D', 'senior', ?)",
        ["a" * 64, LATER],
    )
    with pytest.raises(RefusedError, match="imported before"):
        store.run(*again)
    imports.withdraw(store, number, DANA, "The wrong file.")
    store.run(*again)


@pytest.mark.parametrize(
    ("scope", "name"),
    [("host", "a.example\nb.example"), ("host", "A.example"), ("url", "ftp://a.example/"), ("ip", "203.0.113.g"),
     ("cidr", "203.0.113.0"), ("name", "a.example"), ("host", "")],
)  # fmt: skip
def test_an_imported_name_is_written_as_its_scope_wants(
    store: Store, scope: str, name: str
) -> None:
    store.run(
        "INSERT INTO imports VALUES (7, 'S', 'f', ?, 1, 0, 'dana', 'D', 'senior', ?)",
        ["b" * 64, LATER],
    )
    with pytest.raises(RefusedError, match="CHECK"):
        store.run(
            "INSERT INTO imported_entries VALUES (?, ?, 'x', 7, 9, '', 'violence', 'VI-1', 1, 'SAMPLE-1', 1, ?, ?,"
            " '', 'A paper')",
            [name, scope, LATER, LATER],
        )


def test_an_id_is_of_one_entry_whatever_table_it_is_in(store: Store) -> None:
    an_import(store, taken_over("a.example", entry_id="e1"))
    case = a_decided_case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="has this id already"):
        store.run(
            "INSERT INTO entries VALUES ('e1', ?, 'host', ?, ?, 'violence', 'VI-1', 1, 'SAMPLE-1', 1, ?, ?, '')",
            [case.id, case.site, case.site, LATER, LATER],
        )
    entry = entries.add(store, entries.approved(store)[0])
    store.run(
        "INSERT INTO imports VALUES (7, 'S', 'f', ?, 1, 0, 'dana', 'D', 'senior', ?)",
        ["b" * 64, LATER],
    )
    with pytest.raises(RefusedError, match="has this id already"):
        _row(store, 7, entry.id)


def test_an_entry_says_when_somebody_looks_at_it_again(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="looks at it again"):
        store.run(
            "INSERT INTO entries VALUES ('e1', ?, 'host', ?, ?, 'violence', 'VI-1', 1, 'SAMPLE-1', 1, ?, '', '')",
            [case.id, case.site, case.site, LATER],
        )


def test_a_renewal_by_one_person_prolongs_nothing(store: Store) -> None:
    entry = listed(store)
    with pytest.raises(RefusedError, match="two different people to renew"):
        _renew(store, entry.id, 1, "dana", LATER)
    _renew(store, entry.id, 1, "dana")
    for same in ("dana", "DANA"):
        with pytest.raises(RefusedError):
            _renew(store, entry.id, 1, same, LATER)
    with pytest.raises(RefusedError, match="two different people to renew"):
        _renew(store, entry.id, 1, "berik")
    assert entries.find(store, entry.id) == entry
    _renew(store, entry.id, 1, "berik", LATER)
    with pytest.raises(RefusedError, match="has its two signatures"):
        _renew(store, entry.id, 1, "erlan", LATER)
    with pytest.raises(RefusedError, match="follows the last one"):
        _renew(store, entry.id, 3, "erlan")
    (renewed,) = entries.live(store)
    assert (renewed.review_at, renewed.expires_at) == (LATER, LATER)


def test_an_old_signature_renews_nothing(store: Store) -> None:
    entry = listed(store)
    store.run(
        "INSERT INTO renewals VALUES (1, ?, 1, 'dana', 'D', 'senior', 'Still there.', ?, '', '')",
        [entry.id, "2026-09-30T09:00:00.000Z"],
    )
    with pytest.raises(RefusedError, match="too old"):
        _renew(store, entry.id, 1, "berik", LATER)


def test_what_was_lifted_is_not_renewed(store: Store) -> None:
    entry = listed(store)
    renewals.sign(store, entry.id, DANA, "Still there.")
    lifts.lift(store, entry.id, DANA, LiftReason.APPEAL)
    with pytest.raises(RefusedError, match="decided anew, not renewed"):
        _renew(store, entry.id, 1, "berik", LATER)


def test_only_what_was_listed_is_lifted_renewed_or_proposed_to_be(store: Store) -> None:
    an_import(store, taken_over("a.example", entry_id="waiting"), people=1)
    for unknown in ("nothing", "waiting"):
        with pytest.raises(RefusedError, match="no entry has this id"):
            store.run(
                "INSERT INTO lifts VALUES (?, 'appeal', '', 'dana', 'D', 'senior', ?, 0)",
                [unknown, LATER],
            )
        with pytest.raises(RefusedError, match="no entry has this id"):
            _renew(store, unknown, 1, "dana")
        with pytest.raises(RefusedError, match="only an entry that was not lifted"):
            proposals.propose(store, unknown, LiftReason.CONTENT_GONE)


def test_a_lift_stands_after_the_last_decision_whatever_the_clock_says(store: Store) -> None:
    entry = listed(store)
    for number in (0, 1, 3):
        with pytest.raises(RefusedError, match="after the last decision"):
            store.run(
                "INSERT INTO lifts VALUES (?, 'appeal', '', 'dana', 'D', 'senior', ?, ?)",
                [entry.id, LATER, number],
            )


def test_a_proposal_is_not_settled_by_a_lift_that_was_not(store: Store) -> None:
    entry = listed(store)
    number = proposals.propose(store, entry.id, LiftReason.CONTENT_GONE)
    with pytest.raises(RefusedError, match="the entry was not lifted"):
        store.run(
            "INSERT INTO proposal_ends VALUES (?, 1, '', 'dana', 'D', 'senior', ?)", [number, LATER]
        )


@pytest.mark.parametrize(("scope", "needed"), [(Scope.HOST, 2), (Scope.DOMAIN, 3)])
def test_a_lifted_block_comes_back_by_as_many_people_as_it_takes(
    store: Store, scope: Scope, needed: int
) -> None:
    people = ("aliya", "berik", "dana", "erlan")[:needed]
    entry = listed(store, *people, scope=scope)
    lifts.lift(store, entry.id, BERIK, LiftReason.APPEAL)
    case = a_case(store)
    again = "INSERT INTO entries VALUES ('e2', ?, ?, ?, ?, 'violence', 'VI-1', 1, 'SAMPLE-1', 1, ?, ?, '')"
    row: list[str | int] = [case.id, scope, case.site, case.site, LATER, LATER]
    for person in people:
        with pytest.raises(RefusedError, match="must decide anew"):
            store.run(again, row)
        before = decisions.latest_of(store, case.ref, person)
        assert before
        decisions.decide(store, a_draft(case, person, scope=scope, supersedes=before.id))
    store.run(again, row)
    assert [each.id for each in entries.live(store)] == ["e2"]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-02-30T00:00:00.000Z",
        "9999-99-99T99:99:99.999Z",
        "0000-01-01T00:00:00.000Z",
        "2026-01-01",
    ],
)
def test_an_imported_entry_has_dates_there_are(store: Store, moment: str) -> None:
    store.run(
        "INSERT INTO imports VALUES (7, 'S', 'f', ?, 1, 0, 'dana', 'D', 'senior', ?)",
        ["b" * 64, LATER],
    )
    _row(store, 7, "good", "good.example")
    with pytest.raises(RefusedError, match="CHECK"):
        store.run(
            "INSERT INTO imported_entries SELECT 'bad.example', scope, 'bad', import_id, 8, unicode_name, category,"
            " policy_code, policy_version, ground_code, ground_version, ?, review_at, expires_at, papers"
            " FROM imported_entries",
            [moment],
        )
