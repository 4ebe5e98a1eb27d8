"""Turns what a person filled in into a decision of the store, and says who may see whose decisions.

No web framework here: the pages and the demo record decisions through the same `record`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from review_queue import cases, decisions, policies
from review_queue.categories import VERDICTS, WAITING, Scope, Verdict
from review_queue.errors import RefusedError
from review_queue.records import Case, Decision, Draft, LegalGround, Policy, Reviewer
from review_queue.store import Store
from review_ui.blocking import names_of
from review_ui.roles import Capability, Role, may

MAX_REASON: Final = 2000
_Row = TypeVar("_Row", Policy, LegalGround)


@dataclass(frozen=True, slots=True)
class Officer:
    """A person at work: an opaque stable id, the full name and the role."""

    id: str
    name: str
    role: Role

    @property
    def person(self) -> Reviewer:
        """The officer as the store remembers who did something."""
        return Reviewer(self.id, self.name, self.role)


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """A decision as a person gave it; `policy` and `legal_ground` are codes of rows in force.

    `corrects` is the id of that person's own decision which this one replaces.
    """

    case_ref: str
    verdict: Verdict
    reason: str
    scope: Scope | None = None
    name: str = ""
    policy: str = ""
    legal_ground: str = ""
    corrects: str = ""


class Problem(StrEnum):
    """Why a decision was not taken."""

    ROLE = "role"
    CLOSED = "closed"
    ALREADY_DECIDED = "already_decided"
    NOT_OWN = "not_own"
    VERDICT = "verdict"
    REASON = "reason"
    SCOPE = "scope"
    NAME = "name"
    POLICY = "policy"
    LEGAL_GROUND = "legal_ground"


_SENTENCES: Final = {
    Problem.ROLE: "this role decides no cases",
    Problem.CLOSED: "this case is closed; only a person who decided it may correct the own decision",
    Problem.ALREADY_DECIDED: "you have decided this case already; correct that decision instead",
    Problem.NOT_OWN: "only your own latest decision can be corrected; open the case again",
    Problem.VERDICT: "this verdict does not belong to this kind of case",
    Problem.REASON: "write the reason in your own words",
    Problem.SCOPE: "say how much is to be blocked: a page, a host, a domain, an address or a network",
    Problem.NAME: "choose one of the names this case offers for that scope",
    Problem.POLICY: "choose a policy of this category that is in force",
    Problem.LEGAL_GROUND: "choose a legal ground that is in force",
}


class UndecidableError(RefusedError):
    """A decision that was not taken; `problem` says why, nothing was recorded."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(_SENTENCES[problem])
        self.problem = problem


def record(store: Store, officer: Officer, form: DecisionForm) -> Decision:
    """The officer's decision stands in the store for good.

    Raises:
        UndecidableError: this person may not decide so.
        RefusedError: the store's own rules forbid it.
        UnknownCaseError: there is no such case.
    """
    if not may(officer.role, Capability.DECIDE):
        raise UndecidableError(Problem.ROLE)
    # one transaction: what was checked is still so when the decision is written
    with store.atomic():
        case = cases.get(store, form.case_ref)
        _check_turn(case, decisions.latest_of(store, case.ref, officer.id), form)
        if form.verdict not in VERDICTS[case.lane]:
            raise UndecidableError(Problem.VERDICT)
        if not form.reason.strip():
            raise UndecidableError(Problem.REASON)
        is_block = form.verdict is Verdict.VIOLATES
        draft = _block(store, case, officer, form) if is_block else _plain(officer, form)
        return decisions.decide(store, draft)


def is_blind(officer: Officer, case: Case) -> bool:
    """Whether the decisions of others on this case are kept from the officer.

    A person who may still decide judges alone; only seniors and above look at closed cases they had no part in.
    Who has no vote, an auditor, cannot be swayed and sees all.
    """
    if not may(officer.role, Capability.DECIDE):
        return not may(officer.role, Capability.READ_CLOSED)
    if officer.id in case.decided_by:
        return False
    return case.state in WAITING or not may(officer.role, Capability.READ_CLOSED)


def history(officer: Officer, case: Case, made: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decisions on the case that the officer may see, oldest first."""
    if is_blind(officer, case):
        return tuple(one for one in made if one.reviewer.id == officer.id)
    return tuple(made)


def may_decide(officer: Officer, case: Case) -> bool:
    """Whether the case waits for this officer's first decision."""
    return (
        may(officer.role, Capability.DECIDE)
        and case.state in WAITING
        and officer.id not in case.decided_by
    )


def _check_turn(case: Case, latest: Decision | None, form: DecisionForm) -> None:
    if latest is None:
        if form.corrects:
            raise UndecidableError(Problem.NOT_OWN)
        if case.state not in WAITING:
            raise UndecidableError(Problem.CLOSED)
    elif not form.corrects:
        raise UndecidableError(Problem.ALREADY_DECIDED)
    elif form.corrects != latest.id:
        raise UndecidableError(Problem.NOT_OWN)


def _plain(officer: Officer, form: DecisionForm) -> Draft:
    return Draft(
        case_ref=form.case_ref,
        reviewer=officer.person,
        verdict=form.verdict,
        reason=form.reason.strip()[:MAX_REASON],
        supersedes=form.corrects,
    )


def _block(store: Store, case: Case, officer: Officer, form: DecisionForm) -> Draft:
    if form.scope is None:
        raise UndecidableError(Problem.SCOPE)
    if form.name not in names_of(store, case, form.scope):
        raise UndecidableError(Problem.NAME)
    policy = _in_force(policies.current(store, case.category), form.policy)
    if policy is None:
        raise UndecidableError(Problem.POLICY)
    ground = _in_force(policies.grounds(store), form.legal_ground)
    if ground is None:
        raise UndecidableError(Problem.LEGAL_GROUND)
    plain = _plain(officer, form)
    return Draft(
        case_ref=plain.case_ref,
        reviewer=plain.reviewer,
        verdict=plain.verdict,
        reason=plain.reason,
        scope=form.scope,
        name=form.name,
        policy_code=policy.code,
        policy_version=policy.version,
        legal_ground_code=ground.code,
        legal_ground_version=ground.version,
        supersedes=plain.supersedes,
    )


def _in_force(rows: Sequence[_Row], code: str) -> _Row | None:
    return next((row for row in rows if row.code == code), None)
