"""How each round of crawling goes, and went: readings that the crawl takes of itself, and the rounds they belong to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from review_queue.store import Store


@dataclass(frozen=True, slots=True)
class Reading:
    """What a round had done at one moment, counted from its beginning.

    `pages` are stored responses with status 200, `errors` counts the rest by kind, `pending` is how many known URLs
    were still to be fetched, `harvested` how many pages had a score that reached a threshold.
    """

    pages: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    pending: int = 0
    sites: int = 0
    harvested: int = 0
    seconds: float = 0.0
    round_id: int = 0  # 0 and "" until stored
    at: str = ""


@dataclass(frozen=True, slots=True)
class CrawlRound:
    """One crawl: the rules it kept to, and its report, which is empty while it runs and when it died."""

    id: int
    opened_at: str
    closed_at: str  # "" while it runs and when it died
    policy: Mapping[str, Any]
    report: Mapping[str, Any]


def note(store: Store, round_id: int, reading: Reading) -> None:
    """The round has one more reading, taken now."""
    store.run(
        "INSERT INTO round_progress VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET"
        " pages = excluded.pages, errors_json = excluded.errors_json, bytes = excluded.bytes,"
        " pending = excluded.pending, sites = excluded.sites, harvested = excluded.harvested,"
        " seconds = excluded.seconds",
        [
            round_id,
            store.now(),
            reading.pages,
            json.dumps(dict(sorted(reading.errors.items()))),
            reading.bytes,
            reading.pending,
            reading.sites,
            reading.harvested,
            reading.seconds,
        ],
    )


def of_round(store: Store, round_id: int) -> list[Reading]:
    """All readings of the round, the oldest first."""
    rows = store.rows("SELECT * FROM round_progress WHERE round_id = ? ORDER BY at", [round_id])
    return [_reading(row) for row in rows]


def newest(store: Store, round_id: int) -> Reading | None:
    """The round's last reading; None before its first one."""
    row = store.row(
        "SELECT * FROM round_progress WHERE round_id = ? ORDER BY at DESC LIMIT 1", [round_id]
    )
    return _reading(row) if row else None


def rounds(store: Store, *, limit: int, offset: int = 0) -> list[CrawlRound]:
    """The rounds, the newest first."""
    rows = store.rows("SELECT * FROM rounds ORDER BY id DESC LIMIT ? OFFSET ?", [limit, offset])
    return [_round(row) for row in rows]


def round_of(store: Store, round_id: int) -> CrawlRound | None:
    """The round of that number; None where there is none."""
    row = store.row("SELECT * FROM rounds WHERE id = ?", [round_id])
    return _round(row) if row else None


def _reading(row: Mapping[str, Any]) -> Reading:
    return Reading(
        pages=row["pages"],
        errors=json.loads(row["errors_json"]),
        bytes=row["bytes"],
        pending=row["pending"],
        sites=row["sites"],
        harvested=row["harvested"],
        seconds=row["seconds"],
        round_id=row["round_id"],
        at=row["at"],
    )


def _round(row: Mapping[str, Any]) -> CrawlRound:
    return CrawlRound(
        row["id"],
        row["opened_at"],
        row["closed_at"],
        json.loads(row["policy"]),
        json.loads(row["report"]),
    )
