"""What the store remembers of the lists it published: each export, and with which keys and proofs it went out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review_queue import audit, holds
from review_queue.store import Store

PROVED: Final = "list.proved"  # of a list that is about to be served
REFUSED: Final = "list.refused"
HEARTBEAT: Final = "list.heartbeat"
UNCHANGED: Final = "list.unchanged"  # told where nothing is signed, and only after a refusal


@dataclass(frozen=True, slots=True)
class Export:
    """One export as the store has it."""

    serial: int
    created_at: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Since when nothing new has been published, and what the last try was refused for."""

    since: str
    reason: str


def export_of(store: Store, serial: int) -> Export | None:
    """The export with this serial; None where the store knows of none."""
    return _export(store, "WHERE serial = ?", [serial])


def newest_export(store: Store) -> Export | None:
    """The export with the highest serial; None before the first."""
    return _export(store, "ORDER BY serial DESC LIMIT 1", [])


def last_keys(store: Store) -> Mapping[str, str] | None:
    """The public keys the newest published list was signed with, by kind; None before the first."""
    newest = newest_export(store)
    if newest is None:
        return None
    rows = store.rows(
        "SELECT json_extract(detail, '$.keys') AS keys FROM audit WHERE action = ? AND"
        " CAST(subject AS INTEGER) <= ? ORDER BY seq DESC LIMIT 1",
        [PROVED, newest.serial],
    )
    for row in rows:
        return {str(kind): str(key) for kind, key in json.loads(row["keys"]).items()}
    return None


def record_proved(
    store: Store,
    *,
    serial: int,
    actor: str,
    verify: str,
    keys: Mapping[str, str],
    proofs: Sequence[Mapping[str, object]],
) -> None:
    """The log has how the list of this serial was proved and with which keys it is signed."""
    detail = {"verify": verify, "keys": dict(keys), "checks": [dict(each) for each in proofs]}
    audit.append(store, actor=actor, action=PROVED, subject=str(serial), detail=detail)


def record_refused(store: Store, *, actor: str, reason: str) -> None:
    """The log has that a list was made and not published, and why."""
    audit.append(store, actor=actor, action=REFUSED, subject="list", detail={"reason": reason})


def record_heartbeat(
    store: Store, *, serial: int, actor: str, not_after: str, is_held: bool = False
) -> None:
    """The log has that the list of this serial still holds, and until when; `is_held` where a newer one is held."""
    detail: dict[str, str | bool] = {"not_after": not_after}
    if is_held:
        detail["held"] = True
    audit.append(store, actor=actor, action=HEARTBEAT, subject=str(serial), detail=detail)


def record_unchanged(store: Store, *, serial: int, actor: str) -> None:
    """The log has that the list of this serial is all there is to publish, where a try before was refused."""
    if hold(store) is not None:
        audit.append(store, actor=actor, action=UNCHANGED, subject=str(serial), detail={})


def hold(store: Store) -> Hold | None:
    """What keeps new entries from being published, told by the tries since the last that published all there was.

    None where the last try did so, or found that nothing had changed.
    """
    rows = store.rows(
        "WITH whole AS (SELECT seq FROM audit WHERE action = ?"
        "   AND subject NOT IN (SELECT subject FROM audit WHERE action = ?)"
        "  UNION ALL SELECT seq FROM audit WHERE action = ?"
        "  UNION ALL SELECT seq FROM audit WHERE action = ? AND json_extract(detail, '$.held') IS NULL)"
        " SELECT at, json_extract(detail, '$.reason') AS reason FROM audit"
        " WHERE action = ? AND seq > (SELECT coalesce(max(seq), 0) FROM whole) ORDER BY seq",
        [PROVED, holds.ACTION, UNCHANGED, HEARTBEAT, REFUSED],
    )
    tries = list(rows)
    return Hold(str(tries[0]["at"]), str(tries[-1]["reason"])) if tries else None


def _export(store: Store, where: str, params: list[str | int]) -> Export | None:
    row = store.row(f"SELECT serial, created_at, manifest_sha256 FROM exports {where}", params)
    return Export(row["serial"], row["created_at"], row["manifest_sha256"]) if row else None
