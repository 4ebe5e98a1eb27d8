"""How long an entry holds: when somebody looks at it again and when it ends by itself, for each category."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from review_queue import audit
from review_queue.categories import HARMS, Category
from review_queue.clock import later
from review_queue.errors import RefusedError
from review_queue.life_tables import EXPIRY_DAYS, REVIEW_DAYS
from review_queue.records import Reviewer
from review_queue.store import Store

_DAY_S: Final = 86_400
_MOST_DAYS: Final = 36_500  # a hundred years; a date after the year 9999 cannot be written


@dataclass(frozen=True, slots=True)
class Term:
    """How long entries of a category hold; `expiry_days` is None where they do not end by themselves."""

    category: Category
    review_days: int = REVIEW_DAYS
    expiry_days: int | None = EXPIRY_DAYS
    actor: str = ""  # who set it; nobody did where it is empty
    reason: str = ""
    set_at: str = ""

    def review_at(self, start: datetime) -> str:
        """When somebody looks again at what is listed, or renewed, at `start`."""
        return later(start, self.review_days * _DAY_S)

    def expires_at(self, start: datetime) -> str:
        """When what is listed, or renewed, at `start` ends by itself; "" where it does not."""
        return "" if self.expiry_days is None else later(start, self.expiry_days * _DAY_S)


def current(store: Store) -> Mapping[Category, Term]:
    """The term of each category: what was set last, else 180 and 730 days."""
    found = {category: Term(category) for category in HARMS}
    found.update({term.category: term for term in history(store)})
    return MappingProxyType(found)


def history(store: Store) -> list[Term]:
    """Every term that was ever set, oldest first."""
    return [_term(row) for row in store.rows("SELECT * FROM terms ORDER BY id")]


def set_term(
    store: Store,
    category: Category,
    *,
    review_days: int,
    expiry_days: int | None,
    person: Reviewer,
    reason: str,
) -> Term:
    """What is listed or renewed from now on holds so long; what is listed already keeps its dates.

    Raises:
        RefusedError: no such harm, days that are none, an end before the first look, or no reason.
    """
    if category not in HARMS:
        raise RefusedError(f"no entry has the category {category}; choose from {', '.join(HARMS)}")
    if not 0 < review_days <= _MOST_DAYS:
        raise RefusedError(f"an entry is looked at again after 1 to {_MOST_DAYS} days")
    if expiry_days is not None and not review_days <= expiry_days <= _MOST_DAYS:
        raise RefusedError(
            f"an entry ends after it was due to be looked at: {review_days} to {_MOST_DAYS} days"
        )
    if not reason.strip() or not reason.isprintable():
        raise RefusedError("a term is set with a reason, in one line")
    with store.atomic():
        before = current(store)[category]
        made = Term(category, review_days, expiry_days, person.id, reason.strip(), store.now())
        store.run(
            "INSERT INTO terms(id, category, review_days, expiry_days, actor, reason, set_at)"
            " SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ?, ? FROM terms",
            [category, review_days, expiry_days, made.actor, made.reason, made.set_at],
        )
        audit.append(
            store,
            actor=person.id,
            action="term.set",
            subject=category,
            detail={"review_days": review_days, "expiry_days": expiry_days, "reason": made.reason,
                    "before": [before.review_days, before.expiry_days]},
        )  # fmt: skip
    return made


def _term(row: dict[str, Any]) -> Term:
    return Term(
        Category(row["category"]),
        row["review_days"],
        row["expiry_days"],
        row["actor"],
        row["reason"],
        row["set_at"],
    )
