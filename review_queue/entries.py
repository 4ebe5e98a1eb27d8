"""The published blocks: each rests on named decisions of enough people, and lives only while those stand."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from review_queue import audit
from review_queue.blocks import unicode_of
from review_queue.categories import CaseState, Category, Scope
from review_queue.records import Entry
from review_queue.store import Store

_LIVE: Final = "SELECT e.*, c.ref FROM live_entries e JOIN cases c ON c.id = e.case_id"


@dataclass(frozen=True, slots=True)
class ApprovedBlock:
    """A block that enough people agree on and that is not an entry yet."""

    case_ref: str
    category: Category
    scope: Scope
    name: str
    decision_ids: tuple[str, ...]
    people: int
    policy_code: str
    policy_version: int
    legal_ground_code: str
    legal_ground_version: int


def approved(store: Store) -> list[ApprovedBlock]:
    """The agreed blocks of approved cases that no live entry covers; policy and ground are the first decision's."""
    rows = store.rows(
        """SELECT c.ref, c.category, a.scope, a.name, a.people,
            (SELECT json_group_array(id) FROM (SELECT s.id FROM standing s WHERE s.case_id = a.case_id
                AND s.verdict = 'violates' AND s.scope = a.scope AND s.name = a.name
                ORDER BY s.decided_at, s.id)) AS ids
        FROM agreement a JOIN cases c ON c.id = a.case_id
        JOIN blockable b ON b.case_id = c.id
        WHERE c.state = ? AND a.people >= CASE a.scope WHEN 'url' THEN 2 WHEN 'host' THEN 2 ELSE 3 END
            AND NOT EXISTS (SELECT 1 FROM live_entries e WHERE e.case_id = a.case_id AND e.scope = a.scope
                AND e.name = a.name)
        ORDER BY c.id, a.scope, a.name""",
        [CaseState.APPROVED],
    )
    return [_block(store, row) for row in list(rows)]


def add(store: Store, block: ApprovedBlock) -> Entry:
    """The block is an entry, tied by the store itself to the decisions that agree on it.

    Raises:
        RefusedError: too few different people agree, or the case is a referral.
    """
    entry_id = f"{int(store.clock().timestamp() * 1000):012x}{secrets.token_hex(6)}"
    with store.atomic():
        store.run(
            "INSERT INTO entries(id, case_id, scope, name, unicode_name, category, policy_code, policy_version,"
            " ground_code, ground_version, listed_at) SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM cases WHERE ref = ?",
            [entry_id, block.scope, block.name, unicode_of(block.scope, block.name), block.category, block.policy_code,
             block.policy_version, block.legal_ground_code, block.legal_ground_version, store.now(), block.case_ref],
        )  # fmt: skip
        audit.append(
            store,
            actor="system",
            action="entry.listed",
            subject=block.case_ref,
            detail={"entry": entry_id, "scope": block.scope, "name": block.name, "people": block.people,
                    "decisions": block.decision_ids},
        )  # fmt: skip
        return next(_entry(row) for row in store.rows(f"{_LIVE} WHERE e.id = ?", [entry_id]))


def live(store: Store) -> list[Entry]:
    """The entries whose decisions still stand in sufficient number, by name."""
    return [_entry(row) for row in store.rows(f"{_LIVE} ORDER BY e.name, e.scope, e.id")]


def last_serial(store: Store) -> int:
    """The serial of the newest export; 0 before the first."""
    return int(store.value("SELECT coalesce(max(serial), 0) FROM exports"))


def record_export(
    store: Store, *, serial: int, actor: str, manifest_sha256: str, counts: Mapping[str, int]
) -> None:
    """The export is on record, in its own row and in the audit log.

    Raises:
        RefusedError: the serial is not greater than every one before.
    """
    with store.atomic():
        store.run(
            "INSERT INTO exports(serial, created_at, actor, manifest_sha256, counts) VALUES (?,?,?,?,?)",
            [serial, store.now(), actor, manifest_sha256, json.dumps(dict(counts), sort_keys=True)],
        )
        audit.append(store, actor=actor, action="list.exported", subject=str(serial),
                     detail={"manifest_sha256": manifest_sha256, "counts": dict(counts)})  # fmt: skip


def _block(store: Store, row: dict[str, Any]) -> ApprovedBlock:
    ids = json.loads(row["ids"])
    first = store.row("SELECT * FROM decisions WHERE id = ?", [ids[0]]) or {}
    return ApprovedBlock(
        case_ref=row["ref"],
        category=Category(row["category"]),
        scope=Scope(row["scope"]),
        name=row["name"],
        decision_ids=tuple(ids),
        people=row["people"],
        policy_code=first["policy_code"],
        policy_version=first["policy_version"],
        legal_ground_code=first["ground_code"],
        legal_ground_version=first["ground_version"],
    )


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        id=row["id"],
        scope=Scope(row["scope"]),
        name=row["name"],
        unicode_name=row["unicode_name"],
        category=Category(row["category"]),
        case_ref=row["ref"],
        decision_ids=tuple(sorted(json.loads(row["decision_ids"]))),
        people=row["people"],
        policy_code=row["policy_code"],
        policy_version=row["policy_version"],
        legal_ground_code=row["ground_code"],
        legal_ground_version=row["ground_version"],
        listed_at=row["listed_at"],
    )
