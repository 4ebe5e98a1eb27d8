"""The tables of the store, as sqlite-utils migrations; a migration that has landed is never edited."""

from typing import Final

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from review_queue import (
    evidence_tables,
    focus_tables,
    life_tables,
    lineup_tables,
    lookup_tables,
    order_tables,
    override_tables,
    progress_tables,
    provider_tables,
    recheck_tables,
    rules,
    samples,
    scope_rules,
    screenshots_tables,
    threshold_tables,
    turns_tables,
    unread_tables,
)

migrations: Final = Migrations("qalqan")

_CRAWL_TABLES: Final = """
CREATE TABLE sites (
    name TEXT PRIMARY KEY,
    first_seen_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE seeds (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    site TEXT NOT NULL REFERENCES sites(name),
    source TEXT NOT NULL,
    priority INTEGER NOT NULL,
    note TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;

CREATE TABLE frontier (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    site TEXT NOT NULL REFERENCES sites(name),
    depth INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'done')),
    due_at TEXT NOT NULL,
    lease_owner TEXT NOT NULL DEFAULT '',
    lease_until TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX frontier_waiting ON frontier(priority DESC, depth, id) WHERE state = 'waiting';
CREATE INDEX frontier_leased ON frontier(site) WHERE state = 'leased';
CREATE INDEX frontier_site ON frontier(site, state, due_at);

CREATE TABLE rounds (
    id INTEGER PRIMARY KEY,
    opened_at TEXT NOT NULL,
    closed_at TEXT NOT NULL DEFAULT '',
    policy TEXT NOT NULL CHECK (json_valid(policy)),
    report TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(report))
) STRICT;

CREATE TABLE round_sites (
    round_id INTEGER NOT NULL REFERENCES rounds(id),
    site TEXT NOT NULL REFERENCES sites(name),
    pages_left INTEGER NOT NULL,
    PRIMARY KEY (round_id, site)
) STRICT, WITHOUT ROWID;

CREATE TABLE candidates (
    site TEXT NOT NULL,
    url TEXT NOT NULL,
    found_on TEXT NOT NULL,
    anchor TEXT NOT NULL,
    found_at TEXT NOT NULL,
    PRIMARY KEY (site, found_on)
) STRICT, WITHOUT ROWID;

CREATE TABLE pages (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    site TEXT NOT NULL REFERENCES sites(name),
    fetched_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    status INTEGER NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    lang TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body_sha256 TEXT NOT NULL CHECK (length(body_sha256) = 64),
    round_id INTEGER REFERENCES rounds(id),
    UNIQUE (url, body_sha256)
) STRICT;
CREATE INDEX pages_site ON pages(site);

CREATE TABLE bodies (
    sha256 TEXT PRIMARY KEY,
    deflated BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""

_REVIEW_TABLES: Final = """
CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE scores (
    page_id INTEGER NOT NULL REFERENCES pages(id),
    model_id INTEGER NOT NULL REFERENCES models(id),
    lang TEXT NOT NULL,
    self_harm REAL NOT NULL,
    violence REAL NOT NULL,
    distress REAL NOT NULL,
    risk REAL NOT NULL,
    stance TEXT NOT NULL CHECK (json_valid(stance)),
    evidence TEXT NOT NULL CHECK (json_valid(evidence)),
    scored_at TEXT NOT NULL,
    PRIMARY KEY (page_id, model_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE surroundings (
    page_id INTEGER PRIMARY KEY REFERENCES pages(id),
    content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE TABLE cases (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    site TEXT NOT NULL REFERENCES sites(name),
    category TEXT NOT NULL CHECK (category IN ('self_harm', 'violence', 'distress')),
    lane TEXT NOT NULL CHECK (lane = CASE category WHEN 'distress' THEN 'referral' ELSE 'review' END),
    state TEXT NOT NULL CHECK (state IN ('open', 'awaiting_second', 'disagreed', 'approved', 'dismissed',
        'referred', 'not_distress')),
    turn INTEGER NOT NULL DEFAULT 1,
    risk REAL NOT NULL,
    page_id INTEGER NOT NULL REFERENCES pages(id),
    opened_at TEXT NOT NULL,
    UNIQUE (site, category)
) STRICT;
CREATE INDEX cases_queue ON cases(state, lane, risk DESC, id);

CREATE TABLE policies (
    code TEXT NOT NULL,
    version INTEGER NOT NULL,
    category TEXT NOT NULL,
    severity INTEGER NOT NULL,
    title_kk TEXT NOT NULL, title_ru TEXT NOT NULL, title_en TEXT NOT NULL,
    guide_kk TEXT NOT NULL, guide_ru TEXT NOT NULL, guide_en TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (code, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE legal_grounds (
    code TEXT NOT NULL,
    version INTEGER NOT NULL,
    title_kk TEXT NOT NULL, title_ru TEXT NOT NULL, title_en TEXT NOT NULL,
    text_kk TEXT NOT NULL, text_ru TEXT NOT NULL, text_en TEXT NOT NULL,
    is_sample INTEGER NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (code, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    case_id INTEGER NOT NULL REFERENCES cases(id),
    reviewer_id TEXT NOT NULL COLLATE NOCASE
        CHECK (reviewer_id <> '' AND reviewer_id NOT GLOB '*[^A-Za-z0-9._-]*'
            AND length(reviewer_id) = length(CAST(reviewer_id AS BLOB))),  -- one spelling, so nobody is two people
    reviewer_name TEXT NOT NULL,
    reviewer_role TEXT NOT NULL,
    verdict TEXT NOT NULL,
    scope TEXT NOT NULL DEFAULT '' CHECK (scope IN ('', 'host', 'domain')),
    name TEXT NOT NULL DEFAULT '' CHECK (name NOT GLOB '*[^]a-z0-9.:_[-]*'),
    turn INTEGER NOT NULL DEFAULT 1,
    policy_code TEXT, policy_version INTEGER,
    ground_code TEXT, ground_version INTEGER,
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    decided_at TEXT NOT NULL,
    supersedes TEXT UNIQUE REFERENCES decisions(id),
    page_sha256 TEXT NOT NULL,
    score REAL NOT NULL,
    model_id INTEGER REFERENCES models(id),
    FOREIGN KEY (policy_code, policy_version) REFERENCES policies(code, version),
    FOREIGN KEY (ground_code, ground_version) REFERENCES legal_grounds(code, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX decisions_case ON decisions(case_id);

CREATE TABLE entries (
    id TEXT PRIMARY KEY,
    case_id INTEGER NOT NULL REFERENCES cases(id),
    scope TEXT NOT NULL CHECK (scope IN ('host', 'domain')),
    name TEXT NOT NULL CHECK (name <> '' AND name NOT GLOB '*[^]a-z0-9.:_[-]*'),
    unicode_name TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('self_harm', 'violence')),
    policy_code TEXT NOT NULL, policy_version INTEGER NOT NULL,
    ground_code TEXT NOT NULL, ground_version INTEGER NOT NULL,
    listed_at TEXT NOT NULL,
    FOREIGN KEY (policy_code, policy_version) REFERENCES policies(code, version),
    FOREIGN KEY (ground_code, ground_version) REFERENCES legal_grounds(code, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_case ON entries(case_id);

CREATE TABLE entry_decisions (
    entry_id TEXT NOT NULL REFERENCES entries(id),
    decision_id TEXT NOT NULL REFERENCES decisions(id),
    PRIMARY KEY (entry_id, decision_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE exports (
    serial INTEGER PRIMARY KEY CHECK (serial > 0 AND serial < 4294967296),
    created_at TEXT NOT NULL,
    actor TEXT NOT NULL,
    manifest_sha256 TEXT NOT NULL,
    counts TEXT NOT NULL CHECK (json_valid(counts))
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL CHECK (json_valid(detail)),
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT;
"""


@migrations(name="0001_tables")
def _tables(db: Database) -> None:
    for statement in (_CRAWL_TABLES + _REVIEW_TABLES).split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations(name="0002_rules")
def _rules(db: Database) -> None:
    for statement in rules.STATEMENTS:
        db.execute(statement)


@migrations(name="0003_samples")
def _samples(db: Database) -> None:
    samples.install(db)


@migrations(name="0004_disguised")
def _disguised(db: Database) -> None:
    db.execute("ALTER TABLE scores ADD COLUMN disguised REAL NOT NULL DEFAULT 0")


_SET_THRESHOLDS: Final = """
CREATE TABLE set_thresholds (
    id INTEGER PRIMARY KEY,
    category TEXT NOT NULL CHECK (category IN ('self_harm', 'violence', 'distress')),
    value REAL CHECK (value > 0 AND value <= 1),  -- NULL: the model's own again
    actor TEXT NOT NULL CHECK (trim(actor) <> ''),
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    set_at TEXT NOT NULL
) STRICT
"""


@migrations(name="0005_set_thresholds")
def _set_thresholds(db: Database) -> None:
    for statement in (_SET_THRESHOLDS, *rules.SET_THRESHOLDS):
        db.execute(statement)


@migrations(name="0006_lineup")
def _lineup(db: Database) -> None:
    for statement in lineup_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0007_evidence")
def _evidence(db: Database) -> None:
    for statement in evidence_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0008_unread")
def _unread(db: Database) -> None:
    for statement in unread_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0009_focus")
def _focus(db: Database) -> None:
    for statement in focus_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0010_round_progress")
def _round_progress(db: Database) -> None:
    for statement in progress_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0011_screenshots")
def _screenshots(db: Database) -> None:
    for statement in screenshots_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0012_turns")
def _turns(db: Database) -> None:
    for statement in turns_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0013_scopes")
def _scopes(db: Database) -> None:
    scope_rules.widen(db)


@migrations(name="0014_order")
def _order(db: Database) -> None:
    for statement in order_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0015_life_of_an_entry")
def _life_of_an_entry(db: Database) -> None:
    life_tables.install(db)


@migrations(name="0017_providers")
def _providers(db: Database) -> None:
    for statement in provider_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0016_overrides")
def _overrides(db: Database) -> None:
    for statement in override_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0018_rechecks")
def _rechecks(db: Database) -> None:
    for statement in recheck_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0021_captures_address")
def _captures_address(db: Database) -> None:
    for statement in lookup_tables.STATEMENTS:
        db.execute(statement)


@migrations(name="0022_threshold_models")
def _threshold_models(db: Database) -> None:
    for statement in threshold_tables.STATEMENTS:
        db.execute(statement)
