"""Recall in the first per cents of the queue, and average precision."""

import pytest

from classifier.evaluation import average_precision, mean_recall, recall_at


def test_recall_counts_what_stands_at_the_front_of_the_queue() -> None:
    risks = [float(200 - i) for i in range(200)]
    harmful = [i in {0, 1, 3, 150} for i in range(200)]

    recall = recall_at(risks, harmful)

    assert recall.harmful == 4
    assert recall.pages == 200
    assert recall.found == {0.01: 0.5, 0.02: 0.75, 0.05: 0.75}


def test_recall_of_one_cell_is_measured_in_the_one_queue() -> None:
    risks = [float(200 - i) for i in range(200)]
    harmful = [i in {0, 5} for i in range(200)]

    recall = recall_at(risks, harmful, among=[i == 5 for i in range(200)])

    assert recall.harmful == 1
    assert recall.found == {0.01: 0.0, 0.02: 0.0, 0.05: 1.0}


def test_the_mean_is_over_cells_that_have_something_to_find() -> None:
    full = recall_at([2.0, 1.0] * 100, [True] + [False] * 199)
    empty = recall_at([1.0], [False])

    assert mean_recall([full, empty]) == full.found
    assert set(mean_recall([empty]).values()) == {0.0}


@pytest.mark.parametrize(
    ("harmful", "expected"),
    [([True, False, True], (1 + 2 / 3) / 2), ([False, False, True], 1 / 3), ([False] * 3, None)],
)
def test_average_precision(harmful: list[bool], expected: float | None) -> None:
    found = average_precision([0.9, 0.5, 0.1], harmful)

    assert found == (None if expected is None else pytest.approx(expected))
