"""How what people approved becomes entries: through the guards, and nothing lost on the way."""

import json
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from blocklist.guard_data import GuardDataError
from blocklist.judging import Judge, Refusal, judge_of
from review_queue import audit, entries, overrides
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
    guard: str = ""  # the code of the guard that stopped it; "" where the store itself refused it
    can_override: bool = False
    scope: str = ""

    @property
    def told(self) -> str:
        """The guard and why, as a person is told it, with the way out where there is one."""
        told = f"{self.guard}: {self.reason}" if self.guard else self.reason
        return f"{told} (two people can override it)" if self.can_override else told

    def as_json(self) -> dict[str, object]:
        """The same for a program."""
        return {
            "case": self.case_ref,
            "scope": self.scope,
            "name": self.name,
            "reason": self.reason,
            "guard": self.guard,
            "can_override": self.can_override,
        }


@dataclass(frozen=True, slots=True)
class AdmitReport:
    """What became of the approved blocks that were not yet entries."""

    admitted: tuple[Entry, ...]
    refused: tuple[RefusedBlock, ...]


NOTHING_NEW: Final = AdmitReport((), ())


def admit(store: Store) -> AdmitReport:
    """Every approved block is an entry, or refused with the reason in the audit log.

    A refused block is looked at again each time, since people may have corrected it; it is logged again
    only when the reason is another.
    """
    admitted: list[Entry] = []
    refused: list[RefusedBlock] = []
    judge = judge_of(store)
    for block in entries.approved(store):
        refusal = judge.refusal(block.scope, block.name, block.case_ref)
        reason = refusal.message if refusal else ""
        if not refusal:
            try:
                admitted.append(_list(store, judge, block))
            except RefusedError as error:
                reason = str(error)
        if reason:
            refused.append(_refused(block, reason, refusal))
            _log(store, block, refused[-1])
    return AdmitReport(tuple(admitted), tuple(refused))


def admitted_or_not(store: Store) -> tuple[AdmitReport, GuardDataError | None]:
    """What became of the approved blocks; nothing, and why, where a file of the guards' data is damaged."""
    try:
        return admit(store), None
    except GuardDataError as error:
        return NOTHING_NEW, error


def _list(store: Store, judge: Judge, block: entries.ApprovedBlock) -> Entry:
    """The block is an entry, and the overrides it needed are on record with it."""
    needed = judge.overrides_of(block.scope, block.name, block.case_ref)
    with store.atomic():
        entry = entries.add(store, block)
        overrides.keep(store, entry.id, needed)
    return replace(entry, overrides=needed)


def _refused(block: entries.ApprovedBlock, reason: str, refusal: Refusal | None) -> RefusedBlock:
    if refusal is None:
        return RefusedBlock(block.case_ref, block.name, reason, scope=block.scope)
    return RefusedBlock(
        block.case_ref, block.name, reason, refusal.guard, refusal.can_override, block.scope
    )


def _log(store: Store, block: entries.ApprovedBlock, refused: RefusedBlock) -> None:
    with store.atomic():
        if _last_reason(store, block) != refused.reason:
            audit.append(
                store,
                actor=_ACTOR,
                action=_REFUSED,
                subject=block.case_ref,
                detail={
                    "scope": block.scope,
                    "name": block.name,
                    "reason": refused.reason,
                    "guard": refused.guard,
                },
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
