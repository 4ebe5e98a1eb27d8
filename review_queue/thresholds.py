"""The thresholds a unit set in place of a model's own: who, for which model, when and why, never edited."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review_queue import audit
from review_queue.categories import Category
from review_queue.errors import RefusedError
from review_queue.records import ModelId, Reviewer
from review_queue.store import Store


@dataclass(frozen=True, slots=True)
class SetThreshold:
    """One change; `value` is None where the model's own was put back."""

    category: Category
    value: float | None
    actor: str
    reason: str
    set_at: str
    name: str  # of the person; "" where one was typed as `actor`, as was done once
    model: str  # NAME/VERSION it was set for; "" where that was not kept yet
    model_digest: str

    def holds_for(self, model: ModelId) -> bool:
        """Whether it was set for this very model, or for none that is on record."""
        return self.model_digest in {"", model.digest}

    def told(self) -> str:
        """Who set it, when and for which model, in words."""
        which = f"for {self.model}" if self.model else "for a model that is not on record"
        return f"set by {self.name or self.actor} at {self.set_at} {which}"


def set_threshold(
    store: Store,
    category: Category,
    value: float | None,
    *,
    person: Reviewer,
    model: ModelId,
    reason: str,
) -> SetThreshold:
    """The category's cases are opened from `value` on, or from the model's own where it is None.

    Of another model it changes nothing. Nothing is scored or opened yet: the next scoring does that. The audit
    log tells of the change.

    Raises:
        RefusedError: a value that is not above 0 and at most 1, no reason, or nothing to put back.
    """
    if value is not None and not (math.isfinite(value) and 0 < value <= 1):
        raise RefusedError(f"a threshold is above 0 and at most 1, not {value}")
    if not reason.strip() or not reason.isprintable():
        raise RefusedError("a threshold is set with a reason, in one line")
    with store.atomic():
        before = current(store, model).get(category)
        if value is None and before is None:
            raise RefusedError(
                f"nothing is set for {category} of {_name(model)}: the model's own is in use"
            )
        made = SetThreshold(
            category, value, person.id, reason.strip(), store.now(), person.name, _name(model),
            model.digest,
        )  # fmt: skip
        _keep(store, made)
        audit.append(
            store,
            actor=made.actor,
            action="threshold.reset" if value is None else "threshold.set",
            subject=category,
            detail={
                "value": value,
                "before": before.value if before else None,
                "reason": made.reason,
                "model": made.model,
                "model_digest": made.model_digest,
            },
        )
    return made


def _keep(store: Store, made: SetThreshold) -> None:
    store.run(
        "INSERT INTO set_thresholds(id, category, value, actor, reason, set_at, person_name, model, model_digest)"
        " SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM set_thresholds",
        [made.category, made.value, made.actor, made.reason, made.set_at, made.name, made.model,
         made.model_digest],
    )  # fmt: skip


def current(store: Store, model: ModelId) -> Mapping[Category, SetThreshold]:
    """What is set for `model` now; a category without one has the model's own."""
    last: dict[Category, SetThreshold] = {}
    for change in history(store):
        before = last.get(change.category)
        if change.holds_for(model):
            last[change.category] = change
        elif before and not before.model:  # whoever set that was thinking of a model by then
            del last[change.category]
    return {category: last[category] for category in Category if _is_set(last.get(category))}


def of_others(store: Store, model: ModelId) -> list[SetThreshold]:
    """What was set last for another model, of categories for which nothing is set for `model`."""
    last = {change.category: change for change in history(store)}
    there = current(store, model)
    return [
        change
        for category, change in last.items()
        if category not in there and _is_set(change) and not change.holds_for(model)
    ]


def history(store: Store) -> list[SetThreshold]:
    """Every change there ever was, oldest first."""
    return [_change(row) for row in store.rows("SELECT * FROM set_thresholds ORDER BY id")]


def _is_set(change: SetThreshold | None) -> bool:
    return change is not None and change.value is not None


def _name(model: ModelId) -> str:
    return f"{model.name}/{model.version}"


def _change(row: dict[str, Any]) -> SetThreshold:
    return SetThreshold(
        Category(row["category"]),
        row["value"],
        row["actor"],
        row["reason"],
        row["set_at"],
        row["person_name"],
        row["model"],
        row["model_digest"],
    )
