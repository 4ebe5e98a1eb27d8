"""Whoever lifts an entry is told of every other one that still blocks the same."""

import pytest

from blocklist.still_blocked import still_blocking
from review_queue import entries, lifts
from review_queue.categories import Scope
from review_queue.lifts import LiftReason
from review_queue.store import Store
from tests.builders import captured
from tests.review_queue.lives import DANA, an_import, taken_over

ROWS = {
    "url": (Scope.URL, "http://a.zz-qalqan.kz/page"),
    "host": (Scope.HOST, "a.zz-qalqan.kz"),
    "below": (Scope.HOST, "b.a.zz-qalqan.kz"),
    "domain": (Scope.DOMAIN, "zz-qalqan.kz"),
    "other": (Scope.DOMAIN, "yy-qalqan.kz"),
    "address": (Scope.IP, "203.0.113.7"),
    "near": (Scope.IP, "203.0.113.99"),
    "eight": (Scope.CIDR, "203.0.113.0/29"),
    "all": (Scope.CIDR, "203.0.113.0/24"),
    "next": (Scope.CIDR, "203.0.113.8/29"),
}


def after_lift(store: Store, lifted: str) -> set[str]:
    """What still blocks the same once every row was listed, and this one lifted."""
    an_import(
        store, *(taken_over(name, entry_id=key, scope=scope) for key, (scope, name) in ROWS.items())
    )
    lifts.lift(store, lifted, DANA, LiftReason.MISTAKE)
    entry = entries.find(store, lifted)
    assert entry
    return {each.id for each in still_blocking(store, entry)}


@pytest.mark.parametrize(
    ("lifted", "still"),
    [
        ("url", {"host", "domain"}),
        ("host", {"domain"}),
        ("below", {"domain"}),
        ("other", set()),
        ("address", {"eight", "all"}),
        ("eight", {"all"}),
        ("all", set()),
    ],
)
def test_what_still_blocks_the_same_is_told(store: Store, lifted: str, still: set[str]) -> None:
    assert after_lift(store, lifted) == still


@pytest.mark.parametrize(
    ("lifted", "still"),
    [
        ("url", {"host", "domain", "address", "all", "eight"}),
        ("host", {"domain", "address", "all", "eight"}),
        ("domain", {"address", "all", "eight"}),
        ("below", {"domain", "address", "all", "eight"}),
        ("other", set()),
    ],
)
def test_a_name_is_still_blocked_at_the_address_it_is_known_to_have(
    store: Store, lifted: str, still: set[str]
) -> None:
    captured(store, ROWS["address"][1], ROWS["host"][1], ROWS["below"][1])

    assert after_lift(store, lifted) == still
