"""Overrides of guards: two different people, each on record, sign that one guard lets one very name through."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from review_queue import audit
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError, BadUrlError, QalqanError, RefusedError
from review_queue.records import Reviewer
from review_queue.store import Store

LIST: Final = "list"  # the scope of the one guard that is about the whole list
PEOPLE: Final = 2
_SIZE: Final = re.compile(r"[0-9]{1,12}-[0-9]{1,12}")  # the serial before and the new size


class Guard(StrEnum):
    """What may stop a name, or a list, that people have approved."""

    FORM = "form"  # no name, address or URL that could be listed at all
    RESERVED = "reserved"
    PUBLIC_SUFFIX = "public_suffix"
    SHARED_PLATFORM = "shared_platform"
    RANK = "rank"
    CDN = "cdn"
    NEVER_BLOCK = "never_block"
    PROTECTIVE = "protective"
    SHARED_ADDRESS = "shared_address"
    SIZE = "size"


# whatever people sign, no resolver can be asked to load the first, and nobody is reached under the second
OVERRIDABLE: Final = frozenset(Guard) - {Guard.FORM, Guard.RESERVED}
Key = tuple[Guard, str, str]  # guard, scope, name


class UnknownOverrideError(QalqanError):
    """No override has this id."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's word for, or against, an override."""

    reviewer_id: str
    reviewer_name: str
    reviewer_role: str
    at: str


@dataclass(frozen=True, slots=True)
class Override:
    """What two people want a guard to let through; it stands from the second signature to its withdrawal."""

    id: str
    guard: Guard
    scope: str  # of the name, or "list" for the guard that is about the list's size
    name: str
    reason: str
    asked_at: str
    signatures: tuple[Signature, ...]
    withdrawn: Signature | None
    withdrawn_because: str

    @property
    def is_standing(self) -> bool:
        """Whether enough different people have signed and nobody has withdrawn it."""
        return self.withdrawn is None and len(self.signatures) >= PEOPLE


def ask(store: Store, guard: Guard, scope: str, name: str, person: Reviewer, reason: str) -> str:
    """The override waits for a second person; returns its id. To ask for it is the first signature.

    Raises:
        RefusedError: nobody overrides this guard, the name is not in its normal form, there is no reason
            in one line, or it was asked for already.
    """
    _check_key(guard, scope, name)
    _check_reason(reason)
    override_id = f"{int(store.clock().timestamp() * 1000):012x}{secrets.token_hex(6)}"
    with store.atomic():
        store.run(
            "INSERT INTO overrides(id, guard, scope, name, reason, asked_at) VALUES (?,?,?,?,?,?)",
            [override_id, guard, scope, name, reason.strip(), store.now()],
        )
        _sign(store, override_id, person)
        _tell(store, "override.asked", person, override_id, {"guard": guard, "scope": scope, "name": name,
              "reason": reason.strip()})  # fmt: skip
    return override_id


def sign(store: Store, override_id: str, person: Reviewer) -> Override:
    """One more person has signed; with the second the override stands.

    Raises:
        UnknownOverrideError: there is none of this id.
        RefusedError: this person has signed it already, or it was withdrawn.
    """
    with store.atomic():
        find(store, override_id)
        _sign(store, override_id, person)
        _tell(store, "override.signed", person, override_id, {})
        return find(store, override_id)


def withdraw(store: Store, override_id: str, person: Reviewer, reason: str) -> Override:
    """The override counts no longer; one person is enough, since the guard holds again.

    Raises:
        UnknownOverrideError: there is none of this id.
        RefusedError: there is no reason in one line, or it was withdrawn before.
    """
    _check_reason(reason)
    with store.atomic():
        if find(store, override_id).withdrawn:
            raise RefusedError("this override was withdrawn already")
        store.run(
            "INSERT INTO override_withdrawals VALUES (?,?,?,?,?,?)",
            [override_id, person.id, person.name, person.role, reason.strip(), store.now()],
        )
        _tell(store, "override.withdrawn", person, override_id, {"reason": reason.strip()})
        return find(store, override_id)


def standing(store: Store) -> Mapping[Key, str]:
    """The ids of the overrides two people have signed and nobody has withdrawn, by what they are for."""
    rows = store.rows("SELECT id, guard, scope, name FROM standing_overrides")
    return {(Guard(row["guard"]), row["scope"], row["name"]): row["id"] for row in rows}


def pending(store: Store) -> list[Override]:
    """The overrides that wait for a second person, oldest first."""
    return [one for one in all_of(store) if not one.withdrawn and len(one.signatures) < PEOPLE]


def all_of(store: Store) -> list[Override]:
    """Every override there ever was, oldest first."""
    signed: dict[str, list[Signature]] = {}
    for row in store.rows(
        "SELECT *, signed_at AS at FROM override_signatures ORDER BY signed_at, reviewer_id"
    ):
        signed.setdefault(row["override_id"], []).append(_signature(row))
    rows = store.rows(
        "SELECT o.*, w.reviewer_id, w.reviewer_name, w.reviewer_role, w.withdrawn_at AS at, w.reason AS because"
        " FROM overrides o LEFT JOIN override_withdrawals w ON w.override_id = o.id ORDER BY o.asked_at, o.id"
    )
    return [_override(row, signed.get(row["id"], [])) for row in rows]


def find(store: Store, override_id: str) -> Override:
    """The override of this id.

    Raises:
        UnknownOverrideError: there is none.
    """
    for one in all_of(store):
        if one.id == override_id:
            return one
    raise UnknownOverrideError(
        f"no override has the id {override_id[:40]!r}; `qalqan overrides list` shows them"
    )


def keep(store: Store, entry_id: str, override_ids: Iterable[str]) -> None:
    """It is on record that the entry was listed over these overrides.

    Raises:
        RefusedError: one of them does not stand, or is for another block.
    """
    with store.atomic():
        for override_id in override_ids:
            store.run("INSERT INTO entry_overrides VALUES (?, ?)", [entry_id, override_id])


def of_entry(store: Store, entry_id: str) -> tuple[str, ...]:
    """The overrides the entry was listed over."""
    rows = store.rows(
        "SELECT override_id FROM entry_overrides WHERE entry_id = ? ORDER BY override_id",
        [entry_id],
    )
    return tuple(row["override_id"] for row in rows)


def _check_key(guard: Guard, scope: str, name: str) -> None:
    if guard not in OVERRIDABLE:
        raise RefusedError(f"nobody overrides the guard {guard}: what it stops can never be listed")
    if (guard is Guard.SIZE) != (scope == LIST):
        raise RefusedError(f"the scope {LIST!r} belongs to the guard {Guard.SIZE}, and to it alone")
    if scope == LIST:
        if not _SIZE.fullmatch(name):
            raise RefusedError(
                "the name is the serial before and the new size, such as 41-600; the list that is held names both"
            )
        return
    try:
        found = normal(Scope(scope), name)
    except (BadHostError, BadUrlError) as error:
        raise RefusedError(str(error)) from None
    if found != name:
        raise RefusedError(f"{name[:80]!r} is not in its normal form, which is {found[:80]}")


def _check_reason(reason: str) -> None:
    if not reason.strip() or not reason.isprintable():
        raise RefusedError("an override is signed, and withdrawn, with a reason in one line")


def _sign(store: Store, override_id: str, person: Reviewer) -> None:
    store.run(
        "INSERT INTO override_signatures VALUES (?,?,?,?,?)",
        [override_id, person.id, person.name, person.role, store.now()],
    )


def _tell(
    store: Store, action: str, person: Reviewer, override_id: str, detail: Mapping[str, object]
) -> None:
    audit.append(store, actor=person.id, action=action, subject=override_id, detail=detail)


def _signature(row: Mapping[str, Any]) -> Signature:
    return Signature(row["reviewer_id"], row["reviewer_name"], row["reviewer_role"], row["at"])


def _override(row: Mapping[str, Any], signatures: Iterable[Signature]) -> Override:
    return Override(
        id=row["id"],
        guard=Guard(row["guard"]),
        scope=row["scope"],
        name=row["name"],
        reason=row["reason"],
        asked_at=row["asked_at"],
        signatures=tuple(signatures),
        withdrawn=_signature(row) if row["at"] else None,
        withdrawn_because=row["because"] or "",
    )
