"""Which sentences drove a score, found in the page's own text."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.model import Weights, direction, promoted
from classifier.projection import Projector
from classifier.reading import Mask, Reading
from review_queue.categories import Category, Stance
from review_queue.records import Evidence

Floats = npt.NDArray[np.float64]

_SENTENCES: Final = 3  # per category
_SMALLEST_SHARE: Final = 0.05


def evidence(
    linear: Projector,
    speaking: Mapping[Category, Floats],
    reading: Reading,
    looked_at: Mask,
    page: int,
    text: str,
    categories: Sequence[Category],
) -> tuple[Evidence, ...]:
    """The sentences that speak most for each category, heaviest first; `text` is the page's.

    `speaking` is what `directions` gives for these weights. A linear model's log-odds are a sum over
    features, and a feature's part is shared out between the sentences it occurs in: the weights are true
    shares, not a guess from outside.
    """
    low, high = int(reading.page_edges[page]), int(reading.page_edges[page + 1])
    rows = low + np.flatnonzero(looked_at[low:high])
    told = linear.occurrences(reading, rows)
    found: list[Evidence] = []
    for category in categories:
        parts = told.values * speaking[category].take(told.columns)
        pull = np.maximum(np.bincount(told.places, parts, len(rows)), 0.0)
        pull[rows == low] = 0.0  # the title is no sentence of the text
        total = float(pull.sum())
        order = np.argsort(-pull, kind="stable")[:_SENTENCES]
        for i in order:
            share = float(pull[i]) / total if total else 0.0
            if share >= _SMALLEST_SHARE:
                start, end = reading.spans[int(rows[i])]
                found.append(Evidence(text[start:end], start, end, category, round(share, 4)))
    return tuple(found)


def directions(weights: Weights) -> dict[Category, Floats]:
    """How far each feature speaks for each category."""
    return {category: _direction(weights, category) for category in Category}


def _direction(weights: Weights, category: Category) -> Floats:
    if category is Category.DISTRESS:
        return direction(weights.stance, Stance.DISTRESS)
    two = direction(weights.topic, category.value) + direction(weights.stance, Stance.PROMOTES)
    return (two + direction(weights.pair, *promoted(category))) / 2
