"""Re-checks of listed sites: which entry is due, what to ask of it, and what was found."""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from review_queue import entries
from review_queue.categories import HARMS, Category, Scope
from review_queue.hosts import parse_url
from review_queue.records import Entry, ModelId
from review_queue.store import Store, Value

INTERVAL: Final = timedelta(days=30)
# where the last look found no harm, or the review is near: soon enough for a second look before anybody decides
SOON: Final = timedelta(days=7)
CHECKABLE: Final = frozenset({Scope.URL, Scope.HOST, Scope.DOMAIN})


class Found(StrEnum):
    """What a look at a listed site found."""

    STILL_THERE = "still_there"  # a page scores above a threshold, or is what people decided on
    CHANGED = "changed"  # it answers, and nothing scores
    GONE = "gone"  # no such page, no such name, or nothing on it
    UNREACHABLE = "unreachable"  # nobody can tell


@dataclass(frozen=True, slots=True)
class Recheck:
    """One look: what was found, and the page or the kind of error it rests on."""

    entry_id: str
    outcome: Found
    page_id: int | None = None
    error: str = ""
    score: float | None = None
    round_id: int | None = None
    checked_at: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A listed entry that somebody should look at since `due_at`."""

    entry: Entry
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """A page of a site that a round has fetched; `risk` is the highest score of a harm, None where it was not read."""

    page_id: int
    url: str
    host: str
    body_sha256: str
    title: str
    text: str
    risk: float | None
    is_harm: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Where one address stands that a round was to ask; `error` is "" where it gave a page."""

    url: str
    is_done: bool
    error: str


def due(store: Store, *, within: timedelta = timedelta(), limit: int | None = None) -> list[Due]:
    """The live entries that can be looked at and are due by `within` from now, those longest due first."""
    found = _due(store, store.clock() + within)
    if limit is None:
        return sorted(found, key=_urgency)
    return heapq.nsmallest(limit, found, key=_urgency)


def count_due(store: Store) -> int:
    """How many `due` holds now."""
    return sum(1 for _ in _due(store, store.clock()))


def not_checkable(store: Store) -> list[Entry]:
    """The live entries of which no page is known by their name: addresses and networks."""
    return [entry for entry in entries.live(store) if entry.scope not in CHECKABLE]


def record(store: Store, check: Recheck) -> None:
    """The look is on record, for good."""
    store.run(
        "INSERT INTO rechecks(entry_id, checked_at, outcome, page_id, error, score, round_id)"
        " VALUES (?,?,?,?,?,?,?)",
        [check.entry_id, store.now(), check.outcome, check.page_id, check.error, check.score,
         check.round_id],
    )  # fmt: skip


def of(store: Store, entry_id: str) -> list[Recheck]:
    """All looks at the entry, oldest first."""
    rows = store.rows("SELECT * FROM rechecks WHERE entry_id = ? ORDER BY id", [entry_id])
    return [_recheck(row) for row in rows]


def addresses(store: Store, entry: Entry, most: int) -> list[str]:
    """Up to `most` addresses to ask of the entry: what people decided on, then its front page, then its worst pages."""
    if entry.scope is Scope.URL:
        return [parse_url(entry.name).canonical]
    decided = _known(store, entry, _DECIDED, [json.dumps(entry.decision_ids)])
    worst = _known(store, entry, _WORST, [site_of(entry), *_bounds(entry), most])
    origins = [_origin(url) for url in [*decided, *worst] if parse_url(url).host.name == entry.name]
    if not origins:
        names = [entry.name, *([f"www.{entry.name}"] if entry.scope is Scope.DOMAIN else [])]
        origins = [f"{scheme}://{name}/" for name in names for scheme in ("http", "https")]
        return list(dict.fromkeys([*decided[:1], *origins, *worst]))[: max(most, len(origins))]
    return list(dict.fromkeys([*decided[:1], origins[0], *decided[1:], *worst]))[:most]


def line_up(store: Store, round_id: int, urls: Iterable[str], pages: Mapping[str, int]) -> None:
    """In this round the addresses are due however lately they were asked, and come first of their sites.

    Of each site in `pages` so many addresses are asked, however many of it are known. To be called before the first
    claim of the round.
    """
    wanted = json.dumps(sorted(urls))
    now = store.now()
    with store.atomic():
        store.run(
            "UPDATE frontier SET state = 'waiting', due_at = :now, depth = 0, priority = 1 + max(priority,"
            " coalesce((SELECT max(w.priority) FROM frontier w WHERE w.site = frontier.site AND w.state = 'waiting'"
            " AND w.url NOT IN (SELECT value FROM json_each(:urls))), -1))"
            " WHERE url IN (SELECT value FROM json_each(:urls)) AND state <> 'leased'",
            {"now": now, "urls": wanted},
        )
        store.run_many(
            "UPDATE round_sites SET pages_left = ? WHERE round_id = ? AND site = ?",
            [(count, round_id, site) for site, count in sorted(pages.items())],
        )


def finished_sites(store: Store, round_id: int) -> set[str]:
    """The sites of which the round asks nothing more."""
    rows = store.rows(
        "SELECT r.site FROM round_sites r WHERE r.round_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM frontier f WHERE f.site = r.site AND f.state = 'leased')"
        " AND (r.pages_left = 0"
        " OR NOT EXISTS (SELECT 1 FROM frontier f WHERE f.site = r.site AND f.state = 'waiting'))",
        [round_id],
    )
    return {row["site"] for row in rows}


def asked(store: Store, round_id: int, urls: Sequence[str]) -> list[Asked]:
    """Where the addresses stand that the round was to ask."""
    rows = store.rows(
        "SELECT url, state = 'done' AND due_at > (SELECT opened_at FROM rounds WHERE id = ?) AS is_done, last_error"
        " FROM frontier WHERE url IN (SELECT value FROM json_each(?)) ORDER BY id",
        [round_id, json.dumps(list(urls))],
    )
    return [Asked(row["url"], bool(row["is_done"]), row["last_error"]) for row in rows]


def seen(
    store: Store, round_id: int, site: str, model: ModelId, cuts: Mapping[Category, float]
) -> list[Seen]:
    """The pages of the site fetched since the round was opened, the riskiest first."""
    rows = store.rows(
        "SELECT p.id, p.url, p.host, p.body_sha256, p.title, p.text, s.self_harm, s.violence,"
        " EXISTS (SELECT 1 FROM unread u WHERE u.page_id = p.id) AS is_unread"
        " FROM pages p LEFT JOIN scores s ON s.page_id = p.id"
        "  AND s.model_id = (SELECT id FROM models WHERE digest = ?)"
        " WHERE p.site = ? AND p.last_seen_at >= (SELECT opened_at FROM rounds WHERE id = ?)"
        " ORDER BY max(s.self_harm, s.violence) DESC, p.id",
        [model.digest, site, round_id],
    )
    return [_seen(row, cuts) for row in rows]


def decided_on(store: Store, entry: Entry) -> frozenset[str]:
    """The SHA-256 of the bodies that the entry's decisions are about."""
    rows = store.rows(
        "SELECT DISTINCT page_sha256 FROM decisions WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(entry.decision_ids)],
    )
    return frozenset(row["page_sha256"] for row in rows) - {""}


def covers(entry: Entry, seen_page: Seen) -> bool:
    """Whether the page is one of those the entry blocks."""
    match entry.scope:
        case Scope.URL:
            return seen_page.url == parse_url(entry.name).canonical
        case Scope.HOST:
            return seen_page.host == entry.name
        case Scope.DOMAIN:
            return seen_page.host == entry.name or seen_page.host.endswith(f".{entry.name}")
        case _:
            return False


def site_of(entry: Entry) -> str:
    """The registrable domain the entry is on."""
    url = entry.name if entry.scope is Scope.URL else f"http://{entry.name}/"
    return parse_url(url).host.site


# the host is compared as text: below a domain are the names that end in it
_BELOW: Final = "(p.host = ? OR (? AND substr(p.host, -?) = ?))"
_DECIDED: Final = (
    "SELECT DISTINCT p.url, p.host FROM decisions d JOIN cases c ON c.id = d.case_id"
    " JOIN pages p ON p.site = c.site AND p.body_sha256 = d.page_sha256"
    " WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY p.id"
)
_WORST: Final = (
    "SELECT p.url, p.host FROM pages p JOIN scores s ON s.page_id = p.id"
    f" WHERE p.site = ? AND {_BELOW} GROUP BY p.url"
    " ORDER BY max(max(s.self_harm, s.violence)) DESC, p.id LIMIT ?"
)


def _known(store: Store, entry: Entry, sql: str, params: Sequence[Value]) -> list[str]:
    return [
        row["url"]
        for row in store.rows(sql, params)
        if row["host"] == entry.name
        or (entry.scope is Scope.DOMAIN and row["host"].endswith(f".{entry.name}"))
    ]


def _bounds(entry: Entry) -> list[Value]:
    tail = f".{entry.name}"
    return [entry.name, int(entry.scope is Scope.DOMAIN), len(tail), tail]


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/"


def _due(store: Store, moment: datetime) -> Iterator[Due]:
    """The live entries that can be looked at and are due at the moment."""
    now = store.clock()
    newest = {
        row["entry_id"]: (row["checked_at"], row["outcome"] == Found.STILL_THERE)
        for row in store.rows(
            "SELECT entry_id, checked_at, outcome FROM rechecks"
            " WHERE id IN (SELECT max(id) FROM rechecks GROUP BY entry_id)"
        )
    }
    for entry in entries.live(store):
        if entry.scope in CHECKABLE:
            one = Due(entry, _due_at(entry, newest.get(entry.id), now))
            if one.due_at <= moment:
                yield one


def _due_at(entry: Entry, last: tuple[str, bool] | None, now: datetime) -> datetime:
    """When the entry is looked at next, after the newest look: its time, and whether the content was there."""
    if last is None:
        return _moment(entry.listed_at)
    review = _moment(entry.review_at) if entry.review_at else None
    soon = not last[1] or (review is not None and review - now <= INTERVAL)
    return _moment(last[0]) + (SOON if soon else INTERVAL)


def _urgency(one: Due) -> tuple[datetime, str]:
    return one.due_at, one.entry.id


def _moment(text: str) -> datetime:
    """The moment of `text`; a day of an older registry has no hour and no zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _recheck(row: Mapping[str, Any]) -> Recheck:
    return Recheck(
        entry_id=row["entry_id"],
        outcome=Found(row["outcome"]),
        page_id=row["page_id"],
        error=row["error"],
        score=row["score"],
        round_id=row["round_id"],
        checked_at=row["checked_at"],
    )


def _seen(row: Mapping[str, Any], cuts: Mapping[Category, float]) -> Seen:
    is_read = not row["is_unread"] and row["self_harm"] is not None
    risks = {harm: row[harm.value] for harm in HARMS} if is_read else {}
    return Seen(
        page_id=row["id"],
        url=row["url"],
        host=row["host"],
        body_sha256=row["body_sha256"],
        title=row["title"],
        text=row["text"],
        risk=max(risks.values()) if risks else None,
        is_harm=any(risk >= cuts.get(harm, 2.0) for harm, risk in risks.items()),
    )
