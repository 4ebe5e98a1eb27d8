"""Intervals hold against published values."""

import pytest

from classifier.intervals import Measured, clopper_pearson, of_draws, wilson


def test_wilson_gives_the_known_interval_of_ten_in_a_hundred() -> None:
    found = wilson(10, 100)

    assert found.low == pytest.approx(0.0552, abs=1e-3)
    assert found.high == pytest.approx(0.1744, abs=1e-3)


def test_the_exact_interval_of_none_in_ten_reaches_to_31_per_cent() -> None:
    found = clopper_pearson(0, 10)

    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.3085, abs=1e-3)
    assert clopper_pearson(10, 10).low == pytest.approx(0.6915, abs=1e-3)


def test_nothing_counted_says_so() -> None:
    assert wilson(0, 0).value is None
    assert clopper_pearson(0, 0).value is None
    assert str(of_draws([None], 3)) == "none there"
    assert of_draws([], 0).as_plain() == {"value": None, "low": None, "high": None, "n": 0}


def test_draws_give_their_mean_and_range() -> None:
    found = of_draws([0.0, 0.5, 1.0, None], 3)

    assert found.value == 0.5
    assert found.low == pytest.approx(0.025)
    assert str(Measured(0.5, 0.4, 0.6, 3)) == "0.500 [0.400, 0.600]"
