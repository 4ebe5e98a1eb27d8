"""Overrides of guards: what for, whose signatures, what withdrew them, and the reserved names a demo may list.

All are append-only, and the two-person rule is in the store: an override stands once two different people have
signed it, and no longer once anyone has withdrawn it.
"""

from typing import Final

from review_queue.rules import append_only

_PERSON: Final = """reviewer_id TEXT NOT NULL COLLATE NOCASE
        CHECK (reviewer_id <> '' AND reviewer_id NOT GLOB '*[^A-Za-z0-9._-]*'
            AND length(reviewer_id) = length(CAST(reviewer_id AS BLOB))),  -- one spelling, so nobody is two people
    reviewer_name TEXT NOT NULL,
    reviewer_role TEXT NOT NULL"""
_GUARDS: Final = """'public_suffix', 'shared_platform', 'rank', 'cdn', 'never_block', 'protective',
        'shared_address', 'size'"""

_TABLES: Final = (
    f"""CREATE TABLE overrides (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    guard TEXT NOT NULL CHECK (guard IN ({_GUARDS})),
    scope TEXT NOT NULL CHECK (scope IN ('url', 'host', 'domain', 'ip', 'cidr', 'list')),
    name TEXT NOT NULL CHECK (name <> '' AND name NOT GLOB '*[^!-~]*' AND length(name) <= 2048),
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    asked_at TEXT NOT NULL,
    CHECK ((guard = 'size') = (scope = 'list'))
) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE override_signatures (
    override_id TEXT NOT NULL REFERENCES overrides(id),
    {_PERSON},
    signed_at TEXT NOT NULL,
    PRIMARY KEY (override_id, reviewer_id)
) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE override_withdrawals (
    override_id TEXT PRIMARY KEY REFERENCES overrides(id),
    {_PERSON},
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    withdrawn_at TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    # an entry of a case or one taken over from elsewhere: the two have tables of their own
    """CREATE TABLE entry_overrides (
    entry_id TEXT NOT NULL CHECK (entry_id <> ''),
    override_id TEXT NOT NULL REFERENCES overrides(id),
    PRIMARY KEY (entry_id, override_id)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE allowances (
    name TEXT PRIMARY KEY CHECK (name <> '' AND name NOT GLOB '*[^]a-z0-9.:_[-]*'),
    allowed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
)

_VIEWS: Final = (
    """CREATE VIEW open_overrides AS SELECT o.* FROM overrides o
        WHERE NOT EXISTS (SELECT 1 FROM override_withdrawals w WHERE w.override_id = o.id)""",
    """CREATE VIEW standing_overrides AS SELECT o.* FROM open_overrides o
        WHERE (SELECT count(DISTINCT s.reviewer_id) FROM override_signatures s WHERE s.override_id = o.id) >= 2""",
)

_RULES: Final = (
    *append_only("overrides", "an override", "id"),
    *append_only("override_signatures", "a signature", "override_id, reviewer_id")[:2],
    """CREATE TRIGGER override_signatures_no_replace BEFORE INSERT ON override_signatures
        WHEN EXISTS (SELECT 1 FROM override_signatures s
            WHERE s.override_id = NEW.override_id AND s.reviewer_id = NEW.reviewer_id)
        BEGIN SELECT RAISE(ABORT, 'refused: this person has signed this override; it needs another one'); END""",
    *append_only("override_withdrawals", "a withdrawal", "override_id"),
    *append_only(
        "entry_overrides", "which overrides an entry was listed over", "entry_id, override_id"
    ),
    *append_only("allowances", "an allowance", "name"),
    """CREATE TRIGGER overrides_asked_once BEFORE INSERT ON overrides
        WHEN EXISTS (SELECT 1 FROM open_overrides o
            WHERE o.guard = NEW.guard AND o.scope = NEW.scope AND o.name = NEW.name)
        BEGIN SELECT RAISE(ABORT, 'refused: this override was asked for already; sign or withdraw that one'); END""",
    """CREATE TRIGGER override_signatures_in_time BEFORE INSERT ON override_signatures
        WHEN EXISTS (SELECT 1 FROM override_withdrawals w WHERE w.override_id = NEW.override_id)
        BEGIN SELECT RAISE(ABORT, 'refused: this override was withdrawn; ask for another'); END""",
    """CREATE TRIGGER entry_overrides_stand BEFORE INSERT ON entry_overrides
        WHEN NOT EXISTS (SELECT 1 FROM standing_overrides o WHERE o.id = NEW.override_id)
            OR NOT EXISTS (SELECT 1 FROM overrides o WHERE o.id = NEW.override_id AND (
                EXISTS (SELECT 1 FROM entries e WHERE e.id = NEW.entry_id AND e.scope = o.scope AND e.name = o.name)
                OR EXISTS (SELECT 1 FROM imported_entries i
                    WHERE i.id = NEW.entry_id AND i.scope = o.scope AND i.name = o.name)))
        BEGIN SELECT RAISE(ABORT, 'refused: an entry is listed over an override that stands for that very block');
        END""",
)

STATEMENTS: Final = (*_TABLES, *_VIEWS, *_RULES)
