"""Blocks that are no longer: one person lifts an entry at once, and the term of each lifts it by itself."""

import json
import time
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from review_queue import audit
from review_queue.errors import QalqanError, RefusedError
from review_queue.records import Reviewer
from review_queue.store import TURN_S, Store

SYSTEM: Final = Reviewer("system", "system", "system")  # who lifts what ended, and no person
_BATCH: Final = 20_000
_SHOWN: Final = 100  # ids that the audit log names of many that ended at once; the lifts themselves have them all
_EXPIRED: Final = """SELECT e.id FROM {table} e LEFT JOIN renewed r ON r.entry_id = e.id
    WHERE coalesce(r.expires_at, e.expires_at) <> '' AND coalesce(r.expires_at, e.expires_at) <= :now
        AND NOT EXISTS (SELECT 1 FROM lifts l WHERE l.entry_id = e.id) {{among}}"""
_ENDED: Final = (
    f"{_EXPIRED.format(table='entries')} UNION ALL {_EXPIRED.format(table='imported_entries')}"
    " AND e.import_id IN (SELECT id FROM live_imports)"
)
_COLUMNS: Final = (
    "entry_id, reason, note, person_id, person_name, person_role, lifted_at, after_decision"
)


class LiftReason(StrEnum):
    """Why a block is no longer."""

    EXPIRED = "expired"
    APPEAL = "appeal"
    CONTENT_GONE = "content_gone"
    MISTAKE = "mistake"
    COURT = "court"
    SUPERSEDED = "superseded"  # by another entry, such as a narrower one


class UnknownEntryError(QalqanError):
    """No entry has this id."""


@dataclass(frozen=True, slots=True)
class Lift:
    """One entry that was lifted, for good: who did it, why and when."""

    entry_id: str
    reason: LiftReason
    note: str
    person: Reviewer
    lifted_at: str


def lift(store: Store, entry_id: str, person: Reviewer, reason: LiftReason, note: str = "") -> Lift:
    """The entry is no longer live, and nothing that was decided before brings it back.

    One person is enough, since nothing more is blocked by it.

    Raises:
        UnknownEntryError: no entry, or none that was ever live, has this id.
        RefusedError: it was lifted before, or the note is not one line.
    """
    if reason is LiftReason.EXPIRED:
        raise RefusedError("an entry expires by itself; say why you lift it")
    if not note.isprintable():
        raise RefusedError("a note is one line of text")
    with store.atomic():
        before = of(store, entry_id)
        if before:
            raise RefusedError(f"{entry_id} was lifted at {before.lifted_at} ({before.reason})")
        if not _is_known(store, entry_id):
            raise UnknownEntryError(
                f"no entry has the id {entry_id[:100]!a}; `qalqan entries list` shows them"
            )
        made = Lift(entry_id, reason, note.strip(), person, store.now())
        store.run(
            f"INSERT INTO lifts({_COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, coalesce(max(id), 0) FROM decision_order",
            [made.entry_id, made.reason, made.note, person.id, person.name, person.role, made.lifted_at],
        )  # fmt: skip
        # the note stays out of the log: it may name persons, and the log can never be shortened
        audit.append(store, actor=person.id, action="entry.lifted", subject=entry_id,
                     detail={"reason": reason})  # fmt: skip
    return made


def lift_expired(store: Store, at: str = "") -> list[Lift]:
    """Every entry whose term is over, by the moment `at` or by now, is lifted; returns those that were not before."""
    # looked for without the lock that other writers wait for: mostly there is nothing
    now = at or store.now()
    ended = iter([row["id"] for row in store.rows(_ENDED.format(among=""), {"now": now})])
    made: list[Lift] = []
    while batch := list(islice(ended, _BATCH)):
        if made:
            time.sleep(TURN_S)
        made += _lift_ended(store, batch, now)
    return made


def _lift_ended(store: Store, ids: list[str], now: str) -> list[Lift]:
    """Those of the entries that have ended by `now`, and that nobody lifted or renewed meanwhile, are lifted."""
    among = _ENDED.format(among="AND e.id IN (SELECT value FROM json_each(:ids))")
    with store.atomic():
        found = store.rows(
            f"INSERT INTO lifts({_COLUMNS}) SELECT id, 'expired', '', 'system', 'system', 'system', :now,"
            f" (SELECT coalesce(max(id), 0) FROM decision_order) FROM ({among}) WHERE true RETURNING entry_id",
            {"now": now, "ids": json.dumps(ids)},
        )
        made = [Lift(row["entry_id"], LiftReason.EXPIRED, "", SYSTEM, now) for row in found]
        if made:
            audit.append(
                store,
                actor=SYSTEM.id,
                action="entries.expired",
                subject=f"{len(made)} entries",
                detail={"count": len(made), "entries": [each.entry_id for each in made[:_SHOWN]]},
            )
    return made


def of(store: Store, entry_id: str) -> Lift | None:
    """How the entry was lifted; None where it was not."""
    row = store.row("SELECT * FROM lifts WHERE entry_id = ?", [entry_id])
    return _lift(row) if row else None


def since(store: Store, moment: str) -> list[Lift]:
    """What was lifted at or after the moment, which is in the store's own writing; oldest first."""
    rows = store.rows(
        "SELECT * FROM lifts WHERE lifted_at >= ? ORDER BY lifted_at, entry_id", [moment]
    )
    return [_lift(row) for row in rows]


def _is_known(store: Store, entry_id: str) -> bool:
    return bool(store.value("SELECT EXISTS (SELECT 1 FROM once_listed WHERE id = ?)", [entry_id]))


def _lift(row: dict[str, Any]) -> Lift:
    return Lift(
        row["entry_id"],
        LiftReason(row["reason"]),
        row["note"],
        Reviewer(row["person_id"], row["person_name"], row["person_role"]),
        row["lifted_at"],
    )
