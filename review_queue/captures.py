"""Which records of which WARC file show how a page was fetched."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from review_queue.records import Capture, Place
from review_queue.store import Store

_SELECT: Final = (
    "SELECT c.*, f.name AS file, p.url AS page_url, p.body_sha256, o.response_id AS refers_to_id"
    " FROM captures c JOIN warc_files f ON f.id = c.file_id LEFT JOIN pages p ON p.id = c.page_id"
    " LEFT JOIN captures o ON o.id = c.refers_to"
)


_OF_CASE: Final = {
    "pages": "SELECT id, url, host, fetched_at, last_seen_at, status, lang, content_type, body_sha256, round_id"
    " FROM pages WHERE site = :site ORDER BY id",
    "captures": "SELECT c.id, c.page_id, f.name AS file, c.offset, c.length, c.response_length, c.sha256,"
    " c.payload_sha256, c.response_id, c.request_id, c.refers_to, c.fetched_at, c.ip, c.tls, c.truncated"
    " FROM captures c JOIN warc_files f ON f.id = c.file_id JOIN pages p ON p.id = c.page_id"
    " WHERE p.site = :site ORDER BY c.file_id, c.offset",
    "scores": "SELECT o.id, s.page_id, m.name AS model, m.version, m.digest AS model_sha256, s.self_harm, s.violence,"
    " s.distress, s.risk, s.scored_at FROM scores s JOIN models m ON m.id = s.model_id"
    " JOIN pages p ON p.id = s.page_id JOIN score_order o ON o.page_id = s.page_id AND o.model_id = s.model_id"
    " WHERE p.site = :site ORDER BY o.id",
    "decisions": "SELECT o.id, o.decision_id, d.reviewer_id, d.reviewer_name, d.reviewer_role, d.verdict, d.scope,"
    " d.name, d.policy_code, d.policy_version, d.ground_code, d.ground_version, d.reason, d.decided_at, d.supersedes,"
    " d.page_sha256, d.score, m.digest AS model_sha256 FROM decision_order o"
    " JOIN decisions d ON d.id = o.decision_id LEFT JOIN models m ON m.id = d.model_id"
    " WHERE d.case_id = :case ORDER BY o.id",
}


@dataclass(frozen=True, slots=True)
class WarcFile:
    """A WARC file as far as the store accounts for it; `size` is where its last capture ends."""

    id: int
    name: str  # below warc/ in the data folder
    opened_at: str
    info_length: int
    info_sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A capture as the store has it, with what its page should be."""

    id: int
    page_id: int
    page_url: str  # "" where the page is gone
    body_sha256: str
    file_id: int
    file: str
    offset: int
    length: int
    response_length: int
    sha256: str
    payload_sha256: str
    response_id: str
    request_id: str
    refers_to: int | None
    refers_to_id: str  # the record id of that capture's response
    fetched_at: str
    ip: str
    tls: str
    truncated: str


@dataclass(frozen=True, slots=True)
class Original:
    """The capture that holds a payload which was received again."""

    id: int
    response_id: str
    url: str
    fetched_at: str


def add_file(store: Store, name: str, *, info_length: int, info_sha256: str) -> int:
    """The file is known, its first record being its warcinfo; returns its id."""
    row = store.row(
        "INSERT INTO warc_files(name, opened_at, info_length, info_sha256) VALUES (?,?,?,?) RETURNING id",
        [name, store.now(), info_length, info_sha256],
    )
    return int(row["id"]) if row else 0


def size_of(store: Store, name: str) -> int | None:
    """Where the last capture of the file of that name ends, None where the store does not know the file."""
    size = store.value(
        "SELECT coalesce((SELECT c.offset + c.length FROM captures c WHERE c.file_id = f.id"
        " ORDER BY c.offset DESC LIMIT 1), f.info_length) FROM warc_files f WHERE f.name = ?",
        [name],
    )
    return None if size is None else int(size)


def files(store: Store) -> list[WarcFile]:
    """All WARC files, oldest first."""
    rows = store.rows(
        "SELECT f.*, coalesce((SELECT c.offset + c.length FROM captures c WHERE c.file_id = f.id"
        " ORDER BY c.offset DESC LIMIT 1), f.info_length) AS size FROM warc_files f ORDER BY f.id"
    )
    return [WarcFile(**row) for row in rows]


def add(store: Store, page_id: int, capture: Capture, place: Place) -> None:
    """The capture is evidence of the page, for good.

    Raises:
        RefusedError: it does not begin where the one before it in the file ended.
    """
    store.run(
        "INSERT INTO captures(page_id, file_id, offset, length, response_length, sha256, payload_sha256,"
        " response_id, request_id, refers_to, fetched_at, ip, tls, truncated) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        [page_id, place.file_id, place.offset, place.length, place.response_length, place.sha256,
         capture.payload_sha256, capture.response_id, capture.request_id, place.refers_to, capture.fetched_at,
         capture.ip, capture.tls, capture.truncated],
    )  # fmt: skip


def original(store: Store, url: str, body_sha256: str, payload_sha256: str) -> Original | None:
    """The capture that already holds this very payload for the page, or None."""
    row = store.row(
        "SELECT c.id, c.response_id, c.fetched_at FROM pages p JOIN captures c ON c.page_id = p.id"
        " WHERE p.url = ? AND p.body_sha256 = ? AND c.payload_sha256 = ? AND c.refers_to IS NULL"
        " ORDER BY c.id LIMIT 1",
        [url, body_sha256, payload_sha256],
    )
    return Original(row["id"], row["response_id"], url, row["fetched_at"]) if row else None


def of_page(store: Store, page_id: int) -> list[CaptureRow]:
    """The captures of one page, oldest first."""
    return [_row(r) for r in store.rows(f"{_SELECT} WHERE c.page_id = ? ORDER BY c.id", [page_id])]


def of_file(store: Store, file_id: int) -> Iterator[CaptureRow]:
    """The captures of one file in the order they stand in it."""
    for row in store.rows(f"{_SELECT} WHERE c.file_id = ? ORDER BY c.offset", [file_id]):
        yield _row(row)


def of_site(store: Store, site: str) -> list[CaptureRow]:
    """The captures of all pages of a site, file by file."""
    rows = store.rows(f"{_SELECT} WHERE p.site = ? ORDER BY c.file_id, c.offset", [site])
    return [_row(r) for r in rows]


def count(store: Store) -> int:
    """How many captures there are."""
    return int(store.value("SELECT count(*) FROM captures"))


def rows_of_case(store: Store, table: str, case_id: int, site: str) -> list[dict[str, Any]]:
    """The rows of one table that a case rests on, without the pages' own words."""
    return list(store.rows(_OF_CASE[table], {"case": case_id, "site": site}))


def rounds_of(store: Store, site: str) -> list[dict[str, Any]]:
    """The rounds in which the pages of a site were first fetched, and the rules of each."""
    rows = store.rows(
        "SELECT id, opened_at, policy FROM rounds WHERE id IN (SELECT round_id FROM pages WHERE site = ?)"
        " ORDER BY id",
        [site],
    )
    return [{**row, "policy": json.loads(row["policy"])} for row in rows]


def count_after(store: Store, capture_id: int) -> int:
    """How many captures came after the one with this id."""
    return int(store.value("SELECT count(*) FROM captures WHERE id > ?", [capture_id]))


def astray(store: Store) -> list[int]:
    """The captures without a body whose reference leads to none of the same page that holds it."""
    rows = store.rows(
        "SELECT c.id FROM captures c LEFT JOIN captures o ON o.id = c.refers_to AND o.refers_to IS NULL"
        " AND o.page_id = c.page_id AND o.payload_sha256 = c.payload_sha256"
        " WHERE c.refers_to IS NOT NULL AND o.id IS NULL ORDER BY c.id"
    )
    return [row["id"] for row in rows]


def pages_without(store: Store) -> Iterator[tuple[int, str]]:
    """The id and the body's digest of each page that was kept without a capture."""
    rows = store.rows(
        "SELECT p.id, p.body_sha256 FROM pages p"
        " WHERE NOT EXISTS (SELECT 1 FROM captures c WHERE c.page_id = p.id) ORDER BY p.id"
    )
    for row in rows:
        yield row["id"], row["body_sha256"]


def _row(row: dict[str, Any]) -> CaptureRow:
    return CaptureRow(
        **{
            **row,
            "page_url": row["page_url"] or "",
            "body_sha256": row["body_sha256"] or "",
            "refers_to_id": row["refers_to_id"] or "",
        }
    )
