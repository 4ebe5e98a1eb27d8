"""However long a list is: it is taken over, read and ended without ever being in memory as a whole."""

import tracemalloc
from collections.abc import Iterator

import pytest

from review_queue import entries, imports, staging
from review_queue.records import Entry
from review_queue.store import Store
from tests.review_queue.lives import BERIK, DANA, taken_over

ROWS = 8000
_MOST_BYTES = 2_000_000  # as objects all rows take 8 MB


def _rows() -> Iterator[tuple[int, Entry]]:
    for number in range(ROWS):
        yield number, taken_over(f"n{number:06}.example", entry_id=f"e{number}")


@pytest.fixture
def measured() -> Iterator[None]:
    """The memory of the test is watched."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("measured")
def test_a_long_list_is_taken_over_and_read_in_little_memory(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_BATCH", 500)
    monkeypatch.setattr(staging, "TURN_S", 0)
    number = imports.prepare(store, source="S", file_sha256="a" * 64, rows=_rows(), person=DANA)
    imports.sign(store, number, BERIK)
    assert tracemalloc.get_traced_memory()[1] < _MOST_BYTES

    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    assert sum(1 for _ in entries.live(store)) == ROWS
    assert tracemalloc.get_traced_memory()[1] - before < _MOST_BYTES // 10

    tracemalloc.reset_peak()
    whole = list(entries.live(store))  # what it is measured against
    assert len(whole) == ROWS
    assert tracemalloc.get_traced_memory()[1] - before > 3 * _MOST_BYTES


def test_the_live_entries_come_in_order_without_being_sorted(store: Store) -> None:
    asked: list[str] = []
    store.db.conn.set_trace_callback(asked.append)
    assert next(entries.live(store), None) is None
    store.db.conn.set_trace_callback(None)

    steps = [row["detail"] for row in store.rows(f"EXPLAIN QUERY PLAN {asked[-1]}")]
    imported = steps[steps.index("RIGHT") :]
    assert "SCAN e" in imported
    assert not any("TEMP B-TREE" in step for step in imported)
