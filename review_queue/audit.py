"""The append-only log of who did what: each row carries the SHA-256 of the one before, so an edit shows."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from review_queue.errors import AuditBrokenError
from review_queue.store import Store

GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a chain that holds. Kept elsewhere it also shows a tail that was cut off later."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the log."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str
    prev_hash: str


def append(
    store: Store, *, actor: str, action: str, subject: str, detail: Mapping[str, object]
) -> None:
    """The log has one more row.

    Called inside the transaction of the deed it tells of, so that neither is without the other.
    """
    with store.atomic():
        last = store.row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        row = {
            "seq": last["seq"] + 1 if last else 1,
            "at": store.now(),
            "actor": actor,
            "action": action,
            "subject": subject,
            "detail": json.dumps(detail, sort_keys=True, ensure_ascii=False),
            "prev_hash": last["hash"] if last else GENESIS,
        }
        store.run(
            "INSERT INTO audit(seq, at, actor, action, subject, detail, prev_hash, hash)"
            " VALUES (:seq, :at, :actor, :action, :subject, :detail, :prev_hash, :hash)",
            {**row, "hash": _digest(row)},
        )


def head(store: Store) -> Head:
    """The last row as it stands, without a check of those before it."""
    row = store.row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
    return Head(row["seq"], row["hash"]) if row else Head(0, GENESIS)


def newest_at(store: Store) -> str:
    """When the last deed was done; "" before the first."""
    return str(store.value("SELECT at FROM audit ORDER BY seq DESC LIMIT 1") or "")


def of_action(store: Store, action: str) -> list[AuditRow]:
    """The rows that tell of this kind of deed, oldest first."""
    return [
        _row(row)
        for row in store.rows("SELECT * FROM audit WHERE action = ? ORDER BY seq", [action])
    ]


def of_subject(store: Store, subject: str) -> list[AuditRow]:
    """The rows about this subject, oldest first."""
    return [
        _row(row)
        for row in store.rows("SELECT * FROM audit WHERE subject = ? ORDER BY seq", [subject])
    ]


def hash_at(store: Store, seq: int) -> str:
    """The hash of one row; "" where there is none."""
    return store.value("SELECT hash FROM audit WHERE seq = ?", [seq]) or ""


def verify(store: Store, *, head: Head | None = None) -> Head:
    """Every row follows from the one before; returns the last one.

    Args:
        store: the store to read.
        head: a head noted earlier, which must still be part of the chain.

    Raises:
        AuditBrokenError: a row was changed, removed, inserted or cut off; the message names the first.
    """
    previous, seq, seen = GENESIS, 0, head is None
    for row in store.rows("SELECT * FROM audit ORDER BY seq"):
        if row["seq"] != seq + 1 or row["prev_hash"] != previous or row["hash"] != _digest(row):
            raise AuditBrokenError(
                f"audit row {seq + 1} does not follow from the one before; keep a copy of the store and find out why"
            )
        seq, previous = row["seq"], row["hash"]
        seen = seen or (head is not None and head == Head(seq, previous))
    if not seen and head is not None:
        raise AuditBrokenError(
            f"the log no longer holds the noted row {head.seq}; rows were cut off or rewritten"
        )
    return Head(seq, previous)


def rows(store: Store, limit: int = 100, offset: int = 0) -> list[AuditRow]:
    """The newest rows first."""
    found = store.rows("SELECT * FROM audit ORDER BY seq DESC LIMIT ? OFFSET ?", [limit, offset])
    return [_row(row) for row in found]


def _row(row: Mapping[str, Any]) -> AuditRow:
    return AuditRow(
        row["seq"],
        row["at"],
        row["actor"],
        row["action"],
        row["subject"],
        json.loads(row["detail"]),
        row["hash"],
        row["prev_hash"],
    )


def hashed_text(row: AuditRow) -> bytes:
    """The text whose SHA-256 is the row's hash."""
    detail = json.dumps(row.detail, sort_keys=True, ensure_ascii=False)
    fields = [row.seq, row.at, row.actor, row.action, row.subject, detail, row.prev_hash]
    return json.dumps(fields, ensure_ascii=False).encode()


def _digest(row: Mapping[str, Any]) -> str:
    fields = [row[k] for k in ("seq", "at", "actor", "action", "subject", "detail", "prev_hash")]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()
