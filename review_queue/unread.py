"""Pages that could not be read: why, and what the person who looked at them found."""

from dataclasses import dataclass
from typing import Any, Final

from review_queue.errors import RefusedError
from review_queue.pages import as_page
from review_queue.records import Page
from review_queue.store import Store

# past its time, past its memory, its reader died of it, its reader raised an error
REASONS: Final = ("time", "memory", "died", "failed")
NOTHING: Final = "nothing"  # a person looked, and there is nothing for a case
CASE: Final = "case"  # a person looked and opened a case
_SELECT: Final = (
    "SELECT u.page_id, u.reason, u.found_at, u.state, u.looked_by, u.looked_at, u.note, p.id, p.url, p.host, p.site,"
    " p.fetched_at, p.status, p.title, p.text, p.lang, p.body_sha256, p.content_type"
    " FROM unread u JOIN pages p ON p.id = u.page_id"
)


@dataclass(frozen=True, slots=True)
class Unread:
    """One page that no program could read; `page` has neither title nor text, its body is kept as evidence."""

    page: Page
    reason: str
    found_at: str
    state: str  # waiting, nothing or case
    looked_by: str = ""
    looked_at: str = ""
    note: str = ""


def add(store: Store, page_id: int, reason: str) -> None:
    """The page waits for somebody to look at it; one that is known already stays as it is."""
    store.run(
        "INSERT INTO unread(page_id, reason, found_at) SELECT :page, :reason, :now"
        " WHERE NOT EXISTS (SELECT 1 FROM unread WHERE page_id = :page)",
        {"page": page_id, "reason": reason, "now": store.now()},
    )


def waiting(store: Store, *, limit: int = 50, offset: int = 0) -> list[Unread]:
    """The pages nobody has looked at, oldest first."""
    rows = store.rows(
        f"{_SELECT} WHERE u.state = 'waiting' ORDER BY u.page_id LIMIT ? OFFSET ?", [limit, offset]
    )
    return [_unread(row) for row in rows]


def count_waiting(store: Store) -> int:
    """How many pages `waiting` holds in all."""
    return int(store.value("SELECT count(*) FROM unread WHERE state = 'waiting'"))


def get(store: Store, page_id: int) -> Unread | None:
    """The page with this id, if it could not be read."""
    row = store.row(f"{_SELECT} WHERE u.page_id = ?", [page_id])
    return _unread(row) if row else None


def of_site(store: Store, site: str, *, limit: int = 50) -> list[Unread]:
    """The pages of a site that could not be read, settled ones too, oldest first."""
    rows = store.rows(f"{_SELECT} WHERE p.site = ? ORDER BY u.page_id LIMIT ?", [site, limit])
    return [_unread(row) for row in rows]


def settle(store: Store, page_id: int, state: str, *, looked_by: str, note: str = "") -> Unread:
    """The page is settled as `NOTHING` or `CASE`, for good, by the person named.

    Raises:
        RefusedError: the page does not wait, or nobody is named.
    """
    if state not in (NOTHING, CASE) or not looked_by.strip():
        raise RefusedError("an unread page is settled by somebody, as nothing or as a case")
    changed = store.run(
        "UPDATE unread SET state = ?, looked_by = ?, looked_at = ?, note = ?"
        " WHERE page_id = ? AND state = 'waiting'",
        [state, looked_by.strip(), store.now(), note.strip(), page_id],
    )
    settled = get(store, page_id)
    if not changed or settled is None:
        raise RefusedError("this page does not wait for a look; somebody else was quicker")
    return settled


def _unread(row: dict[str, Any]) -> Unread:
    return Unread(
        as_page(row),
        row["reason"],
        row["found_at"],
        row["state"],
        row["looked_by"],
        row["looked_at"],
        row["note"],
    )
