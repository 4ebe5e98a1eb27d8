"""Scores mean the same in every language and category."""

from dataclasses import replace

import numpy as np
import pytest

from classifier import calibration
from classifier.calibration import Line
from classifier.compose import SOURCE
from classifier.examples import LANGUAGES, Example, HeldOut, Topic
from review_queue.categories import HARMS, Category, Stance

OFFSETS = {"kk": -9.0, "ru": -5.0, "en": -2.0}


def _pages(harmful: int = 40) -> tuple[HeldOut, dict[Category, calibration.Floats]]:
    """Pages whose raw scores lie elsewhere in each language."""
    rng = np.random.default_rng(1)
    examples, raw = [], []
    for lang in LANGUAGES:
        for i in range(400):
            promotes = i < harmful
            stance = Stance.PROMOTES if promotes else Stance.OTHER
            examples.append(Example("", lang, Topic.SELF_HARM, stance, "s", "l"))
            raw.append(OFFSETS[lang] + (3.0 if promotes else 0.0) + rng.normal(0, 0.5))
    scores = np.array(raw)
    return HeldOut(tuple(examples)), {harm: scores.copy() for harm in HARMS}


def test_like_pages_score_alike_in_every_language() -> None:
    held_out, raw = _pages()

    lines = calibration.fit(raw, held_out)

    harmful = [
        lines[lang][Category.SELF_HARM].apply(np.array([OFFSETS[lang] + 3.0]))[0]
        for lang in LANGUAGES
    ]
    harmless = [
        lines[lang][Category.SELF_HARM].apply(np.array([OFFSETS[lang]]))[0] for lang in LANGUAGES
    ]
    assert min(harmful) > 0.8
    assert max(harmless) < 0.05
    assert max(harmful) - min(harmful) < 0.1


def test_a_harm_nobody_could_measure_does_not_crowd_the_queue() -> None:
    held_out, raw = _pages()

    lines = calibration.fit(raw, held_out)

    harmless = raw[Category.VIOLENCE][calibration.is_harmless(held_out)][:360]
    shown = lines["kk"][Category.VIOLENCE].apply(harmless)
    assert np.quantile(shown, 0.99) == pytest.approx(calibration.UNPROVEN_SCORE, abs=0.01)


def test_a_score_that_runs_the_wrong_way_is_not_believed() -> None:
    held_out, raw = _pages()

    lines = calibration.fit({harm: -scores for harm, scores in raw.items()}, held_out)

    assert all(line.slope > 0 for by_harm in lines.values() for line in by_harm.values())


def test_without_any_page_there_is_still_a_line() -> None:
    nothing = HeldOut(())

    lines = calibration.fit({harm: np.zeros(0) for harm in HARMS}, nothing)

    assert lines["ru"][Category.VIOLENCE].apply(np.array([0.0]))[0] == pytest.approx(0.05)


def test_a_calibration_survives_being_written_down() -> None:
    lines = {"en": {Category.SELF_HARM: Line(1.5, -2.25), Category.VIOLENCE: Line(1.0, 0.0)}}

    assert calibration.from_plain(calibration.as_plain(lines)) == lines


def test_distress_and_unknown_stance_are_not_called_harmless() -> None:
    stances = [Stance.PROMOTES, Stance.DISTRESS, None, Stance.OTHER, Stance.SUPPORTS]
    held_out = HeldOut(tuple(Example("", "en", Topic.SELF_HARM, s, "s", "l") for s in stances))

    assert calibration.is_harmless(held_out).tolist() == [False, False, False, True, True]


def test_extreme_raw_scores_stay_between_nought_and_one() -> None:
    shown = Line(1e6, 0.0).apply(np.array([-1e6, 1e6]))

    assert 0 <= shown[0] < shown[1] <= 1


def test_many_hard_neighbours_held_out_do_not_lower_a_language() -> None:
    few, many = (_with_neighbours(number) for number in (30, 300))

    risks = [
        calibration.fit(raw, held_out)["kk"][Category.SELF_HARM].apply(np.array([1.0]))[0]
        for held_out, raw in (few, many)
    ]

    assert risks[0] == pytest.approx(risks[1], abs=0.1)


def _with_neighbours(number: int) -> tuple[HeldOut, dict[Category, calibration.Floats]]:
    promoting = Example("", "kk", Topic.SELF_HARM, Stance.PROMOTES, SOURCE, "l")
    hard = replace(promoting, stance=Stance.SUPPORTS)
    ordinary = Example("", "kk", Topic.NEITHER, Stance.OTHER, "public", "l")
    examples = (*[promoting] * 100, *[hard] * number, *[ordinary] * 300)
    spread = np.linspace(-1.0, 1.0, 10)
    raw = np.concatenate(
        [np.tile(mean + spread, n // 10) for mean, n in ((2.0, 100), (0.0, number), (-2.0, 300))]
    )
    return HeldOut(examples), dict.fromkeys(HARMS, raw)
