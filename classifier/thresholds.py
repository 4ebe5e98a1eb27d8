"""The scores from which a case is opened, chosen from how much reading a unit can afford.

Takes held-out pages by type: a cut chosen on the pages a model was fitted on promises too much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.calibration import is_harmful, is_harmless
from classifier.compose import SOURCE
from classifier.examples import HeldOut, Topic
from review_queue.categories import HARMS, Category, Stance

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# What officers read for nothing, per category: of ordinary pages, and of pages written to be mistaken
# (the same subject prevented, reported, narrated, played), which are rare on the web.
REVIEW_BUDGET: Final = 0.01
HARD_BUDGET: Final = 0.10
_LOWEST: Final = 0.05
_LOWEST_DISTRESS: Final = 0.25  # distress must be the likeliest of five stances as well
_HIGHEST: Final = 0.95


@dataclass(frozen=True, slots=True)
class Threshold:
    """A cut and what it gave on the held-out pages; a share is None where there was nothing to share."""

    value: float
    found: float | None
    false_alarms: float | None
    hard_false_alarms: float | None
    harmful_pages: int
    harmless_pages: int
    hard_pages: int


def choose(scores: Mapping[Category, Floats], held_out: HeldOut) -> dict[Category, Threshold]:
    """The lowest cut per category that keeps both budgets on the held-out pages."""
    written = np.array([e.source == SOURCE for e in held_out.examples], np.bool_)
    on_topic = np.array([e.topic is not Topic.NEITHER for e in held_out.examples], np.bool_)
    distress = np.array([e.stance is Stance.DISTRESS for e in held_out.examples], np.bool_)
    harmless = is_harmless(held_out)
    chosen = {
        category: _cut(
            scores[category],
            is_harmful(held_out, category),
            harmless & ~written,
            harmless & written & on_topic,
            _LOWEST,
        )
        for category in HARMS
    }
    known = np.array([e.stance is not None for e in held_out.examples], np.bool_) & ~distress
    chosen[Category.DISTRESS] = _cut(
        scores[Category.DISTRESS],
        distress,
        known & ~written,
        known & written & on_topic,
        _LOWEST_DISTRESS,
    )
    return chosen


def _cut(scores: Floats, wanted: Mask, ordinary: Mask, hard: Mask, lowest: float) -> Threshold:
    tails = [
        float(np.quantile(scores[group], 1 - budget))
        for group, budget in ((ordinary, REVIEW_BUDGET), (hard, HARD_BUDGET))
        if group.any()
    ]
    value = round(min(_HIGHEST, max([lowest, *tails])), 4)
    return Threshold(
        value,
        _share_above(scores[wanted], value),
        _share_above(scores[ordinary], value),
        _share_above(scores[hard], value),
        int(wanted.sum()),
        int(ordinary.sum()),
        int(hard.sum()),
    )


def _share_above(scores: Floats, value: float) -> float | None:
    return float((scores >= value).mean()) if len(scores) else None
