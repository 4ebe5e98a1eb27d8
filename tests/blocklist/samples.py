"""Entries for tests of the formats, which need no store."""

from blocklist.rendering import Heading
from review_queue.categories import Category, Scope
from review_queue.records import Entry

HEADING = Heading(serial=7, created="2026-01-31T09:00:00.000Z")


def entry(name: str, scope: Scope = Scope.HOST, *, case_ref: str = "KZ-0000-0001") -> Entry:
    """An entry for `name`; its other fields say nothing."""
    return Entry(
        id=f"E-{scope}-{name}",
        scope=scope,
        name=name,
        unicode_name=name,
        category=Category.VIOLENCE,
        case_ref=case_ref,
        decision_ids=("D-1", "D-2", "D-3"),
        people=3,
        policy_code="P-1",
        policy_version=1,
        legal_ground_code="G-1",
        legal_ground_version=1,
        listed_at="2026-01-31T08:00:00.000Z",
    )


def domain(name: str) -> Entry:
    """An entry for `name` and everything below it."""
    return entry(name, Scope.DOMAIN)
