"""The pages that no program could read, for a person to look at: none is dropped because it broke its reader."""

from typing import Final

STATEMENTS: Final = (
    """CREATE TABLE unread (
    page_id INTEGER PRIMARY KEY REFERENCES pages(id),
    reason TEXT NOT NULL CHECK (reason IN ('time', 'memory', 'died', 'failed')),
    found_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'nothing', 'case')),
    looked_by TEXT NOT NULL DEFAULT '',
    looked_at TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    CHECK ((state = 'waiting') = (looked_by = ''))
) STRICT""",
    "CREATE INDEX unread_waiting ON unread(page_id) WHERE state = 'waiting'",
    """CREATE TRIGGER unread_settled_once BEFORE UPDATE ON unread WHEN OLD.state <> 'waiting' BEGIN
        SELECT RAISE(ABORT, 'refused: somebody has already said what this page is'); END""",
    """CREATE TRIGGER unread_keep BEFORE UPDATE OF page_id, reason, found_at ON unread BEGIN
        SELECT RAISE(ABORT, 'refused: why a page could not be read is never changed'); END""",
    """CREATE TRIGGER unread_no_replace BEFORE INSERT ON unread
        WHEN EXISTS (SELECT 1 FROM unread WHERE page_id = NEW.page_id) BEGIN
        SELECT RAISE(ABORT, 'refused: an unread page is never replaced'); END""",
    """CREATE TRIGGER unread_settled_stays BEFORE DELETE ON unread WHEN OLD.state <> 'waiting' BEGIN
        SELECT RAISE(ABORT, 'refused: what a person said of an unread page is never deleted'); END""",
)
