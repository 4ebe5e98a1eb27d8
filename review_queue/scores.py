"""What a model said of a page, with the model's name, version and digest beside every number."""

import json
from collections.abc import Sequence
from typing import Any

from review_queue.categories import Category, Stance
from review_queue.records import Evidence, ModelId, PageScore
from review_queue.store import Store


def model_row(store: Store, model: ModelId) -> int:
    """The id of the row that stands for `model`, made when it is new."""
    with store.atomic():
        store.run(
            "INSERT INTO models(name, version, digest) SELECT :name, :version, :digest"
            " WHERE NOT EXISTS (SELECT 1 FROM models WHERE digest = :digest)",
            {"name": model.name, "version": model.version, "digest": model.digest},
        )
        return int(store.value("SELECT id FROM models WHERE digest = ?", [model.digest]))


def save(store: Store, model: ModelId, rows: Sequence[tuple[int, PageScore]]) -> None:
    """Each page id has its score of this model; one it had before is kept."""
    with store.atomic():
        model_id = model_row(store, model)
        store.run_many(
            "INSERT INTO scores(page_id, model_id, lang, self_harm, violence, distress, risk, stance,"
            " evidence, disguised, scored_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
            " WHERE NOT EXISTS (SELECT 1 FROM scores WHERE page_id = ?1 AND model_id = ?2)",
            [
                (
                    page_id,
                    model_id,
                    score.lang,
                    score.scores[Category.SELF_HARM],
                    score.scores[Category.VIOLENCE],
                    score.stance.get(Stance.DISTRESS, 0.0),
                    score.risk,
                    json.dumps(dict(score.stance), sort_keys=True),
                    json.dumps(
                        [
                            [e.text, e.start, e.end, e.category, e.weight, e.move]
                            for e in score.evidence
                        ]
                    ),
                    score.disguised,
                    store.now(),
                )
                for page_id, score in rows
            ],
        )


def latest(store: Store, page_id: int) -> tuple[ModelId, PageScore] | None:
    """The newest score of the page and the model that made it."""
    row = store.row(
        "SELECT s.*, m.name, m.version, m.digest FROM scores s JOIN models m ON m.id = s.model_id"
        " WHERE s.page_id = ? ORDER BY s.scored_at DESC, s.model_id DESC LIMIT 1",
        [page_id],
    )
    return (ModelId(row["name"], row["version"], row["digest"]), as_score(row)) if row else None


def as_score(row: dict[str, Any]) -> PageScore:
    """The record of a row that holds a score's columns."""
    return PageScore(
        lang=row["lang"],
        scores={Category.SELF_HARM: row["self_harm"], Category.VIOLENCE: row["violence"]},
        stance={Stance(name): value for name, value in json.loads(row["stance"]).items()},
        risk=row["risk"],
        evidence=tuple(
            # the last is the move, which rows written before there were any do not have
            Evidence(text, start, end, Category(category), weight, *move)
            for text, start, end, category, weight, *move in json.loads(row["evidence"])
        ),
        disguised=row["disguised"],
    )
