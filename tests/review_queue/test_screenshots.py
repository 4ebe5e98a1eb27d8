"""Pictures of pages: blurred ones only, one a page, kept for good."""

import hashlib
import sqlite3

import pytest

from review_queue import frontier, screenshots
from review_queue.errors import RefusedError
from review_queue.records import Claim, Outcome
from review_queue.store import Store
from tests.builders import a_page, fetch

PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 10
_CLAIM = Claim(1, "http://one.example/", "one.example", 0, 1)


def test_a_page_has_the_first_picture_that_was_made_of_it(store: Store) -> None:
    first, second = fetch(store, a_page("http://one.example/"), a_page("http://two.example/"))

    screenshots.add(store, first, PNG)
    screenshots.add(store, first, PNG + b"later")

    kept = screenshots.get(store, first)
    assert kept is not None
    assert (kept.png, kept.sha256) == (PNG, hashlib.sha256(PNG).hexdigest())
    assert kept.made_at
    assert screenshots.get(store, second) is None


def test_a_picture_comes_into_the_store_with_its_page(store: Store) -> None:
    round_id = frontier.open_round(store, sites={"one.example"}, policy={}, max_pages=5)
    outcome = Outcome(_CLAIM, a_page("http://one.example/"), screenshot=PNG)

    frontier.acknowledge(store, round_id, [outcome], revisit_s=1, max_depth=0)

    page_id = store.value("SELECT id FROM pages")
    assert screenshots.get(store, page_id) is not None


def test_what_is_too_large_is_left_out(store: Store) -> None:
    [page_id] = fetch(store, a_page("http://one.example/"))

    screenshots.add(store, page_id, PNG + b"x" * screenshots.MOST_BYTES)

    assert screenshots.get(store, page_id) is None


def test_the_store_takes_nothing_else_than_a_picture(store: Store) -> None:
    [page_id] = fetch(store, a_page("http://one.example/"))

    with pytest.raises(RefusedError, match="CHECK"):
        screenshots.add(store, page_id, b"<svg onload=alert(1)>")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE screenshots SET made_at = ''",
        "DELETE FROM screenshots",
        "INSERT OR REPLACE INTO screenshots SELECT page_id, sha256, png, '', 1 FROM screenshots",
        "INSERT INTO screenshots SELECT page_id + 1, sha256, png, made_at, 0 FROM screenshots",
    ],
)
def test_a_picture_is_never_changed_and_a_sharp_one_never_lies_in_the_store(
    store: Store, statement: str
) -> None:
    first, _ = fetch(store, a_page("http://one.example/"), a_page("http://two.example/"))
    screenshots.add(store, first, PNG)
    with (
        sqlite3.connect(store.path) as connection,
        pytest.raises(sqlite3.IntegrityError, match=r"refused|CHECK"),
    ):
        connection.execute(statement)
    connection.close()
