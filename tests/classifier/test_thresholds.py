"""Cuts are chosen from a reading budget on held-out pages."""

import numpy as np
import pytest

from classifier import thresholds
from classifier.compose import SOURCE
from classifier.examples import Example, HeldOut, Topic
from review_queue.categories import Category, Stance


def _held_out(*kinds: tuple[int, Topic, Stance, str]) -> HeldOut:
    return HeldOut(
        tuple(
            Example("", "en", topic, stance, source, "l")
            for number, topic, stance, source in kinds
            for _ in range(number)
        )
    )


def _scores(*values: np.ndarray) -> dict[Category, np.ndarray]:
    joined = np.concatenate(values)
    return dict.fromkeys(Category, joined)


def test_the_cut_keeps_the_budget_of_ordinary_pages() -> None:
    held_out = _held_out(
        (1000, Topic.NEITHER, Stance.OTHER, "public"),
        (10, Topic.VIOLENCE, Stance.PROMOTES, "public"),
    )
    scores = _scores(np.linspace(0, 0.5, 1000), np.full(10, 0.9))

    cut = thresholds.choose(scores, held_out)[Category.VIOLENCE]

    assert cut.value == pytest.approx(0.495, abs=0.001)
    assert cut.false_alarms == pytest.approx(thresholds.REVIEW_BUDGET, abs=0.002)
    assert (cut.found, cut.hard_false_alarms) == (1.0, None)
    assert (cut.harmful_pages, cut.harmless_pages, cut.hard_pages) == (10, 1000, 0)


def test_hard_neighbours_can_raise_the_cut() -> None:
    held_out = _held_out(
        (100, Topic.NEITHER, Stance.OTHER, "public"),
        (100, Topic.SELF_HARM, Stance.SUPPORTS, SOURCE),
    )
    scores = _scores(np.zeros(100), np.linspace(0, 0.8, 100))

    cut = thresholds.choose(scores, held_out)[Category.SELF_HARM]

    assert cut.value == pytest.approx(0.72, abs=0.01)
    assert cut.found is None


def test_no_cut_is_ever_nought_or_one() -> None:
    held_out = _held_out((50, Topic.NEITHER, Stance.OTHER, "public"))

    low = thresholds.choose(_scores(np.zeros(50)), held_out)
    high = thresholds.choose(_scores(np.ones(50)), held_out)

    assert all(0 < cut.value < 1 for cut in (*low.values(), *high.values()))


def test_distress_is_measured_against_everything_else() -> None:
    held_out = _held_out(
        (100, Topic.VIOLENCE, Stance.PROMOTES, "public"),
        (10, Topic.SELF_HARM, Stance.DISTRESS, "public"),
    )
    scores = _scores(np.linspace(0, 0.6, 100), np.full(10, 0.9))

    cut = thresholds.choose(scores, held_out)[Category.DISTRESS]

    assert 0.55 < cut.value < 0.61
    assert (cut.harmful_pages, cut.harmless_pages) == (10, 100)
