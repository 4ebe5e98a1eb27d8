"""The file of keyed hashes for one provider: its key read with care, the live entries, one rename."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blocklist import breaker, hashed, removals
from blocklist.breaker import Change, SizeError
from blocklist.guard_data import GuardDataError
from blocklist.hashed import Hashed
from blocklist.judging import judge_of
from blocklist.key_files import BadKeyError, secret
from blocklist.publish import VALID_FOR
from blocklist.rendering import Heading, columns_of
from review_queue import audit, holds, publications
from review_queue import entries as store_entries
from review_queue.clock import later
from review_queue.errors import ExportError, QalqanError
from review_queue.records import Entry
from review_queue.store import Store

_KEY_BYTES: Final = 32
_LONGEST_KEY_TEXT: Final = 1024
_KEY: Final = re.compile(r"(?:[0-9a-fA-F]{2}){32,}")


@dataclass(frozen=True, slots=True)
class Report:
    """What was written."""

    serial: int
    key_id: str
    entries: int
    unsafe: int  # entries the guards hold back


class HeldHashesError(ExportError):
    """The hashes of all that people approved are held; only what no longer holds has left those that were there."""

    def __init__(self, gone: int, why: QalqanError) -> None:
        super().__init__(
            f"only what was lifted has left the hashes, {gone} in all, and nothing new is in them:"
            f" {removals.reason_of(why)}"
        )


def read_key(path: Path) -> bytes:
    """The key that stands in the file in hexadecimal, which nobody but its owner may read.

    Raises:
        BadKeyError: it is no such file, or others may use it, or it holds no key.
    """
    text = secret(path, longest=_LONGEST_KEY_TEXT).decode("ascii", "replace").strip()
    if not _KEY.fullmatch(text):
        raise BadKeyError(
            f"{path} holds no key: one of {_KEY_BYTES} bytes or more in hexadecimal is wanted;"
            " make one with: openssl rand -hex 32"
        )
    return bytes.fromhex(text)


def write(
    store: Store, out: Path, key: bytes, *, actor: str, prefix_bytes: int = hashed.PREFIX_BYTES
) -> Report:
    """The live entries stand in `out` as hashes under `key`; what stood there before is gone.

    The serial is that of the newest export. Against the hashes that stood there the list must not change in size as
    none should; where it does, or the guards' data are damaged, only what no longer holds leaves them.

    Raises:
        HeldHashesError: only what no longer holds has left the hashes.
        GuardDataError, SizeError: nothing was written, as there are no hashes of this key and size to take any from.
        ExportError: there was no export yet, the hashes there are of a list this store does not know, or the file
            cannot be written. What stood there stays.
    """
    serial = store_entries.last_serial(store)
    if not serial:
        raise ExportError("nothing was exported yet; run `qalqan export` first")
    heading = Heading(
        serial, store.now(), not_after=later(store.clock(), VALID_FOR.total_seconds())
    )
    before = _read(out)
    if before:
        _check_known(store, out, before)
    found, held = _found(store, key, prefix_bytes, before)
    kept = found.listed
    if held:
        if not before or (before.key_id, before.prefix_bytes) != (hashed.key_id(key), prefix_bytes):
            raise held
        kept = kept & before.prefixes
    report = Report(serial, hashed.key_id(key), len(kept), found.stopped)
    try:
        _put(store, out, hashed.lines_of(heading, kept, key, prefix_bytes), report, actor)
    except OSError as error:
        raise ExportError(f"cannot write the hashes to {out} ({error.strerror})") from None
    if held and before:
        raise HeldHashesError(len(before.prefixes) - len(kept), held)
    return report


def _check_known(store: Store, out: Path, before: Hashed) -> None:
    """The hashes in `out` were made of a list of this store, by its serial and its moment.

    Raises:
        ExportError: they were not: what was lifted since would come back.
    """
    own = publications.export_of(store, before.serial)
    # a restored store that has exported since has that serial as well, of a later moment than the hashes
    if own is None or own.created_at > before.created:
        raise ExportError(
            f"{out} is of a list with serial {before.serial} that this store did not make: it was restored from an"
            " older copy, or is another one. Lift anew what was lifted since, then move the file away"
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """The live entries as hashes, and how many the guards hold back."""

    listed: set[bytes]
    stopped: int = 0


def _found(
    store: Store, key: bytes, prefix_bytes: int, before: Hashed | None
) -> tuple[_Found, QalqanError | None]:
    """What is live; and why it may not take the place of what was before, where it may not."""
    try:
        judge = judge_of(store)
    except GuardDataError as error:
        # as for the list itself: people have withdrawn it, which needs no data to be true
        withdrawn = removals.Withdrawn(store)
        well_formed = _live(store, removals.refusal, [])
        staying = (each for each in well_formed if not withdrawn.is_let_through_no_more(each))
        return _Found(_hashes(staying, key, prefix_bytes)), error
    stopped: list[Entry] = []
    listed = _hashes(_live(store, judge.reason_against, stopped), key, prefix_bytes)
    found = _Found(listed, len(stopped))
    if before:
        # what else is gone the store no longer has as live: lifted, expired, withdrawn
        unexplained = before.prefixes & _hashes(iter(stopped), key, prefix_bytes)
        size = len(before.prefixes)
        # what people signed for the list itself is signed for its hashes too
        since, whole = holds.last_whole(store, before.serial)
        change = Change(before.serial, size, len(listed), len(unexplained), since, whole)
        try:
            breaker.check(store, change)
        except SizeError as error:
            return found, error
    return found, None


def _live(store: Store, refuse: Callable[[Entry], str], stopped: list[Entry]) -> Iterator[Entry]:
    for entry in store_entries.live(store):
        if refuse(entry):
            stopped.append(entry)
        else:
            yield entry


def _hashes(entries: Iterator[Entry], key: bytes, prefix_bytes: int) -> set[bytes]:
    # names alone: a million whole entries would take half a gigabyte
    names = {scope: column.names for scope, column in columns_of(entries).items()}
    return hashed.prefixes(names, key, prefix_bytes)


def _read(out: Path) -> Hashed | None:
    """The hashes that stand there; None where there are none, or none that could be read."""
    try:
        with out.open(encoding="ascii", newline="\n") as lines:
            return hashed.read(lines)
    except (OSError, UnicodeDecodeError, ExportError):
        return None


def _put(store: Store, out: Path, lines: Iterator[str], report: Report, actor: str) -> None:
    """The lines are the file, once they were read back and the store knows of them."""
    handle, waiting = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    digest = hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as file:
            for line in lines:
                data = f"{line}\n".encode("ascii")
                digest.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with Path(waiting).open(encoding="ascii", newline="\n") as written:
            hashed.read(written)
        audit.append(
            store,
            actor=actor,
            action="list.hashed",
            subject=report.key_id,
            detail={"serial": report.serial, "entries": report.entries, "sha256": digest.hexdigest()},
        )  # fmt: skip
        Path(waiting).replace(out)
    except BaseException:
        Path(waiting).unlink(missing_ok=True)
        raise
