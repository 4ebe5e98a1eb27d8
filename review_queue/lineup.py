"""Which rows a claim takes: the first of each site that has room, site by site in the order of their next rows."""

from typing import Final

from review_queue.lineup_tables import FIRST_OF_SITE
from review_queue.store import Store, Value
from review_queue.turns import MINE, moments

# A claim of `count` rows has none but of the first `count` sites, for a site's next row comes before its others.
# The indexes are named: without statistics SQLite would rather sort all the rows of a site.
_CLAIMABLE: Final = f"""
WITH open AS MATERIALIZED (
    SELECT n.site, min(r.pages_left, :per_site - (SELECT count(*) FROM frontier h INDEXED BY frontier_leased
        WHERE h.site = n.site AND h.state = 'leased')) AS room
    FROM next_rows n INDEXED BY next_rows_order
    CROSS JOIN round_sites r ON r.round_id = n.round_id AND r.site = n.site
    LEFT JOIN site_turns t ON t.site = n.site
    WHERE n.round_id = :round_id AND {MINE} AND room > 0
    ORDER BY n.priority DESC, n.depth, n.frontier_id LIMIT :count)
SELECT f.id, f.site, open.room FROM open CROSS JOIN frontier f ON f.id IN (
    SELECT w.id FROM frontier w INDEXED BY frontier_next WHERE w.site = open.site AND w.state = 'waiting'
    ORDER BY w.priority DESC, w.depth, w.id LIMIT min(:per_site, :count))
ORDER BY f.priority DESC, f.depth, f.id
"""


def first_rows(
    store: Store, round_id: int, *, count: int, per_site: int, owner: str, delay_s: float
) -> list[tuple[int, str]]:
    """The ids and sites of up to `count` rows that may be claimed, in their order, at most `per_site` of a site held.

    Sites that another owner than `owner` has asked less than `delay_s` seconds ago, or is asking, are left out.

    To be called inside the transaction that claims them.
    """
    if not store.value("SELECT 1 FROM lined_up WHERE round_id = ?", [round_id]):
        _line_up(store, round_id)
    found: list[tuple[int, str]] = []
    room: dict[str, int] = {}
    values: dict[str, Value] = {"round_id": round_id, "count": count, "per_site": per_site}
    values |= {"owner": owner, **moments(store, delay_s)}
    for row in store.rows(_CLAIMABLE, values):
        site = row["site"]
        left = room.setdefault(site, row["room"])
        if left > 0 and len(found) < count:
            room[site] = left - 1
            found.append((row["id"], site))
    return found


def priority_of_nth(store: Store, round_id: int, number: int) -> int | None:
    """The priority of the `number`-th site's next row, in the order of claims; None where fewer sites have one."""
    if not store.value("SELECT 1 FROM lined_up WHERE round_id = ?", [round_id]):
        _line_up(store, round_id)
    priority = store.value(
        "SELECT priority FROM next_rows INDEXED BY next_rows_order WHERE round_id = ?"
        " ORDER BY priority DESC, depth, frontier_id LIMIT 1 OFFSET ?",
        [round_id, number - 1],
    )
    return None if priority is None else int(priority)


def clear(store: Store, round_id: int | None = None) -> None:
    """No round, or not this one, is lined up any more; a claim lines its round up again."""
    for table in ("next_rows", "lined_up"):
        if round_id is None:
            store.run(f"DELETE FROM {table}")
        else:
            store.run(f"DELETE FROM {table} WHERE round_id = ?", [round_id])


def _line_up(store: Store, round_id: int) -> None:
    store.run("INSERT INTO lined_up VALUES (?)", [round_id])
    store.run(
        "INSERT INTO next_rows SELECT r.round_id, f.site, f.priority, f.depth, f.id FROM round_sites r"
        f" CROSS JOIN frontier f ON f.id = {FIRST_OF_SITE.format(site='r.site')}"
        " WHERE r.round_id = ? AND r.pages_left > 0",
        [round_id],
    )
