"""How long an export takes and how much memory, beside bare loops that write the same bytes.

    uv run python benchmarks/export_speed.py [--entries 1000000] [--smaller 100000] [--json]

Made-up entries in the order of the canonical list, no two of one name: 60 of 100 are domains, 25 hosts, 10 URLs, 4
addresses, 1 networks. They go into the stage behind the store. For every file: what its writer takes (from names or
entries in memory to bytes on the disk, with digest and fsync), what the last check takes, and what a bare loop takes
that fills in an f-string for each entry and writes it, with fsync, from fields that are ready (ids made, texts
escaped). The loop's bytes are compared with the writer's. The whole export, guards and all, runs in a process of its
own, whose peak memory is shown, and so do the changes where one entry in a hundred is another. All times are CPU
seconds, for a small list the best of three, since others use a test machine too; but for the programs that load the
lists: theirs are seconds by the clock.
"""

import argparse
import gc
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any, Final

from export_loops import of_entries, of_names, of_skipped, ready

from blocklist import canonical, changes, coverage, guards, lint, listing
from blocklist.changes import Base
from blocklist.formats import FORMATS
from blocklist.lint_known import Known
from blocklist.publish import export
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
from crawler.processes import peak_memory_mb
from review_queue import imports, policies
from review_queue.categories import HARMS, Category, Scope
from review_queue.records import Entry, Reviewer
from review_queue.store import open_store

HEADING: Final = Heading(7, "2026-01-31T09:00:00.000Z", "2026-02-08T09:00:00.000Z")
LOAD_S: Final = 300.0
SMALL: Final = 200_000  # up to that the best of three is shown, then the one
CONSUMERS: Final = {
    "named-checkzone": "named-checkzone -k fail -n ignore rpz.provider.example rpz.zone",
    "unbound-checkconf": "unbound-checkconf unbound-all.conf",
    "dnsmasq --test": "dnsmasq --test -C dnsmasq.conf",
    "squid -k parse": "squid -k parse -f squid-all.conf",
    "nft -c": "unshare -n nft -c -f nftables.nft",
}
SETTINGS: Final = {
    "unbound-all.conf": 'server:\n  username: ""\n  chroot: ""\ninclude: "FOLDER/unbound.conf"\n',
    "squid-all.conf": 'acl listed dstdomain -n "FOLDER/squid-dstdomain.txt"\nhttp_access deny listed\n',
}


def entries(count: int, changed: int = 0) -> Iterator[Entry]:
    """So many made-up entries in order; with `changed`, every so many of them is another one."""
    kinds = (
        (Scope.IP, count * 4 // 100),
        (Scope.CIDR, count // 100),
        (Scope.URL, count // 10),
        (Scope.HOST, count - count * 15 // 100),
    )
    number = 0
    for scope, many in kinds:
        for at in range(many):
            number += 1
            new = changed and number % changed == 0
            yield _entry(number + (count if new else 0), scope, _name(scope, at, bool(new)))


def _name(scope: Scope, at: int, new: bool) -> str:  # noqa: FBT001
    match scope:
        case Scope.IP:
            return f"2620:4f:8000:{0x1000 + at // 7:x}::{1 + at % 7 + 7 * new:x}"
        case Scope.CIDR:
            return f"2620:4f:8000:{0x9000 + at:x}::/{64 + new}"
        case Scope.URL:
            return f"http://platform.zz-qalqan.kz/users/{at:07}/page{'s' * new}.html?p={at % 100}"
        case _:
            part = "xn--80aodfsg." if at % 20 == 0 else ""
            return f"n{at:07}{'b' * new}-{at * 7919 % 100_003}.{part}zz-qalqan.kz"


def _entry(number: int, scope: Scope, name: str) -> Entry:
    if scope is Scope.HOST and number % 17 > 4:  # 12 of 17 names are domains
        scope = Scope.DOMAIN
    moment = f"{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:{number % 59:02}.{number % 1000:03}Z"
    return Entry(
        id=f"0198f2{number:018x}",
        scope=scope,
        name=name,
        unicode_name=name.replace("xn--80aodfsg.", "пример."),
        category=(Category.VIOLENCE, Category.SELF_HARM)[number % 2],
        case_ref=f"KZ-{number // 10000:04}-{number % 10000:04}",
        decision_ids=tuple(f"0198f1{number * 3 + each:018x}" for each in range(3)),
        people=3,
        policy_code="P-1",
        policy_version=1,
        legal_ground_code="G-1",
        legal_ground_version=1,
        listed_at=f"2026-01-{moment}",
        review_at=f"2026-07-{moment}",
        expires_at=f"2028-01-{moment}",
    )


def timed(work: Callable[[], object], times: int = 1) -> float:
    """The CPU seconds of `work`, of so many times the best: others use the machine too."""
    found = []
    for _ in range(times):
        gc.collect()
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


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

        found["write_s"] = timed(look, self._times) + timed(cover, self._times)
        found["check_s"] = timed(know, self._times)
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
        found["write_s"] = timed(lambda: views.append(self._view(form)), self._times)
        for name in form.files:
            self._file(found, form, name, views[-1])
        skipped = [
            each._replace(reason=quoted(each.reason)[1:-1])
            for each in skipped_of(form, self._columns)
        ]

        def skip() -> None:
            (self._snapshot.path / form.skipped_name).unlink(missing_ok=True)
            listing._listing(self._snapshot, form, self._columns, [], HEADING)  # noqa: SLF001

        found["write_s"] += timed(skip, self._times)
        self._loop(found, form.skipped_name, lambda: of_skipped(skipped))
        return found

    def _file(self, found: dict[str, Any], form: Format, name: str, view: View) -> None:
        self._write(found, name, lambda: form.files[name](view))
        found["check_s"] += timed(
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

        found["write_s"] += timed(write, self._times)

    def _loop(self, found: dict[str, Any], name: str, rows: Callable[[], Iterable[str]]) -> None:
        looped = self._snapshot.path / "loop"
        found["loop_s"] += timed(lambda: by_loop(looped, rows()), self._times)
        found["same"] &= compared(looped, self._snapshot.path / name)
        found["mb"] += self._snapshot.files[name].size_bytes / 1e6


def _row(form: str) -> dict[str, Any]:
    return {"form": form, "write_s": 0.0, "check_s": 0.0, "loop_s": 0.0, "mb": 0.0, "same": True}


def checked(folder: Path, form: str, name: str, known: Known) -> None:
    """The file has passed its last check."""
    with (folder / name).open(encoding="ascii", errors="surrogateescape", newline="\n") as lines:
        lint.check(form, name, lines, serial=HEADING.serial, known=known)


def files(count: int, folder: Path) -> list[dict[str, Any]]:
    """The figures of each format, what is done for all of them and the canonical list first."""
    return Files(count, folder, times=3 if count <= SMALL else 1).rows


def whole(count: int, folder: Path) -> dict[str, Any]:
    """An export from the stage behind the store to the manifest, guards and last checks and all."""
    start, cpu = time.monotonic(), time.process_time()
    written = listing.write(
        Snapshot(folder),
        entries(count),
        tuple(FORMATS.values()),
        HEADING,
        lambda entry: guards.refusal(entry.scope, entry.name),
    )
    assert not written.unsafe
    return {
        "cpu_s": time.process_time() - cpu,
        "clock_s": time.monotonic() - start,
        "peak_mb": peak_memory_mb(),
        "made_up_s": timed(lambda: sum(1 for _ in entries(count))),
    }


def delta(count: int, folder: Path) -> dict[str, Any]:
    """The changes where every hundredth entry is another one, from list to list."""
    before, after = Snapshot(folder / "before"), Snapshot(folder / "after")
    for snapshot, changed in ((before, 0), (after, 100)):
        snapshot.path.mkdir()
        lines = (canonical.line_of(entry) for entry in entries(count, changed))
        snapshot.write(canonical.FILE_NAME, lines)
    base = Base(6, before.path, before.files[canonical.FILE_NAME].sha256)
    start = time.monotonic()
    cpu = timed(lambda: changes.write(after, base, HEADING, lambda _entry_id: "withdrawn"))
    with (after.path / changes.FILE_NAME).open() as lines_of_changes:
        head = json.loads(lines_of_changes.readline())
    return {
        "cpu_s": cpu,
        "clock_s": time.monotonic() - start,
        "removed": head["removed"],
        "added": head["added"],
        "peak_mb": peak_memory_mb(),
    }


def through_store(count: int, folder: Path) -> dict[str, Any]:
    """Two exports of a store whose entries are an import that two people signed; the second has nothing new."""
    people = [Reviewer(f"u{number}", f"Officer {number}", "supervisor") for number in (1, 2)]
    found: dict[str, Any] = {}
    with open_store(folder / "data") as store:
        reasons = {category: policies.current(store, category)[0] for category in HARMS}
        ground = policies.grounds(store)[0]
        rows = (
            (
                line,
                replace(
                    entry,
                    papers=(entry.case_ref,),
                    case_ref="",
                    decision_ids=(),
                    people=2,
                    policy_code=reasons[entry.category].code,
                    policy_version=reasons[entry.category].version,
                    legal_ground_code=ground.code,
                    legal_ground_version=ground.version,
                ),
            )
            for line, entry in enumerate(entries(count), start=1)
        )
        start = time.process_time()
        number = imports.prepare(
            store, source="benchmark", file_sha256="0" * 64, rows=rows, person=people[0]
        )
        imports.sign(store, number, people[1])
        found["import_cpu_s"] = time.process_time() - start
        for what in ("first", "second"):
            start = time.process_time()
            manifest = export(store, folder / "lists", tuple(FORMATS), actor="benchmark")
            found[f"{what}_export_cpu_s"] = time.process_time() - start
    return {**found, "entries": manifest.entries, "peak_mb": peak_memory_mb()}


def loads(_count: int, folder: Path) -> dict[str, float | None]:
    """How long each program takes that is here, by the clock; None where it is not or does not load the list."""
    for name, text in SETTINGS.items():
        (folder / name).write_text(text.replace("FOLDER", str(folder)))
    found: dict[str, float | None] = {}
    for name, command in CONSUMERS.items():
        words = shlex.split(command)
        program = shutil.which(words[0], path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        start = time.monotonic()
        done = program and subprocess.run(
            [program, *words[1:]], cwd=folder, capture_output=True, check=False, timeout=LOAD_S
        )
        found[name] = time.monotonic() - start if done and done.returncode == 0 else None
    return found


STAGES: Final[dict[str, Callable[[int, Path], Any]]] = {
    "files": files,
    "whole": whole,
    "delta": delta,
    "store": through_store,
    "loads": loads,
}


def in_a_process(stage: str, count: int, folder: Path) -> Any:  # noqa: ANN401  # as JSON comes back
    """What a stage found in a process of its own."""
    command = [sys.executable, __file__, "--stage", stage]
    done = subprocess.run(
        [*command, "--entries", str(count), "--folder", str(folder)],
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


def measured(count: int, *, with_loads: bool) -> dict[str, Any]:
    """All figures for a list of so many entries."""
    found: dict[str, Any] = {"entries": count, "load": os.getloadavg()[0]}
    for stage in STAGES:
        if stage == "loads" and not with_loads:
            continue
        with tempfile.TemporaryDirectory() as folder:
            if stage == "loads":
                listing.write(
                    Snapshot(Path(folder)), entries(count), PROVED, HEADING, lambda _e: ""
                )
            found[stage] = in_a_process(stage, count, Path(folder))
    return found


PROVED: Final = tuple(FORMATS[name] for name in ("dnsmasq", "nftables", "rpz", "squid", "unbound"))


def show(found: dict[str, Any]) -> None:
    """The figures as a table."""
    say = sys.stdout.write
    say(f"\n{found['entries']:,} entries, CPU seconds (load of the machine {found['load']:.1f})\n")
    say(f"{'format':15}{'loop':>8}{'writer':>8}{'ratio':>7}{'check':>8}{'ratio':>7}{'MB':>8}\n")
    rows: Sequence[dict[str, Any]] = found["files"]
    total = {key: sum(row[key] for row in rows) for key in ("loop_s", "write_s", "check_s", "mb")}
    for row in (*rows, {"form": "all", "same": True, **total}):
        both = row["write_s"] + row["check_s"]
        loop = row["loop_s"] or float("nan")
        say(
            f"{row['form']:15}{row['loop_s']:8.2f}{row['write_s']:8.2f}{row['write_s'] / loop:7.2f}"
            f"{row['check_s']:8.2f}{both / loop:7.2f}{row['mb']:8.0f}"
            f"{'' if row['same'] else '  NOT THE SAME BYTES'}\n"
        )
    for stage in ("whole", "delta", "store", "loads"):
        for key, value in found.get(stage, {}).items():
            say(f"{stage} {key:20}{'not here' if value is None else f'{value:10.2f}'}\n")


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--smaller", type=int, default=100_000, help="a second size; 0 for none")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.stage:
        json.dump(STAGES[asked.stage](asked.entries, asked.folder), sys.stdout)
        return
    sizes = [size for size in (asked.smaller, asked.entries) if size]
    found = [measured(size, with_loads=size == sizes[-1]) for size in sizes]
    if asked.json:
        json.dump(found, sys.stdout, indent=2)
        return
    for each in found:
        show(each)
    if len(found) > 1:
        first, last = (each["whole"]["cpu_s"] for each in found)
        sys.stdout.write(f"the whole export took {last / first:.1f} x the time of the smaller\n")


if __name__ == "__main__":
    main()
