"""Writes the lists into a folder that providers read, so that each file there is always whole.

All files of a run are first written beside the old ones and checked. Then the export is recorded
in the store, the files take the old ones' places one by one, and `manifest.json` goes last. What
that guarantees when the process is killed, however early or late:

* every list file is whole: that of the last export or that of this one, never a part;
* `manifest.json` is whole and its serial never falls;
* between the first file's change of place and the manifest's, some files are one serial ahead of
  the manifest and their SHA-256 differs from it. A reader checks the SHA-256 and on a mismatch keeps
  the list it has; the next export, which renews every file the manifest names, ends the mismatch.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

from blocklist import guards, lint
from blocklist.formats import FORMATS
from blocklist.manifest import FILE_NAME, Listing, Manifest, Published, read_manifest
from blocklist.rendering import Format, Heading, Skipped, divide
from review_queue import entries as store_entries
from review_queue.errors import DiskFullError, ExportError, RefusedError
from review_queue.records import Entry
from review_queue.store import Store

LARGEST_SERIAL: Final = 2**32 - 1
_LOCK: Final = ".export.lock"
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def export(store: Store, out: Path, formats: Sequence[str], *, actor: str) -> Manifest:
    """The live entries stand in `out`, in `formats` and in every format the folder already had.

    A format that was left behind would go on blocking what has been lifted, so a folder's formats
    are always renewed together.

    Raises:
        ExportError: an unknown format, a folder that cannot be written, another export at work in
            it, a manifest that is not ours or a list that fails its last check. The last good list stays.
        DiskFullError: no room for the new files. The last good list stays.
    """
    _check_known(formats)
    with _folder(out):
        before = read_manifest(out)
        wanted = [f for f in FORMATS if f in formats or (before and f in before.formats)]
        heading = Heading(_next_serial(store, before), store.now())
        live, unsafe = _guarded(store_entries.live(store))
        listings = {}
        for name in wanted:
            listings[name] = _write_format(out, FORMATS[name], heading, live, unsafe)
        manifest = Manifest(heading.serial, heading.created, listings)
        sha256 = _write(out, FILE_NAME, iter([manifest.text()]))
        _record(store, manifest, actor, sha256)
        _put_in_place(out, manifest)
    return manifest


def _check_known(formats: Sequence[str]) -> None:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        asked = f"no format is called {unknown[0]!r}" if unknown else "no format was named"
        raise ExportError(f"{asked}; choose from {', '.join(FORMATS)}")


def _next_serial(store: Store, before: Published | None) -> int:
    serial = max(store_entries.last_serial(store), before.serial if before else 0) + 1
    if serial > LARGEST_SERIAL:
        raise ExportError(
            f"the serial {serial} does not fit a DNS zone; start a new folder and store"
        )
    return serial


def _guarded(entries: Sequence[Entry]) -> tuple[list[Entry], list[Skipped]]:
    """What may be published today: the Public Suffix List grows, so an old entry is looked at again."""
    safe: list[Entry] = []
    unsafe: list[Skipped] = []
    for entry in entries:
        reason = guards.refusal(entry.scope, entry.name)
        if reason:
            unsafe.append(Skipped(entry, reason))
        else:
            safe.append(entry)
    return safe, unsafe


def _write_format(
    out: Path, form: Format, heading: Heading, live: Sequence[Entry], unsafe: Sequence[Skipped]
) -> Listing:
    listed, unsayable = divide(form.capability, live)
    sha256 = _write(out, form.file_name, form.lines(listed, heading))
    with _next_of(out, form.file_name).open(encoding="ascii", newline="\n") as written:
        lint.check(form.name, written, serial=heading.serial)
    listing = Listing(form.file_name, len(listed), (*unsafe, *unsayable), sha256)
    _write(out, form.skipped_name, iter([listing.skipped_text(heading.serial)]))
    return listing


def _record(store: Store, manifest: Manifest, actor: str, sha256: str) -> None:
    """The store knows of the export before anyone can read it."""
    counts = {name: listing.entries for name, listing in manifest.formats.items()}
    try:
        store_entries.record_export(
            store, serial=manifest.serial, actor=actor, manifest_sha256=sha256, counts=counts
        )
    except RefusedError:
        raise ExportError(
            f"another export from this store took the serial {manifest.serial} meanwhile;"
            " nothing was published, run the same command again"
        ) from None


def _write(out: Path, name: str, lines: Iterator[str]) -> str:
    """`lines` are on the disk beside the file `name`, which is untouched; returns their SHA-256."""
    path = _next_of(out, name)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for line in lines:
            data = f"{line}\n".encode("ascii")
            digest.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _put_in_place(out: Path, manifest: Manifest) -> None:
    try:
        for name in manifest.formats:
            form = FORMATS[name]
            _next_of(out, form.skipped_name).replace(out / form.skipped_name)
            _next_of(out, form.file_name).replace(out / form.file_name)
        _sync(out)
        _next_of(out, FILE_NAME).replace(out / FILE_NAME)
        _sync(out)
    except OSError as error:
        raise ExportError(
            f"the lists in {out} were replaced only in part ({error.strerror}): make its files"
            " replaceable, then run the same command again; until then readers see by the SHA-256"
            " in manifest.json which files are behind"
        ) from error


def _next_of(out: Path, name: str) -> Path:
    return out / f".{name}.next"


def _file_names() -> Iterator[str]:
    yield FILE_NAME
    for form in FORMATS.values():
        yield form.file_name
        yield form.skipped_name


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _folder(out: Path) -> Iterator[None]:
    """`out` exists and is this process's alone; nothing half-written is left in it afterwards."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with (out / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _check_places(out)
            _clear(out)
            try:
                yield
            finally:
                with suppress(OSError):
                    _clear(out)
    except BlockingIOError:
        raise ExportError(f"another export is writing {out}; wait for it to end") from None
    except OSError as error:
        _explain(out, error)


def _check_places(out: Path) -> None:
    for name in _file_names():
        place = out / name
        if place.exists() and not place.is_file():
            raise ExportError(f"{place} is not a file; move it away, the list is written there")


def _clear(out: Path) -> None:
    for name in _file_names():
        _next_of(out, name).unlink(missing_ok=True)


def _explain(out: Path, error: OSError) -> NoReturn:
    if error.errno in _NO_ROOM:
        raise DiskFullError(
            f"no room left to write the list in {out}; the last good one stays:"
            " free some space and run the same command again"
        ) from error
    raise ExportError(
        f"cannot write the list in {out} ({error.strerror}); the last good one stays:"
        " check the folder and its rights"
    ) from error
