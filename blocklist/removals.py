"""Removals only: while the full list is held, the served list goes on without what no longer holds, and nothing else.

To lift a block at once is a legal duty, so it waits for nothing that keeps new entries back: not for guard data that
are damaged, nor for two people's word on the size of a list. The entries that stay passed their guards when they were
listed; only the guards of form, which need no data, look at them again.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blocklist import canonical, changes, guards, served
from blocklist.canonical import BadEntryError
from blocklist.changes import BrokenChangesError
from blocklist.manifest import PROOFS_NAME, Manifest
from blocklist.served import Served
from review_queue import entries, overrides, publications
from review_queue.errors import ExportError, QalqanError
from review_queue.overrides import Guard
from review_queue.records import Entry
from review_queue.store import Store

_STARTS: Final = ("nothing was published, the last good list stays: ", "nothing was published: ")


@dataclass(frozen=True, slots=True)
class Rest:
    """The list that is served, known to be whole, and which of its entries no longer hold."""

    whole: Served
    gone: frozenset[str]

    def read(self) -> Iterator[Entry]:
        """The entries that stay, as they are served, in their order."""
        listed = canonical.read(self.whole.folder / canonical.FILE_NAME)
        return (entry for entry in listed if entry.id not in self.gone)


class HeldError(ExportError):
    """The full list is held; what is served instead is the list of before without what no longer holds."""

    def __init__(self, why: QalqanError, rest: Rest, manifest: Manifest) -> None:
        done = f"nothing new is in the list, which was made anew as serial {manifest.serial}"
        if rest.gone:
            count = len(rest.gone)
            done = f"only what was lifted has left the list, {count} in serial {manifest.serial}"
        super().__init__(f"{done}: {reason_of(why)}")
        self.why = why
        self.gone = len(rest.gone)
        self.manifest = manifest


class StillBlockedError(ExportError):
    """Neither the full list could be published nor the one without what was lifted, which goes on being blocked."""

    def __init__(self, why: QalqanError, rest: Rest, failed: QalqanError) -> None:
        count, alone = len(rest.gone), ""
        if str(failed) != str(why):
            alone = f". The list without them alone failed too: {reason_of(failed)}"
        super().__init__(
            f"nothing was published, and blocked entries that were lifted stay blocked, {count} in all:"
            f" {reason_of(why)}{alone}. See to it and run this again at once; a program that is broken itself can be"
            " taken off this machine where no --require names it"
        )
        self.failed = failed


def reason_of(error: QalqanError) -> str:
    """Why a list is held, without that nothing was published."""
    text = str(error)
    for start in _STARTS:
        text = text.removeprefix(start)
    return text


def rest_of(store: Store, out: Path, at: str, *, is_published: bool) -> Rest | None:
    """What is left of the list that `out` serves, by the store and the moment `at`.

    None where there is no list, or none to build on: this store has not made it as it stands there, or it was not
    published though `is_published`.
    """
    try:
        whole = served.served(out)
        if whole is None or not _is_sound(store, whole):
            return None
        if is_published and not (whole.folder / PROOFS_NAME).exists():
            return None
        return Rest(whole, _gone(store, whole, at))
    except (ExportError, BadEntryError, OSError, KeyError, TypeError):
        return None


class Withdrawn:
    """Which overrides people have taken back: what one of them let through is in no list from then on."""

    def __init__(self, store: Store) -> None:
        self._standing = overrides.standing(store)
        ids = frozenset(self._standing.values())
        self._keys = {
            each.id: (each.guard, each.scope, each.name)
            for each in overrides.all_of(store)
            if each.id not in ids
        }

    def is_let_through_no_more(self, entry: Entry) -> bool:
        """Whether an override the entry rests on was withdrawn, and none stands in its place."""
        return any(
            each in self._keys and self._keys[each] not in self._standing
            for each in entry.overrides
        )


def refusal(entry: Entry) -> str:
    """Why the form of an entry keeps it out of every list; "" where it does not."""
    reason = guards.refusal(entry.scope, entry.name)
    return f"{Guard.FORM}: {reason}" if reason else ""


def check_nothing_new(folder: Path) -> None:
    """The list in the folder has no entry that the list before it had not, by its changes since.

    Raises:
        ExportError: it has one.
    """
    path = folder / changes.FILE_NAME
    came: set[changes.Key] = set()
    went: set[changes.Key] = set()
    try:
        with path.open("rb") as file:
            head = changes.head_of(path, file.readline())
            for is_gone, line in changes.changes_in(path, file, head, 0):
                (went if is_gone else came).add(line.key)
    except (OSError, BrokenChangesError) as error:
        raise ExportError(
            f"nothing was published: what the list would change is not known ({error})"
        ) from None
    if came - went:
        raise ExportError(
            f"nothing was published: {len(came - went)} entries would be new in a list that is only to lose some;"
            " please report this fault"
        )


def _is_sound(store: Store, whole: Served) -> bool:
    """Whether the store has made this very list, and its entries stand there as it made them."""
    known = publications.export_of(store, whole.serial)
    if known is None or known.manifest_sha256 != hashlib.sha256(whole.manifest).hexdigest():
        return False
    return served.is_whole(whole, canonical.FILE_NAME)


def _gone(store: Store, whole: Served, at: str) -> frozenset[str]:
    """The entries of the list that the store has on record as no longer holding.

    What the store does not know at all stays: a store that lost its entries has lifted none of them.
    """
    live = {entry.id for entry in entries.live(store, at)}
    withdrawn = Withdrawn(store)
    ended = [
        entry.id
        for entry in canonical.read(whole.folder / canonical.FILE_NAME)
        if entry.id not in live or withdrawn.is_let_through_no_more(entry)
    ]
    return entries.once_listed(store, ended)
