"""Blocks of one URL, one address or one network beside those of names: the rules of migration 0002, made wider.

The tables stay as they are; only what their CHECKs allow grows. SQLite has no ALTER for a CHECK, and its own advice for
a change that touches no row is to edit the schema's text (https://sqlite.org/lang_altertable.html, section 7).
"""

from typing import Final

from sqlite_utils import Database

_OLD_NAME: Final = "name NOT GLOB '*[^]a-z0-9.:_[-]*'"
# a URL as the standard writes it is printable ASCII; a quotation mark or a space in it is always escaped
_NEW_NAME: Final = """CASE scope WHEN 'url' THEN name GLOB 'http*://?*' AND name NOT GLOB '*[^!#-~]*'
            AND length(name) <= 2048
        WHEN 'ip' THEN name NOT GLOB '*[^0-9a-f.:]*' AND name <> ''
        WHEN 'cidr' THEN name NOT GLOB '*[^0-9a-f.:/]*' AND name GLOB '?*/?*'
        ELSE name NOT GLOB '*[^]a-z0-9.:_[-]*' END"""
_EDITS: Final = (
    (
        "decisions",
        "scope IN ('', 'host', 'domain')",
        "scope IN ('', 'url', 'host', 'domain', 'ip', 'cidr')",
    ),
    ("entries", "scope IN ('host', 'domain')", "scope IN ('url', 'host', 'domain', 'ip', 'cidr')"),
    ("decisions", _OLD_NAME, _NEW_NAME),
    ("entries", _OLD_NAME, _NEW_NAME),
)
NEEDED: Final = "CASE {scope} WHEN 'url' THEN 2 WHEN 'host' THEN 2 ELSE 3 END"
# scheme://host[:port]/...: what stands before the first slash, and of that what stands before a port
_AUTHORITY: Final = "substr(NEW.name, instr(NEW.name, '://') + 3)"
_HOST_PORT: Final = f"substr({_AUTHORITY}, 1, instr({_AUTHORITY} || '/', '/') - 1)"
_URL_HOST: Final = f"substr({_HOST_PORT}, 1, instr({_HOST_PORT} || ':', ':') - 1)"

_STATEMENTS: Final = (
    "DROP VIEW live_entries",
    f"""CREATE VIEW live_entries AS
        SELECT e.*, count(DISTINCT s.reviewer_id) AS people, json_group_array(s.id) AS decision_ids
        FROM entries e JOIN blockable b ON b.case_id = e.case_id
        JOIN entry_decisions l ON l.entry_id = e.id JOIN standing s ON s.id = l.decision_id
        GROUP BY e.id HAVING count(DISTINCT s.reviewer_id) >= {NEEDED.format(scope="e.scope")}""",
    "DROP TRIGGER decisions_block",
    f"""CREATE TRIGGER decisions_block BEFORE INSERT ON decisions
        WHEN NEW.verdict = 'violates' AND (NEW.scope = '' OR NEW.policy_code IS NULL OR NEW.ground_code IS NULL
            OR NOT (NEW.scope IN ('ip', 'cidr') OR EXISTS (
                SELECT 1 FROM cases c,
                    (SELECT CASE NEW.scope WHEN 'url' THEN {_URL_HOST} ELSE NEW.name END AS host) n
                WHERE c.id = NEW.case_id
                    AND (n.host = c.site OR substr(n.host, -length(c.site) - 1) = '.' || c.site))))
        BEGIN SELECT RAISE(ABORT,
            'refused: a violation names a policy, a legal ground, a scope and a URL or host name of the site');
        END""",
    "DROP TRIGGER entries_rest_on_people",
    f"""CREATE TRIGGER entries_rest_on_people BEFORE INSERT ON entries BEGIN SELECT CASE
        WHEN (SELECT lane FROM cases WHERE id = NEW.case_id) IS NOT 'review'
            THEN RAISE(ABORT, 'refused: a referral is never a site to block')
        WHEN (SELECT category FROM cases WHERE id = NEW.case_id) <> NEW.category
            THEN RAISE(ABORT, 'refused: an entry has the category of its case')
        WHEN EXISTS (SELECT 1 FROM cases r JOIN cases c ON c.id = NEW.case_id AND c.page_id = r.page_id
                WHERE r.lane = 'referral' AND r.state <> 'not_distress')
            THEN RAISE(ABORT, 'refused: somebody may be in distress on this very page; settle the referral first')
        WHEN coalesce((SELECT people FROM agreement a WHERE a.case_id = NEW.case_id AND a.scope = NEW.scope
                AND a.name = NEW.name), 0) < {NEEDED.format(scope="NEW.scope")}
            THEN RAISE(ABORT,
                'refused: a host or a URL needs two different people who agree on it, an address or a domain three')
        WHEN NOT EXISTS (SELECT 1 FROM blockable WHERE case_id = NEW.case_id)
            THEN RAISE(ABORT, 'refused: as many people see no harm here')
        WHEN NOT EXISTS (SELECT 1 FROM standing s WHERE s.case_id = NEW.case_id AND s.verdict = 'violates'
                AND s.scope = NEW.scope AND s.name = NEW.name AND s.policy_code = NEW.policy_code
                AND s.policy_version = NEW.policy_version AND s.ground_code = NEW.ground_code
                AND s.ground_version = NEW.ground_version)
            THEN RAISE(ABORT, 'refused: an entry names the policy and the legal ground of its decisions')
        END; END""",
)


def widen(db: Database) -> None:
    """Decisions and entries may be about a URL, an address or a network; every rule holds for these as well."""
    version = db.execute("PRAGMA schema_version").fetchone()[0]
    db.execute("PRAGMA writable_schema = ON")
    for table, old, new in _EDITS:
        db.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?",
            [old, new, table],
        )
    # the connection reads the new text only when the version tells it that it is stale
    db.execute(f"PRAGMA schema_version = {version + 1}")
    db.execute("PRAGMA writable_schema = RESET")
    for statement in _STATEMENTS:
        db.execute(statement)
