"""Scores made comparable between languages and categories, on development pages only.

Raw scores crowd whole languages out of the queue: what counts as high differs from cell to cell. Each
cell of language and category therefore gets its own logistic line, fitted as if every cell held the same
share of harmful pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from classifier.compose import SOURCE
from classifier.examples import LANGUAGES, HeldOut, Topic
from review_queue.categories import HARMS, Category, Stance

Floats = npt.NDArray[np.float64]

# Scores read as probabilities where one page in five is harmful: far from the open web, but the whole
# range is used, and every language and category is put on the same footing.
PRIOR: Final = 0.2
# Of the harmless pages these are hard ones (written on the same subject) in every cell, however many were
# held out: otherwise a language with little public text would be judged by its neighbours alone.
HARD_SHARE: Final = 0.25
# Where no harmful page was held out nobody knows what a high score is worth. It must not crowd the
# queue: this share of the harmless pages of the cell lies above this score.
UNPROVEN_TAIL: Final = 0.01
UNPROVEN_SCORE: Final = 0.05
_FEWEST_PAGES: Final = 10
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
    proven = {
        (lang, category): line
        for lang in LANGUAGES
        for category in HARMS
        if (line := _proven(raw[category], held_out, lang, category)) is not None
    }
    slope = median(line.slope for line in proven.values()) if proven else _DEFAULT_SLOPE
    return {
        lang: {
            category: proven.get((lang, category))
            or _unproven(raw[category], held_out, lang, slope)
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


def _proven(raw: Floats, held_out: HeldOut, lang: str, category: Category) -> Line | None:
    own = of_language(held_out, lang)
    harmful, harmless = is_harmful(held_out, category) & own, is_harmless(held_out) & own
    if harmful.sum() < _FEWEST_PAGES or harmless.sum() < _FEWEST_PAGES:
        return None
    written = np.array([e.source == SOURCE for e in held_out.examples], np.bool_)
    hard = written & np.array([e.topic is not Topic.NEITHER for e in held_out.examples], np.bool_)
    # Public and written harmful pages count alike where there are both: neither kind crowds out the other.
    share = PRIOR * _evenly(harmful & written, 0.5, harmful & ~written)
    share += (1 - PRIOR) * _evenly(harmless & hard, HARD_SHARE, harmless & ~hard)
    used = harmful | harmless
    weight = share[used] * used.sum()
    fitted = LogisticRegression().fit(raw[used, None], harmful[used], sample_weight=weight)
    line = Line(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))
    return line if line.slope > 0 else None


def _evenly(first: npt.NDArray[np.bool_], part: float, second: npt.NDArray[np.bool_]) -> Floats:
    """Weights that add up to one, `part` of it on the first pages; all on one side where it is alone."""
    if not first.any() or not second.any():
        part = float(first.any())
    weights: Floats = part * first / max(1, first.sum())
    weights += (1 - part) * second / max(1, second.sum())
    return weights


def _unproven(raw: Floats, held_out: HeldOut, lang: str, slope: float) -> Line:
    harmless = is_harmless(held_out)
    own = harmless & of_language(held_out, lang)
    chosen = raw[own if own.sum() >= _FEWEST_PAGES else harmless]
    tail = float(np.quantile(chosen, 1 - UNPROVEN_TAIL)) if len(chosen) else 0.0
    return Line(slope, _log_odds(UNPROVEN_SCORE) - slope * tail)


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
