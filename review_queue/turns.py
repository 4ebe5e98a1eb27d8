"""Which crawl may ask a site: the one that holds rows of it, and after that any, once its hosts had their pause.

`asked_at` is when the site was last known to be asked or about to be: at the latest when an outcome was stored, which
is never before its request was sent.
"""

from collections.abc import Iterable
from typing import Final

from review_queue.clock import later
from review_queue.store import Store

# the condition under which `:owner` may take rows of the site of turn `t`, with `:now` and `:asked_before`;
# a time still to come was written before the clock was put back
MINE: Final = """(t.site IS NULL OR t.owner = :owner OR ((t.asked_at <= :asked_before OR t.asked_at > :now)
    AND NOT EXISTS (SELECT 1 FROM frontier h INDEXED BY frontier_leased
        WHERE h.site = t.site AND h.state = 'leased')))"""
# a turn that ends between a claim and the question whether to wait for it is waited for once more
_MARGIN_S: Final = 5.0
_AWAITED: Final = f"""SELECT EXISTS (
        SELECT 1 FROM next_rows n CROSS JOIN site_turns t ON t.site = n.site
        WHERE n.round_id = CAST(:round_id AS INTEGER) AND NOT {MINE})
    OR EXISTS (
        SELECT 1 FROM frontier h INDEXED BY frontier_leased CROSS JOIN round_sites r
            ON r.round_id = CAST(:round_id AS INTEGER) AND r.site = h.site AND r.pages_left > 0
        WHERE h.state = 'leased' AND h.lease_owner <> :owner)"""


def moments(store: Store, delay_s: float) -> dict[str, str]:
    """The times that `MINE` is asked with, for a crawl that leaves `delay_s` between two requests to one host."""
    now = store.clock()
    return {"now": later(now, 0.0), "asked_before": later(now, -delay_s)}


def take(store: Store, sites: Iterable[str], owner: str) -> None:
    """These sites are `owner`'s to ask."""
    store.run_many(
        "INSERT INTO site_turns VALUES (?,?,?)"
        " ON CONFLICT DO UPDATE SET owner = excluded.owner, asked_at = excluded.asked_at",
        [(site, owner, store.now()) for site in sites],
    )


def asked(store: Store, sites: Iterable[str]) -> None:
    """These sites have been asked up to now."""
    now = store.now()
    store.run_many(
        "UPDATE site_turns SET asked_at = ? WHERE site = ?", [(now, site) for site in sites]
    )


def given_back(store: Store, condition: str, value: str) -> None:
    """Whoever held the leased rows that meet `condition` may have asked their sites up to now."""
    store.run(
        "UPDATE site_turns SET asked_at = ? WHERE site IN"
        f" (SELECT site FROM frontier WHERE state = 'leased' AND {condition})",
        [store.now(), value],
    )


def are_awaited(store: Store, round_id: int, *, owner: str, delay_s: float) -> bool:
    """Whether rows of the round wait for nothing but that another crawl is done with their site, or may do so soon.

    They may where another crawl holds a page of a site this round has budget for: its links are not known yet.
    """
    values = moments(store, delay_s + _MARGIN_S) | {"round_id": str(round_id), "owner": owner}
    return bool(store.value(_AWAITED, values))
