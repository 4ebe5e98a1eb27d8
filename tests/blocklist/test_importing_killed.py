"""An import that is killed half-way: nothing of it counts, nobody waited for it, and the next one is whole."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from blocklist.guard_data import load
from blocklist.importing import take_over
from blocklist.judging import Judge
from review_queue import audit, entries, imports
from review_queue.store import Store, open_store
from tests.blocklist.importer import a_line
from tests.review_queue.lives import BERIK, DANA

ROWS = 2000
# in small steps, so that it is killed between two of them
PROGRAM = """
import sys
from pathlib import Path
from blocklist.guard_data import load
from blocklist.importing import take_over
from blocklist.judging import Judge
from review_queue import staging
from review_queue.records import Reviewer
from review_queue.store import open_store
staging._BATCH = 100
with open_store(Path(sys.argv[1])) as store:
    take_over(store, Path(sys.argv[2]), source="S", person=Reviewer("dana", "Dana", "senior"),
              judge=Judge(store, load(None)), on_bad=print)
print("done")
"""


def _moved(store: Store) -> int:
    return int(store.value("SELECT count(*) FROM imported_entries"))


def test_what_was_killed_counts_for_nothing_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    file = tmp_path / "old.jsonl"
    file.write_bytes(
        b"\n".join(a_line(f"n{number:05}.zz-qalqan.kz", id=f"old-{number}") for number in range(ROWS))
    )  # fmt: skip
    with open_store(tmp_path / "data") as store:
        for most in (0, 300):
            child = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(tmp_path / "data"), str(file)],
                stdout=subprocess.PIPE,
            )
            while _moved(store) <= most:
                assert child.poll() is None, "it ended before it was killed"
                time.sleep(0.001)
            audit.append(store, actor="dana", action="tried", subject="meanwhile", detail={})
            child.send_signal(signal.SIGKILL)
            assert child.communicate(timeout=30)[0] == b""
            assert 0 < _moved(store) < ROWS
            assert (imports.all_of(store), list(entries.live(store))) == ([], [])

        taken = take_over(
            store, file, source="S", person=DANA, judge=Judge(store, load(None)), on_bad=print
        )
        imports.sign(store, taken.import_id, BERIK)

        assert [entry.id for entry in entries.live(store)] == [f"old-{n}" for n in range(ROWS)]
        assert [row.action for row in reversed(audit.rows(store))] == [
            "tried", "tried", "import.prepared", "import.signed",
        ]  # fmt: skip
        audit.verify(store)
