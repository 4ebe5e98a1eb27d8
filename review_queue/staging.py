"""Where the rows of an import stand before they are the store's: checked there against each other and the store.

They come in between other people's writes, some thousands at a time, since a decision waits no longer than 30 s for
the store and a million rows take longer. What a killed import left, which nobody has signed, the next one clears away.
"""

import fcntl
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

from review_queue import terms
from review_queue.categories import Scope
from review_queue.errors import StoreBusyError
from review_queue.records import BadRow, Entry
from review_queue.store import TURN_S, Store, Value, failures
from review_queue.wider import blocks_over

_LOCK: Final = ".import.lock"
_BATCH: Final = 20_000
# of the index of ids, which come in no order; 2 MiB, the default, take twice as long
_CACHE_KIB: Final = 65_536

_COLUMNS: Final = (
    "line, name, scope, id, unicode_name, category, policy_code, policy_version, ground_code, ground_version,"
    " listed_at, review_at, expires_at, papers"
)
_STAGE: Final = (
    f"INSERT INTO temp.staged({_COLUMNS}) VALUES ({', '.join('?' * (_COLUMNS.count(',') + 1))})"
)
_TABLES: Final = (
    # whoever was stopped within this very connection may have left them
    "DROP TABLE IF EXISTS temp.staged",
    "DROP TABLE IF EXISTS temp.staged_bad",
    "DROP TABLE IF EXISTS temp.staged_order",
    f"CREATE TEMP TABLE staged ({_COLUMNS.replace('line,', 'line INTEGER PRIMARY KEY,', 1)})",
    "CREATE TEMP TABLE staged_bad (line INTEGER PRIMARY KEY, reason TEXT)",
)
# made when all rows are there: sorting them once takes less time than keeping them sorted
_INDEXES: Final = (
    "CREATE INDEX temp.staged_id ON staged(id)",
    "CREATE INDEX temp.staged_block ON staged(name, scope, category)",
)
_SAME_BLOCK: Final = "s.name = e.name AND s.scope = e.scope AND s.category = e.category"
# what has ended is in nobody's way; to lift it is a publication's business, which looks at the clock first
_ENDED: Final = """coalesce((SELECT r.expires_at FROM renewed r WHERE r.entry_id = e.id), e.expires_at)
    BETWEEN '0' AND :now"""
# a block and the reason against it, some at a time, and the rows that are about such a block
_ABOUT: Final = """SELECT s.line, json_extract(b.value, '$[2]') AS reason FROM json_each(:blocks) b
    CROSS JOIN {rows} s ON s.name = json_extract(b.value, '$[1]') AND s.scope = json_extract(b.value, '$[0]')
    WHERE {among}"""
# why a row is left out, the first reason that holds
_CHECKS: Final = (
    """SELECT s.line, 'its id stands in line ' || a.line || ' already'
        FROM (SELECT id, min(line) AS line FROM staged GROUP BY id HAVING count(*) > 1) a
        JOIN staged s ON s.id = a.id WHERE s.line > a.line""",
    """SELECT s.line, 'the same block stands in line ' || e.line || ' already'
        FROM (SELECT name, scope, category, min(line) AS line FROM staged
            GROUP BY name, scope, category HAVING count(*) > 1) e
        JOIN staged s ON s.name = e.name AND s.scope = e.scope AND s.category = e.category WHERE s.line > e.line""",
    """SELECT s.line, 'its reason, ' || s.policy_code || ' version ' || s.policy_version
            || ', is no policy of this store for the category'
        FROM staged s WHERE NOT EXISTS (SELECT 1 FROM policies p WHERE p.code = s.policy_code
            AND p.version = s.policy_version AND p.category = s.category)""",
    """SELECT s.line, 'its legal ground, ' || s.ground_code || ' version ' || s.ground_version
            || ', is none of this store'
        FROM staged s WHERE NOT EXISTS (SELECT 1 FROM legal_grounds g WHERE g.code = s.ground_code
            AND g.version = s.ground_version)""",
    f"""SELECT s.line, 'the block is on the list already, as entry ' || e.id
        FROM live_entries e CROSS JOIN staged s ON {_SAME_BLOCK} WHERE NOT {_ENDED}""",
    f"""SELECT s.line, CASE (SELECT count(*) FROM import_signatures n WHERE n.import_id = e.import_id)
            WHEN 1 THEN 'the block waits for a second person in import ' || e.import_id
            ELSE 'the block is on the list already, as entry ' || e.id END
        FROM staged s JOIN imported_entries e ON {_SAME_BLOCK}
        WHERE NOT EXISTS (SELECT 1 FROM import_withdrawals w WHERE w.import_id = e.import_id)
            AND NOT EXISTS (SELECT 1 FROM lifts l WHERE l.entry_id = e.id) AND NOT {_ENDED}""",
    """SELECT s.line, 'an entry has the id ' || s.id || ' already' FROM staged s
        WHERE EXISTS (SELECT 1 FROM imported_entries i WHERE i.id = s.id)
            OR EXISTS (SELECT 1 FROM entries e WHERE e.id = s.id)""",
)
_GOOD: Final = "line NOT IN (SELECT line FROM staged_bad)"
# what nobody signed, and what was withdrawn before it was ever on the list
_LEFT: Final = """SELECT i.id FROM imports i WHERE NOT EXISTS
        (SELECT 1 FROM import_signatures s WHERE s.import_id = i.id)
    UNION SELECT w.import_id FROM import_withdrawals w WHERE
        (SELECT count(*) FROM import_signatures s WHERE s.import_id = w.import_id) < 2"""


class Staged:
    """The rows of one import, beside the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.count = 0

    def fill(self, rows: Iterable[tuple[int, Entry] | BadRow]) -> None:
        """`rows` are here; an entry without dates has those of its category's term."""
        start, held = self._store.clock(), terms.current(self._store)
        usual = {kind: (one.review_at(start), one.expires_at(start)) for kind, one in held.items()}
        waiting = iter(rows)
        while batch := list(islice(waiting, _BATCH)):
            good = [
                _values(*row, *usual[row[1].category])
                for row in batch
                if not isinstance(row, BadRow)
            ]
            bad = [(row.line, row.reason) for row in batch if isinstance(row, BadRow)]
            with failures(self._store.path):
                self._store.run("BEGIN")
                self._store.run_many(_STAGE, good)
                self._store.run_many("INSERT INTO temp.staged_bad VALUES (?, ?)", bad)
                self._store.run("COMMIT")
        for statement in _INDEXES:
            self._store.run(statement)

    def check(self, on_bad: Callable[[BadRow], None]) -> int:
        """What stands in a row's way is told to `on_bad`, by line, and the row left out; returns how many were."""
        now = self._store.now()
        for check in _CHECKS:
            self._store.run(f"INSERT OR IGNORE INTO temp.staged_bad {check}", {"now": now})
        for one in _brought_back(self._store, "temp.staged", "1"):
            self._store.run(
                "INSERT OR IGNORE INTO temp.staged_bad VALUES (?, ?)", [one.line, one.reason]
            )
        bad = 0
        for row in self._store.rows("SELECT line, reason FROM temp.staged_bad ORDER BY line"):
            on_bad(BadRow(row["line"], row["reason"]))
            bad += 1
        self.count = int(self._store.value(f"SELECT count(*) FROM temp.staged WHERE {_GOOD}"))
        return bad

    def move_to(self, import_id: int) -> None:
        """The good rows are entries of the import, which nobody has signed yet."""
        self._store.run(
            f"CREATE TEMP TABLE staged_order AS SELECT line FROM staged WHERE {_GOOD} ORDER BY name, scope, id"
        )
        for start in range(1, self.count + 1, _BATCH):
            if start > 1:
                time.sleep(TURN_S)
            with self._store.atomic():
                self._store.run(
                    f"INSERT INTO imported_entries(import_id, {_COLUMNS})"
                    f" SELECT ?, {_COLUMNS.replace('line', 's.line', 1)} FROM temp.staged_order o"
                    " CROSS JOIN temp.staged s ON s.line = o.line WHERE o.rowid BETWEEN ? AND ?",
                    [import_id, start, start + _BATCH - 1],
                )


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """No other import is prepared meanwhile, and what one left that was stopped half-way is gone.

    Raises:
        StoreBusyError: another one is.
    """
    with store.path.with_name(_LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreBusyError(
                "another import is being prepared; wait for it to end, then try again"
            ) from None
        _clear(store)
        try:
            yield
        except BaseException:
            _clear(store)
            raise


@contextmanager
def staged(store: Store, rows: Iterable[tuple[int, Entry] | BadRow]) -> Iterator[Staged]:
    """`rows` stand beside the store for the block."""
    before = {name: store.value(f"PRAGMA {name}.cache_size") for name in ("main", "temp")}
    try:
        for name in before:
            store.run(f"PRAGMA {name}.cache_size = -{_CACHE_KIB}")
        for statement in _TABLES:
            store.run(statement)
        table = Staged(store)
        table.fill(rows)
        yield table
    finally:
        for statement in _TABLES[:3]:
            store.run(statement)
        for name, size in before.items():
            store.run(f"PRAGMA {name}.cache_size = {size}")


def lifted_since(store: Store, import_id: int) -> list[BadRow]:
    """The rows of the import that would bring back what was lifted, meanwhile or before, as wrong; by line."""
    found: dict[int, BadRow] = {}
    for row in _brought_back(store, "imported_entries", f"s.import_id = {import_id:d}"):
        found.setdefault(row.line, row)
    return [found[line] for line in sorted(found)]


def _brought_back(store: Store, rows: str, among: str) -> Iterator[BadRow]:
    """Those of the rows that would bring back what was lifted as wrong, whatever their category; some of them twice.

    The block itself would, and so would a wider one: a person whose host was lifted is not blocked by the domain above.
    """
    sql = _ABOUT.format(rows=rows, among=among)
    blocks = _against(store)
    while batch := list(islice(blocks, _BATCH)):
        for row in list(store.rows(sql, {"blocks": json.dumps(batch)})):
            yield BadRow(row["line"], row["reason"])


def _against(store: Store) -> Iterator[tuple[str, str, str]]:
    """Scope and name of each block that would bring back what was lifted as wrong, with the reason against it."""
    lifted = list(
        store.rows("SELECT DISTINCT scope, name, lifted_at, reason FROM wrongly_listed ORDER BY 3")
    )
    for row in lifted:
        when = f"was lifted here at {row['lifted_at']} ({row['reason']})"
        for scope, name in blocks_over(Scope(row["scope"]), row["name"]):
            is_itself = name == row["name"]
            yield scope, name, f"this block {when}" if is_itself else f"{row['name']} in it {when}"


def drop(store: Store, import_id: int) -> None:
    """The rows of an import that nobody signed, or that was withdrawn before it was on the list, are gone."""
    while True:
        with store.atomic():
            gone = store.run(
                "DELETE FROM imported_entries WHERE id IN"
                " (SELECT id FROM imported_entries WHERE import_id = ? LIMIT ?)",
                [import_id, _BATCH],
            )
        if gone < _BATCH:
            return
        time.sleep(TURN_S)


def _clear(store: Store) -> None:
    for row in list(store.rows(_LEFT)):
        drop(store, row["id"])
        store.run(
            "DELETE FROM imports WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM import_signatures s WHERE s.import_id = ?1)",
            [row["id"]],
        )


def _values(line: int, entry: Entry, review_at: str, expires_at: str) -> tuple[Value, ...]:
    return (
        line,
        entry.name,
        entry.scope,
        entry.id,
        entry.unicode_name,
        entry.category,
        entry.policy_code,
        entry.policy_version,
        entry.legal_ground_code,
        entry.legal_ground_version,
        entry.listed_at,
        entry.review_at or review_at,
        entry.expires_at or expires_at,
        "\n".join(entry.papers),
    )
