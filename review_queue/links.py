"""Links on their way to be fetched: queued with how they were found, or kept as prospects, or set aside.

What a crawl learns from is kept here too: by which lead an address came to be fetched, and what that was worth.
"""

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from review_queue.records import Link
from review_queue.store import Store, Value, failures

# a trap may have this part of a site's pages, its shape says which, but it always has a few
_FEWEST_OF_SHAPE: Final = 10


@dataclass(frozen=True, slots=True)
class Lead:
    """How a link was found; see `focus_tables` for what the numbers mean."""

    source: int = 0  # frontier id of the page it was found on
    near: int = 0
    away: int = 0
    words: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link of the same site that is to be fetched, and how soon."""

    link: Link
    priority: int
    lead: Lead


@dataclass(frozen=True, slots=True)
class Prospect:
    """The best link to a site that no crawl has been to; `links` counts pages near to harm that lead there."""

    link: Link
    priority: int
    lead: Lead
    links: int = 1


@dataclass(frozen=True, slots=True)
class Trail:
    """An address on the frontier with its lead; `sender` is the site the link was on, `worth` None until fetched."""

    id: int
    site: str
    sender: str
    lead: Lead
    worth: float | None


def queue(
    store: Store, links: Iterable[Link], *, depth: int, found_on: int, max_pages: int
) -> None:
    """New links wait with the priority of the row they were found on."""
    wanted = [link for link in links if not link.shape or _has_room(store, link, max_pages)]
    if not wanted:
        return
    now = store.now()
    priority = store.value("SELECT priority FROM frontier WHERE id = ?", [found_on])
    store.run_many(
        "INSERT OR IGNORE INTO frontier(url, site, depth, priority, state, due_at)"
        " VALUES (?,?,?,?,'waiting',?)",
        [(link.url, link.site, depth, priority, now) for link in wanted],
    )


def queue_wanted(store: Store, wanted: Sequence[Wanted], *, depth: int, max_pages: int) -> None:
    """The links wait with their own priority; one that waits already keeps the higher one and its lead."""
    now = store.now()
    run = store.db.conn.execute
    with failures(store.path):
        for one in wanted:
            link = one.link
            if link.shape and not _has_room(store, link, max_pages):
                continue
            found = run(
                "INSERT INTO frontier(url, site, depth, priority, state, due_at) VALUES (?,?,?,?,'waiting',?)"
                " ON CONFLICT(url) DO UPDATE SET priority = excluded.priority"
                " WHERE state = 'waiting' AND priority < excluded.priority RETURNING id",
                (link.url, link.site, depth, one.priority, now),
            ).fetchall()
            if found:
                write_lead(store, found[0][0], one.lead)


def write_lead(store: Store, frontier_id: int, lead: Lead) -> None:
    """The row on the frontier was found by `lead`."""
    store.db.conn.execute(
        "INSERT INTO leads(frontier_id, source, near, away, words) VALUES (?,?,?,?,?)"
        " ON CONFLICT DO UPDATE SET source = excluded.source, near = excluded.near, away = excluded.away,"
        " words = excluded.words WHERE worth IS NULL",
        (frontier_id, lead.source, lead.near, lead.away, _packed(lead.words)),
    )


def trails(store: Store, ids: Sequence[int]) -> dict[int, Trail]:
    """The trails of those rows that were found by a lead."""
    rows = store.rows(
        f"{_TRAILS} WHERE l.frontier_id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
    )
    return {row["frontier_id"]: _trail(row) for row in rows}


def known_trails(store: Store, limit: int) -> Iterator[Trail]:
    """The newest trails whose worth is known, newest first."""
    rows = store.rows(
        f"{_TRAILS} WHERE l.worth IS NOT NULL ORDER BY l.frontier_id DESC LIMIT ?", [limit]
    )
    return map(_trail, rows)


def settle(store: Store, worths: Sequence[tuple[int, float]]) -> None:
    """The rows with these ids turned out to be worth so much."""
    store.run_many("UPDATE leads SET worth = ? WHERE frontier_id = ?", [(w, i) for i, w in worths])


def rerank(store: Store, site: str, priority_of: Callable[[Trail], int], limit: int) -> None:
    """The first waiting rows of the site that a lead led to have the priority that now holds for them."""
    rows = list(
        store.rows(
            "SELECT l.frontier_id, l.source, l.near, l.away, l.words, l.worth, f.site, f.priority,"
            " coalesce(s.site, '') AS sender FROM frontier f INDEXED BY frontier_next"
            " JOIN leads l ON l.frontier_id = f.id LEFT JOIN frontier s ON s.id = l.source"
            " WHERE f.site = ? AND f.state = 'waiting' AND f.priority < 0"
            " ORDER BY f.priority DESC, f.depth, f.id LIMIT ?",
            [site, limit],
        )
    )
    changed = [
        (priority, row["frontier_id"])
        for row in rows
        if (priority := priority_of(_trail(row))) != row["priority"]
    ]
    store.run_many("UPDATE frontier SET priority = ? WHERE id = ? AND state = 'waiting'", changed)


def put_prospects(store: Store, round_id: int, prospects: Iterable[Prospect]) -> None:
    """The sites are known as prospects of the round, each by its best link, unless a crawl has been there."""
    store.run_many(
        "INSERT INTO prospects(site, url, round_id, priority, source, near, away, words, links)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"
        " WHERE NOT EXISTS (SELECT 1 FROM frontier WHERE site = ?1)"
        " ON CONFLICT(site) DO UPDATE SET links = links + excluded.links, round_id = excluded.round_id,"
        f" {_BETTER}, priority = max(priority, excluded.priority)",
        [
            (p.link.site, p.link.url, round_id, p.priority, p.lead.source, p.lead.near, p.lead.away,
             _packed(p.lead.words), p.links)
            for p in prospects
        ],
    )  # fmt: skip


def best_prospects(store: Store, round_id: int, limit: int) -> list[tuple[Prospect, str]]:
    """The prospects of the round with the highest priorities, and the site each one's link was on."""
    rows = store.rows(
        "SELECT p.*, coalesce(s.site, '') AS sender FROM prospects p LEFT JOIN frontier s ON s.id = p.source"
        " WHERE p.round_id = ? ORDER BY p.priority DESC LIMIT ?",
        [round_id, limit],
    )
    return [
        (
            Prospect(
                Link(row["url"], row["site"]),
                row["priority"],
                _lead(row),
                row["links"],
            ),
            row["sender"],
        )
        for row in rows
    ]


def rank_prospects(store: Store, priorities: Sequence[tuple[str, int]]) -> None:
    """The prospects of these sites have these priorities."""
    store.run_many(
        "UPDATE prospects SET priority = ? WHERE site = ?", [(p, site) for site, p in priorities]
    )


def drop_prospect(store: Store, site: str) -> None:
    """The site is no prospect: it was joined, or is known by other ways."""
    store.run("DELETE FROM prospects WHERE site = ?", [site])


def adopt_prospects(store: Store, round_id: int, sites: Sequence[str]) -> set[str]:
    """Those of the sites that are prospects already are this round's; returns which they are."""
    adopted = set()
    for site in sites:
        if store.run("UPDATE prospects SET round_id = ? WHERE site = ?", [round_id, site]):
            adopted.add(site)
    return adopted


def set_aside(store: Store, wanted: Iterable[Wanted], *, depth: int, reason: str) -> None:
    """The links wait for a round without a hard focus, with the reason why they were not followed."""
    now = store.now()
    store.run_many(
        "INSERT OR IGNORE INTO set_aside SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10"
        " WHERE NOT EXISTS (SELECT 1 FROM frontier WHERE url = ?1)",
        [
            (w.link.url, w.link.site, depth, w.priority, w.lead.source, w.lead.near, w.lead.away,
             _packed(w.lead.words), reason, now)
            for w in wanted
        ],
    )  # fmt: skip


def take_back(store: Store, round_id: int, *, max_depth: int) -> int:
    """What was set aside of the round's sites is on the frontier; returns how many addresses that were."""
    ours = (
        "site IN (SELECT r.site FROM round_sites r WHERE r.round_id = :round) AND depth <= :depth"
    )
    values: dict[str, Value] = {"round": round_id, "depth": max_depth, "now": store.now()}
    with store.atomic():
        number = store.run(
            "INSERT OR IGNORE INTO frontier(url, site, depth, priority, state, due_at)"
            f" SELECT url, site, depth, priority, 'waiting', :now FROM set_aside WHERE {ours}",
            values,
        )
        store.run(
            "INSERT OR IGNORE INTO leads(frontier_id, source, near, away, words)"
            " SELECT f.id, a.source, a.near, a.away, a.words FROM set_aside a JOIN frontier f ON f.url = a.url"
            f" WHERE a.{ours.replace('AND depth', 'AND a.depth')}",
            values,
        )
        store.run(f"DELETE FROM set_aside WHERE {ours}", values)
    return number


def count_set_aside(store: Store) -> int:
    """How many addresses wait for a round without a hard focus."""
    return int(store.value("SELECT count(*) FROM set_aside"))


def seed_priorities(store: Store) -> dict[str, int]:
    """The highest priority anybody gave a seed of each site, of those that were given one above 0."""
    rows = store.rows(
        "SELECT site, max(priority) AS priority FROM seeds WHERE priority > 0 GROUP BY site"
    )
    return {row["site"]: row["priority"] for row in rows}


_TRAILS: Final = (
    "SELECT l.frontier_id, l.source, l.near, l.away, l.words, l.worth, f.site, coalesce(s.site, '') AS sender"
    " FROM leads l JOIN frontier f ON f.id = l.frontier_id LEFT JOIN frontier s ON s.id = l.source"
)
_BETTER: Final = ", ".join(
    f"{name} = iif(excluded.priority > priority, excluded.{name}, {name})"
    for name in ("url", "source", "near", "away", "words")
)


def _has_room(store: Store, link: Link, max_pages: int) -> bool:
    """Whether the site has not brought too many addresses of this shape; a new one is counted."""
    if store.value("SELECT 1 FROM frontier WHERE url = ?", [link.url]):
        return True
    part, _, shape = link.shape.partition(" ")
    most = max(_FEWEST_OF_SHAPE, max_pages // int(part))
    changed = store.run(
        "INSERT INTO url_shapes VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1 WHERE number < ?",
        [link.site, shape, most],
    )
    return changed > 0


def _packed(words: Sequence[int]) -> bytes:
    return array("H", words).tobytes()


def _lead(row: dict[str, Any]) -> Lead:
    return Lead(row["source"], row["near"], row["away"], tuple(array("H", row["words"])))


def _trail(row: dict[str, Any]) -> Trail:
    return Trail(row["frontier_id"], row["site"], row["sender"], _lead(row), row["worth"])
