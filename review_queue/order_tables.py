"""In which order scores and decisions came: a manifest stands for rows up to a number, whatever a clock said.

Their own keys say nothing of it, and a clock that was once ahead would make later rows look older than a manifest.
"""

from typing import Final

from review_queue.rules import append_only

STATEMENTS: Final = (
    "CREATE TABLE score_order (id INTEGER PRIMARY KEY, page_id INTEGER NOT NULL, model_id INTEGER NOT NULL) STRICT",
    "CREATE TABLE decision_order (id INTEGER PRIMARY KEY, decision_id TEXT NOT NULL) STRICT",
    "INSERT INTO score_order(page_id, model_id) SELECT page_id, model_id FROM scores ORDER BY scored_at, page_id",
    "INSERT INTO decision_order(decision_id) SELECT id FROM decisions ORDER BY decided_at, id",
    "CREATE INDEX score_order_page ON score_order(page_id)",
    """CREATE TRIGGER scores_in_order AFTER INSERT ON scores BEGIN
        INSERT INTO score_order(page_id, model_id) VALUES (NEW.page_id, NEW.model_id); END""",
    """CREATE TRIGGER decisions_in_order AFTER INSERT ON decisions BEGIN
        INSERT INTO decision_order(decision_id) VALUES (NEW.id); END""",
    *append_only("score_order", "the order of scores", "id"),
    *append_only("decision_order", "the order of decisions", "id"),
)
