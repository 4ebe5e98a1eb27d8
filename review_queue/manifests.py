"""Daily manifests of the evidence, the time-stamps they were given, and the digests of rows that they hold."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from review_queue.store import Store, Value


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as it was made."""

    seq: int
    name: str
    made_at: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """An authority's signed word that a manifest was there at a time."""

    id: int
    manifest_seq: int
    authority: str
    stamped_at: str
    token: bytes


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows of a table a manifest stands for, and their digest; `last` is the greatest id among them, or 0."""

    rows: int
    last: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows of a table a manifest stands for: those between it and the one before.

    Rows with an id come after `after`, up to `last`, or to the end where that is None; the others were written from
    `since` on and before `before`.
    """

    after: int
    since: str
    before: str
    last: int | None = None


# What of each table a manifest stands for: all that is never changed. Rows of the first kind come after one another
# by their id; those of the second are known by the time they were written.
_BY_ID: Final = {
    "rounds": "id, opened_at, policy",
    "pages": "id, url, host, site, fetched_at, status, title, text, lang, content_type, body_sha256, round_id",
    "warc_files": "id, name, opened_at, info_length, info_sha256",
    "captures": "id, page_id, file_id, offset, length, response_length, sha256, payload_sha256, response_id,"
    " request_id, refers_to, fetched_at, ip, tls, truncated",
    "models": "id, name, version, digest",
}
_BY_TIME: Final = {
    "scores": (
        "scored_at",
        "page_id, model_id, lang, self_harm, violence, distress, risk, disguised, stance, evidence, scored_at",
    ),
    "decisions": (
        "decided_at",
        (
            "id, case_id, reviewer_id, reviewer_name, reviewer_role, verdict, scope, name, turn, policy_code,"
            " policy_version, ground_code, ground_version, reason, decided_at, supersedes, page_sha256, score,"
            " model_id"
        ),
    ),
}
TABLES: Final = (*_BY_ID, *_BY_TIME)


def add(store: Store, name: str, made_at: str, content: bytes) -> int:
    """The manifest is kept for good; returns its number."""
    row = store.row(
        "INSERT INTO manifests(seq, name, made_at, sha256, content)"
        " VALUES ((SELECT count(*) + 1 FROM manifests), ?,?,?,?) RETURNING seq",
        [name, made_at, hashlib.sha256(content).hexdigest(), content],
    )
    return int(row["seq"]) if row else 0


def all_of(store: Store) -> list[Manifest]:
    """Every manifest, the first one first."""
    return [Manifest(**row) for row in store.rows("SELECT * FROM manifests ORDER BY seq")]


def add_stamp(
    store: Store, manifest_seq: int, *, authority: str, stamped_at: str, token: bytes
) -> None:
    """The manifest has its time-stamp, for good.

    Raises:
        RefusedError: it has one already.
    """
    store.run(
        "INSERT INTO timestamps(manifest_seq, authority, stamped_at, token) VALUES (?,?,?,?)",
        [manifest_seq, authority, stamped_at, token],
    )


def stamps(store: Store) -> list[Stamp]:
    """Every time-stamp, in the order they were given."""
    return [Stamp(**row) for row in store.rows("SELECT * FROM timestamps ORDER BY id")]


def deeds_since(store: Store, seq: int) -> int:
    """How many rows of the audit log after `seq` tell of more than of the evidence itself."""
    return int(
        store.value(
            "SELECT count(*) FROM audit WHERE seq > ? AND action NOT LIKE 'evidence.%'", [seq]
        )
    )


def newest_row_at(store: Store) -> str:
    """When the latest of the rows was written that are known by their time; "" where there is none."""
    return max(
        str(store.value(f"SELECT coalesce(max({column}), '') FROM {table}"))
        for table, (column, _) in _BY_TIME.items()
    )


def sum_of(store: Store, table: str, span: Span) -> Sum:
    """The sum of the rows of `table` in `span`: the SHA-256 of the list of theirs, a line each, in their order."""
    digest, count, last = hashlib.sha256(), 0, span.after if table in _BY_ID else 0
    for row, line in lines(store, table, span):
        digest.update(digest_line(line))
        count += 1
        last = row["id"] if table in _BY_ID else 0
    return Sum(count, last, digest.hexdigest())


def digest_line(line: bytes) -> bytes:
    """The line that stands for a row in the list whose digest is in the manifest."""
    return hashlib.sha256(line).hexdigest().encode() + b"\n"


def lines(store: Store, table: str, span: Span) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Each row of `table` in `span`, and the line of JSON that its digest is taken of."""
    params: list[Value]
    if table in _BY_ID:
        sql = f"SELECT {_BY_ID[table]} FROM {table} WHERE id > ? AND id <= ? ORDER BY id"
        last = span.last
        params = [span.after, store.value(f"SELECT max(id) FROM {table}") if last is None else last]
    else:
        column, columns = _BY_TIME[table]
        sql = (
            f"SELECT {columns} FROM {table} WHERE {column} >= ? AND {column} < ? ORDER BY {columns}"
        )
        params = [span.since, span.before]
    for row in store.rows(sql, params):
        yield row, json.dumps(list(row.values()), ensure_ascii=False).encode() + b"\n"
