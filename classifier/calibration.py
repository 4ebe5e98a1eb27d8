"""Scores made comparable between languages and categories, on development pages only.

Raw scores crowd whole languages out of the queue: what counts as high differs from cell to cell. Each
cell of language and category is therefore mapped so that the same share of harmless pages lies above the
same score, and a typical harmful page scores alike everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.examples import LANGUAGES, HeldOut, Topic
from review_queue.categories import HARMS, Category, Stance

Floats = npt.NDArray[np.float64]

# The share of harmless pages above TAIL_SCORE, and where the middle harmful page is put.
HARMLESS_TAIL: Final = 0.01
TAIL_SCORE: Final = 0.25
TYPICAL_SCORE: Final = 0.90
# Where no harmful page was held out nobody knows what a high score is worth: it must not crowd the queue.
UNPROVEN_TAIL_SCORE: Final = 0.05
_FEWEST_PAGES: Final = 10
_STEEPEST: Final = 3.0
_DEFAULT_SLOPE: Final = 1.0
_WEAK_LABELS: Final = frozenset({"violence_topic", "self_harm_topic"})


@dataclass(frozen=True, slots=True)
class Line:
    """A straight map from a raw score to the log-odds of the shown one."""

    slope: float
    offset: float

    def apply(self, raw: Floats) -> Floats:
        """Scores in 0..1 for raw ones."""
        shown: Floats = 1.0 / (1.0 + np.exp(-np.clip(self.slope * raw + self.offset, -30, 30)))
        return shown


Calibration = Mapping[str, Mapping[Category, Line]]  # by language, then category


def fit(raw: Mapping[Category, Floats], held_out: HeldOut) -> Calibration:
    """The lines for every language and category, from raw scores of held-out pages."""
    slopes = {
        (lang, category): slope
        for lang in LANGUAGES
        for category in HARMS
        if (slope := _slope(raw[category], held_out, lang, category)) is not None
    }
    usual = median(slopes.values()) if slopes else _DEFAULT_SLOPE
    return {
        lang: {
            category: _line(
                slopes.get((lang, category), usual),
                _tail(raw[category], held_out, lang),
                TAIL_SCORE if (lang, category) in slopes else UNPROVEN_TAIL_SCORE,
            )
            for category in HARMS
        }
        for lang in LANGUAGES
    }


def is_harmful(held_out: HeldOut, category: Category) -> npt.NDArray[np.bool_]:
    """Which pages promote the harm."""
    topic = Topic(category.value)
    return np.array(
        [e.topic is topic and e.stance is Stance.PROMOTES for e in held_out.examples], np.bool_
    )


def is_harmless(held_out: HeldOut) -> npt.NDArray[np.bool_]:
    """Which pages are safe to call harmless: neither promoting, nor distress, nor of unknown stance."""
    return np.array(
        [
            e.stance not in {None, Stance.PROMOTES, Stance.DISTRESS} and e.label not in _WEAK_LABELS
            for e in held_out.examples
        ],
        np.bool_,
    )


def of_language(held_out: HeldOut, lang: str) -> npt.NDArray[np.bool_]:
    """Which pages are in the language."""
    return np.array([e.lang == lang for e in held_out.examples], np.bool_)


def _tail(raw: Floats, held_out: HeldOut, lang: str) -> float:
    harmless = is_harmless(held_out)
    own = harmless & of_language(held_out, lang)
    chosen = raw[own if own.sum() >= _FEWEST_PAGES else harmless]
    return float(np.quantile(chosen, 1 - HARMLESS_TAIL)) if len(chosen) else 0.0


def _slope(raw: Floats, held_out: HeldOut, lang: str, category: Category) -> float | None:
    harmful = is_harmful(held_out, category) & of_language(held_out, lang)
    if harmful.sum() < _FEWEST_PAGES:
        return None
    distance = float(np.median(raw[harmful])) - _tail(raw, held_out, lang)
    if distance <= 0:
        return None
    return min(_STEEPEST, (_log_odds(TYPICAL_SCORE) - _log_odds(TAIL_SCORE)) / distance)


def _line(slope: float, tail: float, tail_score: float) -> Line:
    return Line(slope, _log_odds(tail_score) - slope * tail)


def _log_odds(p: float) -> float:
    return float(np.log(p / (1 - p)))


def as_plain(calibration: Calibration) -> dict[str, dict[str, list[float]]]:
    """The calibration as nested dicts of numbers, for the model file and the card."""
    return {
        lang: {category.value: [line.slope, line.offset] for category, line in lines.items()}
        for lang, lines in calibration.items()
    }


def from_plain(plain: Mapping[str, Mapping[str, Sequence[float]]]) -> Calibration:
    """The calibration that `as_plain` wrote."""
    return {
        lang: {Category(name): Line(*map(float, numbers)) for name, numbers in lines.items()}
        for lang, lines in plain.items()
    }
