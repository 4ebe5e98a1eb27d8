"""An export: the live entries as the canonical list, every format as a view of it, all in one snapshot."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from blocklist import canonical, guards, lint
from blocklist.formats import FORMATS
from blocklist.manifest import (
    FILE_NAME,
    SHOWN_SKIPPED,
    FileDigest,
    Listing,
    Manifest,
    Published,
    read_manifest,
)
from blocklist.rendering import Columns, Format, Heading, Skipped, columns_of, skipped_of, view_of
from blocklist.snapshots import Snapshot, check_places, locked, new_snapshot, serve
from review_queue import entries as store_entries
from review_queue.clock import later
from review_queue.errors import ExportError, RefusedError
from review_queue.records import Entry
from review_queue.store import Store

LARGEST_SERIAL: Final = 2**32 - 1
VALID_FOR: Final = timedelta(days=8)  # a list that nobody renews for so long is not to be trusted
UNSAFE_NAME: Final = "unsafe.skipped.json"

# the bytes of a manifest -> signatures of them, by the names of their files
Sign = Callable[[bytes], Mapping[str, bytes]]
# looks at a finished snapshot in its folder, which nobody reads yet; an ExportError keeps it from being served
Prove = Callable[[Path, Manifest], None]


def export(
    store: Store,
    out: Path,
    formats: Sequence[str],
    *,
    actor: str,
    sign: Sign | None = None,
    prove: Prove | None = None,
) -> Manifest:
    """The live entries stand in `out`, in `formats` and in every format the folder already had.

    A format that was left behind would go on blocking what has been lifted, so a folder's formats
    are always renewed together.

    Raises:
        ExportError: an unknown format, a folder that cannot be written, another export at work in
            it, a manifest that is not ours, a list that fails its last check or what `prove` found.
            The last good list stays.
        DiskFullError: no room for the new files. The last good list stays.
    """
    _check_known(formats)
    with locked(out):
        check_places(out, _file_names())
        before = read_manifest(out)
        wanted = [FORMATS[f] for f in FORMATS if f in formats or (before and f in before.formats)]
        heading = Heading(
            _next_serial(store, before),
            store.now(),
            not_after=later(store.clock(), VALID_FOR.total_seconds()),
        )
        with new_snapshot(out, heading.serial) as snapshot:
            manifest = _fill(snapshot, store_entries.live(store), wanted, heading)
            digest = _seal(snapshot, manifest, sign)
            if prove:
                prove(snapshot.path, manifest)
        _record(store, manifest, actor, digest)
        serve(out, heading.serial)
    return manifest


def _seal(snapshot: Snapshot, manifest: Manifest, sign: Sign | None) -> FileDigest:
    """The manifest is in the snapshot, with its signatures beside it; returns its digest."""
    text = f"{manifest.text()}\n".encode("ascii")
    digest = snapshot.put(FILE_NAME, text)
    for name, signature in (sign(text) if sign else {}).items():
        snapshot.put(name, signature)
    return digest


def _fill(
    snapshot: Snapshot, live: Iterable[Entry], formats: Sequence[Format], heading: Heading
) -> Manifest:
    """Every file of the export is in the snapshot, its last check passed, except for the manifest."""
    unsafe: list[Skipped] = []
    listed = _canonical(snapshot, live, unsafe, heading)
    snapshot.write(UNSAFE_NAME, _skipped_lines(iter(unsafe), heading))
    listings = {
        form.name: _write_format(snapshot, form, listed, unsafe, heading) for form in formats
    }
    return Manifest(
        serial=heading.serial,
        created=heading.created,
        not_after=heading.not_after,
        entries=sum(len(column.ids) for column in listed.values()),
        formats=listings,
        files=dict(snapshot.files),
    )


def _canonical(
    snapshot: Snapshot, live: Iterable[Entry], unsafe: list[Skipped], heading: Heading
) -> Columns:
    """The canonical list is written; returns its names, and `unsafe` has what the guards keep out of it.

    The guards' data grow, so an entry of long ago is looked at again.
    """

    def safe() -> Iterator[Entry]:
        for entry in live:
            if reason := guards.refusal(entry.scope, entry.name):
                unsafe.append(Skipped(entry.id, entry.scope, entry.name, reason))
            else:
                yield entry

    path = snapshot.path / canonical.FILE_NAME
    lines = (canonical.line_of(entry, appeal=heading.appeal) for entry in safe())
    snapshot.write(canonical.FILE_NAME, lines)
    return columns_of(canonical.read(path))


def _write_format(
    snapshot: Snapshot, form: Format, listed: Columns, unsafe: Sequence[Skipped], heading: Heading
) -> Listing:
    view = view_of(
        form, listed, heading, lambda: canonical.read(snapshot.path / canonical.FILE_NAME)
    )
    digests: list[FileDigest] = []
    for name, lines in form.files.items():
        digests.append(snapshot.write(name, lines(view)))
        with (snapshot.path / name).open(
            encoding="ascii", errors="surrogateescape", newline="\n"
        ) as written:
            lint.check(form.name, name, written, serial=heading.serial)
    left_out = _Counted(iter([*unsafe]), skipped_of(form, listed))
    snapshot.write(form.skipped_name, _skipped_lines(iter(left_out), heading))
    total = len(unsafe) + sum(len(column.ids) for column in listed.values())
    return Listing(
        file=form.file_name,
        entries=total - left_out.count,
        skipped=left_out.count,
        sha256=digests[0].sha256,
        first_skipped=tuple(left_out.first),
    )


class _Counted:
    """Goes through rows once, counting them and keeping the first."""

    def __init__(self, *parts: Iterator[Skipped]) -> None:
        self._parts = parts
        self.count = 0
        self.first: list[Skipped] = []

    def __iter__(self) -> Iterator[Skipped]:
        for part in self._parts:
            for row in part:
                self.count += 1
                if len(self.first) < SHOWN_SKIPPED:
                    self.first.append(row)
                yield row


def _skipped_lines(rows: Iterator[Skipped], heading: Heading) -> Iterator[str]:
    """One JSON object, a row a line."""
    yield f'{{"serial": {heading.serial}, "skipped": ['
    held = ""
    for row in rows:
        if held:
            yield held + ","
        held = json.dumps(
            {"id": row.id, "scope": row.scope, "name": row.name, "reason": row.reason}
        )
    yield from islice([held], bool(held))
    yield "]}"


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


def _record(store: Store, manifest: Manifest, actor: str, digest: FileDigest) -> None:
    """The store knows of the export before anyone can read it."""
    counts = {name: listing.entries for name, listing in manifest.formats.items()}
    try:
        store_entries.record_export(
            store, serial=manifest.serial, actor=actor, manifest_sha256=digest.sha256, counts=counts
        )
    except RefusedError:
        raise ExportError(
            f"another export from this store took the serial {manifest.serial} meanwhile;"
            " nothing was published, run the same command again"
        ) from None


def _file_names() -> Iterator[str]:
    yield FILE_NAME
    yield canonical.FILE_NAME
    for form in FORMATS.values():
        yield from form.files
        yield form.skipped_name
