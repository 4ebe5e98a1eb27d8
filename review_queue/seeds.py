"""What we were given to look at, and what off-site links suggest to look at next."""

from collections.abc import Iterable

from review_queue.hosts import parse_url
from review_queue.records import Candidate, Seed
from review_queue.store import Store


def add(store: Store, seeds: Iterable[Seed]) -> int:
    """Every seed is in the store and on the frontier; returns how many were new.

    A seed already known keeps its first source; a higher priority is taken over.

    Raises:
        BadUrlError: a seed is not an http or https URL; none of them is added then.
    """
    parsed = [(seed, parse_url(seed.url)) for seed in seeds]
    now = store.now()
    with store.atomic():
        before = store.value("SELECT count(*) FROM seeds")
        add_sites(store, {url.host.site for _, url in parsed})
        store.run_many(
            "INSERT INTO seeds(url, site, source, priority, note, added_at) VALUES (?,?,?,?,?,?)"
            " ON CONFLICT(url) DO UPDATE SET priority = max(priority, excluded.priority)",
            [
                (url.canonical, url.host.site, s.source, s.priority, s.note, now)
                for s, url in parsed
            ],
        )
        store.run_many(
            "INSERT INTO frontier(url, site, depth, priority, state, due_at) VALUES (?,?,0,?,'waiting',?)"
            " ON CONFLICT(url) DO UPDATE SET depth = 0, priority = max(priority, excluded.priority)",
            [(url.canonical, url.host.site, seed.priority, now) for seed, url in parsed],
        )
        return int(store.value("SELECT count(*) FROM seeds")) - int(before)


def listing(store: Store) -> list[Seed]:
    """All seeds, highest priority first."""
    rows = store.rows("SELECT url, source, priority, note FROM seeds ORDER BY priority DESC, id")
    return [Seed(row["url"], row["source"], row["priority"], row["note"]) for row in rows]


def candidates(store: Store, limit: int = 1000) -> list[Candidate]:
    """Sites seen through off-site links and not crawled yet, one row a site, first seen first."""
    rows = store.rows(
        "SELECT site, url, found_on, anchor, min(found_at) AS found_at FROM candidates c"
        " WHERE NOT EXISTS (SELECT 1 FROM frontier f WHERE f.site = c.site)"
        " GROUP BY site ORDER BY found_at, site LIMIT ?",
        [limit],
    )
    return [Candidate(r["site"], r["url"], r["found_on"], r["anchor"], r["found_at"]) for r in rows]


def add_sites(store: Store, sites: Iterable[str]) -> None:
    """Each site has its row."""
    now = store.now()
    store.run_many(
        "INSERT OR IGNORE INTO sites(name, first_seen_at) VALUES (?,?)",
        [(s, now) for s in sorted(sites)],
    )
