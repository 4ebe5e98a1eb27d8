"""Daily manifests of the evidence, the time-stamps they were given, and the digests of rows that they hold."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from review_queue.store import Store


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
    """Which rows of a table a manifest stands for: those after the last one of the manifest before, up to `last`."""

    after: int
    last: int


# What of each table a manifest stands for: all that is never changed. Rows come after one another by their id.
_ROWS: Final = {
    "rounds": "SELECT id, opened_at, policy FROM rounds",
    "pages": "SELECT id, url, host, site, fetched_at, status, title, text, lang, content_type, body_sha256, round_id"
    " FROM pages",
    "warc_files": "SELECT id, name, opened_at, info_length, info_sha256 FROM warc_files",
    "captures": "SELECT id, page_id, file_id, offset, length, response_length, sha256, payload_sha256, response_id,"
    " request_id, refers_to, fetched_at, ip, tls, truncated FROM captures",
    "models": "SELECT id, name, version, digest FROM models",
    "scores": "SELECT o.id, o.page_id, o.model_id, s.lang, s.self_harm, s.violence, s.distress, s.risk, s.disguised,"
    " s.stance, s.evidence, s.scored_at FROM score_order o"
    " LEFT JOIN scores s ON s.page_id = o.page_id AND s.model_id = o.model_id",
    "decisions": "SELECT o.id, o.decision_id, d.case_id, d.reviewer_id, d.reviewer_name, d.reviewer_role, d.verdict,"
    " d.scope, d.name, d.turn, d.policy_code, d.policy_version, d.ground_code, d.ground_version, d.reason,"
    " d.decided_at, d.supersedes, d.page_sha256, d.score, d.model_id FROM decision_order o"
    " LEFT JOIN decisions d ON d.id = o.decision_id",
}
_ORDER: Final = {"scores": "score_order", "decisions": "decision_order"}
TABLES: Final = tuple(_ROWS)


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


def last_ids(store: Store) -> dict[str, int]:
    """The greatest id of each of `TABLES`."""
    return {
        table: int(store.value(f"SELECT coalesce(max(id), 0) FROM {_ORDER.get(table, table)}"))
        for table in TABLES
    }


def sum_of(store: Store, table: str, span: Span) -> Sum:
    """The sum of the rows of `table` in `span`: the SHA-256 of the list of theirs, a line each, in their order."""
    digest, count = hashlib.sha256(), 0
    for _, line in lines(store, table, span):
        digest.update(digest_line(line))
        count += 1
    return Sum(count, span.last, digest.hexdigest())


def digest_line(line: bytes) -> bytes:
    """The line that stands for a row in the list whose digest is in the manifest."""
    return hashlib.sha256(line).hexdigest().encode() + b"\n"


def lines(store: Store, table: str, span: Span) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Each row of `table` in `span`, and the line of JSON that its digest is taken of."""
    key = "o.id" if table in _ORDER else "id"
    rows = store.rows(
        f"{_ROWS[table]} WHERE {key} > ? AND {key} <= ? ORDER BY {key}", [span.after, span.last]
    )
    for row in rows:
        yield row, json.dumps(list(row.values()), ensure_ascii=False).encode() + b"\n"
