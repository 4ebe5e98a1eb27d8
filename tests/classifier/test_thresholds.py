"""Cuts are chosen from a reading budget on held-out pages."""

import numpy as np
import pytest

from classifier import thresholds
from classifier.compose import SOURCE
from classifier.examples import Example, HeldOut, Topic
from review_queue.categories import Category, Stance
from review_queue.errors import CorporaError


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
    scores = _scores(np.linspace(0, 0.5, 1000), np.full(10, 0.495))

    cut = thresholds.choose(scores, held_out)[Category.VIOLENCE]

    assert cut.value == pytest.approx(0.495, abs=0.001)
    assert cut.false_alarms == pytest.approx(thresholds.REVIEW_BUDGET, abs=0.002)
    assert (cut.found, cut.hard_false_alarms) == (1.0, None)
    assert (cut.harmful_pages, cut.harmless_pages, cut.hard_pages) == (10, 1000, 0)


def test_a_cut_is_not_put_far_below_the_harmful_pages() -> None:
    held_out = _held_out(
        (1000, Topic.NEITHER, Stance.OTHER, "public"),
        (100, Topic.VIOLENCE, Stance.PROMOTES, "public"),
    )
    scores = _scores(np.linspace(0, 0.2, 1000), np.r_[np.full(5, 0.3), np.full(95, 0.9)])

    cut = thresholds.choose(scores, held_out)[Category.VIOLENCE]

    assert cut.value == pytest.approx((0.198 + 0.9) / 2, abs=0.001)
    assert cut.found == thresholds.ENOUGH


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
    scores = _scores(np.linspace(0, 0.6, 100), np.full(10, 0.6))

    cut = thresholds.choose(scores, held_out)[Category.DISTRESS]

    assert 0.55 < cut.value < 0.61
    assert (cut.harmful_pages, cut.harmless_pages) == (10, 100)


def test_a_budget_cut_leaves_that_many_of_fresh_sites() -> None:
    rng = np.random.default_rng(5)

    cut = thresholds.for_budget(rng.beta(1, 9, 20_000), sites_a_week=3_000, budget=300)

    fresh = float((rng.beta(1, 9, 3_000) >= cut.value).sum())
    assert fresh == pytest.approx(300, rel=0.1)
    assert cut.low < 0.1 < cut.high
    assert cut.share == pytest.approx(0.1, abs=0.001)


def test_what_a_week_brings_lies_within_the_interval_for_95_of_100_fresh_weeks() -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(400):
        known, fresh = rng.random(500), rng.random(1_000)
        week = thresholds.a_week(known.tolist(), 0.9, 1_000)
        inside += week.low <= (fresh >= 0.9).sum() <= week.high

    assert 0.92 < inside / 400 < 0.98


def test_a_week_of_which_nothing_was_ever_above_the_cut_may_still_bring_something() -> None:
    week = thresholds.a_week([0.1] * 200, 0.9, 10_000)

    assert (week.number, week.low) == (0, 0)
    assert 20 < week.high < 200


def test_a_recall_cut_finds_the_share_wanted() -> None:
    cut = thresholds.for_recall(np.linspace(0.01, 1, 100), 0.8)

    assert (cut.share, cut.pages) == (0.8, 100)
    assert cut.value == pytest.approx(0.21)
    assert 0.70 < cut.low < 0.8 < cut.high < 0.88


def test_the_interval_of_all_and_of_none_stays_within_bounds() -> None:
    none, all_of_them = thresholds.interval(0, 10), thresholds.interval(10, 10)

    assert none[0] == 0.0
    assert none[1] == pytest.approx(0.308, abs=0.001)
    assert all_of_them[0] == pytest.approx(0.692, abs=0.001)
    assert all_of_them[1] == 1.0


def test_a_cut_from_nothing_is_refused() -> None:
    with pytest.raises(CorporaError, match="needs scored sites"):
        thresholds.for_budget(np.zeros(0), 100, 10)
    with pytest.raises(CorporaError, match="needs scored sites"):
        thresholds.a_week([], 0.5, 10)
    with pytest.raises(CorporaError, match="needs harmful"):
        thresholds.for_recall(np.ones(5), 0.0)
