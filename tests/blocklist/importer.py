"""Files of an older registry, and what imports them."""

import json
from pathlib import Path
from typing import Any

from blocklist.guard_data import load
from blocklist.importing import Taken, take_over
from blocklist.judging import Judge
from review_queue.records import BadRow
from review_queue.store import Store
from tests.review_queue.lives import DANA

NOW = "2026-11-01T09:00:00.000Z"


def a_row(name: str = "n0001.zz-qalqan.kz", **changes: Any) -> dict[str, Any]:  # any JSON
    """A good row, as the older registry wrote it."""
    return {
        "schema": 2,
        "id": f"old-{name[:5]}" if name[:5].isalnum() and name.isascii() else "old",
        "granularity": "host",
        "name": name,
        "unicode_name": name,
        "category": "violence",
        "reason": {"code": "VI-1", "version": 1},
        "legal_ground": {"code": "SAMPLE-1", "version": 1},
        "case": "A-17",
        "decisions": ["d1", "d2"],
        "papers": ["Order 7 of 2026-01-31"],
        "people": 3,
        "overrides": [],
        "listed_at": "2026-01-31T08:00:00.000Z",
        "review_at": "2026-12-01T08:00:00.000Z",
        "expires_at": "2027-12-01T08:00:00.000Z",
        "appeal": "",
        **changes,
    }


def a_line(*given: Any, **changes: Any) -> bytes:  # any JSON
    return json.dumps(a_row(*given, **changes)).encode()


class Importer:
    """Imports files into a store, and keeps what it was told of bad rows."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.path = folder / "old.jsonl"
        self.bad: list[BadRow] = []

    def __call__(self, *lines: bytes) -> Taken:
        self.path.write_bytes(b"\n".join(lines) + b"\n")
        self.bad = []
        return take_over(
            self.store,
            self.path,
            source="The older registry",
            person=DANA,
            judge=Judge(self.store, load(None)),
            on_bad=self.bad.append,
        )
