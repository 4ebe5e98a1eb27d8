"""Finds entries for people: by name or a part of it, and by where each stands, those that are over included."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from review_queue import entries, lifts, proposals, renewals
from review_queue.lifts import Lift
from review_queue.records import Entry
from review_queue.store import Store


class Standing(StrEnum):
    """Where an entry stands."""

    LIVE = "live"
    DUE = "due"  # live, and somebody should look whether it is still right
    PROPOSED = "proposed"  # live, and it is proposed to lift it
    RENEWING = "renewing"  # live, and one person of two has signed that it goes on
    LIFTED = "lifted"
    OVER = "over"  # those who decided it no longer agree, its import was withdrawn, or its term is over


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, where it stands and how it was lifted, if it was."""

    entry: Entry
    standing: Standing
    lift: Lift | None


@dataclass(frozen=True, slots=True)
class Share:
    """How many rows of an import have one scope and one category."""

    scope: str
    category: str
    count: int


# Each name once; SQLite merges the two, which both lie in the order of names. What an import that nobody else has
# signed holds was never an entry.
_ALL: Final = """SELECT e.id, e.name, e.scope, e.unicode_name, e.review_at, e.expires_at FROM entries e
    UNION ALL SELECT i.id, i.name, i.scope, i.unicode_name, i.review_at, i.expires_at FROM imported_entries i
    WHERE i.import_id IN (SELECT import_id FROM import_signatures GROUP BY import_id HAVING count(*) >= 2)"""
_UNLIFTED: Final = "NOT EXISTS (SELECT 1 FROM lifts l WHERE l.entry_id = a.id)"
_HOLDS: Final = f"""{_UNLIFTED}
    AND (coalesce(r.expires_at, a.expires_at) = '' OR coalesce(r.expires_at, a.expires_at) > :now)
    AND (a.id IN (SELECT id FROM live_entries) OR EXISTS (SELECT 1 FROM imported_entries i WHERE i.id = a.id
        AND i.import_id IN (SELECT id FROM live_imports)))"""
_WHERE: Final = {
    None: "1",
    Standing.LIVE: _HOLDS,
    Standing.DUE: f"coalesce(r.review_at, a.review_at) <= :now AND {_HOLDS}",
    Standing.PROPOSED: f"""a.id IN (SELECT p.entry_id FROM proposals p
        WHERE NOT EXISTS (SELECT 1 FROM proposal_ends n WHERE n.proposal_id = p.id)) AND {_HOLDS}""",
    Standing.LIFTED: "EXISTS (SELECT 1 FROM lifts l WHERE l.entry_id = a.id)",
    Standing.OVER: f"{_UNLIFTED} AND NOT ({_HOLDS})",
}


def search(
    store: Store,
    text: str = "",
    standing: Standing | None = None,
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[Found]:
    """The entries whose name holds `text`, as it is written in the DNS or as people read it, by name.

    An entry's id in place of a name finds that one.
    """
    if standing is Standing.RENEWING:
        return _renewing(store, text)[offset : offset + limit]
    if standing is Standing.LIVE and not text:
        return [
            Found(entry, _standing(store, entry), None)
            for entry in entries.page(store, offset=offset, limit=limit)
        ]
    rows = store.rows(
        # read once: of a million entries few were renewed
        "WITH r AS MATERIALIZED (SELECT * FROM renewed)"
        f" SELECT a.id FROM ({_ALL}) a LEFT JOIN r ON r.entry_id = a.id"
        f" WHERE (:text = '' OR a.id = :text OR instr(a.name, :text) OR instr(a.unicode_name, :text))"
        f" AND {_WHERE[standing]} ORDER BY a.name, a.scope, a.id LIMIT :limit OFFSET :offset",
        {"text": text, "now": store.now(), "limit": limit, "offset": offset},
    )
    return [found for row in list(rows) if (found := find(store, row["id"]))]


def find(store: Store, entry_id: str) -> Found | None:
    """The entry of this id; None where there never was one."""
    if not store.value(f"SELECT 1 FROM ({_ALL}) a WHERE a.id = ?", [entry_id]):
        return None
    entry = entries.find(store, entry_id)
    if entry is None:
        return None
    lifted = lifts.of(store, entry_id)
    return Found(entry, Standing.LIFTED if lifted else _standing(store, entry), lifted)


def of_case(store: Store, case_ref: str) -> list[Found]:
    """The entries that came of a case, those that are over included, oldest first."""
    rows = store.rows(
        "SELECT e.id FROM entries e JOIN cases c ON c.id = e.case_id WHERE c.ref = ?"
        " ORDER BY e.listed_at, e.id",
        [case_ref],
    )
    return [found for row in list(rows) if (found := find(store, row["id"]))]


def count_proposed(store: Store) -> int:
    """How many entries it is proposed to lift."""
    return len({one.entry_id for one in proposals.open_ones(store)})


def import_of(store: Store, entry_id: str) -> int | None:
    """The number of the import the entry came with; None where people decided it on a case."""
    number = store.value("SELECT import_id FROM imported_entries WHERE id = ?", [entry_id])
    return None if number is None else int(number)


def shares_of(store: Store, import_id: int) -> list[Share]:
    """What kind of rows an import has, the most frequent first."""
    rows = store.rows(
        "SELECT scope, category, count(*) AS count FROM imported_entries WHERE import_id = ?"
        " GROUP BY scope, category ORDER BY count DESC, scope, category",
        [import_id],
    )
    return [Share(row["scope"], row["category"], row["count"]) for row in rows]


def sample_of(store: Store, import_id: int, count: int) -> list[Entry]:
    """At most `count` rows of an import, taken evenly from its first to its last name."""
    rows = store.rows(
        "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY name, scope, id) - 1 AS place, count(*) OVER () AS n"
        " FROM imported_entries WHERE import_id = :import) WHERE place % max(1, (n + :count - 1) / :count) = 0"
        " ORDER BY place",
        {"import": import_id, "count": count},
    )
    found = (entries.find(store, row["id"]) for row in list(rows))
    return [entry for entry in found if entry]


def _renewing(store: Store, text: str) -> list[Found]:
    # few at any time: a signature that nobody follows is void after 30 days
    found = (find(store, one.entry_id) for one in renewals.pending(store))
    return sorted(
        (
            one
            for one in found
            if one
            and one.standing not in (Standing.LIFTED, Standing.OVER)
            and (text in one.entry.name or text in one.entry.unicode_name or text == one.entry.id)
        ),
        key=lambda one: one.entry.name,
    )


def _standing(store: Store, entry: Entry) -> Standing:
    if not entries.is_live(store, entry.id):
        return Standing.OVER
    if proposals.open_ones(store, entry.id):
        return Standing.PROPOSED
    if any(renewals.is_waiting(store, one) for one in renewals.of(store, entry.id)):
        return Standing.RENEWING
    return Standing.DUE if entry.review_at and entry.review_at <= store.now() else Standing.LIVE
