"""Which URL is fetched when: leased rows, given back when their holder dies, acknowledged with what was fetched.

A row is acknowledged in the transaction that stores its page, so a crash at any moment either leaves the page
stored and the row done, or neither.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Final

from review_queue import lineup, links, scores, screenshots, turns, unread
from review_queue.clock import later
from review_queue.pages import keep
from review_queue.records import Claim, Link, ModelId, Outcome, Page, PageScore, Place
from review_queue.seeds import add_sites
from review_queue.store import Store

# a failed fetch comes due again after 1, 2, 4 ... hours, never later than the usual re-visit
BACKOFF_S: Final = 3600.0
_CHUNK: Final = 500
_MAX_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True)
class Standing:
    """How many of a round's URLs are in one state after one kind of error; `due_at` is the earliest of theirs."""

    state: str
    error: str
    count: int
    due_at: str


def open_round(
    store: Store,
    *,
    sites: Iterable[str],
    policy: Mapping[str, object],
    max_pages: int,
    reopen: Collection[str] = (),
) -> int:
    """A round over `sites` is open and their due URLs wait; returns its id.

    `policy` is recorded as it is: under which rules (robots, limits, proxy) the pages were fetched. A site's
    budget is `max_pages` less its pages that are not due again yet, so a round that was killed and is started
    anew does not fetch more than one that ran through. URLs whose last error is in `reopen` are due at once: they
    were refused by settings that may have been changed since.
    """
    errors = sorted(reopen)
    again = ",".join("?" * len(errors))
    wanted = iter(sites)
    now = store.now()
    with store.atomic():
        lineup.clear(store)
        round_id = _insert_round(store, now, policy)
        while part := sorted(set(islice(wanted, _CHUNK))):
            add_sites(store, part)
            marks = ",".join("?" * len(part))
            store.run(
                "UPDATE frontier SET state = 'waiting' WHERE state = 'done'"
                f" AND (due_at <= ? OR last_error IN ({again})) AND site IN ({marks})",
                [now, *errors, *part],
            )
            store.run(
                "INSERT INTO round_sites(round_id, site, pages_left) SELECT ?, name,"
                " max(0, ? - (SELECT count(*) FROM frontier f WHERE f.site = name AND f.state = 'done'))"
                f" FROM sites WHERE name IN ({marks}) ON CONFLICT DO NOTHING",
                [round_id, max_pages, *part],
            )
    return round_id


def join_round(
    store: Store,
    round_id: int,
    *,
    link: Link,
    max_pages: int,
    priority: int = 0,
    lead: links.Lead | None = None,
) -> bool:
    """The site behind `link` is part of the round; False when it was already known."""
    with store.atomic():
        if store.value("SELECT 1 FROM frontier WHERE site = ?", [link.site]):
            return False
        add_sites(store, [link.site])
        row_id = store.value(
            "INSERT INTO frontier(url, site, depth, priority, state, due_at) VALUES (?,?,0,?,'waiting',?)"
            " RETURNING id",
            [link.url, link.site, priority, store.now()],
        )
        if lead is not None:
            links.write_lead(store, row_id, lead)
        store.run("INSERT INTO round_sites VALUES (?,?,?)", [round_id, link.site, max_pages])
        return True


def claim(
    store: Store,
    round_id: int,
    *,
    count: int,
    owner: str,
    lease_s: float,
    per_site: int,
    delay_s: float = 0.0,
) -> list[Claim]:
    """Up to `count` waiting URLs are leased to `owner` for `lease_s` seconds, at most `per_site` of a site at once.

    None is of a site of which another owner holds rows, or may have sent a request in the last `delay_s` seconds.
    """
    with store.atomic():
        picked = lineup.first_rows(
            store, round_id, count=count, per_site=per_site, owner=owner, delay_s=delay_s
        )
        taken = Counter(site for _, site in picked)
        turns.take(store, taken, owner)
        store.run_many(
            "UPDATE round_sites SET pages_left = pages_left - ? WHERE round_id = ? AND site = ?",
            [(number, round_id, site) for site, number in taken.items()],
        )
        return [_lease(store, row_id, owner, later(store.clock(), lease_s)) for row_id, _ in picked]


def acknowledge(
    store: Store,
    round_id: int,
    outcomes: Sequence[Outcome],
    *,
    revisit_s: float,
    max_depth: int,
    model: ModelId | None = None,
    max_pages: int = 50,
    places: Mapping[int, Place] | None = None,
) -> int:
    """What was fetched is stored, its links queued, its claims done; returns how many pages with status 200.

    Of `max_pages`, a site's budget, addresses of a shape that a trap may have get a part only.
    `places` says where captures were written, by the ids of their claims.
    The scores among the outcomes are those of `model`. An outcome whose lease was given back meanwhile is taken all
    the same: the page is the same page.
    """
    stored = 0
    scored: list[tuple[int, PageScore]] = []
    with store.atomic():
        turns.asked(store, {outcome.claim.site for outcome in outcomes})
        add_sites(store, {link.site for o in outcomes for link in o.links} | _page_sites(outcomes))
        for outcome in outcomes:
            if outcome.page is not None:
                stored += outcome.page.status == HTTPStatus.OK
                place = places.get(outcome.claim.id) if places else None
                scored += _kept(store, round_id, outcome, outcome.page, place)
            _finish(store, outcome, revisit_s)
            if outcome.claim.depth < max_depth:
                links.queue(
                    store,
                    outcome.links,
                    depth=outcome.claim.depth + 1,
                    found_on=outcome.claim.id,
                    max_pages=max_pages,
                )
        if scored and model is not None:
            scores.save(store, model, scored)
        _note_candidates(store, outcomes)
    return stored


def _kept(
    store: Store, round_id: int, outcome: Outcome, page: Page, place: Place | None
) -> list[tuple[int, PageScore]]:
    """The page is stored with all that came of it; its score with its id, where it has one that counts."""
    page_id = keep(store, page, round_id, capture=outcome.capture, place=place)
    if outcome.screenshot:
        screenshots.add(store, page_id, outcome.screenshot)
    if outcome.unread:
        _mark_unread(store, page_id, outcome.unread)
    elif outcome.score is not None and unread.get(store, page_id) is None:
        return [(page_id, outcome.score)]
    return []


def _note_candidates(store: Store, outcomes: Sequence[Outcome]) -> None:
    """The sites that the pages link to are known, with where they were seen first."""
    now = store.now()
    store.run_many(
        "INSERT OR IGNORE INTO candidates(site, url, found_on, anchor, found_at) VALUES (?,?,?,?,?)",
        [
            (
                link.site,
                link.url,
                outcome.page.url if outcome.page else outcome.claim.url,
                link.anchor,
                now,
            )
            for outcome in outcomes
            for link in outcome.offsite
        ],
    )


def exhaust(store: Store, round_id: int, site: str) -> None:
    """No more URLs of `site` are claimed in this round."""
    store.run(
        "UPDATE round_sites SET pages_left = 0 WHERE round_id = ? AND site = ?", [round_id, site]
    )


def release(store: Store, is_alive: Callable[[str], bool]) -> int:
    """Leases that ended or whose owner is dead are waiting again; returns how many."""
    with store.atomic():
        owners = [
            row["lease_owner"]
            for row in store.rows(
                "SELECT DISTINCT lease_owner FROM frontier WHERE state = 'leased'"
            )
        ]
        dead = [owner for owner in owners if not is_alive(owner)]
        turns.given_back(store, "lease_until <= ?", store.now())
        freed = store.run(
            "UPDATE frontier SET state = 'waiting' WHERE state = 'leased' AND lease_until <= ?",
            [store.now()],
        )
        for owner in dead:
            turns.given_back(store, "lease_owner = ?", owner)
            freed += store.run(
                "UPDATE frontier SET state = 'waiting' WHERE state = 'leased' AND lease_owner = ?",
                [owner],
            )
        return freed


def pending(store: Store, round_id: int) -> int:
    """How many URLs of the round are leased or could still be claimed within the budgets."""
    return int(
        store.value(
            "SELECT coalesce(sum(min(r.pages_left, (SELECT count(*) FROM frontier f WHERE f.site = r.site"
            " AND f.state = 'waiting')) + (SELECT count(*) FROM frontier f WHERE f.site = r.site"
            " AND f.state = 'leased')), 0) FROM round_sites r WHERE r.round_id = ?",
            [round_id],
        )
    )


def standing(store: Store, round_id: int) -> list[Standing]:
    """Where all URLs of the round's sites stand."""
    rows = store.rows(
        "SELECT f.state, f.last_error, count(*) AS n, min(f.due_at) AS due_at"
        " FROM round_sites r CROSS JOIN frontier f ON f.site = r.site WHERE r.round_id = ?"
        " GROUP BY f.state, f.last_error",
        [round_id],
    )
    return [Standing(r["state"], r["last_error"], r["n"], r["due_at"]) for r in rows]


def unseen(store: Store, round_id: int) -> Iterator[Link]:
    """The candidates that pages of the round's sites lead to and that are not crawled yet, first seen first."""
    rows = store.rows(
        "SELECT c.site, c.url, c.anchor, min(c.found_at) AS found_at FROM candidates c"
        " JOIN frontier f ON f.url = c.found_on"
        " JOIN round_sites r ON r.round_id = ? AND r.site = f.site"
        " WHERE NOT EXISTS (SELECT 1 FROM frontier known WHERE known.site = c.site)"
        " GROUP BY c.site ORDER BY found_at, c.site",
        [round_id],
    )
    for row in rows:
        yield Link(row["url"], row["site"], row["anchor"])


def rejoin(store: Store, round_id: int, *, limit: int, max_pages: int) -> int:
    """Up to `limit` sites that an earlier crawl discovered from the round's sites and did not end are part of it.

    Without this the addresses of a site that was discovered and then cut off by a kill would wait for ever.
    """
    joined = 0
    with store.atomic():
        # a site that joins may have led the earlier crawl to others
        while joined < limit:
            number = store.run(_REJOIN, [round_id, max_pages, round_id, round_id, limit - joined])
            if number <= 0:
                break
            joined += number
    return joined


_REJOIN: Final = """
INSERT INTO round_sites(round_id, site, pages_left)
SELECT ?, site, pages_left FROM (
    SELECT c.site, ? - (SELECT count(*) FROM frontier d WHERE d.site = c.site AND d.state = 'done') AS pages_left
    FROM (SELECT DISTINCT c.site FROM candidates c CROSS JOIN frontier f ON f.url = c.found_on
        CROSS JOIN round_sites r ON r.round_id = ? AND r.site = f.site) c
    WHERE EXISTS (SELECT 1 FROM frontier w WHERE w.site = c.site AND w.state = 'waiting')
    AND NOT EXISTS (SELECT 1 FROM round_sites o WHERE o.round_id = ? AND o.site = c.site))
WHERE pages_left > 0 ORDER BY site LIMIT ?
"""


def close_round(store: Store, round_id: int, report: Mapping[str, object]) -> None:
    """The round is closed and carries its report."""
    with store.atomic():
        store.run(
            "UPDATE rounds SET closed_at = ?, report = ? WHERE id = ?",
            [store.now(), json.dumps(report, sort_keys=True), round_id],
        )
        lineup.clear(store, round_id)


def _insert_round(store: Store, now: str, policy: Mapping[str, object]) -> int:
    row = store.row(
        "INSERT INTO rounds(opened_at, policy) VALUES (?,?) RETURNING id",
        [now, json.dumps(policy, sort_keys=True)],
    )
    return int(row["id"]) if row else 0


def _lease(store: Store, row_id: int, owner: str, until: str) -> Claim:
    row = store.row(
        "UPDATE frontier SET state = 'leased', lease_owner = ?, lease_until = ?, attempts = attempts + 1"
        " WHERE id = ? RETURNING id, url, site, depth, attempts",
        [owner, until, row_id],
    )
    assert row is not None  # noqa: S101  # picked in this very transaction
    return Claim(row["id"], row["url"], row["site"], row["depth"], row["attempts"])


def _mark_unread(store: Store, page_id: int, reason: str) -> None:
    """A page that was read before, with this very body, has its text already."""
    if not store.value("SELECT text <> '' FROM pages WHERE id = ?", [page_id]):
        unread.add(store, page_id, reason)


def _page_sites(outcomes: Sequence[Outcome]) -> set[str]:
    return {outcome.page.site for outcome in outcomes if outcome.page is not None}


def _finish(store: Store, outcome: Outcome, revisit_s: float) -> None:
    wait = (
        min(revisit_s, BACKOFF_S * 2 ** min(outcome.claim.attempts - 1, _MAX_DOUBLINGS))
        if outcome.retry
        else revisit_s
    )
    store.run(
        "UPDATE frontier SET state = 'done', due_at = ?, last_error = ?, attempts = CASE ? WHEN 1 THEN attempts"
        " ELSE 0 END WHERE id = ?",
        [later(store.clock(), wait), outcome.error, int(outcome.retry), outcome.claim.id],
    )
    if outcome.page is not None and outcome.page.url != outcome.claim.url:
        # a redirect's end is fetched now, so it need not be fetched again under its own name
        store.run(
            "INSERT INTO frontier(url, site, depth, priority, state, due_at) VALUES (?,?,?,0,'done',?)"
            " ON CONFLICT(url) DO UPDATE SET state = 'done', due_at = excluded.due_at, last_error = ''"
            " WHERE state = 'waiting'",
            [outcome.page.url, outcome.page.site, outcome.claim.depth, later(store.clock(), wait)],
        )
