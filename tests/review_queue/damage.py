"""Stores as a failing disc leaves them."""

import sqlite3
from pathlib import Path

_EMPTY_INDEX = (
    b"\x0a\0\0\0\0"  # a leaf without cells; then where its content begins, and no loose bytes
)


def overwritten(path: Path, table: str) -> None:
    """The first page of the table is no page any more."""
    number, size = _place(path, table)
    _write(path, number, b"\xff" * size)


def emptied(path: Path, index: str) -> None:
    """The index holds nothing, as if it had not been written to the disc."""
    number, size = _place(path, index)
    _write(path, number, _EMPTY_INDEX + size.to_bytes(2, "big") + bytes(size - 7))


def _place(path: Path, name: str) -> tuple[int, int]:
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (number,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", [name]
        ).fetchone()
    finally:
        connection.close()
    return number, size


def _write(path: Path, number: int, page: bytes) -> None:
    with path.open("r+b") as file:
        file.seek((number - 1) * len(page))
        file.write(page)
