"""An export: the live entries as the canonical list, every format as a view of it, all in one snapshot."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from blocklist import breaker, canonical, changes, deltas, listing, removals
from blocklist.breaker import Change
from blocklist.canonical import BadEntryError
from blocklist.formats import FORMATS
from blocklist.guard_data import GuardDataError
from blocklist.judging import judge_of
from blocklist.manifest import (
    FILE_NAME,
    PROOFS_NAME,
    FileDigest,
    Manifest,
    Published,
    read_manifest,
)
from blocklist.removals import HeldError, Rest, StillBlockedError
from blocklist.rendering import Format, Heading
from blocklist.snapshots import Snapshot, check_places, current, locked, new_snapshot, serve
from review_queue import entries as store_entries
from review_queue import holds, lifts
from review_queue.categories import Category
from review_queue.clock import iso, later
from review_queue.errors import DiskFullError, ExportError, QalqanError, RefusedError
from review_queue.records import Entry
from review_queue.store import Store

LARGEST_SERIAL: Final = 2**32 - 1
VALID_FOR: Final = timedelta(days=8)  # a list that nobody renews for so long is not to be trusted

# the bytes of a manifest -> signatures of them, by the names of their files
Sign = Callable[[bytes], Mapping[str, bytes]]
# looks at a finished snapshot in its folder, which nobody reads yet; an ExportError keeps it from being served
Prove = Callable[[Path, Manifest], None]


class UnchangedError(ExportError):
    """The list that was made says what is served already; it is dropped."""

    def __init__(self, manifest: Manifest) -> None:
        super().__init__("nothing has changed")
        self.manifest = manifest


@dataclass(frozen=True, slots=True)
class Hold:
    """What is known before a list is made.

    Attributes:
        why: what keeps new entries from being listed; then the full list is not even tried.
        is_anew: what is served has to be replaced, be nothing lifted.
        prove: how the served list is proved without what was lifted; None as any other.
    """

    why: QalqanError | None = None
    is_anew: bool = False
    prove: Prove | None = None


def export(
    store: Store,
    out: Path,
    formats: Sequence[str],
    *,
    actor: str,
    sign: Sign | None = None,
    prove: Prove | None = None,
    parts: Sequence[Category] = (),
    hold: Hold = Hold(),
) -> Manifest:
    """The live entries stand in `out`, in `formats` and in every format the folder already had.

    A format that was left behind would go on blocking what has been lifted, so a folder's formats
    are always renewed together. Of each category in `parts` there is a complete list beside the whole one, for a
    provider that may see no other: in the folder `part-CATEGORY`, with a manifest and signatures of its own.
    Whatever holds the list of the live entries, be it its last check, its size, `prove` or the guards' data, what was
    lifted leaves the list that is served nevertheless.

    Raises:
        HeldError: the list is held; the one that is served now is that of before without what no longer holds.
        StillBlockedError: the list is held, and the one without what no longer holds as well. The last good list stays.
        ExportError: an unknown format, a folder that cannot be written, another export at work in
            it, a manifest that is not ours, a list that fails its last check or what `prove` found, with nothing
            lifted. The last good list stays.
        GuardDataError: a file of the guards' data is damaged, and nothing was lifted. The last good list stays.
        DiskFullError: no room for the new files. The last good list stays.
    """
    _check_known(formats)
    with locked(out):
        check_places(out, _file_names())
        if prove is None:
            _check_unpublished(out)
        before = read_manifest(out)
        begun = _begun(store)
        lifts.lift_expired(
            store, iso(begun)
        )  # so that readers of changes are told why they are gone
        heading = Heading(
            _next_serial(store, before),
            iso(begun),
            not_after=later(begun, VALID_FOR.total_seconds()),
        )
        wanted = [FORMATS[f] for f in FORMATS if f in formats or (before and f in before.formats)]
        made = _Making(store, out, wanted, heading, parts, sign, prove).make_what_may_be_served(
            hold
        )
        _record(store, made, actor)
        deltas.keep(out, heading.serial)
        serve(out, heading.serial)
        deltas.prune(out, later(begun, -deltas.KEPT_S))
    if made.held:
        raise made.held
    return made.manifest


def _begun(store: Store) -> datetime:
    """This moment; whatever the store dates before it is written, so a list that is read from now on has it."""
    with store.atomic():  # whoever was writing has ended
        return store.clock()


@dataclass(frozen=True, slots=True)
class _Made:
    """A snapshot in its place; where `held` is not None, only what no longer holds has left the list."""

    manifest: Manifest
    digest: FileDigest  # of the manifest
    held: HeldError | None = None
    rest: Rest | None = None  # where it is held, what it was made of


@dataclass(frozen=True, slots=True)
class _Making:
    """All a snapshot is made with, but for its entries."""

    store: Store
    out: Path
    formats: Sequence[Format]
    heading: Heading
    parts: Sequence[Category]
    sign: Sign | None
    prove: Prove | None
    is_rest: bool = False  # nothing may be new in it

    def make_what_may_be_served(self, hold: Hold) -> _Made:
        """The snapshot of the live entries is in its place, or of the list that is served without what no longer holds.

        Raises:
            StillBlockedError: neither can be served.
            ExportError, GuardDataError, DiskFullError: the first cannot be served, and nothing was lifted.
        """
        held = hold.why
        if held is None:
            try:
                judge = judge_of(self.store)
                live = store_entries.live(self.store, self.heading.created)
                return _Made(*self.make(map(judge.with_overrides, live), judge.reason_against))
            except UnchangedError:
                raise
            except (ExportError, GuardDataError, DiskFullError) as error:
                held = error
        created, is_published = self.heading.created, self.prove is not None
        rest = removals.rest_of(self.store, self.out, created, is_published=is_published)
        if rest is None or not (rest.gone or hold.is_anew or is_due(rest.whole.not_after, created)):
            raise held
        try:
            return self._make_rest(rest, held, hold.prove or self.prove)
        except (ExportError, BadEntryError, DiskFullError) as failed:
            if rest.gone:
                raise StillBlockedError(held, rest, failed) from failed
        raise held

    def _make_rest(self, rest: Rest, held: QalqanError, prove: Prove | None) -> _Made:
        """The snapshot of the list that is served without what no longer holds is in its place.

        It is in the formats that are served: in others its consumers have not been known to take it.
        """
        formats = [each for name, each in FORMATS.items() if name in rest.whole.found["formats"]]
        making = replace(self, formats=formats, prove=prove, is_rest=True)
        made = making.make(rest.read(), removals.refusal)
        return _Made(*made, HeldError(held, rest, made[0]), rest)

    def make(self, entries: Iterable[Entry], refuse: listing.Refuse) -> tuple[Manifest, FileDigest]:
        """The snapshot of these entries is in its place, which nobody is led to yet.

        Raises:
            SizeError: the whole list is of another size than it should be without two people having said so.
        """
        with new_snapshot(self.out, self.heading.serial) as snapshot:
            whole = listing.write(snapshot, entries, self.formats, self.heading, refuse)
            change = _write_changes(self.store, self.out, whole)
            if change and not self.is_rest:  # lifts wait for nobody's word on the size
                breaker.check(self.store, change)
            if self.is_rest:
                removals.check_nothing_new(snapshot.path)
            for category in self.parts:
                with snapshot.part(part_name(category)) as folder:
                    part = listing.write_part(whole, folder, category, self.formats)
                    _write_changes(self.store, self.out, part, part_name(category))
                    _seal(folder, part.manifest(category), self.sign, self.prove)
            manifest = whole.manifest()
            return manifest, _seal(snapshot, manifest, self.sign, self.prove)


def is_due(not_after: str, at: str) -> bool:
    """Whether half of the time is over for which a list may be used: who reads no heartbeat needs a new one."""
    return not_after < later(datetime.fromisoformat(at), VALID_FOR.total_seconds() / 2)


def _check_unpublished(out: Path) -> None:
    """What is served in `out` was not published: readers of a signed list would be left without one they may take.

    Raises:
        ExportError: it was.
    """
    served = current(out)
    if served and (served / PROOFS_NAME).exists():
        raise ExportError(
            f"{out} holds the list that was published; `qalqan publish` renews it, and an export needs another folder"
        )


def _write_changes(
    store: Store, out: Path, found: listing.Written, part: str = ""
) -> Change | None:
    """What changed since the list that is served stands in the new one, if there is one to compare it with."""
    base = changes.base_of(out, part)
    if base is None:
        return None
    unsafe = {each.entry.id for each in found.unsafe}
    removed: dict[str, str] = {}

    def why(entry_id: str) -> str:
        lift = None if entry_id in unsafe else lifts.of(store, entry_id)
        reason = lift.reason if lift else breaker.WITHDRAWN
        removed[entry_id] = breaker.GUARD if entry_id in unsafe else reason
        return removed[entry_id]

    is_written = changes.write(found.snapshot, base, found.heading, why)
    if part:
        return None
    return breaker.change_of(store, base.folder, found.entries, removed if is_written else None)


def part_name(category: Category) -> str:
    """The folder of a snapshot that holds the list of one category."""
    return f"part-{category}"


def _seal(
    snapshot: Snapshot, manifest: Manifest, sign: Sign | None, prove: Prove | None
) -> FileDigest:
    """The manifest is in the snapshot, signed, and what it stands for is proved; returns its digest."""
    text = f"{manifest.text()}\n".encode("ascii")
    digest = snapshot.put(FILE_NAME, text)
    for name, signature in (sign(text) if sign else {}).items():
        snapshot.put(name, signature)
    if prove:
        prove(snapshot.path, manifest)
    return digest


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


def _record(store: Store, made: _Made, actor: str) -> None:
    """The store knows of the export, and of what it held back, before anyone can read it."""
    manifest = made.manifest
    counts = {name: listing.entries for name, listing in manifest.formats.items()}
    try:
        with store.atomic():
            store_entries.record_export(
                store,
                serial=manifest.serial,
                actor=actor,
                manifest_sha256=made.digest.sha256,
                counts=counts,
                begun_at=manifest.created,
            )
            if made.held and made.rest:
                before = made.rest.whole
                since, whole = holds.last_whole(store, before.serial)
                holds.record(
                    store,
                    manifest.serial,
                    since=since,
                    entries=whole or before.entries,
                    actor=actor,
                    reason=removals.reason_of(made.held.why),
                )
    except RefusedError:
        raise ExportError(
            f"another export from this store took the serial {manifest.serial} meanwhile;"
            " nothing was published, run the same command again"
        ) from None


def _file_names() -> Iterator[str]:
    yield from (FILE_NAME, PROOFS_NAME, canonical.FILE_NAME, changes.FILE_NAME)
    yield listing.UNSAFE_NAME
    yield from map(part_name, Category)
    for form in FORMATS.values():
        yield from form.files
        yield form.skipped_name
