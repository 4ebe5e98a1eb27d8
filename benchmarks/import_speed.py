"""What it takes to take over a list of so many entries, to read it back, and to lift all of it when its term is over.

    uv run python benchmarks/import_speed.py [ROWS] [--folder FOLDER]

Prints seconds of the clock and of one core, and the peak memory of the process. The names are made up.
"""

import argparse
import json
import resource
import secrets
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from blocklist.importing import take_over
from blocklist.judging import judge_of
from review_queue import entries, imports, lifts
from review_queue.records import Reviewer
from review_queue.store import open_store

_DANA, _BERIK = (Reviewer(name, name.title(), "supervisor") for name in ("dana", "berik"))
_AFTERWARDS = datetime(2100, 1, 1, tzinfo=UTC)
_T = TypeVar("_T")


def _line(number: int, rows: int) -> str:
    name = f"n{number * 7919 % rows:07}.zz-qalqan.kz"  # in no order
    return json.dumps(
        {
            "schema": 2, "id": secrets.token_hex(12), "granularity": ("host", "subtree")[number % 2], "name": name,
            "unicode_name": name, "category": "violence", "reason": {"code": "VI-1", "version": 1},
            "legal_ground": {"code": "SAMPLE-1", "version": 1}, "case": "", "decisions": [],
            "papers": [f"Order {number // 100} of 2025"], "people": 2, "overrides": [],
            "listed_at": f"2025-01-{number % 28 + 1:02}T08:00:00.000Z", "review_at": "", "expires_at": "", "appeal": "",
        }
    )  # fmt: skip


def _timed(what: str, work: Callable[[], _T]) -> _T:
    clock, core = time.perf_counter(), time.process_time()
    found = work()
    print(
        f"{what:12} {time.perf_counter() - clock:8.2f} s {time.process_time() - core:8.2f} s of a core",
        flush=True,
    )
    return found


def _measure(folder: Path, rows: int) -> None:
    file = folder / "old.jsonl"
    with file.open("w", encoding="ascii") as lines:
        lines.writelines(f"{_line(number, rows)}\n" for number in range(rows))
    with open_store(folder / "data") as store:
        judge = _timed("guards", lambda: judge_of(store))
        taken = _timed(
            "import",
            lambda: take_over(
                store, file, source="A benchmark", person=_DANA, judge=judge, on_bad=print
            ),
        )
        _timed("sign", lambda: imports.sign(store, taken.import_id, _BERIK))
        found = _timed("read back", lambda: sum(1 for _ in entries.live(store)))
        _timed("a page", lambda: entries.page(store, offset=rows // 2, limit=100))
        assert found == rows, found
    with open_store(folder / "data", clock=lambda: _AFTERWARDS) as store:
        ended = _timed("all ended", lambda: len(lifts.lift_expired(store)))
        assert ended == rows, ended
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at the most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--folder", type=Path, help="Where to work.  [default: a temporary folder]")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        _measure(Path(folder), given.rows)


if __name__ == "__main__":
    main()
