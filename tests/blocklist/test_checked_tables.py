"""What a list is made of is looked at for damage before it is made."""

import sqlite3
from pathlib import Path

from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.publish import export
from review_queue import soundness
from review_queue.categories import Scope
from review_queue.overrides import Guard
from review_queue.store import Store
from tests.blocklist.approvals import agree, approve, case_of
from tests.builders import captured


def test_a_list_is_made_of_tables_that_are_looked_at(store: Store, tmp_path: Path) -> None:
    approve(store, "casino.example")
    captured(store, "93.184.216.34", "bad.zz-qalqan.kz", "one-qalqan.kz")
    case = case_of(store, "bad.zz-qalqan.kz")
    agree(store, case, "93.184.216.34", Scope.IP, people=3)
    read: set[str] = set()

    def note(action: int, table: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ and table:
            read.add(table)
        return sqlite3.SQLITE_OK

    store.db.conn.set_authorizer(note)
    report = admit(store)
    export(store, tmp_path / "lists", tuple(FORMATS), actor="test")

    assert [each.guard for each in report.refused] == [Guard.SHARED_ADDRESS]
    assert {"entries", "captures", "lifts"} <= read
    assert read & soundness.CRAWLED == {"pages"}  # by number alone: a damaged one cannot be read
