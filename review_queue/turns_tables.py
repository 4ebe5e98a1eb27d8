"""Whose turn each site is: one crawl at a time asks it, so that no two together ask it more often than either may.

No REFERENCES: these rows follow from others, and a check of each would cost as much as the row.
"""

from typing import Final

STATEMENTS: Final = (
    """CREATE TABLE site_turns (
    site TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    asked_at TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
)
