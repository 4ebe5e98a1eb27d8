"""What the store itself refuses, as triggers: no program that writes to it can step round the two-person rule."""

from typing import Final

# INSERT OR REPLACE removes a row that shares any unique key without its DELETE trigger, unless recursive_triggers
# is on, and that is a setting of the connection; so what is kept also refuses an insert over each of its keys.
# (The append-only tables with a text key are WITHOUT ROWID: a hidden rowid would be one more such key.)


def _no_replace(table: str, what: str, *keys: str) -> str:
    same = " OR ".join(
        "(" + " AND ".join(f"{column} = NEW.{column}" for column in key.split(", ")) + ")"
        for key in keys
    )
    return f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN
        SELECT RAISE(ABORT, 'refused: {what} is never replaced'); END"""


def append_only(table: str, what: str, *keys: str) -> list[str]:
    """The triggers that keep the rows of `table` as they are, for good; `keys` are all its unique keys."""
    return [
        f"""CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN
            SELECT RAISE(ABORT, 'refused: {what} is never changed'); END""",
        f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN
            SELECT RAISE(ABORT, 'refused: {what} is never deleted'); END""",
        _no_replace(table, what, *keys),
    ]


_VIEWS: Final = [
    # a decision stands until the same person's next one names it, or the case is opened anew over other content
    """CREATE VIEW standing AS SELECT d.* FROM decisions d JOIN cases c ON c.id = d.case_id AND c.turn = d.turn
        WHERE NOT EXISTS (SELECT 1 FROM decisions n WHERE n.supersedes = d.id)""",
    """CREATE VIEW agreement AS
        SELECT case_id, scope, name, count(DISTINCT reviewer_id) AS people FROM standing
        WHERE verdict = 'violates' GROUP BY case_id, scope, name""",
    # nobody outvotes the block, and the page it is about is not somebody's cry for help
    """CREATE VIEW blockable AS SELECT c.id AS case_id FROM cases c WHERE c.lane = 'review'
        AND (SELECT count(*) FROM standing s WHERE s.case_id = c.id AND s.verdict = 'violates')
          > (SELECT count(*) FROM standing s WHERE s.case_id = c.id
             AND s.verdict IN ('does_not_violate', 'protective'))
        AND NOT EXISTS (SELECT 1 FROM cases r WHERE r.lane = 'referral' AND r.page_id = c.page_id
            AND r.state <> 'not_distress')""",
    # an entry lives as long as the decisions it was made from still stand in number
    """CREATE VIEW live_entries AS
        SELECT e.*, count(DISTINCT s.reviewer_id) AS people, json_group_array(s.id) AS decision_ids
        FROM entries e JOIN blockable b ON b.case_id = e.case_id
        JOIN entry_decisions l ON l.entry_id = e.id JOIN standing s ON s.id = l.decision_id
        GROUP BY e.id HAVING count(DISTINCT s.reviewer_id) >= CASE e.scope WHEN 'host' THEN 2 ELSE 3 END""",
]

_DECISIONS: Final = [
    *append_only("decisions", "a decision", "id", "supersedes"),
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
    """CREATE TRIGGER decisions_turn BEFORE INSERT ON decisions
        WHEN NEW.turn IS NOT (SELECT turn FROM cases WHERE id = NEW.case_id)
        BEGIN SELECT RAISE(ABORT, 'refused: a decision belongs to the present turn of its case'); END""",
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
    *append_only("entries", "an entry", "id"),
    # one trigger: SQLite leaves the order of several open, and the reason given should be the first that holds
    """CREATE TRIGGER entries_rest_on_people BEFORE INSERT ON entries BEGIN SELECT CASE
        WHEN (SELECT lane FROM cases WHERE id = NEW.case_id) IS NOT 'review'
            THEN RAISE(ABORT, 'refused: a referral is never a site to block')
        WHEN (SELECT category FROM cases WHERE id = NEW.case_id) <> NEW.category
            THEN RAISE(ABORT, 'refused: an entry has the category of its case')
        WHEN EXISTS (SELECT 1 FROM cases r JOIN cases c ON c.id = NEW.case_id AND c.page_id = r.page_id
                WHERE r.lane = 'referral' AND r.state <> 'not_distress')
            THEN RAISE(ABORT, 'refused: somebody may be in distress on this very page; settle the referral first')
        WHEN coalesce((SELECT people FROM agreement a WHERE a.case_id = NEW.case_id AND a.scope = NEW.scope
                AND a.name = NEW.name), 0) < CASE NEW.scope WHEN 'host' THEN 2 ELSE 3 END
            THEN RAISE(ABORT, 'refused: a host needs two different people who agree on that very block, a domain three')
        WHEN NOT EXISTS (SELECT 1 FROM blockable WHERE case_id = NEW.case_id)
            THEN RAISE(ABORT, 'refused: as many people see no harm here')
        WHEN NOT EXISTS (SELECT 1 FROM standing s WHERE s.case_id = NEW.case_id AND s.verdict = 'violates'
                AND s.scope = NEW.scope AND s.name = NEW.name AND s.policy_code = NEW.policy_code
                AND s.policy_version = NEW.policy_version AND s.ground_code = NEW.ground_code
                AND s.ground_version = NEW.ground_version)
            THEN RAISE(ABORT, 'refused: an entry names the policy and the legal ground of its decisions')
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
    *append_only("exports", "an export", "serial"),
    """CREATE TRIGGER exports_grow BEFORE INSERT ON exports
        WHEN NEW.serial <= coalesce((SELECT max(serial) FROM exports), 0)
        BEGIN SELECT RAISE(ABORT, 'refused: the serial only grows'); END""",
    *append_only("audit", "an audit row", "seq", "hash"),
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
    _no_replace("policies", "a policy", "code, version"),
    _no_replace("legal_grounds", "a legal ground", "code, version"),
]

# what a person has judged must stay what they saw; only what nobody has judged may be cleared away
_SEEN: Final = [
    """CREATE TRIGGER pages_keep BEFORE UPDATE OF id, url, host, site, fetched_at, status, title, text, lang,
        content_type, body_sha256, round_id ON pages
        BEGIN SELECT RAISE(ABORT, 'refused: a fetched page is never changed'); END""",
    """CREATE TRIGGER pages_no_delete BEFORE DELETE ON pages
        WHEN EXISTS (SELECT 1 FROM cases WHERE site = OLD.site)
        BEGIN SELECT RAISE(ABORT, 'refused: the pages of a case are kept'); END""",
    _no_replace("pages", "a fetched page", "id", "url, body_sha256"),
    """CREATE TRIGGER bodies_no_update BEFORE UPDATE ON bodies
        BEGIN SELECT RAISE(ABORT, 'refused: the body of a page is never changed'); END""",
    """CREATE TRIGGER bodies_no_delete BEFORE DELETE ON bodies
        WHEN EXISTS (SELECT 1 FROM pages p JOIN cases c ON c.site = p.site WHERE p.body_sha256 = OLD.sha256)
        BEGIN SELECT RAISE(ABORT, 'refused: the pages of a case are kept'); END""",
    _no_replace("bodies", "the body of a page", "sha256"),
    """CREATE TRIGGER scores_no_update BEFORE UPDATE ON scores
        BEGIN SELECT RAISE(ABORT, 'refused: a score is never changed'); END""",
    """CREATE TRIGGER scores_no_delete BEFORE DELETE ON scores
        WHEN EXISTS (SELECT 1 FROM pages p JOIN cases c ON c.site = p.site WHERE p.id = OLD.page_id)
        BEGIN SELECT RAISE(ABORT, 'refused: the scores of a case are kept'); END""",
    _no_replace("scores", "a score", "page_id, model_id"),
    *append_only("models", "a model that has scored", "id", "digest"),
    *append_only("surroundings", "what a case showed", "page_id"),
    """CREATE TRIGGER cases_keep BEFORE UPDATE OF id, ref, site, category, lane, opened_at ON cases
        BEGIN SELECT RAISE(ABORT, 'refused: a case keeps its site, category and lane'); END""",
    """CREATE TRIGGER cases_no_delete BEFORE DELETE ON cases
        BEGIN SELECT RAISE(ABORT, 'refused: a case is never deleted'); END""",
    _no_replace("cases", "a case", "id", "ref", "site, category"),
    """CREATE TRIGGER cases_turn BEFORE UPDATE OF turn ON cases
        WHEN NEW.turn <> OLD.turn + 1 OR OLD.state NOT IN ('dismissed', 'referred', 'not_distress')
        BEGIN SELECT RAISE(ABORT, 'refused: only a closed case that blocks nothing is opened anew'); END""",
]

STATEMENTS: Final = (*_VIEWS, *_DECISIONS, *_ENTRIES, *_RECORDS, *_SEEN)

# made by a later migration than the statements above
SET_THRESHOLDS: Final = (
    *append_only("set_thresholds", "a set threshold", "id"),
    """CREATE TRIGGER set_thresholds_follow BEFORE INSERT ON set_thresholds
        WHEN NEW.id <> coalesce((SELECT max(id) FROM set_thresholds), 0) + 1
        BEGIN SELECT RAISE(ABORT, 'refused: a set threshold comes after the last one'); END""",
)
