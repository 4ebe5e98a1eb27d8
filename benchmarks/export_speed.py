"""How long an export takes and how much memory, beside bare loops that write the same bytes.

    uv run python benchmarks/export_speed.py [--entries 1000000] [--smaller 100000] [--json]

Made-up entries in the order of the canonical list, no two of one name: 60 of 100 are domains, 25 hosts, 10 URLs, 4
addresses, 1 networks. They go into the stage behind the store.

First every file by itself, in one process: what its writer takes (from names or entries in memory to bytes on the disk,
with digest and fsync), what the last check takes, and what a bare loop takes that fills in an f-string for each entry
and writes it, with fsync, from fields that are ready (ids made, texts escaped). The loop's bytes are compared with the
writer's. Then all formats together, as an export writes them: the last check of a long list goes on beside the writing,
in a process of its own, so by the clock of two idle cores the two take hardly more than the longer of them; both CPU
and clock are shown, and the memory of both processes at once. "rpz" there is what that format adds to a list without
it. Then the whole export, guards and all; the changes where one entry in a hundred is another; two exports of a store;
and how long the programs that are here take to load the lists. Each of these runs in a process of its own. For a small
list the best of three is shown, since others use a test machine too: of a busy one trust the CPU seconds alone, or run
it under `chrt -f 30`, which puts all others aside.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import export_together
from export_entries import entries
from export_files import HEADING, Time, files, timed

from blocklist import canonical, changes, listing
from blocklist.changes import Base
from blocklist.formats import FORMATS
from blocklist.publish import export
from blocklist.snapshots import Snapshot
from crawler.processes import peak_memory_mb
from review_queue import imports, policies
from review_queue.categories import HARMS
from review_queue.records import Reviewer
from review_queue.store import open_store

LOAD_S: Final = 300.0
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


def delta(count: int, folder: Path) -> dict[str, Any]:
    """The changes where every hundredth entry is another one, from list to list."""
    before, after = Snapshot(folder / "before"), Snapshot(folder / "after")
    for snapshot, changed in ((before, 0), (after, 100)):
        snapshot.path.mkdir()
        lines = (canonical.line_of(entry) for entry in entries(count, changed))
        snapshot.write(canonical.FILE_NAME, lines)
    base = Base(6, before.path, before.files[canonical.FILE_NAME].sha256)
    took = timed(lambda: changes.write(after, base, HEADING, lambda _entry_id: "withdrawn"))
    with (after.path / changes.FILE_NAME).open() as lines_of_changes:
        head = json.loads(lines_of_changes.readline())
    return {
        "cpu_s": took.cpu,
        "clock_s": took.clock,
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
            took = export_together.measured(
                lambda: export(store, folder / "lists", tuple(FORMATS), actor="benchmark")
            )
            found |= {f"{what}_export_{key}": value for key, value in took.as_json().items()}
    return found


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
    "together": export_together.together,
    "whole": export_together.whole,
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
    """The figures as tables."""
    say = sys.stdout.write
    say(f"\n{found['entries']:,} entries (load of the machine {found['load']:.1f})\n")
    say("each file by itself, CPU / clock seconds, and how many times those of the loop\n")
    say(
        f"{'format':14}{'loop':>15}{'writer':>15}{'times':>14}{'check':>15}{'both, times':>14}{'MB':>7}\n"
    )
    rows: Sequence[dict[str, Any]] = found["files"]
    keys = ("loop", "write", "check")
    total = {key: Time(*map(sum, zip(*(row[key] for row in rows), strict=True))) for key in keys}
    mb = sum(row["mb"] for row in rows)
    for row in (*rows, {"form": "all", "same": True, "mb": mb, **total}):
        loop, write, check = (Time(*row[key]) for key in keys)
        say(
            f"{row['form']:14}{_pair(loop)}{_pair(write)}{_ratio(write, loop)}{_pair(check)}"
            f"{_ratio(write + check, loop)}{row['mb']:7.0f}"
            f"{'' if row['same'] else '  NOT THE SAME BYTES'}\n"
        )
    _show_together(
        found["together"], total["loop"], next(Time(*r["loop"]) for r in rows if r["form"] == "rpz")
    )
    for stage in ("whole", "delta", "store", "loads"):
        for key, value in found.get(stage, {}).items():
            say(f"{stage} {key:28}{'not here' if value is None else f'{value:10.2f}'}\n")


def _show_together(found: dict[str, dict[str, float]], loops: Time, rpz_loop: Time) -> None:
    """All formats as an export writes them, beside the sum of the loops."""
    say = sys.stdout.write
    say("all formats together with their last check, CPU / clock seconds\n")
    for what in ("all", "all in one process"):
        took = found[what]
        both = Time(took["cpu_s"], took["clock_s"])
        say(
            f"{what:26}{_pair(both)}{_ratio(both, loops)}  (checker {took['checker_cpu_s']:.2f} of the CPU),"
            f" {took['peak_mb']:.0f} MB with the entries\n"
        )
    more = Time(*(found["with rpz"][key] - found["without"][key] for key in ("cpu_s", "clock_s")))
    say(f"{'rpz':26}{_pair(more)}{_ratio(more, rpz_loop)}\n")


def _pair(took: Time) -> str:
    return f"{took.cpu:8.2f}{took.clock:7.2f}"


def _ratio(took: Time, loop: Time) -> str:
    cpu, clock = (a / (b or float("nan")) for a, b in zip(took, loop, strict=True))
    return f"{cpu:8.2f}{clock:6.2f}"


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
        sys.stdout.write(f"the whole export took {last / first:.1f} x the CPU of the smaller\n")


if __name__ == "__main__":
    main()
