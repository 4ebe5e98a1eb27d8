"""Pictures of pages as a browser showed them: small and blurred, for the review pages; a sharp one never lies here."""

from typing import Final

from review_queue.rules import append_only

STATEMENTS: Final = (
    """CREATE TABLE screenshots (
    page_id INTEGER PRIMARY KEY REFERENCES pages(id),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    png BLOB NOT NULL CHECK (length(png) <= 524288 AND substr(png, 1, 8) = x'89504e470d0a1a0a'),
    made_at TEXT NOT NULL,
    blurred INTEGER NOT NULL CHECK (blurred = 1)
) STRICT""",
    *append_only("screenshots", "a screenshot", "page_id", "page_id"),
)
