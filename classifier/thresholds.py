"""The scores from which a case is opened, chosen from how much reading a unit can afford.

Takes held-out pages by type: a cut chosen on the pages a model was fitted on promises too much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.calibration import is_harmful, is_harmless
from classifier.examples import HeldOut
from review_queue.categories import HARMS, Category, Stance

Floats = npt.NDArray[np.float64]

REVIEW_BUDGET: Final = 0.01  # of the harmless pages, per category: what officers read for nothing
_LOWEST: Final = 0.05
_HIGHEST: Final = 0.95


@dataclass(frozen=True, slots=True)
class Threshold:
    """A cut and what it gave on the held-out pages; a share is None where there was nothing to share."""

    value: float
    found: float | None
    false_alarms: float | None
    harmful_pages: int
    harmless_pages: int


def choose(
    scores: Mapping[Category, Floats], held_out: HeldOut, budget: float = REVIEW_BUDGET
) -> dict[Category, Threshold]:
    """The lowest cut per category with at most `budget` of the harmless held-out pages above it."""
    harmless = is_harmless(held_out)
    chosen = {
        category: _cut(scores[category], is_harmful(held_out, category), harmless, budget)
        for category in HARMS
    }
    distress = np.array([e.stance is Stance.DISTRESS for e in held_out.examples], np.bool_)
    known = np.array([e.stance is not None for e in held_out.examples], np.bool_)
    chosen[Category.DISTRESS] = _cut(scores[Category.DISTRESS], distress, known & ~distress, budget)
    return chosen


def _cut(
    scores: Floats,
    wanted: npt.NDArray[np.bool_],
    unwanted: npt.NDArray[np.bool_],
    budget: float,
) -> Threshold:
    tail = float(np.quantile(scores[unwanted], 1 - budget)) if unwanted.any() else _HIGHEST
    value = round(min(_HIGHEST, max(_LOWEST, tail)), 4)
    return Threshold(
        value,
        float((scores[wanted] >= value).mean()) if wanted.any() else None,
        float((scores[unwanted] >= value).mean()) if unwanted.any() else None,
        int(wanted.sum()),
        int(unwanted.sum()),
    )
