"""Each file of a list by itself: what its writer, its last check and a bare loop take (export_speed.py)."""

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any, Final, NamedTuple

from export_entries import entries
from export_loops import of_entries, of_names, of_skipped, ready

from blocklist import canonical, coverage, lint, lint_packets, listing
from blocklist.formats import FORMATS
from blocklist.lint_known import Known
from blocklist.rendering import (
    Format,
    Heading,
    Marked,
    View,
    columns_of,
    marked,
    skipped_of,
    view_of,
)
from blocklist.snapshots import Snapshot
from review_queue.records import Entry

HEADING: Final = Heading(7, "2026-01-31T09:00:00.000Z", "2026-02-08T09:00:00.000Z")
SMALL: Final = 200_000  # up to that the best of three is shown, then the one


class Time(NamedTuple):
    """Seconds of CPU, and by the clock."""

    cpu: float = 0.0
    clock: float = 0.0

    def __add__(self, other: "Time") -> "Time":  # type: ignore[override]  # not what a tuple adds
        return Time(self.cpu + other.cpu, self.clock + other.clock)


def timed(work: Callable[[], object], times: int = 1) -> Time:
    """What `work` took, of so many times the best: others use the machine too."""
    found = []
    for _ in range(times):
        gc.collect()
        clock, cpu = time.monotonic(), time.process_time()
        work()
        found.append((time.process_time() - cpu, time.monotonic() - clock))
    return Time(*map(min, zip(*found, strict=True)))


def by_loop(path: Path, lines: Iterable[str]) -> None:
    """A bare loop has written the lines."""
    with path.open("w", encoding="ascii", newline="") as file:
        for line in lines:
            file.write(line)
        file.flush()
        os.fsync(file.fileno())


def compared(looped: Path, written: Path) -> bool:
    """Whether the loop's bytes are those of the writer but for its head and its tail, and the last comma."""
    with looped.open("rb") as loop, written.open("rb") as file:
        first = loop.readline().rstrip(b",\n")
        for line in file:
            if line.rstrip(b",\n") == first:
                break
        else:
            return not first
        return all(a.rstrip(b",\n") == b.rstrip(b",\n") for a, b in zip(loop, file, strict=False))


class Files:
    """The files of one list, each written, checked and written by a loop, and how long that took."""

    def __init__(self, count: int, folder: Path, times: int) -> None:
        self._snapshot = Snapshot(folder)
        self._times = times
        listed = list(entries(count))
        self._columns = columns_of(listed)
        self._ready = list(ready(listed))
        self._marked: list[Marked] = []
        self._known = listing.known_of(self._columns)
        self._shared: dict[str, Any] = {}
        gc.freeze()
        self.rows = [self._for_all(listed), self._canonical()]
        for form in FORMATS.values():
            self.rows.append(self._format(form))

    def _for_all(self, listed: Sequence[Entry]) -> dict[str, Any]:
        """What is done once for all formats: what has to be escaped, what covers what, what is known."""
        found = _row("once for all")

        def look() -> None:
            self._marked = list(marked(listed))

        def cover() -> None:
            self._shared.clear()
            view = self._view(FORMATS["rpz"])
            _ = [*coverage.covering(view)], [*coverage.networks(view)]

        def know() -> None:
            self._known = listing.known_of(self._columns)
            self._known.below  # noqa: B018  # kept from then on

        found["write"] = timed(look, self._times) + timed(cover, self._times)
        found["check"] = timed(know, self._times)
        return found

    def _canonical(self) -> dict[str, Any]:
        found = _row(canonical.FILE_NAME)
        self._write(found, canonical.FILE_NAME, lambda: canonical.lines_of(self._marked))
        self._loop(found, canonical.FILE_NAME, lambda: of_entries(self._ready, canonical.FILE_NAME))
        return found

    def _view(self, form: Format) -> View:
        columns = {} if form.whole_entries else self._columns
        return view_of(form, columns, HEADING, lambda: iter(self._marked), self._shared)

    def _format(self, form: Format) -> dict[str, Any]:
        found = _row(form.name)
        views: list[View] = []
        found["write"] = timed(lambda: views.append(self._view(form)), self._times)
        for name in form.files:
            self._file(found, form, name, views[-1])
        skipped = [
            each._replace(reason=quoted(each.reason)[1:-1])
            for each in skipped_of(form, self._columns)
        ]

        def skip() -> None:
            (self._snapshot.path / form.skipped_name).unlink(missing_ok=True)
            listing._listing(self._snapshot, form, self._columns, [], HEADING)  # noqa: SLF001

        found["write"] += timed(skip, self._times)
        self._loop(found, form.skipped_name, lambda: of_skipped(skipped))
        return found

    def _file(self, found: dict[str, Any], form: Format, name: str, view: View) -> None:
        self._write(found, name, lambda: form.files[name](view))
        found["check"] += timed(
            lambda: checked(self._snapshot.path, form.name, name, self._known), self._times
        )
        if form.whole_entries:
            self._loop(found, name, lambda: of_entries(self._ready, name))
        else:
            self._loop(found, name, lambda: of_names(view, name))

    def _write(self, found: dict[str, Any], name: str, lines: Callable[[], Iterator[str]]) -> None:
        def write() -> None:
            (self._snapshot.path / name).unlink(missing_ok=True)
            self._snapshot.write(name, lines())

        found["write"] += timed(write, self._times)

    def _loop(self, found: dict[str, Any], name: str, rows: Callable[[], Iterable[str]]) -> None:
        looped = self._snapshot.path / "loop"
        found["loop"] += timed(lambda: by_loop(looped, rows()), self._times)
        found["same"] &= compared(looped, self._snapshot.path / name)
        found["mb"] += self._snapshot.files[name].size_bytes / 1e6


def _row(form: str) -> dict[str, Any]:
    return {"form": form, "write": Time(), "check": Time(), "loop": Time(), "mb": 0.0, "same": True}


def checked(folder: Path, form: str, name: str, known: Known) -> None:
    """The file has passed its last check."""
    if (
        form == "nftables"
    ):  # the first file of networks: what was found out about them in the run before is forgotten
        lint_packets._span.cache_clear()  # noqa: SLF001
    with (folder / name).open(encoding="ascii", errors="surrogateescape", newline="\n") as lines:
        lint.check(form, name, lines, serial=HEADING.serial, known=known)


def files(count: int, folder: Path) -> list[dict[str, Any]]:
    """The figures of each format, what is done for all of them and the canonical list first."""
    return Files(count, folder, times=3 if count <= SMALL else 1).rows
