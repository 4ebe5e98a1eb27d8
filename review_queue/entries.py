"""The published blocks: each rests on named decisions of enough people, and lives only while those stand.

Those taken over from an older registry rest on papers and on two people who signed the import.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from review_queue import audit, terms
from review_queue.blocks import unicode_of
from review_queue.categories import PEOPLE_NEEDED, CaseState, Category, Scope
from review_queue.clock import iso
from review_queue.errors import RefusedError
from review_queue.life_tables import DECIDED_SINCE
from review_queue.records import Entry
from review_queue.scope_rules import NEEDED
from review_queue.store import Store, Value, failures

# The columns of an Entry in its own order. What people renewed has later dates than it was listed with.
_DATES: Final = "coalesce(r.review_at, e.review_at), coalesce(r.expires_at, e.expires_at)"
_PLACE: Final = "e.id, e.scope, e.name, e.unicode_name, e.category"
_GROUNDS: Final = "e.policy_code, e.policy_version, e.ground_code, e.ground_version, e.listed_at"
_RENEWED: Final = "LEFT JOIN renewed r ON r.entry_id = e.id"
_DECIDED: Final = f"SELECT {_PLACE}, c.ref, {{decisions}}, {_GROUNDS}, {_DATES}, ''"
_IMPORTED: Final = f"SELECT {_PLACE}, '', NULL, {{people}}, {_GROUNDS}, {_DATES}, e.papers"
_STANDING: Final = (
    f"{_DECIDED.format(decisions='e.decision_ids, e.people')} FROM live_entries e"
    f" JOIN cases c ON c.id = e.case_id {_RENEWED}"
)
_EVER: Final = f"""{
    _DECIDED.format(
        decisions='''
    (SELECT json_group_array(l.decision_id) FROM entry_decisions l WHERE l.entry_id = e.id),
    (SELECT count(DISTINCT d.reviewer_id) FROM entry_decisions l JOIN decisions d ON d.id = l.decision_id
        WHERE l.entry_id = e.id)'''
    )
} FROM entries e JOIN cases c ON c.id = e.case_id {_RENEWED}"""
_FROM_IMPORTS: Final = f"FROM imported_entries e {_RENEWED}"
_SIGNERS: Final = "(SELECT count(*) FROM import_signatures s WHERE s.import_id = e.import_id)"
_TAKEN_OVER: Final = f"{_IMPORTED.format(people=_SIGNERS)} {_FROM_IMPORTS}"
_SIGNED: Final = (
    "e.import_id IN (SELECT id FROM live_imports)"
    " AND NOT EXISTS (SELECT 1 FROM lifts l WHERE l.entry_id = e.id)"
)
_HOLDS: Final = (
    "(coalesce(r.expires_at, e.expires_at) = '' OR coalesce(r.expires_at, e.expires_at) > :now)"
)
# SQLite merges the two as they come: what was imported lies in this very order, only what people decided is sorted
_LIVE: Final = (
    f"{_STANDING} WHERE {_HOLDS} {{where}} UNION ALL"
    f" {_IMPORTED.format(people=2)} {_FROM_IMPORTS} WHERE {_SIGNED} AND {_HOLDS} {{where}}"
)
_IN_ORDER: Final = "ORDER BY 3, 2, 1"
_SCOPES: Final = {scope.value: scope for scope in Scope}
_CATEGORIES: Final = {category.value: category for category in Category}


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
    """The agreed blocks of approved cases that no live entry covers; policy and ground are the first decision's.

    One that was lifted is among them only where as many people as it takes have decided since.
    """
    rows = store.rows(
        f"""SELECT c.ref, c.category, a.scope, a.name, a.people,
            (SELECT json_group_array(id) FROM (SELECT s.id FROM standing s WHERE s.case_id = a.case_id
                AND s.verdict = 'violates' AND s.scope = a.scope AND s.name = a.name
                ORDER BY s.decided_at, s.id)) AS ids
        FROM agreement a JOIN cases c ON c.id = a.case_id
        JOIN blockable b ON b.case_id = c.id
        WHERE c.state = ? AND a.people >= {NEEDED.format(scope="a.scope")}
            AND NOT EXISTS (SELECT 1 FROM live_entries e WHERE e.case_id = a.case_id AND e.scope = a.scope
                AND e.name = a.name)
            AND {DECIDED_SINCE.format(row="a")}
        ORDER BY c.id, a.scope, a.name""",
        [CaseState.APPROVED],
    )
    return [_block(store, row) for row in list(rows)]


def add(store: Store, block: ApprovedBlock) -> Entry:
    """The block is an entry, tied by the store itself to the decisions that agree on it.

    Where it was one before and only some of its people have decided anew, it holds no longer than that one.

    Raises:
        RefusedError: too few different people agree, or the case is a referral.
    """
    entry_id = f"{int(store.clock().timestamp() * 1000):012x}{secrets.token_hex(6)}"
    with store.atomic():
        start, term = store.clock(), terms.current(store)[block.category]
        dates = _dates_before(store, block) or (term.review_at(start), term.expires_at(start))
        store.run(
            "INSERT INTO entries(id, case_id, scope, name, unicode_name, category, policy_code, policy_version,"
            " ground_code, ground_version, listed_at, review_at, expires_at)"
            " SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM cases WHERE ref = ?",
            [entry_id, block.scope, block.name, unicode_of(block.scope, block.name), block.category, block.policy_code,
             block.policy_version, block.legal_ground_code, block.legal_ground_version, iso(start),
             *dates, block.case_ref],
        )  # fmt: skip
        audit.append(
            store,
            actor="system",
            action="entry.listed",
            subject=block.case_ref,
            detail={"entry": entry_id, "scope": block.scope, "name": block.name, "people": block.people,
                    "decisions": block.decision_ids},
        )  # fmt: skip
        made = find(store, entry_id)
    if made is None:
        raise RefusedError(f"no case is called {block.case_ref}")
    return made


def live(store: Store, at: str = "") -> Iterator[Entry]:
    """The entries that hold at this moment, by name, one after the other; `at` is by when their terms count.

    Of those people decided, the decisions still stand in sufficient number; of those taken over, two people signed
    the import and nobody withdrew it. Lifted and expired ones are not among them. All are of the moment the first one
    was read; until the last one was, or the reader let go, a write of the same `Store` may be refused as busy.
    """
    return _entries(store, f"{_LIVE.format(where='')} {_IN_ORDER}", {"now": at or store.now()})


def page(store: Store, *, offset: int, limit: int) -> list[Entry]:
    """So many of the live entries, from one on."""
    sql = f"{_LIVE.format(where='')} {_IN_ORDER} LIMIT :limit OFFSET :offset"
    return list(_entries(store, sql, {"now": store.now(), "limit": limit, "offset": offset}))


def count(store: Store) -> int:
    """How many entries are live."""
    sql = f"SELECT count(*) FROM ({_LIVE.format(where='')})"
    return int(store.value(sql, {"now": store.now()}))


def covering(store: Store, blocks: Iterable[tuple[Scope, str]]) -> Iterator[Entry]:
    """The live entries of exactly these scopes and names, in the order asked; several for several categories."""
    one = f"{_LIVE.format(where='AND e.id = :id')}"
    for scope, name in blocks:
        # by id, since a list of all that people decided would be made to look a name up in
        ids = store.rows(
            "SELECT id FROM entries WHERE name = :name AND scope = :scope UNION ALL"
            " SELECT id FROM imported_entries WHERE name = :name AND scope = :scope ORDER BY id",
            {"name": name, "scope": scope},
        )
        for row in list(ids):
            yield from _entries(store, one, {"now": store.now(), "id": row["id"]})


def find(store: Store, entry_id: str) -> Entry | None:
    """The entry of this id, a lifted or expired one too; of one that is not live its people are all it ever had."""
    for sql in (_STANDING, _EVER):
        for entry in _entries(store, f"{sql} WHERE e.id = :id", {"id": entry_id}):
            return entry
    for entry in _entries(store, f"{_TAKEN_OVER} WHERE e.id = :id", {"id": entry_id}):
        return entry
    return None


def once_listed(store: Store, ids: Iterable[str]) -> frozenset[str]:
    """Those of the ids that are an entry's that was ever on the list; in one question, since there may be a million."""
    sql = "SELECT id FROM once_listed WHERE id IN (SELECT value FROM json_each(?))"
    return frozenset(row["id"] for row in store.rows(sql, [json.dumps([*ids])]))


def last_serial(store: Store) -> int:
    """The serial of the newest export; 0 before the first."""
    return int(store.value("SELECT coalesce(max(serial), 0) FROM exports"))


def record_export(
    store: Store,
    *,
    serial: int,
    actor: str,
    manifest_sha256: str,
    counts: Mapping[str, int],
    begun_at: str = "",
) -> None:
    """The export is on record, in its own row and in the audit log; all that was decided until `begun_at` is in it.

    Raises:
        RefusedError: the serial is not greater than every one before.
    """
    with store.atomic():
        store.run(
            "INSERT INTO exports(serial, created_at, actor, manifest_sha256, counts) VALUES (?,?,?,?,?)",
            [
                serial,
                begun_at or store.now(),
                actor,
                manifest_sha256,
                json.dumps(dict(counts), sort_keys=True),
            ],
        )
        audit.append(store, actor=actor, action="list.exported", subject=str(serial),
                     detail={"manifest_sha256": manifest_sha256, "counts": dict(counts)})  # fmt: skip


def of_import(store: Store, import_id: int) -> Iterator[Entry]:
    """The entries of one import by name, live or not."""
    sql = f"{_TAKEN_OVER} WHERE e.import_id = :import {_IN_ORDER}"
    return _entries(store, sql, {"import": import_id})


def is_live(store: Store, entry_id: str) -> bool:
    """Whether the entry holds at this moment."""
    sql = f"SELECT count(*) FROM ({_LIVE.format(where='AND e.id = :id')})"
    return bool(store.value(sql, {"now": store.now(), "id": entry_id}))


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


def _dates_before(store: Store, block: ApprovedBlock) -> tuple[str, str] | None:
    """When the entry that the block was before is looked at and ends, where too few people decided on it since.

    Who corrects a decision to what it said would go on with a block alone; it takes as many people as to begin it.
    """
    before = store.row(
        "SELECT e.id, coalesce(r.review_at, e.review_at) AS review_at, coalesce(r.expires_at, e.expires_at) AS ends"
        f" FROM entries e JOIN cases c ON c.id = e.case_id {_RENEWED} WHERE c.ref = ? AND e.scope = ? AND e.name = ?"
        " AND NOT EXISTS (SELECT 1 FROM lifts l WHERE l.entry_id = e.id) ORDER BY e.listed_at DESC, e.id DESC",
        [block.case_ref, block.scope, block.name],
    )
    if before is None:
        return None
    people = store.value(
        "SELECT count(DISTINCT reviewer_id) FROM decisions WHERE id IN (SELECT value FROM json_each(?))"
        " AND id NOT IN (SELECT decision_id FROM entry_decisions WHERE entry_id = ?)",
        [json.dumps(block.decision_ids), before["id"]],
    )
    return None if people >= PEOPLE_NEEDED[block.scope] else (before["review_at"], before["ends"])


def _entries(store: Store, sql: str, params: Mapping[str, Value]) -> Iterator[Entry]:
    """The rows of a query whose columns are those of an Entry; 5 us each, so that a million are no burden."""
    over: dict[str, tuple[str, ...]] = {}
    for each in store.rows("SELECT * FROM entry_overrides ORDER BY entry_id, override_id"):
        over[each["entry_id"]] = (*over.get(each["entry_id"], ()), each["override_id"])
    with failures(store.path):
        for row in store.db.conn.execute(sql, params):
            decisions, papers = row[6], row[15]
            yield Entry(
                row[0],
                _SCOPES[row[1]],
                row[2],
                row[3],
                _CATEGORIES[row[4]],
                row[5],
                tuple(sorted(json.loads(decisions))) if decisions else (),
                row[7],
                row[8],
                row[9],
                row[10],
                row[11],
                row[12],
                row[13],
                row[14],
                tuple(papers.split("\n")) if papers else (),
                over.get(row[0], ()),
            )
