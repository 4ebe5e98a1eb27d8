"""Who may decide what, and who may see whose decision: without any web page."""

from dataclasses import replace

import pytest

from review_queue import cases, decisions
from review_queue.categories import CaseState, Category, Scope, Verdict
from review_queue.errors import RefusedError, UnknownCaseError
from review_queue.store import Store
from review_ui.deciding import (
    DecisionForm,
    Officer,
    Problem,
    UndecidableError,
    history,
    is_blind,
    may_decide,
    record,
)
from review_ui.roles import Capability, Role, may
from tests.review_ui.sites import a_block, a_waiting_case

ANNA = Officer("a" * 32, "Anna", Role.REVIEWER)
BERIK = Officer("b" * 32, "Berik", Role.SENIOR)
CLARA = Officer("c" * 32, "Clara", Role.SUPERVISOR)
DINA = Officer("d" * 32, "Dina", Role.AUDITOR)


def test_two_people_who_agree_approve_a_host(store: Store) -> None:
    case = a_waiting_case(store)

    record(store, ANNA, a_block(case))
    assert cases.get(store, case.ref).state is CaseState.AWAITING_SECOND
    record(store, BERIK, a_block(case))

    assert cases.get(store, case.ref).state is CaseState.APPROVED


def test_a_decision_pins_the_versions_in_force_and_the_person(store: Store) -> None:
    case = a_waiting_case(store)

    made = record(store, ANNA, a_block(case, reason="  It calls for it.  "))

    assert (made.policy_code, made.policy_version) == ("VI-1", 1)
    assert (made.legal_ground_code, made.legal_ground_version) == ("SAMPLE-1", 1)
    assert (made.reviewer.id, made.reviewer.name, made.reviewer.role) == (
        ANNA.id,
        "Anna",
        "reviewer",
    )
    assert made.reason == "It calls for it."


@pytest.mark.parametrize("role", [Role.EXPORTER, Role.AUDITOR, Role.ADMIN])
def test_a_role_without_a_vote_decides_nothing(store: Store, role: Role) -> None:
    case = a_waiting_case(store)

    with pytest.raises(UndecidableError) as refused:
        record(store, replace(ANNA, role=role), a_block(case))

    assert refused.value.problem is Problem.ROLE
    assert decisions.of_case(store, case.ref) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"verdict": Verdict.REFER}, Problem.VERDICT),
        ({"reason": " \n "}, Problem.REASON),
        ({"scope": None}, Problem.SCOPE),
        ({"name": "elsewhere.example"}, Problem.NAME),
        ({"name": ""}, Problem.NAME),
        ({"scope": Scope.IP, "name": "192.0.2.1"}, Problem.NAME),  # nothing came from there
        ({"scope": Scope.URL}, Problem.NAME),  # a host is no URL
        ({"policy": "SH-1"}, Problem.POLICY),  # of the other category
        ({"policy": ""}, Problem.POLICY),
        ({"legal_ground": "NONE-1"}, Problem.LEGAL_GROUND),
        ({"corrects": "0" * 32}, Problem.NOT_OWN),
    ],
)
def test_an_incomplete_or_foreign_form_is_refused_with_its_problem(
    store: Store, changes: dict[str, object], problem: Problem
) -> None:
    case = a_waiting_case(store)

    with pytest.raises(UndecidableError) as refused:
        record(store, ANNA, a_block(case, **changes))

    assert refused.value.problem is problem
    assert decisions.of_case(store, case.ref) == []


def test_the_same_person_cannot_confirm(store: Store) -> None:
    case = a_waiting_case(store)
    record(store, ANNA, a_block(case))

    with pytest.raises(UndecidableError) as refused:
        record(store, ANNA, a_block(case))

    assert refused.value.problem is Problem.ALREADY_DECIDED
    assert cases.get(store, case.ref).state is CaseState.AWAITING_SECOND


def test_nobody_corrects_the_decision_of_another(store: Store) -> None:
    case = a_waiting_case(store)
    first = record(store, ANNA, a_block(case))
    record(store, BERIK, DecisionForm(case.ref, Verdict.CANNOT_TELL, "Too short."))

    with pytest.raises(UndecidableError) as refused:
        record(store, BERIK, a_block(case, corrects=first.id))

    assert refused.value.problem is Problem.NOT_OWN


def test_a_person_corrects_the_own_decision_even_on_a_closed_case(store: Store) -> None:
    case = a_waiting_case(store)
    first = record(store, ANNA, a_block(case))
    record(store, BERIK, a_block(case))

    second = record(
        store,
        ANNA,
        DecisionForm(case.ref, Verdict.DOES_NOT_VIOLATE, "It quotes a court.", corrects=first.id),
    )

    assert second.supersedes == first.id
    assert cases.get(store, case.ref).state is CaseState.DISAGREED


def test_a_correction_of_a_corrected_decision_is_refused(store: Store) -> None:
    case = a_waiting_case(store)
    first = record(store, ANNA, a_block(case))
    record(store, ANNA, a_block(case, reason="Better said.", corrects=first.id))

    with pytest.raises(UndecidableError) as refused:
        record(store, ANNA, a_block(case, corrects=first.id))

    assert refused.value.problem is Problem.NOT_OWN


def test_a_closed_case_takes_no_first_decision(store: Store) -> None:
    case = a_waiting_case(store)
    record(store, ANNA, a_block(case))
    record(store, BERIK, a_block(case))

    with pytest.raises(UndecidableError) as refused:
        record(store, CLARA, a_block(case))

    assert refused.value.problem is Problem.CLOSED


def test_an_unknown_case_is_said_to_be_unknown(store: Store) -> None:
    with pytest.raises(UnknownCaseError):
        record(store, ANNA, DecisionForm("KZ-2222-2222", Verdict.CANNOT_TELL, "No such case."))


def test_a_referral_takes_its_own_verdicts_and_never_a_block(store: Store) -> None:
    case = a_waiting_case(store, category=Category.DISTRESS)

    with pytest.raises(UndecidableError):
        record(store, ANNA, a_block(case))
    record(store, ANNA, DecisionForm(case.ref, Verdict.REFER, "A person asks for help."))

    assert cases.get(store, case.ref).state is CaseState.REFERRED


def test_the_refusal_is_a_refusal_of_the_store_to_any_caller() -> None:
    assert issubclass(UndecidableError, RefusedError)


def _seen_by(store: Store, officer: Officer, ref: str) -> list[str]:
    case = cases.get(store, ref)
    return [made.reviewer.name for made in history(officer, case, decisions.of_case(store, ref))]


def test_who_has_still_to_decide_sees_nothing_of_others(store: Store) -> None:
    case = a_waiting_case(store)
    record(store, ANNA, a_block(case))

    for officer in (BERIK, CLARA, Officer("e" * 32, "Erlan", Role.REVIEWER)):
        assert is_blind(officer, cases.get(store, case.ref))
        assert may_decide(officer, cases.get(store, case.ref))
        assert _seen_by(store, officer, case.ref) == []


def test_who_has_decided_sees_the_others(store: Store) -> None:
    case = a_waiting_case(store)
    record(store, ANNA, a_block(case))
    record(store, BERIK, a_block(case, scope=Scope.DOMAIN))

    assert _seen_by(store, ANNA, case.ref) == ["Anna", "Berik"]
    assert not may_decide(ANNA, cases.get(store, case.ref))


def test_a_closed_case_is_open_to_seniors_and_above_but_not_to_other_reviewers(
    store: Store,
) -> None:
    case = a_waiting_case(store)
    record(store, ANNA, a_block(case))
    record(store, BERIK, a_block(case))

    assert _seen_by(store, CLARA, case.ref) == ["Anna", "Berik"]
    assert _seen_by(store, Officer("f" * 32, "Fatima", Role.SENIOR), case.ref) == ["Anna", "Berik"]
    assert _seen_by(store, Officer("e" * 32, "Erlan", Role.REVIEWER), case.ref) == []


def test_an_auditor_sees_all_at_any_time(store: Store) -> None:
    case = a_waiting_case(store)
    record(store, ANNA, a_block(case))

    assert _seen_by(store, DINA, case.ref) == ["Anna"]


def test_what_no_grant_names_is_denied() -> None:
    assert not any(may("stranger", capability) for capability in Capability)
    assert not any(may(Role.ADMIN, capability) for capability in Capability)
    assert not may(Role.EXPORTER, Capability.DECIDE)
    assert not may(Role.AUDITOR, Capability.EXPORT)
