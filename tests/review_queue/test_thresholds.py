"""Thresholds a unit sets: the last one counts, all are kept, each with its audit row."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from review_queue import audit, thresholds
from review_queue.categories import Category
from review_queue.errors import RefusedError
from review_queue.records import ModelId, Reviewer
from review_queue.schema import migrations
from review_queue.store import FILE_NAME, Store, open_store
from review_queue.thresholds import SetThreshold
from tests.conftest import TickingClock

HARM = Category.SELF_HARM


DANA = Reviewer("d4", "Dana", "senior")
ONE, OTHER = (ModelId("topic-stance", f"v{number}", str(number) * 64) for number in (1, 2))


def _set(
    store: Store, value: float | None, category: Category = HARM, model: ModelId = ONE
) -> SetThreshold:
    return thresholds.set_threshold(
        store, category, value, person=DANA, model=model, reason="Two more people."
    )


def test_nothing_is_set_in_a_new_store(store: Store) -> None:
    assert thresholds.current(store, ONE) == {}
    assert thresholds.history(store) == []


def test_the_last_value_set_counts_and_the_others_are_kept(
    store: Store, clock: TickingClock
) -> None:
    first = _set(store, 0.6)
    clock.move(days=1)
    second = _set(store, 0.5)
    other = _set(store, 0.4, Category.DISTRESS)

    assert thresholds.current(store, ONE) == {HARM: second, Category.DISTRESS: other}
    assert thresholds.history(store) == [first, second, other]
    assert (first.actor, first.name, first.reason) == ("d4", "Dana", "Two more people.")
    assert (first.model, first.model_digest) == ("topic-stance/v1", ONE.digest)
    assert first.set_at < second.set_at


def test_a_value_taken_back_is_no_longer_set_and_stays_in_the_history(store: Store) -> None:
    _set(store, 0.6)
    _set(store, None)

    assert thresholds.current(store, ONE) == {}
    assert [change.value for change in thresholds.history(store)] == [0.6, None]


def test_each_change_stands_in_the_audit_log_with_what_it_was_before(store: Store) -> None:
    _set(store, 0.6)
    _set(store, 0.5)
    _set(store, None)

    told = [(row.action, row.actor, row.subject) for row in audit.rows(store)]
    values = [(row.detail["before"], row.detail["value"]) for row in audit.rows(store)]
    assert told == [("threshold.reset", "d4", "self_harm")] + 2 * [
        ("threshold.set", "d4", "self_harm")
    ]
    assert values == [(0.5, None), (0.6, 0.5), (None, 0.6)]
    assert audit.verify(store).seq == 3


@pytest.mark.parametrize("value", [0.0, -0.1, 1.01, float("nan"), float("inf")])
def test_a_value_that_is_no_threshold_is_refused(store: Store, value: float) -> None:
    with pytest.raises(RefusedError, match="above 0 and at most 1"):
        _set(store, value)


@pytest.mark.parametrize("words", ["", "  ", "two\nlines", "\x1b[2J"])
def test_a_change_without_a_readable_reason_is_refused(store: Store, words: str) -> None:
    with pytest.raises(RefusedError, match="reason"):
        thresholds.set_threshold(store, HARM, 0.5, person=DANA, model=ONE, reason=words)
    assert audit.rows(store) == []


def test_a_threshold_holds_for_the_model_it_was_set_for_and_no_other(store: Store) -> None:
    of_one = _set(store, 0.6)
    assert (thresholds.current(store, OTHER), thresholds.of_others(store, OTHER)) == ({}, [of_one])

    of_other = _set(store, 0.5, model=OTHER)
    assert thresholds.current(store, OTHER) == {HARM: of_other}
    assert thresholds.of_others(store, OTHER) == []
    assert thresholds.current(store, ONE) == {
        HARM: of_one
    }  # a model that is taken back has its own again

    _set(store, None, model=OTHER)
    assert thresholds.current(store, OTHER) == {}
    with pytest.raises(RefusedError, match=r"of topic-stance/v2: the model's own is in use"):
        _set(store, None, model=OTHER)


def test_what_was_set_before_models_were_kept_holds_until_one_is_set(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    migrations.apply(Database(connection), stop_before="0022_threshold_models")
    connection.execute(
        "INSERT INTO set_thresholds VALUES (1, 'self_harm', 0.5, 'Aigul', 'A reason.', '2026')"
    )
    connection.close()

    with open_store(tmp_path, create=False) as store:
        (found,) = thresholds.current(store, ONE).values()
        assert thresholds.current(store, OTHER) == {HARM: found}
        assert found.told() == "set by Aigul at 2026 for a model that is not on record"

        made = _set(store, 0.6)
        assert thresholds.current(store, ONE) == {HARM: made}
        assert thresholds.current(store, OTHER) == {}


def test_what_was_never_set_cannot_be_taken_back(store: Store) -> None:
    with pytest.raises(RefusedError, match="the model's own is in use"):
        _set(store, None)


def test_a_store_made_before_thresholds_could_be_set_takes_them(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    migrations.apply(Database(connection), stop_before="0005_set_thresholds")
    connection.close()

    with open_store(tmp_path, create=False) as store:
        assert thresholds.current(store, ONE) == {}
        made = _set(store, 0.5)
    with open_store(tmp_path, create=False) as store:
        assert thresholds.current(store, ONE) == {HARM: made}
