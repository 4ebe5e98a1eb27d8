"""How a round of crawling went on: a row every few seconds while it runs, and one at its end."""

from typing import Final

STATEMENTS: Final = (
    """CREATE TABLE round_progress (
    round_id INTEGER NOT NULL REFERENCES rounds(id),
    at TEXT NOT NULL,
    pages INTEGER NOT NULL,
    errors_json TEXT NOT NULL CHECK (json_valid(errors_json)),
    bytes INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    sites INTEGER NOT NULL,
    harvested INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (round_id, at)
) STRICT, WITHOUT ROWID""",
)
