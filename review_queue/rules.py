"""What the store itself refuses, as triggers: no program that writes to it can step round the two-person rule."""

from typing import Final

# INSERT OR REPLACE removes the old row without its DELETE trigger unless recursive_triggers is on, and that is a
# setting of the connection; so each append-only table also refuses an insert over a row that is there.


def _append_only(table: str, key: str, what: str) -> list[str]:
    return [
        f"""CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN
            SELECT RAISE(ABORT, 'refused: {what} is never changed'); END""",
        f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN
            SELECT RAISE(ABORT, 'refused: {what} is never deleted'); END""",
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) BEGIN
            SELECT RAISE(ABORT, 'refused: {what} is never replaced'); END""",
    ]


_VIEWS: Final = [
    # a decision stands until the same person's next one names it
    """CREATE VIEW standing AS SELECT d.* FROM decisions d
        WHERE NOT EXISTS (SELECT 1 FROM decisions n WHERE n.supersedes = d.id)""",
    """CREATE VIEW agreement AS
        SELECT case_id, scope, name, count(DISTINCT reviewer_id) AS people FROM standing
        WHERE verdict = 'violates' GROUP BY case_id, scope, name""",
    # an entry lives as long as the decisions it was made from still stand in number, and nobody outvotes them
    """CREATE VIEW live_entries AS
        SELECT e.*, count(DISTINCT s.reviewer_id) AS people, json_group_array(s.id) AS decision_ids
        FROM entries e JOIN cases c ON c.id = e.case_id AND c.state = 'approved'
        JOIN entry_decisions l ON l.entry_id = e.id JOIN standing s ON s.id = l.decision_id
        GROUP BY e.id HAVING count(DISTINCT s.reviewer_id) >= CASE e.scope WHEN 'host' THEN 2 ELSE 3 END""",
]

_DECISIONS: Final = [
    *_append_only("decisions", "id", "a decision"),
    """CREATE TRIGGER decisions_one_voice BEFORE INSERT ON decisions
        WHEN EXISTS (SELECT 1 FROM standing s WHERE s.case_id = NEW.case_id
                     AND s.reviewer_id = NEW.reviewer_id AND s.id IS NOT NEW.supersedes)
        BEGIN SELECT RAISE(ABORT,
            'refused: this person has already decided this case; a correction names the decision it supersedes');
        END""",
    """CREATE TRIGGER decisions_own_correction BEFORE INSERT ON decisions
        WHEN NEW.supersedes IS NOT NULL AND NOT EXISTS (SELECT 1 FROM standing s WHERE s.id = NEW.supersedes
            AND s.case_id = NEW.case_id AND s.reviewer_id = NEW.reviewer_id)
        BEGIN SELECT RAISE(ABORT,
            'refused: a correction supersedes the latest decision of the same person on the same case'); END""",
    """CREATE TRIGGER decisions_lane BEFORE INSERT ON decisions
        WHEN NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = NEW.case_id AND (
            (c.lane = 'review' AND NEW.verdict IN
                ('violates', 'does_not_violate', 'protective', 'cannot_tell', 'unreachable'))
            OR (c.lane = 'referral' AND NEW.verdict IN ('refer', 'not_distress', 'cannot_tell'))))
        BEGIN SELECT RAISE(ABORT, 'refused: this verdict does not belong to the lane of this case'); END""",
    """CREATE TRIGGER decisions_block BEFORE INSERT ON decisions
        WHEN NEW.verdict = 'violates' AND (NEW.scope = '' OR NEW.policy_code IS NULL OR NEW.ground_code IS NULL
            OR NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = NEW.case_id AND
                (NEW.name = c.site OR substr(NEW.name, -length(c.site) - 1) = '.' || c.site)))
        BEGIN SELECT RAISE(ABORT,
            'refused: a violation names a policy, a legal ground, a scope and a host name of the site'); END""",
    """CREATE TRIGGER decisions_no_block BEFORE INSERT ON decisions
        WHEN NEW.verdict <> 'violates' AND (NEW.scope <> '' OR NEW.name <> '')
        BEGIN SELECT RAISE(ABORT, 'refused: only a violation names a scope and a host'); END""",
]

_ENTRIES: Final = [
    *_append_only("entries", "id", "an entry"),
    # one trigger: SQLite leaves the order of several open, and the reason given should be the first that holds
    """CREATE TRIGGER entries_rest_on_people BEFORE INSERT ON entries BEGIN SELECT CASE
        WHEN (SELECT lane FROM cases WHERE id = NEW.case_id) IS NOT 'review'
            THEN RAISE(ABORT, 'refused: a referral is never a site to block')
        WHEN (SELECT category FROM cases WHERE id = NEW.case_id) <> NEW.category
            THEN RAISE(ABORT, 'refused: an entry has the category of its case')
        WHEN coalesce((SELECT people FROM agreement a WHERE a.case_id = NEW.case_id AND a.scope = NEW.scope
                AND a.name = NEW.name), 0) < CASE NEW.scope WHEN 'host' THEN 2 ELSE 3 END
            THEN RAISE(ABORT, 'refused: a host needs two different people who agree on that very block, a domain three')
        END; END""",
    """CREATE TRIGGER entries_keep_decisions AFTER INSERT ON entries BEGIN
        INSERT INTO entry_decisions SELECT NEW.id, s.id FROM standing s WHERE s.case_id = NEW.case_id
            AND s.verdict = 'violates' AND s.scope = NEW.scope AND s.name = NEW.name; END""",
    """CREATE TRIGGER entry_decisions_no_update BEFORE UPDATE ON entry_decisions
        BEGIN SELECT RAISE(ABORT, 'refused: what an entry rests on is never changed'); END""",
    """CREATE TRIGGER entry_decisions_no_delete BEFORE DELETE ON entry_decisions
        BEGIN SELECT RAISE(ABORT, 'refused: what an entry rests on is never deleted'); END""",
    """CREATE TRIGGER entry_decisions_agree BEFORE INSERT ON entry_decisions
        WHEN NOT EXISTS (SELECT 1 FROM standing s JOIN entries e ON e.case_id = s.case_id AND e.scope = s.scope
            AND e.name = s.name WHERE e.id = NEW.entry_id AND s.id = NEW.decision_id AND s.verdict = 'violates')
        BEGIN SELECT RAISE(ABORT, 'refused: an entry rests on decisions for that very block'); END""",
]

_RECORDS: Final = [
    *_append_only("exports", "serial", "an export"),
    """CREATE TRIGGER exports_grow BEFORE INSERT ON exports
        WHEN NEW.serial <= coalesce((SELECT max(serial) FROM exports), 0)
        BEGIN SELECT RAISE(ABORT, 'refused: the serial only grows'); END""",
    *_append_only("audit", "seq", "an audit row"),
    """CREATE TRIGGER audit_chain BEFORE INSERT ON audit
        WHEN NEW.seq <> coalesce((SELECT max(seq) FROM audit), 0) + 1 OR NEW.prev_hash <> coalesce(
            (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1),
            '0000000000000000000000000000000000000000000000000000000000000000')
        BEGIN SELECT RAISE(ABORT, 'refused: an audit row follows the last one'); END""",
    """CREATE TRIGGER policies_no_update BEFORE UPDATE OF code, version, category, severity, title_kk, title_ru,
        title_en, guide_kk, guide_ru, guide_en, valid_from ON policies
        BEGIN SELECT RAISE(ABORT, 'refused: a changed policy is a new version'); END""",
    """CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies
        BEGIN SELECT RAISE(ABORT, 'refused: a policy is ended by valid_to, never deleted'); END""",
    """CREATE TRIGGER grounds_no_update BEFORE UPDATE OF code, version, title_kk, title_ru, title_en, text_kk,
        text_ru, text_en, is_sample, valid_from ON legal_grounds
        BEGIN SELECT RAISE(ABORT, 'refused: a changed legal ground is a new version'); END""",
    """CREATE TRIGGER grounds_no_delete BEFORE DELETE ON legal_grounds
        BEGIN SELECT RAISE(ABORT, 'refused: a legal ground is ended by valid_to, never deleted'); END""",
    # what a person has judged must stay what they saw
    """CREATE TRIGGER pages_keep BEFORE UPDATE OF url, site, text, title, body_sha256 ON pages
        BEGIN SELECT RAISE(ABORT, 'refused: a fetched page is never changed'); END""",
    """CREATE TRIGGER pages_no_delete BEFORE DELETE ON pages
        WHEN EXISTS (SELECT 1 FROM cases WHERE site = OLD.site)
        BEGIN SELECT RAISE(ABORT, 'refused: the pages of a case are kept'); END""",
    """CREATE TRIGGER cases_keep BEFORE UPDATE OF ref, site, category, lane, opened_at ON cases
        BEGIN SELECT RAISE(ABORT, 'refused: a case keeps its site, category and lane'); END""",
    """CREATE TRIGGER cases_no_delete BEFORE DELETE ON cases
        BEGIN SELECT RAISE(ABORT, 'refused: a case is never deleted'); END""",
]

STATEMENTS: Final = (*_VIEWS, *_DECISIONS, *_ENTRIES, *_RECORDS)
