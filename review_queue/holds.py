"""Which exports held back everything but what was lifted, since which serial: what people sign for stays one thing."""

from review_queue import audit
from review_queue.store import Store

_ACTION = "list.held"


def record(store: Store, serial: int, *, since: int, actor: str, reason: str) -> None:
    """The audit log has that the export of this serial only took out what was lifted, and why."""
    audit.append(
        store,
        actor=actor,
        action=_ACTION,
        subject=str(serial),
        detail={"since": since, "reason": reason},
    )


def since(store: Store, serial: int) -> int:
    """The serial of the last whole export before this one, where this one held something back; else its own."""
    found = store.value(
        "SELECT json_extract(detail, '$.since') FROM audit WHERE action = ? AND subject = ? ORDER BY seq DESC",
        [_ACTION, str(serial)],
    )
    return serial if found is None else int(found)


def serials(store: Store) -> frozenset[int]:
    """The serials of the exports that brought nothing new."""
    rows = store.rows("SELECT DISTINCT subject FROM audit WHERE action = ?", [_ACTION])
    return frozenset(int(row["subject"]) for row in rows)
