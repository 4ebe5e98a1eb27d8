"""What people concluded. A decision is a row for good; the case's state follows from the decisions that stand."""

import secrets
from typing import Any, Final

from review_queue import audit, cases
from review_queue.blocks import normal
from review_queue.categories import (
    HARMLESS,
    PEOPLE_NEEDED,
    VERDICTS,
    CaseState,
    Category,
    Lane,
    Scope,
    Verdict,
)
from review_queue.errors import RefusedError
from review_queue.records import Case, Decision, Draft, ModelId, Reviewer
from review_queue.store import Store

_PEOPLE_TO_LIFT_DISTRESS: Final = 2
_SELECT: Final = (
    "SELECT d.*, c.ref, m.name AS model_name, m.version AS model_version, m.digest AS model_digest,"
    " NOT EXISTS (SELECT 1 FROM standing s WHERE s.id = d.id) AS superseded"
    " FROM decisions d JOIN cases c ON c.id = d.case_id LEFT JOIN models m ON m.id = d.model_id"
)


def decide(store: Store, draft: Draft) -> Decision:
    """The decision is in the store and in the audit log, and the case has moved on.

    It pins what it was made on: the digest of the riskiest page, its score and the model behind that.

    Raises:
        RefusedError: a rule of the store forbids it; the message says which.
        UnknownCaseError: no such case.
        BadHostError: the name to block is no host, address or network.
        BadUrlError: it is no URL.
    """
    with store.atomic():
        case = cases.get(store, draft.case_ref)
        _check(case, draft)
        decision_id = _new_id(store)
        seen = _what_was_seen(store, case)
        name = normal(draft.scope or Scope.HOST, draft.name) if draft.name else ""
        store.run(
            "INSERT INTO decisions(id, case_id, reviewer_id, reviewer_name, reviewer_role, verdict, scope, name,"
            " policy_code, policy_version, ground_code, ground_version, reason, decided_at, supersedes,"
            " page_sha256, score, model_id, turn) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
            " (SELECT turn FROM cases WHERE id = ?2))",
            [decision_id, case.id, draft.reviewer.id, draft.reviewer.name, draft.reviewer.role, draft.verdict,
             draft.scope or "", name, draft.policy_code or None, draft.policy_version or None,
             draft.legal_ground_code or None, draft.legal_ground_version or None, draft.reason, store.now(),
             draft.supersedes or None, *seen],
        )  # fmt: skip
        # the reason itself stays out of the log: it may name persons, and the log can never be shortened
        audit.append(
            store,
            actor=draft.reviewer.id,
            action="decision.made",
            subject=case.ref,
            detail={"id": decision_id, "verdict": draft.verdict, "scope": draft.scope or "", "name": name,
                    "supersedes": draft.supersedes},
        )  # fmt: skip
        _move(store, case)
        return next(d for d in of_case(store, case.ref) if d.id == decision_id)


def of_case(store: Store, ref: str) -> list[Decision]:
    """All decisions on the case, superseded ones too, oldest first."""
    return [
        _decision(r)
        for r in store.rows(f"{_SELECT} WHERE c.ref = ? ORDER BY d.decided_at, d.id", [ref])
    ]


def latest_of(store: Store, ref: str, reviewer_id: str) -> Decision | None:
    """This person's decision that stands on the case, or None."""
    mine = [
        d
        for d in of_case(store, ref)
        if d.reviewer.id.lower() == reviewer_id.lower() and not d.superseded
    ]
    return mine[-1] if mine else None


def _check(case: Case, draft: Draft) -> None:
    # said here in a person's words; the triggers say the same to any other program
    if draft.verdict not in VERDICTS[case.lane]:
        raise RefusedError(f"the verdict {draft.verdict} does not belong to the {case.lane} lane")
    if not draft.reason.strip():
        raise RefusedError("a decision needs a reason; write one sentence")
    if draft.verdict is Verdict.VIOLATES and not (
        draft.scope and draft.name and draft.policy_code and draft.legal_ground_code
    ):
        raise RefusedError("a violation names a policy, a legal ground, a scope and a host name")


def _what_was_seen(store: Store, case: Case) -> tuple[str, float, int | None]:
    row = store.row(
        "SELECT p.body_sha256, s.model_id FROM pages p LEFT JOIN scores s ON s.page_id = p.id"
        " WHERE p.id = ? ORDER BY s.scored_at DESC, s.model_id DESC LIMIT 1",
        [case.page_id],
    )
    return (row["body_sha256"], case.risk, row["model_id"]) if row else ("", case.risk, None)


def _move(store: Store, case: Case) -> None:
    state = _state_of(store, case)
    if state is case.state:
        return
    store.run("UPDATE cases SET state = ? WHERE id = ?", [state, case.id])
    audit.append(store, actor="system", action="case.moved", subject=case.ref,
                 detail={"from": case.state, "to": state})  # fmt: skip
    if state is CaseState.NOT_DISTRESS:
        _open_ordinary(store, case)


def _state_of(store: Store, case: Case) -> CaseState:
    votes = [
        Verdict(r["verdict"])
        for r in store.rows("SELECT verdict FROM standing WHERE case_id = ?", [case.id])
    ]
    if case.lane is Lane.REFERRAL:
        return _referral_state(votes)
    against = votes.count(Verdict.VIOLATES)
    harmless = sum(vote in HARMLESS for vote in votes)
    if not against:
        return CaseState.DISMISSED if harmless else CaseState.OPEN
    if harmless >= against:
        return CaseState.DISMISSED if harmless > against else CaseState.DISAGREED
    agreed = any(
        row["people"] >= PEOPLE_NEEDED[Scope(row["scope"])]
        for row in store.rows("SELECT scope, people FROM agreement WHERE case_id = ?", [case.id])
    )
    if agreed:
        return CaseState.APPROVED
    return CaseState.DISAGREED if harmless else CaseState.AWAITING_SECOND


def _referral_state(votes: list[Verdict]) -> CaseState:
    if votes.count(Verdict.NOT_DISTRESS) >= _PEOPLE_TO_LIFT_DISTRESS and Verdict.REFER not in votes:
        return CaseState.NOT_DISTRESS
    if Verdict.REFER in votes:
        return CaseState.DISAGREED if Verdict.NOT_DISTRESS in votes else CaseState.REFERRED
    return CaseState.AWAITING_SECOND if Verdict.NOT_DISTRESS in votes else CaseState.OPEN


def _open_ordinary(store: Store, case: Case) -> None:
    """The site has an ordinary case of the harm its page weighs most for."""
    row = store.row(
        "SELECT self_harm, violence FROM scores WHERE page_id = ? ORDER BY scored_at DESC, model_id DESC LIMIT 1",
        [case.page_id],
    ) or {"self_harm": case.risk, "violence": 0.0}
    category = max((Category.SELF_HARM, Category.VIOLENCE), key=lambda harm: row[harm])
    cases.open_case(
        store,
        site=case.site,
        category=category,
        lane=Lane.REVIEW,
        page_id=case.page_id,
        risk=row[category],
    )


def _new_id(store: Store) -> str:
    """An id that sorts by time and cannot be guessed."""
    return f"{int(store.clock().timestamp() * 1000):012x}{secrets.token_hex(10)}"


def _decision(row: dict[str, Any]) -> Decision:
    return Decision(
        id=row["id"],
        case_ref=row["ref"],
        reviewer=Reviewer(row["reviewer_id"], row["reviewer_name"], row["reviewer_role"]),
        verdict=Verdict(row["verdict"]),
        scope=Scope(row["scope"]) if row["scope"] else None,
        name=row["name"],
        policy_code=row["policy_code"] or "",
        policy_version=row["policy_version"] or 0,
        legal_ground_code=row["ground_code"] or "",
        legal_ground_version=row["ground_version"] or 0,
        reason=row["reason"],
        decided_at=row["decided_at"],
        supersedes=row["supersedes"] or "",
        superseded=bool(row["superseded"]),
        page_sha256=row["page_sha256"],
        score=row["score"],
        model=ModelId(row["model_name"], row["model_version"], row["model_digest"])
        if row["model_name"]
        else None,
    )
