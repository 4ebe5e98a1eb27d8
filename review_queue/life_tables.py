"""The life of an entry: how long it holds, how it is lifted or renewed, and entries taken over from elsewhere.

All of these are append-only, and who signs twice is refused here: two signatures are two people.
"""

from datetime import timedelta
from typing import Final

from sqlite_utils import Database

from review_queue.rules import append_only
from review_queue.scope_rules import NEEDED

REVIEW_DAYS: Final = 180
EXPIRY_DAYS: Final = 730
RENEWAL_OPEN_FOR: Final = timedelta(
    days=30
)  # what somebody looked at longer ago may be another site by now

# as decisions have it: one spelling, so nobody is two people
_PERSON: Final = """person_id TEXT NOT NULL COLLATE NOCASE
        CHECK (person_id <> '' AND person_id NOT GLOB '*[^A-Za-z0-9._-]*'
            AND length(person_id) = length(CAST(person_id AS BLOB))),
    person_name TEXT NOT NULL,
    person_role TEXT NOT NULL"""
_MOMENT: Final = (
    "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z"
)


def _is_moment(column: str) -> str:
    """The condition that the column holds a moment there is: the 30th of February would end every export."""
    same = f"strftime('%Y-%m-%dT%H:%M:%fZ', {column}, '+0 days') IS {column}"  # which recounts the days
    return f"({column} GLOB '{_MOMENT}' AND {column} >= '0001' AND {same})"


_TABLES: Final = (
    """CREATE TABLE terms (
    id INTEGER PRIMARY KEY,
    category TEXT NOT NULL CHECK (category IN ('self_harm', 'violence')),
    review_days INTEGER NOT NULL CHECK (review_days > 0),
    expiry_days INTEGER CHECK (expiry_days >= review_days),  -- NULL: it does not end by itself
    actor TEXT NOT NULL CHECK (trim(actor) <> ''),
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    set_at TEXT NOT NULL
) STRICT""",
    f"""CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL CHECK (trim(source) <> ''),
    file_name TEXT NOT NULL,
    file_sha256 TEXT NOT NULL CHECK (length(file_sha256) = 64 AND file_sha256 NOT GLOB '*[^0-9a-f]*'),
    rows INTEGER NOT NULL CHECK (rows > 0),
    left_out INTEGER NOT NULL CHECK (left_out >= 0),  -- bad rows of the file
    {_PERSON},
    prepared_at TEXT NOT NULL
) STRICT""",
    # in the order of the list, so that a million are read as they lie
    f"""CREATE TABLE imported_entries (
    name TEXT NOT NULL CHECK (name <> '' AND CASE scope
        WHEN 'url' THEN name GLOB 'http*://?*' AND name NOT GLOB '*[^!#-~]*' AND length(name) <= 2048
        WHEN 'ip' THEN name NOT GLOB '*[^0-9a-f.:]*'
        WHEN 'cidr' THEN name NOT GLOB '*[^0-9a-f.:/]*' AND name GLOB '?*/?*'
        ELSE name NOT GLOB '*[^]a-z0-9.:_[-]*' END),
    scope TEXT NOT NULL CHECK (scope IN ('url', 'host', 'domain', 'ip', 'cidr')),
    id TEXT NOT NULL UNIQUE CHECK (id <> '' AND id NOT GLOB '*[^A-Za-z0-9._-]*'),
    import_id INTEGER NOT NULL REFERENCES imports(id),
    line INTEGER NOT NULL,  -- of the file it came from
    unicode_name TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('self_harm', 'violence')),
    policy_code TEXT NOT NULL, policy_version INTEGER NOT NULL,
    ground_code TEXT NOT NULL, ground_version INTEGER NOT NULL,
    listed_at TEXT NOT NULL CHECK {_is_moment("listed_at")},
    review_at TEXT NOT NULL CHECK {_is_moment("review_at")},
    expires_at TEXT NOT NULL CHECK (expires_at = '' OR {_is_moment("expires_at")}),
    papers TEXT NOT NULL CHECK (trim(papers, ' ' || char(10)) <> ''),  -- one a line; JSON takes four times as long
    PRIMARY KEY (name, scope, id),
    FOREIGN KEY (policy_code, policy_version) REFERENCES policies(code, version),
    FOREIGN KEY (ground_code, ground_version) REFERENCES legal_grounds(code, version)
) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE import_signatures (
    import_id INTEGER NOT NULL REFERENCES imports(id),
    {_PERSON},
    signed_at TEXT NOT NULL,
    PRIMARY KEY (import_id, person_id)
) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE import_withdrawals (
    import_id INTEGER PRIMARY KEY REFERENCES imports(id),
    {_PERSON},
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    withdrawn_at TEXT NOT NULL
) STRICT""",
    f"""CREATE TABLE lifts (
    entry_id TEXT PRIMARY KEY,
    reason TEXT NOT NULL CHECK (reason IN ('expired', 'appeal', 'content_gone', 'mistake', 'court', 'superseded')),
    note TEXT NOT NULL,
    {_PERSON},
    lifted_at TEXT NOT NULL,
    after_decision INTEGER NOT NULL  -- the last one in decision_order, whatever a clock said
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX lifts_at ON lifts(lifted_at)",
    """CREATE TABLE proposals (
    id INTEGER PRIMARY KEY,
    entry_id TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('expired', 'appeal', 'content_gone', 'mistake', 'court', 'superseded')),
    note TEXT NOT NULL,
    actor TEXT NOT NULL CHECK (trim(actor) <> ''),
    proposed_at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX proposals_entry ON proposals(entry_id)",
    f"""CREATE TABLE proposal_ends (
    proposal_id INTEGER PRIMARY KEY REFERENCES proposals(id),
    was_lifted INTEGER NOT NULL CHECK (was_lifted IN (0, 1)),
    note TEXT NOT NULL,
    {_PERSON},
    settled_at TEXT NOT NULL
) STRICT""",
    f"""CREATE TABLE renewals (
    id INTEGER PRIMARY KEY,
    entry_id TEXT NOT NULL,
    turn INTEGER NOT NULL,  -- the two signatures of one renewal have the same
    {_PERSON},
    note TEXT NOT NULL CHECK (trim(note) <> ''),
    signed_at TEXT NOT NULL,
    review_at TEXT NOT NULL CHECK (review_at = '' OR {_is_moment("review_at")}),  -- '' in the first of the two
    expires_at TEXT NOT NULL CHECK (expires_at = '' OR {_is_moment("expires_at")}),
    UNIQUE (entry_id, turn, person_id)
) STRICT""",
    "CREATE INDEX renewals_done ON renewals(entry_id, id) WHERE review_at <> ''",
    "CREATE INDEX entries_name ON entries(name, scope)",
    "CREATE INDEX decision_order_decision ON decision_order(decision_id)",
    # whether somebody may be in distress on a page is asked of every entry of a list
    "CREATE INDEX cases_referred ON cases(page_id) WHERE lane = 'referral'",
)

_KNOWN: Final = "NOT EXISTS (SELECT 1 FROM once_listed WHERE id = NEW.entry_id)"
_LIFTED: Final = "EXISTS (SELECT 1 FROM lifts WHERE entry_id = {id})"

# The last decision before the block of a row (case, scope, name) was lifted; -1 where it never was. What was taken
# over has no case: where that was lifted as wrong, it was so whoever had decided on the same block before.
LIFTED_AFTER: Final = """max(coalesce((SELECT max(l.after_decision) FROM entries e JOIN lifts l ON l.entry_id = e.id
            WHERE e.case_id = {row}.case_id AND e.scope = {row}.scope AND e.name = {row}.name), -1),
        coalesce((SELECT max(w.after_decision) FROM imported_entries i JOIN lifts w ON w.entry_id = i.id
            WHERE i.name = {row}.name AND i.scope = {row}.scope AND w.reason NOT IN ('expired', 'superseded')), -1))"""
DECIDED_SINCE: Final = f"""({LIFTED_AFTER} < 0 OR {NEEDED.format(scope="{row}.scope")} <=
        (SELECT count(DISTINCT s.reviewer_id) FROM standing s JOIN decision_order o ON o.decision_id = s.id
        WHERE s.case_id = {{row}}.case_id AND s.verdict = 'violates' AND s.scope = {{row}}.scope
            AND s.name = {{row}}.name AND o.id > {LIFTED_AFTER}))"""

# as in `rules`, but a case all of whose blocks were lifted blocks nothing either
_TURN: Final = """CREATE TRIGGER cases_turn BEFORE UPDATE OF turn ON cases
        WHEN NEW.turn <> OLD.turn + 1 OR NOT (OLD.state IN ('dismissed', 'referred', 'not_distress')
            OR (OLD.state = 'approved' AND NOT EXISTS (SELECT 1 FROM live_entries v WHERE v.case_id = OLD.id)
                AND EXISTS (SELECT 1 FROM entries e JOIN lifts l ON l.entry_id = e.id WHERE e.case_id = OLD.id)))
        BEGIN SELECT RAISE(ABORT, 'refused: only a closed case that blocks nothing is opened anew'); END"""

_VIEWS: Final = (
    # two people's word, and nobody has taken it back
    """CREATE VIEW live_imports AS SELECT i.id FROM imports i
        WHERE (SELECT count(*) FROM import_signatures s WHERE s.import_id = i.id) >= 2
            AND NOT EXISTS (SELECT 1 FROM import_withdrawals w WHERE w.import_id = i.id)""",
    # what was on the list at some time: the rows of an import are with its second signature
    """CREATE VIEW once_listed AS SELECT id, name, scope, category FROM entries
        UNION ALL SELECT e.id, e.name, e.scope, e.category FROM imported_entries e
        WHERE (SELECT count(*) FROM import_signatures s WHERE s.import_id = e.import_id) >= 2""",
    # what somebody found wrong; what only ended, or became another entry, may be taken over again
    """CREATE VIEW wrongly_listed AS
        WITH w AS (SELECT * FROM lifts WHERE reason NOT IN ('expired', 'superseded'))
        SELECT w.entry_id, w.reason, w.lifted_at, e.name, e.scope, e.category
            FROM w CROSS JOIN entries e ON e.id = w.entry_id
        UNION ALL SELECT w.entry_id, w.reason, w.lifted_at, e.name, e.scope, e.category
            FROM w CROSS JOIN imported_entries e ON e.id = w.entry_id""",
    """CREATE VIEW renewed AS SELECT r.entry_id, r.review_at, r.expires_at FROM renewals r
        WHERE r.review_at <> '' AND NOT EXISTS (SELECT 1 FROM renewals n
            WHERE n.entry_id = r.entry_id AND n.id > r.id AND n.review_at <> '')""",
    "DROP VIEW live_entries",
    f"""CREATE VIEW live_entries AS
        SELECT e.*, count(DISTINCT s.reviewer_id) AS people, json_group_array(s.id) AS decision_ids
        FROM entries e JOIN blockable b ON b.case_id = e.case_id
        JOIN entry_decisions l ON l.entry_id = e.id JOIN standing s ON s.id = l.decision_id
        WHERE NOT {_LIFTED.format(id="e.id")}
        GROUP BY e.id HAVING count(DISTINCT s.reviewer_id) >= {NEEDED.format(scope="e.scope")}""",
)


def _kept_once_signed(table: str, what: str, import_id: str) -> list[str]:
    """As `append_only`, but what nobody ever signed may be cleared away: an import that was killed half-way.

    The rows of one that was withdrawn before it was ever on the list may be as well, so that the file can be mended.
    """
    update, _, replace = append_only(table, what, "id")
    signatures = f"(SELECT count(*) FROM import_signatures WHERE import_id = {import_id})"
    withdrawn = f"EXISTS (SELECT 1 FROM import_withdrawals WHERE import_id = {import_id})"
    may_go = "0" if table == "imports" else f"({signatures} = 1 AND {withdrawn})"
    delete = f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
        WHEN {signatures} > 0 AND NOT {may_go}
        BEGIN SELECT RAISE(ABORT, 'refused: {what} that was signed is never deleted'); END"""
    return [update, delete, replace]


_RULES: Final = (
    *append_only("terms", "a set term", "id"),
    *_kept_once_signed("imports", "an import", "OLD.id"),
    *_kept_once_signed("imported_entries", "an imported entry", "OLD.import_id"),
    *append_only("import_signatures", "a signature", "import_id, person_id"),
    *append_only("import_withdrawals", "a withdrawal", "import_id"),
    *append_only("lifts", "a lift", "entry_id"),
    *append_only("proposals", "a proposal", "id"),
    *append_only("proposal_ends", "what became of a proposal", "proposal_id"),
    *append_only("renewals", "a renewal", "id", "entry_id, turn, person_id"),
    """CREATE TRIGGER imports_once BEFORE INSERT ON imports
        WHEN EXISTS (SELECT 1 FROM imports i WHERE i.file_sha256 = NEW.file_sha256
            AND NOT EXISTS (SELECT 1 FROM import_withdrawals w WHERE w.import_id = i.id))
        BEGIN SELECT RAISE(ABORT, 'refused: this very file was imported before'); END""",
    """CREATE TRIGGER imported_entries_unsigned BEFORE INSERT ON imported_entries
        WHEN EXISTS (SELECT 1 FROM import_signatures WHERE import_id = NEW.import_id)
        BEGIN SELECT RAISE(ABORT, 'refused: nothing is added to an import that somebody signed'); END""",
    """CREATE TRIGGER imported_entries_new_id BEFORE INSERT ON imported_entries
        WHEN EXISTS (SELECT 1 FROM entries WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'refused: an entry has this id already'); END""",
    """CREATE TRIGGER entries_new_id BEFORE INSERT ON entries
        WHEN EXISTS (SELECT 1 FROM imported_entries WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'refused: an entry has this id already'); END""",
    """CREATE TRIGGER import_signatures_whole BEFORE INSERT ON import_signatures BEGIN SELECT CASE
        WHEN EXISTS (SELECT 1 FROM import_withdrawals WHERE import_id = NEW.import_id)
            THEN RAISE(ABORT, 'refused: this import was withdrawn')
        WHEN (SELECT rows FROM imports WHERE id = NEW.import_id)
                IS NOT (SELECT count(*) FROM imported_entries WHERE import_id = NEW.import_id)
            THEN RAISE(ABORT, 'refused: an import is signed when all its rows are there')
        WHEN NOT EXISTS (SELECT 1 FROM import_signatures WHERE import_id = NEW.import_id) AND NEW.person_id
                IS NOT (SELECT person_id FROM imports WHERE id = NEW.import_id)
            THEN RAISE(ABORT, 'refused: the first to sign an import is who prepared it')
        WHEN EXISTS (SELECT 1 FROM wrongly_listed w CROSS JOIN imported_entries e
                ON e.name = w.name AND e.scope IN (w.scope, 'domain') AND e.import_id = NEW.import_id)
            THEN RAISE(ABORT, 'refused: a block of this import was lifted here; people decide it anew, or it stays so')
        END; END""",
    f"""CREATE TRIGGER lifts_known BEFORE INSERT ON lifts BEGIN SELECT CASE
        WHEN {_KNOWN} THEN RAISE(ABORT, 'refused: no entry has this id')
        WHEN NEW.after_decision <> coalesce((SELECT max(id) FROM decision_order), 0)
            THEN RAISE(ABORT, 'refused: a lift comes after the last decision')
        END; END""",
    f"""CREATE TRIGGER proposals_known BEFORE INSERT ON proposals WHEN {_KNOWN}
            OR {_LIFTED.format(id="NEW.entry_id")}
        BEGIN SELECT RAISE(ABORT, 'refused: only an entry that was not lifted is proposed to be'); END""",
    """CREATE TRIGGER proposal_ends_lifted BEFORE INSERT ON proposal_ends
        WHEN NEW.was_lifted AND NOT EXISTS (SELECT 1 FROM lifts l JOIN proposals p ON p.entry_id = l.entry_id
            WHERE p.id = NEW.proposal_id)
        BEGIN SELECT RAISE(ABORT, 'refused: the entry was not lifted'); END""",
    f"""CREATE TRIGGER renewals_by_two BEFORE INSERT ON renewals BEGIN SELECT CASE
        WHEN {_KNOWN} THEN RAISE(ABORT, 'refused: no entry has this id')
        WHEN {_LIFTED.format(id="NEW.entry_id")}
            THEN RAISE(ABORT, 'refused: what was lifted is decided anew, not renewed')
        WHEN (SELECT NEW.turn NOT IN (last, last + 1) FROM
                (SELECT coalesce(max(turn), 0) AS last FROM renewals WHERE entry_id = NEW.entry_id))
            THEN RAISE(ABORT, 'refused: a renewal follows the last one')
        WHEN (NEW.review_at = '') <> NOT EXISTS
                (SELECT 1 FROM renewals WHERE entry_id = NEW.entry_id AND turn = NEW.turn)
            THEN RAISE(ABORT, 'refused: it takes the signatures of two different people to renew an entry')
        WHEN EXISTS (SELECT 1 FROM renewals WHERE entry_id = NEW.entry_id AND turn = NEW.turn AND review_at <> '')
            THEN RAISE(ABORT, 'refused: this renewal has its two signatures')
        WHEN EXISTS (SELECT 1 FROM renewals WHERE entry_id = NEW.entry_id AND turn = NEW.turn
                AND julianday(NEW.signed_at) - julianday(signed_at) > {RENEWAL_OPEN_FOR.days})
            THEN RAISE(ABORT, 'refused: the first signature is too old; sign anew')
        END; END""",
    """CREATE TRIGGER entries_dated BEFORE INSERT ON entries WHEN NEW.review_at = ''
        BEGIN SELECT RAISE(ABORT, 'refused: an entry says when somebody looks at it again'); END""",
    # a block that was lifted comes back by people who decided since, never by what was decided before
    f"""CREATE TRIGGER entries_decided_since BEFORE INSERT ON entries
        WHEN NOT {DECIDED_SINCE.format(row="NEW")}
        BEGIN SELECT RAISE(ABORT, 'refused: this block was lifted; as many people as it takes must decide anew');
        END""",
)


def install(db: Database) -> None:
    """Entries have dates, can be lifted, renewed and imported; those listed before have the usual dates."""
    for statement in _TABLES:
        db.execute(statement)
    for column in ("review_at", "expires_at"):
        db.execute(f"ALTER TABLE entries ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    (keeping,) = db.execute(
        "SELECT sql FROM sqlite_schema WHERE name = 'entries_no_update'"
    ).fetchone()
    db.execute("DROP TRIGGER entries_no_update")
    db.execute(
        "UPDATE entries SET review_at = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', listed_at, ?), listed_at),"
        " expires_at = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', listed_at, ?), '')",
        [f"+{REVIEW_DAYS} days", f"+{EXPIRY_DAYS} days"],
    )
    for statement in (keeping, *_VIEWS, *_RULES, "DROP TRIGGER cases_turn", _TURN):
        db.execute(statement)
