"""A whole list with its last check beside it: by the clock, in CPU seconds, in memory (export_speed.py)."""

import gc
import os
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from export_entries import entries
from export_files import HEADING, SMALL

from blocklist import checking, guards, listing
from blocklist.formats import FORMATS
from blocklist.rendering import Format
from blocklist.snapshots import Snapshot
from review_queue.records import Entry

_PAGE_MB: Final = os.sysconf("SC_PAGESIZE") / 2**20
_SAMPLE_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Took:
    """What some work took of this process, of those it started, by the clock; and the most memory of all of them."""

    own_s: float
    others_s: float
    clock_s: float
    peak_mb: float

    def as_json(self) -> dict[str, float]:
        """By the names of the figures."""
        return {
            "cpu_s": self.own_s + self.others_s,
            "own_cpu_s": self.own_s,
            "checker_cpu_s": self.others_s,
            "clock_s": self.clock_s,
            "peak_mb": self.peak_mb,
        }


def measured(work: Callable[[], object]) -> Took:
    """What `work` took."""
    peak = [0.0]
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(_SAMPLE_S):
            peak[0] = max(peak[0], sum(map(_memory_mb, _processes())))

    watcher = threading.Thread(target=look)
    gc.collect()
    before, own, start = _others_s(), time.process_time(), time.monotonic()
    watcher.start()
    work()
    took = time.process_time() - own, _others_s() - before, time.monotonic() - start
    is_over.set()
    watcher.join()
    return Took(*took, peak[0])


def _others_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _processes() -> list[str]:
    own = str(os.getpid())
    tasks = Path("/proc/self/task").glob("*/children")
    return [own, *(child for task in tasks for child in task.read_text().split())]


def _memory_mb(process: str) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_MB
    except (OSError, IndexError):  # it has ended meanwhile
        return 0.0


def _write(folder: Path, listed: Iterable[Entry], formats: Sequence[Format]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    listing.write(Snapshot(folder), listed, formats, HEADING, lambda _entry: "")


def together(count: int, folder: Path) -> dict[str, Any]:
    """All formats from entries in memory, no guards: with the check beside, in one process, and without a check.

    `rpz` is what that format adds to a list of `entries.jsonl` alone.
    """
    listed = list(entries(count))
    gc.freeze()
    place = folder / "list"
    forms = tuple(FORMATS.values())
    works: dict[str, Callable[[], None]] = {
        "all": lambda: _write(place, iter(listed), forms),
        "with rpz": lambda: _write(place, iter(listed), [FORMATS["rpz"]]),
        "without": lambda: _write(place, iter(listed), []),
    }
    times = 3 if count <= SMALL else 1
    found = {
        what: min((measured(work) for _ in range(times)), key=lambda each: each.clock_s)
        for what, work in works.items()
    }
    long, checking.LONG = checking.LONG, count + 1
    found["all in one process"] = min(
        (measured(works["all"]) for _ in range(times)), key=lambda each: each.clock_s
    )
    checking.LONG = long
    return {what: each.as_json() for what, each in found.items()}


def whole(count: int, folder: Path) -> dict[str, Any]:
    """An export from the stage behind the store to the manifest, guards and last checks and all."""

    def work() -> None:
        written = listing.write(
            Snapshot(folder),
            entries(count),
            tuple(FORMATS.values()),
            HEADING,
            lambda entry: guards.refusal(entry.scope, entry.name),
        )
        assert not written.unsafe

    made_up = measured(lambda: sum(1 for _ in entries(count)))
    return {**measured(work).as_json(), "made_up_s": made_up.own_s}
