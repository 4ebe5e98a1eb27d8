"""The circuit breaker: a list that suddenly grows, shrinks or is empty is not served until two people say it is right.

What left the list with a reason on record (lifted, expired, a decision corrected) never counts: to lift a block at
once is a legal duty. What counts is what a guard has come to stop, and what the store does not know at all.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blocklist.manifest import FILE_NAME
from review_queue import entries, lifts, overrides
from review_queue.errors import ExportError
from review_queue.overrides import LIST, Guard
from review_queue.store import Store

MOST_SHARE: Final = 0.2
MOST_ENTRIES: Final = 50


class SizeError(ExportError):
    """A list that grew, shrank or became empty as none should without people having said so."""


@dataclass(frozen=True, slots=True)
class Change:
    """The list that is served against the one that would be: their sizes, and what left without a reason."""

    serial: int  # of the list that is served
    before: int
    after: int
    unexplained: int

    @property
    def key(self) -> str:
        """What an override of this change is for: the serial it follows and the size it leads to."""
        return f"{self.serial}-{self.after}"

    def complaint(self) -> str:
        """What is wrong with the change; "" where nothing is."""
        sizes = f"from {self.before} entries in serial {self.serial} to {self.after}"
        why = f"{self.unexplained} of them left without a reason on record"
        if self.before and not self.after and self.unexplained:
            return f"the list would be empty: {sizes}, {why}"
        if _is_much(self.unexplained, self.before):
            return f"the list would shrink {sizes}, {why}"
        if _is_much(self.after - self.before, self.before):
            return f"the list would grow {sizes}"
        return ""


def change_of(
    store: Store,
    served: Path,
    after: int,
    *,
    gone: Collection[str] | None,
    stopped: Collection[str],
) -> Change | None:
    """How the list changes against the one in the folder `served`; None where that says nothing of its size.

    `gone` are the ids that left and were not lifted, None where the lists could not be compared; `stopped` those that
    a guard stops.
    """
    try:
        manifest = json.loads((served / FILE_NAME).read_bytes())
        serial, before = int(manifest["serial"]), int(manifest["entries"])
        created = str(manifest["created"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if gone is None:
        lifted = len(lifts.since(store, created))
        return Change(serial, before, after, max(0, before - after - lifted))
    unexplained = len(gone)
    if not after or _is_much(unexplained, before):  # else it is few enough whatever the store says
        known = (each in stopped or entries.find(store, each) is None for each in gone)
        unexplained = sum(known)
    return Change(serial, before, after, unexplained)


def check(store: Store, change: Change) -> None:
    """The change is one that may be served: small, explained, or signed by two people.

    Raises:
        SizeError: it is none of these; the message names the override it needs.
    """
    complaint = change.complaint()
    if complaint and not _is_signed(store, change):
        raise SizeError(
            f"nothing was published: {complaint}. The last good list stays. If the new one is right, two people sign"
            f" it: qalqan overrides ask --guard size --scope list --name {change.key}"
        )


def _is_signed(store: Store, change: Change) -> bool:
    """Whether people have signed that the list that follows this serial may be about as large as it is."""
    for guard, scope, name in overrides.standing(store):
        serial, _, size = name.partition("-")
        if guard is not Guard.SIZE or scope != LIST or serial != str(change.serial):
            continue
        if size.isdecimal() and not _is_much(abs(change.after - int(size)), int(size)):
            return True
    return False


def _is_much(difference: int, size: int) -> bool:
    return difference > MOST_ENTRIES and difference > MOST_SHARE * size
