"""What became of listed sites: a row for each time somebody looked, kept for good."""

from typing import Final

from review_queue import rules

STATEMENTS: Final = (
    """CREATE TABLE rechecks (
    id INTEGER PRIMARY KEY,
    entry_id TEXT NOT NULL CHECK (entry_id <> ''),
    checked_at TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('still_there', 'changed', 'gone', 'unreachable')),
    page_id INTEGER REFERENCES pages(id),
    error TEXT NOT NULL,
    score REAL,
    round_id INTEGER REFERENCES rounds(id),
    CHECK (page_id IS NOT NULL OR error <> ''),  -- each rests on a page, or on why there was none
    CHECK (outcome <> 'still_there' OR page_id IS NOT NULL)
) STRICT""",
    "CREATE INDEX rechecks_entry ON rechecks(entry_id, id)",
    *rules.append_only("rechecks", "what was found at a listed site", "id"),
)
