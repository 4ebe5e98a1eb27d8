"""How what people approved becomes entries: through the guards, and nothing lost on the way."""

import json
from dataclasses import dataclass
from typing import Final, NamedTuple

from blocklist import guards
from review_queue import audit, entries
from review_queue.errors import RefusedError
from review_queue.records import Entry
from review_queue.store import Store

_ACTOR: Final = "system"
_REFUSED: Final = "block.refused"


class RefusedBlock(NamedTuple):
    """A block people approved that did not become an entry, and why; its case stays approved."""

    case_ref: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class AdmitReport:
    """What became of the approved blocks that were not yet entries."""

    admitted: tuple[Entry, ...]
    refused: tuple[RefusedBlock, ...]


def admit(store: Store) -> AdmitReport:
    """Every approved block is an entry, or refused with the reason in the audit log.

    A refused block is looked at again each time, since people may have corrected it; it is logged again
    only when the reason is another.
    """
    admitted: list[Entry] = []
    refused: list[RefusedBlock] = []
    for block in entries.approved(store):
        reason = guards.refusal(block.scope, block.name)
        if not reason:
            try:
                admitted.append(entries.add(store, block))
            except RefusedError as error:
                reason = str(error)
        if reason:
            refused.append(RefusedBlock(block.case_ref, block.name, reason))
            _log(store, block, reason)
    return AdmitReport(tuple(admitted), tuple(refused))


def _log(store: Store, block: entries.ApprovedBlock, reason: str) -> None:
    with store.atomic():
        if _last_reason(store, block) != reason:
            audit.append(
                store,
                actor=_ACTOR,
                action=_REFUSED,
                subject=block.case_ref,
                detail={"scope": block.scope, "name": block.name, "reason": reason},
            )


def _last_reason(store: Store, block: entries.ApprovedBlock) -> str:
    """Why this block was last refused; "" where it never was."""
    told = store.rows(
        "SELECT detail FROM audit WHERE subject = ? AND action = ? ORDER BY seq DESC",
        [block.case_ref, _REFUSED],
    )
    for row in told:
        detail = json.loads(row["detail"])
        if (detail["scope"], detail["name"]) == (block.scope, block.name):
            return str(detail["reason"])
    return ""
