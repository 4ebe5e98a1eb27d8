"""The circuit breaker: a list that suddenly grows, shrinks or is empty is not served until two people say it is right.

What left the list with a reason on record (lifted, expired, a decision corrected) never counts, and is never held:
to lift a block at once is a legal duty, see `removals`. What counts is what a guard has come to stop, and what the
store does not know at all.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blocklist.manifest import FILE_NAME
from review_queue import entries, holds, lifts, overrides
from review_queue.errors import ExportError
from review_queue.overrides import LIST, Guard
from review_queue.store import Store

MOST_SHARE: Final = 0.2
MOST_ENTRIES: Final = 50
# why an entry left that nobody lifted: a guard stops it, or too few decisions stand (or the store knows nothing of it)
GUARD: Final = "guard"
WITHDRAWN: Final = "withdrawn"
NO_REASON: Final = frozenset({GUARD, WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Change:
    """The list that is served against the one that would be: their sizes, and what left without a reason."""

    serial: int  # of the list that is served
    before: int
    after: int
    unexplained: int
    # the last list that held nothing back, where that is another: its serial, and how many entries it had
    since: int = 0
    whole: int = 0

    @property
    def key(self) -> str:
        """What an override of this change is for: the whole list it follows and the size it leads to."""
        return f"{self.since or self.serial}-{self.after}"

    @property
    def size(self) -> int:
        """How many entries the list had that a change is measured by: the lifts of a hold are no change of its size."""
        return max(self.before, self.whole)

    def complaint(self) -> str:
        """What is wrong with the change; "" where nothing is."""
        sizes = f"from {self.size} entries in serial {self.since or self.serial} to {self.after}"
        why = f"{self.unexplained} of them left without a reason on record"
        if self.before and not self.after and self.unexplained:
            return f"the list would be empty: {sizes}, {why}"
        if _is_much(self.unexplained, self.size):
            return f"the list would shrink {sizes}, {why}"
        if _is_much(self.after - self.size, self.size):
            return f"the list would grow {sizes}"
        return ""


class SizeError(ExportError):
    """A list that grew, shrank or became empty as none should without people having said so."""

    def __init__(self, change: Change) -> None:
        super().__init__(
            f"nothing was published: {change.complaint()}. If that is right, two people sign it:"
            f" qalqan overrides ask --guard size --scope list --name {change.key}"
            " --reason WHY --as USER"
        )


def change_of(
    store: Store, served: Path, after: int, removed: Mapping[str, str] | None
) -> Change | None:
    """How the list changes against the one in the folder `served`; None where that says nothing of its size.

    `removed` has the reason code of each entry that left, None where the lists could not be compared.
    """
    try:
        manifest = json.loads((served / FILE_NAME).read_bytes())
        serial, before = int(manifest["serial"]), int(manifest["entries"])
        created = str(manifest["created"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    since, whole = holds.last_whole(store, serial)
    if removed is None:
        lifted = len(lifts.since(store, created))
        return Change(serial, before, after, max(0, before - after - lifted), since, whole)
    unexplained = sum(each in NO_REASON for each in removed.values())
    change = Change(serial, before, after, unexplained, since, whole)
    if not change.complaint():  # few enough, whatever the store knows of them
        return change
    unknown = {
        entry_id
        for entry_id, reason in removed.items()
        if reason == GUARD or (reason == WITHDRAWN and entries.find(store, entry_id) is None)
    }
    return Change(serial, before, after, len(unknown), since, whole)


def check(store: Store, change: Change) -> None:
    """The change is one that may be served: small, explained, or signed by two people.

    Raises:
        SizeError: it is none of these; the message names the override it needs.
    """
    if change.complaint() and not _is_signed(store, change):
        raise SizeError(change)


def _is_signed(store: Store, change: Change) -> bool:
    """Whether people have signed that the list that follows this serial may be about as large as it is."""
    for guard, scope, name in overrides.standing(store):
        serial, _, size = name.partition("-")
        if guard is not Guard.SIZE or scope != LIST or serial != change.key.partition("-")[0]:
            continue
        if size.isdecimal() and not _is_much(abs(change.after - int(size)), int(size)):
            return True
    return False


def _is_much(difference: int, size: int) -> bool:
    return difference > MOST_ENTRIES and difference > MOST_SHARE * size
