"""Which exports held back everything but what was lifted, since which serial: what people sign for stays one thing."""

from typing import Final

from review_queue import audit
from review_queue.store import Store

ACTION: Final = "list.held"


def record(
    store: Store, serial: int, *, since: int, actor: str, reason: str, entries: int = 0
) -> None:
    """The audit log has that the export of this serial only took out what was lifted, and why.

    `since` is the serial of the last export that held nothing back, `entries` how many it had.
    """
    audit.append(
        store,
        actor=actor,
        action=ACTION,
        subject=str(serial),
        detail={"since": since, "entries": entries, "reason": reason},
    )


def last_whole(store: Store, serial: int) -> tuple[int, int]:
    """The last export before this one that held nothing back, where this one did: serial and number of entries.

    Else its own serial and 0; an export of before numbers were kept has the number 0 as well.
    """
    found = store.row(
        "SELECT json_extract(detail, '$.since') AS since, json_extract(detail, '$.entries') AS entries"
        " FROM audit WHERE action = ? AND subject = ? ORDER BY seq DESC",
        [ACTION, str(serial)],
    )
    return (serial, 0) if found is None else (int(found["since"]), int(found["entries"] or 0))


def serials(store: Store) -> frozenset[int]:
    """The serials of the exports that brought nothing new."""
    rows = store.rows("SELECT DISTINCT subject FROM audit WHERE action = ?", [ACTION])
    return frozenset(int(row["subject"]) for row in rows)
