"""One whole list in its folder: the canonical list and every format as a view of it, each file past its last check."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat, tee
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final

from blocklist import canonical, checking, lint
from blocklist.checking import Checks
from blocklist.lint_known import Known
from blocklist.manifest import SHOWN_SKIPPED, FileDigest, Listing, Manifest
from blocklist.rendering import (
    Collector,
    Columns,
    Format,
    Heading,
    Left,
    Marked,
    Skipped,
    View,
    left_out,
    marked,
    none_said,
    skipped_of,
    view_of,
)
from blocklist.snapshots import Snapshot
from review_queue.categories import Category, Scope
from review_queue.records import Entry

UNSAFE_NAME: Final = "unsafe.skipped.json"
_ROWS: Final = 16  # of what was left out, put together at once
Refuse = Callable[
    [Entry], str
]  # why the guards keep an entry out of every list; "" where they do not


@dataclass(frozen=True, slots=True)
class Unsafe:
    """An entry the guards keep out of every list, and why."""

    entry: Entry
    reason: str

    @property
    def row(self) -> Skipped:
        """As it stands among what was skipped."""
        return Skipped(self.entry.id, self.entry.scope, self.entry.name, self.reason)


@dataclass(slots=True)
class Written:
    """A list whose files are in its folder, except for the manifest."""

    snapshot: Snapshot
    heading: Heading
    unsafe: list[Unsafe] = field(default_factory=list)
    entries: int = 0
    formats: dict[str, Listing] = field(default_factory=dict)

    def manifest(self, part: str = "") -> Manifest:
        """What the files are."""
        return Manifest(
            serial=self.heading.serial,
            created=self.heading.created,
            not_after=self.heading.not_after,
            entries=self.entries,
            formats=self.formats,
            files=dict(self.snapshot.files),
            part=part,
        )


def write(
    snapshot: Snapshot,
    live: Iterable[Entry],
    formats: Sequence[Format],
    heading: Heading,
    refuse: Refuse,
) -> Written:
    """Every file of the list of `live` is in the snapshot, its last check passed.

    `live` is in the order of names. What `refuse` keeps out is in no file but the one that says so: the guards' data
    grow, so an entry of long ago is looked at again.

    Raises:
        ExportError: a file that fails its last check.
    """
    found = Written(snapshot, heading)

    def safe() -> Iterator[Entry]:
        for entry in live:
            if reason := refuse(entry):
                found.unsafe.append(Unsafe(entry, reason))
            else:
                yield entry

    _write(found, safe(), formats)
    return found


def write_part(
    whole: Written, snapshot: Snapshot, category: Category, formats: Sequence[Format]
) -> Written:
    """Every file of the list of one category is in `snapshot`; its entries are those of the whole list.

    Raises:
        ExportError: a file that fails its last check.
    """
    unsafe = [each for each in whole.unsafe if each.entry.category is category]
    found = Written(snapshot, whole.heading, unsafe)
    listed = canonical.read(whole.snapshot.path / canonical.FILE_NAME)
    _write(found, (entry for entry in listed if entry.category is category), formats)
    return found


def _write(found: Written, entries: Iterator[Entry], formats: Sequence[Format]) -> None:
    first = list(islice(entries, checking.LONG))
    if len(first) < checking.LONG:
        _Writing(found, formats, None).write(iter(first))
        return
    with checking.beside(found.snapshot.path, found.heading.serial) as checks:
        _Writing(found, formats, checks).write(chain(_given_up(first), entries))
        checks.wait()


def _given_up(entries: list[Entry]) -> Iterator[Entry]:
    """The entries, held no longer than they are needed."""
    entries.reverse()
    while entries:
        yield entries.pop()


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes one list; the files of a long one are checked beside it, those of a short one each once it is written."""

    found: Written
    formats: Sequence[Format]
    checks: Checks | None

    def write(self, entries: Iterator[Entry]) -> None:
        """All files but the manifest are in the snapshot."""
        found, heading, snapshot = self.found, self.found.heading, self.found.snapshot
        columns = self._write_whole_entries(entries)
        unsafe = [each.row for each in found.unsafe]
        snapshot.write(UNSAFE_NAME, _skipped_lines(iter(unsafe), heading))
        found.entries = sum(len(column.ids) for column in columns.values())
        shared: dict[str, Any] = {}
        known = None if self.checks else known_of(columns)
        for form in self.formats:
            if not form.whole_entries:
                self._write_names(form, view_of(form, columns, heading, lambda: iter(()), shared))
            if known:
                for name in form.files:
                    _check(snapshot, form, name, heading, known)
            found.formats[form.name] = _listing(snapshot, form, columns, unsafe, heading)

    def _write_names(self, form: Format, view: View) -> None:
        snapshot, checks = self.found.snapshot, self.checks
        for name, lines in form.files.items():
            if checks:
                checks.begin(form.name, name)
            snapshot.write(name, lines(view), checks.grown if checks else None)
            if checks:
                checks.whole(name)

    def _write_whole_entries(self, entries: Iterator[Entry]) -> Columns:
        """The canonical list and the formats that say whole entries are written; returns the names of the list."""
        collector = Collector()
        heading, checks = self.found.heading, self.checks
        wanted = [
            (form, name, lines)
            for form in self.formats
            if form.whole_entries
            for name, lines in form.files.items()
        ]
        # one pass for all: each entry is held until the last of them has written it
        copies = [*tee(marked(collector.passing(entries)), 1 + len(wanted))]
        own = copies.pop()
        appeal = heading.appeal
        files = {canonical.FILE_NAME: canonical.lines_of(own, appeal=appeal)}
        del own
        for form, name, lines in wanted:
            files[name] = lines(_passing_view(form, heading, copies.pop()))
            if checks:
                checks.begin(form.name, name)

        def grown(name: str, size: int) -> None:
            if checks:
                checks.learn(collector.news())
                checks.grown(name, size)

        self.found.snapshot.write_together(files, grown)
        if checks:
            for _, name, _ in wanted:
                checks.whole(name)
        return collector.columns()


def _passing_view(form: Format, heading: Heading, entries: Iterator[Marked]) -> View:
    return view_of(form, {}, heading, lambda: entries)


def known_of(columns: Columns) -> Known:
    """The names in the columns, for the last check."""
    return Known({scope: column.unique for scope, column in columns.items()})


def _check(snapshot: Snapshot, form: Format, name: str, heading: Heading, known: Known) -> None:
    with lint.opened((snapshot.path / name).open("rb")) as written:
        lint.check(form.name, name, written, serial=heading.serial, known=known)


def _listing(
    snapshot: Snapshot,
    form: Format,
    columns: Columns,
    unsafe: Sequence[Skipped],
    heading: Heading,
) -> Listing:
    left_out = _LeftOut()
    snapshot.write(form.skipped_name, left_out.lines(form, columns, unsafe, heading))
    total = len(unsafe) + sum(len(column.ids) for column in columns.values())
    digest: FileDigest = snapshot.files[form.file_name]
    return Listing(
        file=form.file_name,
        entries=total - left_out.count,
        skipped=left_out.count,
        sha256=digest.sha256,
        first_skipped=tuple(left_out.first),
    )


class _LeftOut:
    """Writes what a format left out, counting it and keeping the first."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[Skipped] = []

    def lines(
        self, form: Format, columns: Columns, unsafe: Sequence[Skipped], heading: Heading
    ) -> Iterator[str]:
        """The lines of the file: one JSON object, a row a line."""
        yield from _in_an_object(self._rows(form, columns, unsafe), heading)

    def _rows(self, form: Format, columns: Columns, unsafe: Sequence[Skipped]) -> Iterator[str]:
        yield from self._one_by_one(unsafe)
        for scope, column in columns.items():
            if not column.is_plain:
                yield from self._one_by_one(skipped_of(form, {scope: column}))
                continue
            reason = none_said(form, scope, column)
            rows: Iterable[Left] = zip(column.ids, column.names, repeat(reason))
            if not reason:
                rows = left_out(form, scope, column)
            yield from self._plain(scope, iter(rows))

    def _plain(self, scope: Scope, rows: Iterator[Left]) -> Iterator[str]:
        """The rows of what has no need of an escape but for the reason, of which there are few."""
        first = [*islice(rows, SHOWN_SKIPPED - len(self.first))]
        self.first += [Skipped(entry_id, scope, name, reason) for entry_id, name, reason in first]
        ends: dict[str, str] = {}
        start = f'", "scope": "{scope}", "name": "'
        for entry_id, name, reason in chain(first, rows):
            self.count += 1
            end = ends.get(reason) or ends.setdefault(reason, f'", "reason": {_quoted(reason)}}}')
            yield f'{{"id": "{entry_id}{start}{name}{end}'

    def _one_by_one(self, rows: Iterable[Skipped]) -> Iterator[str]:
        for row in rows:
            self.count += 1
            if len(self.first) < SHOWN_SKIPPED:
                self.first.append(row)
            yield _row(row)


def _skipped_lines(rows: Iterable[Skipped], heading: Heading) -> Iterator[str]:
    return _in_an_object(map(_row, rows), heading)


def _row(row: Skipped) -> str:
    return (
        f'{{"id": {_quoted(row.id)}, "scope": "{row.scope}", "name": {_quoted(row.name)},'
        f' "reason": {_quoted(row.reason)}}}'
    )


def _in_an_object(rows: Iterator[str], heading: Heading) -> Iterator[str]:
    """One JSON object, a row a line."""
    yield f'{{"serial": {heading.serial}, "skipped": ['
    held = [*islice(rows, _ROWS)]
    while held:
        after = [*islice(rows, _ROWS)]
        yield ",\n".join(held) + "," * bool(after)
        held = after
    yield "]}"
