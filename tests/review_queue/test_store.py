"""Opening the store: new, old, too new, damaged, read-only, full."""

import os
import sqlite3
from pathlib import Path

import pytest

from review_queue import audit, seeds
from review_queue.errors import (
    DiskFullError,
    RefusedError,
    StoreBusyError,
    StoreDamagedError,
    StoreMissingError,
    StoreReadOnlyError,
    StoreTooNewError,
)
from review_queue.records import Seed
from review_queue.store import FILE_NAME, Store, open_store


class PowerCutError(Exception):
    """Whatever ends a block half way."""


def test_a_new_store_is_durable_and_strict(store: Store) -> None:
    assert store.value("PRAGMA journal_mode") == "wal"
    assert store.value("PRAGMA synchronous") == 2  # FULL
    assert store.value("PRAGMA foreign_keys") == 1
    loose = store.rows(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0"
    )
    assert {row["name"] for row in loose} <= {"_sqlite_migrations", "sqlite_schema"}


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    with open_store(tmp_path) as first:
        seeds.add(first, [Seed("http://one.example/")])
    with open_store(tmp_path, create=False) as second:
        assert [seed.url for seed in seeds.listing(second)] == ["http://one.example/"]


def test_no_store_is_made_where_one_was_expected(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="qalqan crawl"):
        open_store(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with open_store(tmp_path) as opened:
        opened.run(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at)"
            " VALUES ('qalqan', '9999_future', '2030')"
        )
    with pytest.raises(StoreTooNewError, match="update this program"):
        open_store(tmp_path)


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database, but long enough to be read as one" * 40)
    with pytest.raises(StoreDamagedError, match="backup"):
        open_store(tmp_path)


def test_an_emptied_store_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    with pytest.raises(StoreDamagedError, match="backup"):
        open_store(tmp_path, create=False)


def test_a_newer_store_is_not_written_to(tmp_path: Path) -> None:
    with open_store(tmp_path) as opened:
        opened.run("UPDATE _sqlite_migrations SET name = '9999_future' WHERE name = '0003_samples'")
        opened.run("PRAGMA journal_mode = DELETE")
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StoreTooNewError):
        open_store(tmp_path)

    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_broken_characters_are_refused(store: Store) -> None:
    with pytest.raises(RefusedError, match="broken characters"):
        audit.append(store, actor="\ud83d", action="b", subject="c", detail={})


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreMissingError, match="--data"):
        open_store(tmp_path / "file" / "data")


def test_a_path_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StoreMissingError, match="rights"):
        open_store(tmp_path)


def test_a_full_disk_is_named_and_nothing_committed_is_lost(store: Store) -> None:
    audit.append(store, actor="a", action="b", subject="c", detail={})
    pages = store.value("PRAGMA page_count")
    store.run(f"PRAGMA max_page_count = {pages}")

    def much() -> None:
        with store.atomic():
            for number in range(2000):
                audit.append(
                    store, actor="a", action="b", subject=str(number), detail={"x": "y" * 500}
                )

    with pytest.raises(DiskFullError, match="free some space"):
        much()
    store.run("PRAGMA max_page_count = 1000000")

    assert audit.verify(store).seq == 1
    audit.append(store, actor="a", action="b", subject="after", detail={})
    assert audit.verify(store).seq == 2


def test_a_store_that_stays_locked_is_named(tmp_path: Path) -> None:
    with open_store(tmp_path) as opened:
        holder = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        opened.run("PRAGMA busy_timeout = 1")
        with pytest.raises(StoreBusyError, match="another process"), opened.atomic():
            pass
        holder.close()


def test_a_block_of_writes_that_fails_leaves_nothing(store: Store) -> None:
    def half() -> None:
        with store.atomic():
            seeds.add(store, [Seed("http://one.example/")])
            raise PowerCutError

    with pytest.raises(PowerCutError):
        half()
    assert seeds.listing(store) == []


def test_an_inner_block_that_fails_leaves_the_outer_one(store: Store) -> None:
    def inner() -> None:
        with store.atomic():
            seeds.add(store, [Seed("http://two.example/")])
            raise PowerCutError

    with store.atomic():
        seeds.add(store, [Seed("http://one.example/")])
        with pytest.raises(PowerCutError):
            inner()
    assert [seed.url for seed in seeds.listing(store)] == ["http://one.example/"]


@pytest.fixture
def only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store that another account wrote long ago and this one may only read."""
    with open_store(tmp_path) as opened:
        seeds.add(opened, [Seed("http://one.example/")])
    os.utime(tmp_path / FILE_NAME, (1, 1))
    monkeypatch.setattr("review_queue.store._can_write", lambda _path: False)
    return tmp_path


def _read(folder: Path, *, is_written: bool, is_damaged: bool) -> list[str]:
    """What was read, which somebody else wrote to or looked damaged meanwhile."""
    with open_store(folder, for_reading=True) as reading:
        found = [seed.url for seed in seeds.listing(reading)]
        if is_written:
            with open_store(folder) as writing:
                seeds.add(writing, [Seed("http://two.example/")])
        if is_damaged:
            raise StoreDamagedError
        return found


@pytest.mark.parametrize("is_damaged", [True, False])
def test_what_others_write_to_while_it_is_read_is_to_be_read_again(
    only_read: Path, *, is_damaged: bool
) -> None:
    with pytest.raises(StoreReadOnlyError, match="run the same command again"):
        _read(only_read, is_written=True, is_damaged=is_damaged)


def test_what_looks_damaged_is_so_where_nobody_wrote(only_read: Path) -> None:
    with pytest.raises(StoreDamagedError):
        _read(only_read, is_written=False, is_damaged=True)


def test_an_old_store_that_nobody_writes_to_is_read(only_read: Path) -> None:
    assert _read(only_read, is_written=False, is_damaged=False) == ["http://one.example/"]
