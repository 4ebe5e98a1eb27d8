"""The thresholds a unit set in place of the model's own: who, when and why, never edited."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review_queue import audit
from review_queue.categories import Category
from review_queue.errors import RefusedError
from review_queue.store import Store


@dataclass(frozen=True, slots=True)
class SetThreshold:
    """One change; `value` is None where the model's own was put back."""

    category: Category
    value: float | None
    actor: str
    reason: str
    set_at: str


def set_threshold(
    store: Store, category: Category, value: float | None, *, actor: str, reason: str
) -> SetThreshold:
    """The category's cases are opened from `value` on, or from the model's own where it is None.

    Nothing is scored or opened yet: the next scoring does that. The audit log tells of the change.

    Raises:
        RefusedError: a value that is not above 0 and at most 1, no name or reason, or nothing to put back.
    """
    if value is not None and not (math.isfinite(value) and 0 < value <= 1):
        raise RefusedError(f"a threshold is above 0 and at most 1, not {value}")
    for what, words in (("name of who sets it", actor), ("reason", reason)):
        if not words.strip() or not words.isprintable():
            raise RefusedError(f"a threshold is set with a {what}, in one line")
    with store.atomic():
        before = current(store).get(category)
        if value is None and before is None:
            raise RefusedError(f"nothing is set for {category}: the model's own is in use")
        made = SetThreshold(category, value, actor.strip(), reason.strip(), store.now())
        store.run(
            "INSERT INTO set_thresholds(id, category, value, actor, reason, set_at)"
            " SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ? FROM set_thresholds",
            [made.category, made.value, made.actor, made.reason, made.set_at],
        )
        audit.append(
            store,
            actor=made.actor,
            action="threshold.reset" if value is None else "threshold.set",
            subject=category,
            detail={
                "value": value,
                "before": before.value if before else None,
                "reason": made.reason,
            },
        )
    return made


def current(store: Store) -> Mapping[Category, SetThreshold]:
    """What is set now; a category without one has the model's own."""
    last = {change.category: change for change in history(store)}
    return {category: last[category] for category in Category if _is_set(last.get(category))}


def history(store: Store) -> list[SetThreshold]:
    """Every change there ever was, oldest first."""
    return [_change(row) for row in store.rows("SELECT * FROM set_thresholds ORDER BY id")]


def _is_set(change: SetThreshold | None) -> bool:
    return change is not None and change.value is not None


def _change(row: dict[str, Any]) -> SetThreshold:
    return SetThreshold(
        Category(row["category"]), row["value"], row["actor"], row["reason"], row["set_at"]
    )
