"""Opens the one SQLite file all parts meet in, and turns SQLite's failures into errors with a way out."""

import os
import sqlite3
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlite_utils import Database

from review_queue.clock import Clock, iso, system_clock
from review_queue.errors import (
    DiskFullError,
    QalqanError,
    RefusedError,
    StoreBusyError,
    StoreDamagedError,
    StoreMissingError,
    StoreReadOnlyError,
    StoreTooNewError,
)
from review_queue.schema import migrations

FILE_NAME: Final = "qalqan.sqlite3"
_BUSY_TIMEOUT_S: Final = 30.0
# whoever waits for SQLite looks every 0.1 s at the most whether it is free: one who writes much pauses as long now and
# then, or nobody else gets a turn
TURN_S: Final = 0.12
Value = str | int | float | bytes | None


class Store:
    """An open store. One per thread and process; closed by `close` or a `with` block."""

    def __init__(
        self, path: Path, db: Database, clock: Clock, unchanged: tuple[int, int] | None = None
    ) -> None:
        self.path = path
        self.db = db
        self.clock = clock
        self._unchanged = (
            unchanged  # what the file was like where nothing keeps others from writing
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        is_told = error is None or isinstance(error, QalqanError)
        if is_told and self._unchanged and _state_of(self.path) != self._unchanged:
            # half old and half new: that it looks damaged means nothing, and neither does that it looks sound
            raise StoreReadOnlyError(
                f"{self.path} was written to while it was being read, so nothing that was read counts; run the same"
                " command again"
            ) from error

    def close(self) -> None:
        """The file is closed; what was committed stays."""
        self.db.close()

    def now(self) -> str:
        """The clock's time as ISO text."""
        return iso(self.clock())

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All writes of the block are committed together or not at all.

        The outermost block takes the write lock at once: a transaction that read first and writes later would be
        refused by SQLite when another process wrote in between.
        """
        with failures(self.path):
            if self.db.conn.in_transaction:
                with self.db.atomic():
                    yield
                return
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.conn.execute("COMMIT")
            except BaseException:
                self.db.rollback()
                raise

    def rows(
        self, sql: str, params: Sequence[Value] | Mapping[str, Value] = ()
    ) -> Generator[dict[str, Any], None, None]:
        """Each row of the query as a dict."""
        with failures(self.path):
            cursor = self.db.conn.execute(sql, params)
            names = [column[0] for column in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))

    def row(
        self, sql: str, params: Sequence[Value] | Mapping[str, Value] = ()
    ) -> dict[str, Any] | None:
        """The first row of the query, or None."""
        return next(iter(list(self.rows(sql, params))), None)

    def value(self, sql: str, params: Sequence[Value] | Mapping[str, Value] = ()) -> Any:  # noqa: ANN401  # SQL's own type
        """The first column of the first row, or None."""
        row = self.row(sql, params)
        return next(iter(row.values())) if row else None

    def run(self, sql: str, params: Sequence[Value] | Mapping[str, Value] = ()) -> int:
        """The statement was run; returns how many rows it changed."""
        with failures(self.path):
            return self.db.conn.execute(sql, params).rowcount

    def run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """The statement was run once for each of `rows`."""
        with failures(self.path):
            self.db.conn.executemany(sql, rows)


def open_store(
    data_dir: Path,
    *,
    clock: Clock = system_clock,
    create: bool = True,
    for_reading: bool = False,
    is_lent: bool = False,
    wait_s: float = _BUSY_TIMEOUT_S,
) -> Store:
    """Open the store in `data_dir`, bringing its schema up to date.

    `for_reading` opens one that cannot be written as it is: a copy on a disc that only reads, say.
    One that `is_lent` may be used by one thread after another; that no two use it at once is the lender's business.
    `wait_s` is how long it waits for another process that writes.

    Raises:
        StoreMissingError: there is none and `create` is false.
        StoreTooNewError: a newer version of this program has written it.
        StoreReadOnlyError: it cannot be written, and is of an older version or not whole without that. At the end of
            the `with` block: others wrote to it meanwhile.
        StoreDamagedError: the file is not a store.
        DiskFullError: there is no room to create or update it.
        StoreBusyError: another process is holding it.
    """
    path = data_dir / FILE_NAME
    if for_reading and path.is_file() and not _can_write(path):
        unchanged = None if _journal(path).exists() else _state_of(path)
        return Store(path, _opened_as_it_is(path), clock, unchanged)
    if not create and not path.exists():
        raise StoreMissingError(
            f"no store at {path}; name its folder with --data, or begin one with `qalqan crawl` or `qalqan entries"
            " import`"
        )
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreMissingError(
            f"cannot make the folder {data_dir}: {error.strerror}; choose another --data"
        ) from None
    with failures(path):
        connection = sqlite3.connect(
            path, timeout=wait_s, isolation_level=None, check_same_thread=not is_lent
        )
    try:
        db = _prepared(path, connection, create=create)
    except BaseException:
        connection.close()
        raise
    return Store(path, db, clock)


def _prepared(path: Path, connection: sqlite3.Connection, *, create: bool) -> Database:
    with failures(path):
        db = _recognised(path, connection, create=create)
        # only now is anything written: a store that is refused stays as it was
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: a decision the officer saw accepted survives a power cut (NORMAL lost 840 of 978 in measurement)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if migrations.pending(db):
            # the lock first: two processes that open a new store together must not both create it
            connection.execute("BEGIN IMMEDIATE")
            migrations.apply(db)
            connection.execute("COMMIT")
        return db


def _recognised(path: Path, connection: sqlite3.Connection, *, create: bool) -> Database:
    db = Database(connection, execute_plugins=False)
    ours = {migration.name for migration in migrations.pending(Database(memory=True))}
    applied = [done.name for done in migrations.applied(db)]
    newer = [name for name in applied if name not in ours]
    if newer:
        raise StoreTooNewError(
            f"{path} was written by a newer Qalqan ({newer[-1]}); update this program"
        )
    if not applied and not create:
        raise StoreDamagedError(f"{path} holds no store; restore it from a backup")
    return db


def _can_write(path: Path) -> bool:
    # SQLite puts a journal beside the file: the folder counts as much as the file
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _state_of(path: Path) -> tuple[int, int]:
    """When the file was last written to, and its size; zeros where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _opened_as_it_is(path: Path) -> Database:
    """A store in a place that cannot be written, none of it changed."""
    # What was written last may lie in the journal: then SQLite has to read it, for which it needs its index as well.
    # Without a journal there is nothing to wait for, and nothing SQLite could make for itself here.
    how = "mode=ro" if _journal(path).exists() else "mode=ro&immutable=1"
    with failures(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None
        )
    try:
        with failures(path):
            db = _recognised(path, connection, create=False)
            _refuse_older(path, db)
    except StoreMissingError as error:
        connection.close()
        raise StoreReadOnlyError(
            f"{path} cannot be read where nothing can be written, because of {_journal(path).name} beside it: copy"
            " both to a place that can be written, and name that with --data"
        ) from error
    except BaseException:
        connection.close()
        raise
    return db


def _refuse_older(path: Path, db: Database) -> None:
    if pending := migrations.pending(db):
        raise StoreReadOnlyError(
            f"{path} was written by an older Qalqan, before {pending[0].name}, and cannot be brought up to date"
            " where it is: copy its folder to a place that can be written, and name that with --data"
        )


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """SQLite's errors inside the block come out as errors that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except UnicodeEncodeError as error:
        raise RefusedError("the store takes no broken characters; write the text anew") from error


def _explained(path: Path, error: sqlite3.Error) -> QalqanError:
    text = str(error)
    if text.startswith("refused: "):
        return RefusedError(text.removeprefix("refused: "))
    if "locked" in text or "busy" in text:
        return StoreBusyError(
            f"{path} is held by another process; wait for it to end, then try again"
        )
    if "full" in text or "disk I/O" in text:
        return DiskFullError(
            f"no room left to write {path}; free some space and run the same command again"
        )
    if "readonly" in text or "unable to open" in text:
        return StoreMissingError(
            f"{path} cannot be opened for writing; check the folder and its rights"
        )
    if isinstance(error, sqlite3.IntegrityError):
        return RefusedError(f"the store refused this: {text}")
    return StoreDamagedError(
        f"{path} cannot be read as a Qalqan store ({text}); restore it from a backup"
    )
