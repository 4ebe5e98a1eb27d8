"""Proposals to lift an entry, by a re-check or a person, which a person then settles."""

from dataclasses import dataclass
from typing import Any

from review_queue import audit, lifts
from review_queue.errors import RefusedError
from review_queue.lifts import Lift, LiftReason
from review_queue.records import Reviewer
from review_queue.store import Store


@dataclass(frozen=True, slots=True)
class Proposal:
    """Why an entry may have to be lifted, and who says so."""

    id: int
    entry_id: str
    reason: LiftReason
    note: str
    actor: str
    proposed_at: str


def propose(
    store: Store, entry_id: str, reason: LiftReason, note: str = "", *, actor: str = "system"
) -> int:
    """It is proposed to lift the entry; returns the proposal's id, that of the open one where it was before.

    Raises:
        RefusedError: there is no such entry, it was lifted, or the note is not one line.
    """
    if not note.isprintable():
        raise RefusedError("a note is one line of text")
    with store.atomic():
        for one in open_ones(store, entry_id):
            if one.reason is reason:
                return one.id
        proposal_id = int(store.value("SELECT coalesce(max(id), 0) + 1 FROM proposals"))
        store.run(
            "INSERT INTO proposals(id, entry_id, reason, note, actor, proposed_at) VALUES (?,?,?,?,?,?)",
            [proposal_id, entry_id, reason, note.strip(), actor, store.now()],
        )
        audit.append(store, actor=actor, action="lift.proposed", subject=entry_id,
                     detail={"proposal": proposal_id, "reason": reason})  # fmt: skip
    return proposal_id


def open_ones(store: Store, entry_id: str = "") -> list[Proposal]:
    """The proposals that nobody has settled, about one entry or all of them, oldest first; none of lifted entries."""
    rows = store.rows(
        "SELECT p.* FROM proposals p WHERE (?1 = '' OR p.entry_id = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM proposal_ends n WHERE n.proposal_id = p.id)"
        " AND NOT EXISTS (SELECT 1 FROM lifts l WHERE l.entry_id = p.entry_id) ORDER BY p.id",
        [entry_id],
    )
    return [_proposal(row) for row in rows]


def settle(
    store: Store, proposal_id: int, person: Reviewer, *, lift: bool, note: str = ""
) -> Lift | None:
    """The proposal is settled: the entry is lifted for its reason, or stays; returns the lift.

    Raises:
        RefusedError: no such proposal waits for anybody, the note is not one line, or all it says is that the entry's
            review date has come, which is no reason to lift it.
    """
    if not note.isprintable():
        raise RefusedError("a note is one line of text")
    with store.atomic():
        found = next((one for one in open_ones(store) if one.id == proposal_id), None)
        if found is None:
            raise RefusedError(
                f"no proposal {proposal_id} waits; it was settled, or its entry lifted;"
                " `qalqan entries proposals` shows those that wait"
            )
        if lift and found.reason is LiftReason.EXPIRED:
            raise RefusedError(
                "that its review date has come is no reason to lift an entry; where there is one, run: qalqan entries"
                f" lift {found.entry_id} --reason REASON --as USER. Otherwise two people renew it"
            )
        made = (
            lifts.lift(store, found.entry_id, person, found.reason, note or found.note)
            if lift
            else None
        )
        store.run(
            "INSERT INTO proposal_ends(proposal_id, was_lifted, note, person_id, person_name, person_role, settled_at)"
            " VALUES (?,?,?,?,?,?,?)",
            [proposal_id, int(lift), note.strip(), person.id, person.name, person.role, store.now()],
        )  # fmt: skip
        audit.append(store, actor=person.id, action="lift.proposal_settled", subject=found.entry_id,
                     detail={"proposal": proposal_id, "lifted": lift})  # fmt: skip
    return made


def _proposal(row: dict[str, Any]) -> Proposal:
    return Proposal(
        row["id"],
        row["entry_id"],
        LiftReason(row["reason"]),
        row["note"],
        row["actor"],
        row["proposed_at"],
    )
