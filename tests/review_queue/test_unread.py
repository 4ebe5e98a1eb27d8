"""Pages that could not be read: each waits for one person, and what that person said stays."""

from dataclasses import replace

import pytest

from review_queue import frontier, pages, scores, unread
from review_queue.errors import RefusedError
from review_queue.records import Claim, Outcome
from review_queue.store import Store
from tests.builders import MODEL, a_page, a_score, fetch

_CLAIM = Claim(1, "http://one.example/", "one.example", 0, 1)


def _two(store: Store) -> tuple[int, int]:
    first, second = fetch(store, a_page("http://one.example/"), a_page("http://two.example/"))
    for page_id, reason in ((second, "died"), (first, "time")):
        unread.add(store, page_id, reason)
    return first, second


def test_unread_pages_wait_in_the_order_they_were_stored(store: Store) -> None:
    first, second = _two(store)

    assert [(u.page.id, u.reason) for u in unread.waiting(store)] == [
        (first, "time"),
        (second, "died"),
    ]
    assert [u.page.id for u in unread.waiting(store, limit=1, offset=1)] == [second]
    assert unread.count_waiting(store) == 2


def test_a_page_that_is_known_as_unread_stays_as_it_is(store: Store) -> None:
    first, _ = _two(store)
    unread.add(store, first, "memory")

    known = unread.get(store, first)
    assert known is not None
    assert (known.reason, known.state) == ("time", "waiting")


def test_a_settled_page_waits_no_more_and_tells_who_looked(store: Store) -> None:
    first, second = _two(store)

    settled = unread.settle(store, first, unread.NOTHING, looked_by="dana", note="a photo album")

    assert (settled.state, settled.looked_by, settled.note) == ("nothing", "dana", "a photo album")
    assert settled.looked_at
    assert [u.page.id for u in unread.waiting(store)] == [second]


def test_a_page_is_settled_once(store: Store) -> None:
    first, _ = _two(store)
    unread.settle(store, first, unread.CASE, looked_by="dana")

    with pytest.raises(RefusedError, match="somebody else was quicker"):
        unread.settle(store, first, unread.NOTHING, looked_by="aset")


@pytest.mark.parametrize(("state", "who"), [("waiting", "dana"), ("nothing", " "), ("x", "dana")])
def test_a_page_is_settled_by_somebody_as_something(store: Store, state: str, who: str) -> None:
    first, _ = _two(store)

    with pytest.raises(RefusedError, match="settled by somebody"):
        unread.settle(store, first, state, looked_by=who)


def test_a_page_that_was_read_is_none_of_them(store: Store) -> None:
    (page_id,) = fetch(store, a_page("http://one.example/"))

    assert unread.get(store, page_id) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE unread SET state = 'waiting', looked_by = '' WHERE state = 'nothing'",
        "UPDATE unread SET note = 'other' WHERE state = 'nothing'",
        "UPDATE unread SET reason = 'memory' WHERE state = 'waiting'",
        "DELETE FROM unread WHERE state = 'nothing'",
        "INSERT OR REPLACE INTO unread(page_id, reason, found_at) SELECT page_id, 'time', '' FROM unread",
        "INSERT INTO unread(page_id, reason, found_at) SELECT max(page_id) + 1, 'odd', '' FROM unread",
        "UPDATE unread SET state = 'nothing' WHERE state = 'waiting'",
    ],
)
def test_the_store_itself_keeps_what_was_found_and_said(store: Store, statement: str) -> None:
    first, _ = _two(store)
    unread.settle(store, first, unread.NOTHING, looked_by="dana")

    with pytest.raises(RefusedError):
        store.run(statement)


def test_what_a_crawl_could_not_read_is_stored_with_its_page_and_never_scored(store: Store) -> None:
    page = a_page("http://one.example/", text="")
    _crawl(store, Outcome(_CLAIM, page, unread="memory"))

    [waits] = unread.waiting(store)
    assert (waits.page.url, waits.reason) == (page.url, "memory")
    assert list(pages.unscored(store, MODEL)) == []
    assert pages.count_unscored(store, MODEL) == 0


def test_a_page_that_was_read_before_does_not_wait_when_the_next_reader_fails(store: Store) -> None:
    page = a_page("http://one.example/")
    _crawl(store, Outcome(_CLAIM, page))
    _crawl(store, Outcome(_CLAIM, replace(page, title="", text=""), unread="time"))

    assert unread.waiting(store) == []


def test_a_score_is_stored_with_its_page(store: Store) -> None:
    page = a_page("http://one.example/")
    _crawl(store, Outcome(_CLAIM, page, score=a_score()))

    assert scores.latest(store, 1) == (MODEL, a_score())
    assert list(pages.unscored(store, MODEL)) == []


def test_a_page_without_text_has_no_score_when_it_is_read_later(store: Store) -> None:
    page = a_page("http://one.example/")
    _crawl(store, Outcome(_CLAIM, replace(page, title="", text=""), unread="time"))
    _crawl(store, Outcome(_CLAIM, page, score=a_score()))

    assert scores.latest(store, 1) is None
    assert unread.count_waiting(store) == 1


def _crawl(store: Store, outcome: Outcome) -> None:
    round_id = frontier.open_round(store, sites=["one.example"], policy={}, max_pages=9)
    frontier.acknowledge(store, round_id, [outcome], revisit_s=60, max_depth=3, model=MODEL)
