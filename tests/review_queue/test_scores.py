"""Scores as the store keeps them, those of older files included."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from review_queue import scores
from review_queue.categories import Category, Move
from review_queue.records import Evidence, ModelId
from review_queue.schema import migrations
from review_queue.store import FILE_NAME, Store, open_store
from tests.builders import a_page, a_score, fetch

MODEL = ModelId("topic-stance", "v1", "d" * 64)


def _evidence(start: int, move: str, weight: float, harm: Category) -> Evidence:
    return Evidence("Some words.", start, start + 11, harm, weight, move)


def test_moves_and_the_share_of_disguised_letters_come_back_as_they_were_saved(
    store: Store,
) -> None:
    (page_id,) = fetch(store, a_page("http://one.example/", "Some words."))
    saved = replace(
        a_score(),
        evidence=(
            _evidence(0, Move.RECRUITING, 0.7, Category.VIOLENCE),
            _evidence(12, "", 0.3, Category.VIOLENCE),
        ),
        disguised=0.0312,
    )

    scores.save(store, MODEL, [(page_id, saved)])

    assert scores.latest(store, page_id) == (MODEL, saved)


def test_the_moves_of_a_page_are_those_of_its_sentences_most_frequent_first() -> None:
    score = replace(
        a_score(),
        evidence=(
            _evidence(0, Move.THREATS, 0.9, Category.VIOLENCE),
            _evidence(0, Move.THREATS, 0.9, Category.SELF_HARM),  # the same sentence counts once
            _evidence(20, Move.PRAISING, 0.2, Category.VIOLENCE),
            _evidence(40, Move.PRAISING, 0.1, Category.VIOLENCE),
            _evidence(60, Move.JUSTIFYING, 0.1, Category.VIOLENCE),
            _evidence(80, "", 0.1, Category.VIOLENCE),
        ),
    )

    assert score.moves == (Move.PRAISING, Move.THREATS, Move.JUSTIFYING)
    assert a_score().moves == ()


@pytest.fixture
def oldest(tmp_path: Path) -> Path:
    """A store as the first version of the program left it, with one score."""
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    migrations.apply(Database(connection), stop_before="0004_disguised")
    rows = [
        ("INSERT INTO sites VALUES ('one.example', '2026')", []),
        (
            """INSERT INTO pages VALUES (1, 'http://one.example/', 'one.example', 'one.example', '2026', '2026',
                200, '', 'Some words.', 'en', 'text/html', ?, NULL)""",
            ["a" * 64],
        ),
        ("INSERT INTO models VALUES (1, 'topic-stance', 'v1', ?)", [MODEL.digest]),
        (
            "INSERT INTO scores VALUES (1, 1, 'en', 0.1, 0.8, 0.0, 0.8, '{\"promotes\": 1.0}', ?, '2026')",
            [json.dumps([["Some words.", 0, 11, "violence", 1.0]])],
        ),
    ]
    for sql, values in rows:
        connection.execute(sql, values)
    connection.close()
    return tmp_path


def test_scores_of_the_oldest_store_are_read_and_new_ones_added(oldest: Path) -> None:
    with open_store(oldest, create=False) as store:
        found = scores.latest(store, 1)
        newer = replace(a_score(), disguised=0.5)
        scores.save(store, replace(MODEL, version="v2", digest="e" * 64), [(1, newer)])
        again = scores.latest(store, 1)

    assert found is not None
    assert found[1].evidence == (Evidence("Some words.", 0, 11, Category.VIOLENCE, 1.0),)
    assert (found[1].moves, found[1].disguised) == ((), 0.0)
    assert again is not None
    assert again[1].disguised == 0.5
