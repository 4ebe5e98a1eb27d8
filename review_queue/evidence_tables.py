"""Where the evidence lies: WARC files, the captures in them, daily manifests and their time-stamps.

All four are append-only. A capture begins where the one before it ended, so that every byte of a file has its row.
"""

from typing import Final

from review_queue.rules import append_only

# No UNIQUE on the record ids: a file and an offset name a record, and each further key would cost every page.
_TABLES: Final = (
    """CREATE TABLE warc_files (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,  -- below warc/ in the data folder
    opened_at TEXT NOT NULL,
    info_length INTEGER NOT NULL CHECK (info_length > 0),  -- the warcinfo record, at the file's beginning
    info_sha256 TEXT NOT NULL CHECK (length(info_sha256) = 64)
) STRICT""",
    """CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    page_id INTEGER NOT NULL REFERENCES pages(id),
    file_id INTEGER NOT NULL REFERENCES warc_files(id),
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,  -- of the response record and the request record after it, as stored
    response_length INTEGER NOT NULL CHECK (response_length > 0 AND response_length < length),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),  -- of both records, as stored
    payload_sha256 TEXT NOT NULL CHECK (length(payload_sha256) = 64),  -- of the body as received
    response_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    refers_to INTEGER REFERENCES captures(id),  -- the capture that holds the payload, where this one does not
    fetched_at TEXT NOT NULL,
    ip TEXT NOT NULL,
    tls TEXT NOT NULL CHECK (tls = '' OR json_valid(tls)),
    truncated TEXT NOT NULL,
    UNIQUE (file_id, offset)
) STRICT""",
    "CREATE INDEX captures_page ON captures(page_id)",
    """CREATE TABLE manifests (
    seq INTEGER PRIMARY KEY CHECK (seq > 0),
    name TEXT NOT NULL UNIQUE,  -- of its file in evidence/manifests
    made_at TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    content BLOB NOT NULL
) STRICT""",
    """CREATE TABLE timestamps (
    id INTEGER PRIMARY KEY,
    manifest_seq INTEGER NOT NULL UNIQUE REFERENCES manifests(seq),
    authority TEXT NOT NULL,
    stamped_at TEXT NOT NULL,
    token BLOB NOT NULL  -- the authority's answer, DER
) STRICT""",
)

_RULES: Final = (
    *append_only("warc_files", "a WARC file", "id", "name"),
    *append_only("captures", "a capture", "id", "file_id, offset"),
    *append_only("manifests", "a manifest", "seq", "name"),
    *append_only("timestamps", "a time-stamp", "id", "manifest_seq"),
    """CREATE TRIGGER captures_follow BEFORE INSERT ON captures
        WHEN NEW.offset IS NOT coalesce(
            (SELECT offset + length FROM captures WHERE file_id = NEW.file_id ORDER BY offset DESC LIMIT 1),
            (SELECT info_length FROM warc_files WHERE id = NEW.file_id))
        BEGIN SELECT RAISE(ABORT, 'refused: a capture begins where the one before it ended'); END""",
    """CREATE TRIGGER manifests_follow BEFORE INSERT ON manifests
        WHEN NEW.seq IS NOT (SELECT count(*) + 1 FROM manifests)
        BEGIN SELECT RAISE(ABORT, 'refused: a manifest comes after the last one'); END""",
)

STATEMENTS: Final = (*_TABLES, *_RULES)
