"""The store itself refuses: every rule about decisions and entries is tried with plain SQL."""

from collections.abc import Callable

import pytest

from review_queue import cases, decisions, entries
from review_queue.categories import CaseState, Category, Scope, Verdict
from review_queue.errors import RefusedError
from review_queue.records import Case
from review_queue.store import Store
from tests.builders import a_case, a_decided_case, a_draft

Attempt = Callable[[Store, Case], object]


def _insert_entry(
    store: Store, case: Case, scope: str = "host", category: str = "violence"
) -> None:
    store.run(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, 'VI-1', 1, 'SAMPLE-1', 1, ?, ?, '')",
        ["e1", case.id, scope, case.site, case.site, category, store.now(), store.now()],
    )


def _insert_decision(store: Store, case: Case, **changes: str | None) -> None:
    row: dict[str, str | int | float | None] = {
        "id": "d-new",
        "case_id": case.id,
        "reviewer_id": "aliya",
        "reviewer_name": "Aliya",
        "reviewer_role": "reviewer",
        "verdict": "violates",
        "scope": "host",
        "name": case.site,
        "policy_code": "VI-1",
        "policy_version": 1,
        "ground_code": "SAMPLE-1",
        "ground_version": 1,
        "reason": "A reason.",
        "decided_at": store.now(),
        "supersedes": None,
        "page_sha256": "0" * 64,
        "score": 0.5,
    }
    row.update(changes)
    marks = ", ".join(f":{name}" for name in row)
    store.run(f"INSERT OR REPLACE INTO decisions({', '.join(row)}) VALUES ({marks})", row)


def test_a_block_nobody_decided_is_refused(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case)


def test_one_person_alone_cannot_block_a_host(store: Store) -> None:
    case = a_decided_case(store, "aliya")
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case)


def test_two_people_block_a_host_but_not_a_domain_of_the_same_name(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="a domain three"):
        _insert_entry(store, case, scope="domain")
    _insert_entry(store, case, scope="host")
    assert [entry.people for entry in entries.live(store)] == [2]


def test_two_people_for_a_domain_are_too_few_and_three_are_enough(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik", scope=Scope.DOMAIN)
    assert cases.get(store, case.ref).state is CaseState.AWAITING_SECOND
    with pytest.raises(RefusedError, match="a domain three"):
        _insert_entry(store, case, scope="domain")
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case, scope="host")
    decisions.decide(store, a_draft(case, "dana", scope=Scope.DOMAIN))
    _insert_entry(store, case, scope="domain")
    assert [entry.people for entry in entries.live(store)] == [3]


def test_people_who_want_different_blocks_do_not_agree(store: Store) -> None:
    case = a_case(store, "http://forum.one.example/")
    decisions.decide(store, a_draft(case, "aliya", name="forum.one.example"))
    decisions.decide(store, a_draft(case, "berik", name="one.example"))
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case)


def test_one_person_is_never_counted_twice(store: Store) -> None:
    case = a_decided_case(store, "aliya")
    with pytest.raises(RefusedError, match="already decided"):
        _insert_decision(store, case, id="d2")
    with pytest.raises(RefusedError, match="already decided"):
        _insert_decision(store, case, id="d2", reviewer_id="ALIYA")
    first = decisions.of_case(store, case.ref)[0]
    _insert_decision(store, case, id="d2", supersedes=first.id)
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case)


def test_nobody_corrects_the_decision_of_another(store: Store) -> None:
    case = a_decided_case(store, "aliya")
    first = decisions.of_case(store, case.ref)[0]
    with pytest.raises(RefusedError, match="same person"):
        _insert_decision(store, case, id="d2", reviewer_id="berik", supersedes=first.id)


def test_a_decision_is_corrected_only_once(store: Store) -> None:
    case = a_decided_case(store, "aliya")
    first = decisions.of_case(store, case.ref)[0]
    _insert_decision(store, case, id="d2", supersedes=first.id)
    with pytest.raises(RefusedError):
        _insert_decision(store, case, id="d3", supersedes=first.id)


def test_an_entry_from_a_referral_is_refused(store: Store) -> None:
    case = a_case(store, category=Category.DISTRESS)
    with pytest.raises(RefusedError, match="never a site to block"):
        _insert_entry(store, case, category="self_harm")


def test_a_referral_takes_no_verdict_of_violation(store: Store) -> None:
    case = a_case(store, category=Category.DISTRESS)
    with pytest.raises(RefusedError, match="lane"):
        _insert_decision(store, case)


def test_a_violation_must_name_a_host_of_the_site(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(RefusedError, match="host name of the site"):
        _insert_decision(store, case, name="other.example")
    with pytest.raises(RefusedError, match="host name of the site"):
        _insert_decision(store, case, name="evilone.example")
    with pytest.raises(RefusedError, match="policy"):
        _insert_decision(store, case, policy_code=None)


def test_only_a_violation_names_a_block(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(RefusedError, match="only a violation"):
        _insert_decision(store, case, verdict="protective")


def test_an_entry_dies_with_the_decision_it_rests_on(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik")
    entries.add(store, entries.approved(store)[0])
    first = decisions.of_case(store, case.ref)[0]
    decisions.decide(store, a_draft(case, "aliya", Verdict.DOES_NOT_VIOLATE, supersedes=first.id))

    assert list(entries.live(store)) == []


def test_an_entry_dies_when_more_people_see_no_harm(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik")
    entries.add(store, entries.approved(store)[0])
    for person in ("dana", "erlan", "farida"):
        decisions.decide(store, a_draft(case, person, Verdict.DOES_NOT_VIOLATE))

    assert cases.get(store, case.ref).state is CaseState.DISMISSED
    assert list(entries.live(store)) == []
    assert entries.approved(store) == []


def test_an_entry_cannot_be_tied_to_decisions_for_something_else(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik")
    entry = entries.add(store, entries.approved(store)[0])
    other = a_case(store, "http://two.example/")
    stray = decisions.decide(store, a_draft(other, "dana"))
    with pytest.raises(RefusedError, match="that very block"):
        store.run("INSERT INTO entry_decisions VALUES (?, ?)", [entry.id, stray.id])
    assert case.ref == entry.case_ref


@pytest.mark.parametrize(
    "other",
    [" aliya", "aliya\t", "aliya\xa0", "aliya\u200b", "aliya\0x", "\uff41liya", "аliya", ""],
)
def test_a_person_has_one_spelling(store: Store, other: str) -> None:
    case = a_decided_case(store, "aliya")
    with pytest.raises(RefusedError):
        _insert_decision(store, case, id="d2", reviewer_id=other)


@pytest.mark.parametrize("name", ["egov.kz\n.one.example", "*.one.example", "UPPER.one.example"])
def test_a_name_to_block_is_one_plain_name(store: Store, name: str) -> None:
    with pytest.raises(RefusedError):
        _insert_decision(store, a_case(store), name=name)


def test_a_block_that_as_many_people_speak_against_is_refused(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik")
    for person in ("dana", "erlan"):
        decisions.decide(store, a_draft(case, person, Verdict.PROTECTIVE))
    store.run("UPDATE cases SET state = 'approved'")
    with pytest.raises(RefusedError, match="see no harm"):
        _insert_entry(store, case)


def test_an_entry_names_the_policy_of_its_decisions(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="policy"):
        store.run(
            "INSERT INTO entries VALUES ('e1', ?, 'host', ?, ?, 'violence', 'SH-1', 1, 'SAMPLE-1', 1, 't', 't', '')",
            [case.id, case.site, case.site],
        )


def test_a_block_of_a_page_whose_referral_is_not_settled_is_refused(store: Store) -> None:
    referral = a_case(store, category=Category.DISTRESS)
    case = a_decided_case(store, "aliya", "berik")
    assert case.page_id == referral.page_id
    with pytest.raises(RefusedError, match="in distress"):
        _insert_entry(store, case)


def test_an_entry_ends_when_people_come_to_see_distress_after_all(store: Store) -> None:
    referral = a_case(store, category=Category.DISTRESS)
    seen = [
        decisions.decide(store, a_draft(referral, person, Verdict.NOT_DISTRESS))
        for person in ("aliya", "berik")
    ]
    (case,) = cases.waiting(store)
    for person in ("aliya", "berik"):
        decisions.decide(store, a_draft(case, person))
    entries.add(store, entries.approved(store)[0])
    assert len(list(entries.live(store))) == 1
    decisions.decide(store, a_draft(referral, "aliya", Verdict.REFER, supersedes=seen[0].id))

    assert list(entries.live(store)) == []


def test_a_decision_belongs_to_the_present_turn_of_its_case(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(RefusedError, match="present turn"):
        _insert_decision(store, case, turn="2")


def test_an_entry_takes_the_category_of_its_case(store: Store) -> None:
    case = a_decided_case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="category of its case"):
        _insert_entry(store, case, category="self_harm")
