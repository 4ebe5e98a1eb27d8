"""Stores that earlier versions left: their frontier is crawled on where it stood."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from review_queue import frontier
from review_queue.errors import RefusedError
from review_queue.schema import migrations
from review_queue.store import FILE_NAME, open_store

ROWS = (
    ("http://one.example/", "one.example", 0, 0, "done", "2026-01-01", "", ""),
    ("http://one.example/a", "one.example", 1, 0, "leased", "2026-01-01", "9:9", "2100-01-01"),
    ("http://one.example/b", "one.example", 1, 0, "waiting", "2026-01-01", "", ""),
    ("http://two.example/", "two.example", 0, 5, "waiting", "2026-01-01", "", ""),
)


@pytest.fixture(
    params=[
        "0004_disguised",
        "0005_set_thresholds",
        "0006_lineup",
        "0007_evidence",
        "0008_unread",
        "0009_focus",
        "0010_round_progress",
        "0011_screenshots",
        "0014_order",
        "0015_life_of_an_entry",
        "0022_threshold_models",
    ]
)
def older(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A store as an earlier version left it in the middle of a round, from the first version on."""
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    migrations.apply(Database(connection), stop_before=request.param)
    connection.executemany(
        "INSERT INTO sites VALUES (?, '2026')", [("one.example",), ("two.example",)]
    )
    connection.executemany(
        "INSERT INTO frontier(url, site, depth, priority, state, due_at, lease_owner, lease_until)"
        " VALUES (?,?,?,?,?,?,?,?)",
        ROWS,
    )
    connection.execute("INSERT INTO rounds(id, opened_at, policy) VALUES (1, '2026', '{}')")
    connection.executemany(
        "INSERT INTO round_sites VALUES (1, ?, 1)", [("one.example",), ("two.example",)]
    )
    connection.close()
    return tmp_path


def test_a_round_of_an_older_store_is_claimed_on(older: Path) -> None:
    with open_store(older, create=False) as store:
        claims = frontier.claim(store, 1, count=9, owner="me", lease_s=60, per_site=2)

        assert [claim.url for claim in claims] == ["http://two.example/", "http://one.example/b"]
        assert frontier.pending(store, 1) == 3


def test_an_older_store_gives_a_dead_owners_rows_to_a_new_round(older: Path) -> None:
    with open_store(older, create=False) as store:
        assert frontier.release(store, lambda _: False) == 1
        sites = ["one.example", "two.example"]
        round_id = frontier.open_round(store, sites=sites, policy={}, max_pages=9)
        claims = frontier.claim(store, round_id, count=9, owner="me", lease_s=60, per_site=9)

        assert [claim.url for claim in claims] == [
            "http://two.example/", "http://one.example/", "http://one.example/a", "http://one.example/b",
        ]  # fmt: skip


def test_entries_of_an_older_store_have_the_usual_term(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    migrations.apply(Database(connection), stop_before="0015_life_of_an_entry")
    for trigger in ("entries_rest_on_people", "entries_keep_decisions"):
        connection.execute(f"DROP TRIGGER {trigger}")  # the people are not what is looked at here
    connection.executemany(
        "INSERT INTO entries VALUES (?, 1, 'host', ?, ?, 'violence', 'VI-1', 1, 'SAMPLE-1', 1, ?)",
        [
            ("e1", "one.example", "one.example", "2026-03-01T09:00:00.250Z"),
            ("e2", "two.example", "two.example", "nobody knows"),
        ],
    )
    connection.close()

    with open_store(tmp_path, create=False) as store:
        rows = list(store.rows("SELECT id, review_at, expires_at FROM entries ORDER BY id"))
        assert [tuple(row.values()) for row in rows] == [
            ("e1", "2026-08-28T09:00:00.250Z", "2028-02-29T09:00:00.250Z"),
            ("e2", "nobody knows", ""),
        ]
        with pytest.raises(RefusedError, match="never changed"):
            store.run("UPDATE entries SET expires_at = ''")
