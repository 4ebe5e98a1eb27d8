"""How much reading a model saves: harmful pages found in the first per cents of the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.calibration import is_harmful, is_harmless, of_language
from classifier.compose import SOURCE
from classifier.examples import LANGUAGES, HeldOut, Topic
from classifier.intervals import Measured, of_draws
from review_queue.categories import HARMS, Category

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_DRAWS: Final = 200
READ_SHARES: Final = (0.01, 0.02, 0.05)


@dataclass(frozen=True, slots=True)
class Recall:
    """The share of harmful pages found after reading 1, 2 and 5 % of all pages, riskiest first."""

    harmful: int
    pages: int
    found: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Cell:
    """How well one harm is told from everything harmless in one language, on held-out pages."""

    lang: str
    category: Category
    harmful: int
    harmless: int
    average_precision: float | None
    against_hard: float | None  # the same against written harmless pages on the same subject alone
    low: float | None = None  # 95 % interval of the average precision, by bootstrap over pages
    high: float | None = None


def by_cell(scores: Mapping[Category, Floats], held_out: HeldOut) -> tuple[Cell, ...]:
    """The figures of every language and harm."""
    harmless = is_harmless(held_out)
    hard = harmless & np.array(
        [e.source == SOURCE and e.topic is not Topic.NEITHER for e in held_out.examples], np.bool_
    )
    cells = []
    for lang in LANGUAGES:
        own = of_language(held_out, lang)
        for category in HARMS:
            harmful = is_harmful(held_out, category) & own
            written = harmful & np.array([e.source == SOURCE for e in held_out.examples], np.bool_)
            spread = _spread(scores[category], harmful, harmless & own)
            cells.append(
                Cell(
                    lang,
                    category,
                    int(harmful.sum()),
                    int((harmless & own).sum()),
                    _told_apart(scores[category], harmful, harmless & own),
                    _told_apart(scores[category], written, hard & own),
                    spread.low,
                    spread.high,
                )
            )
    return tuple(cells)


def _told_apart(scores: Floats, wanted: Mask, unwanted: Mask) -> float | None:
    used = wanted | unwanted
    return average_precision(scores[used].tolist(), wanted[used].tolist())


def _spread(scores: Floats, wanted: Mask, unwanted: Mask) -> Measured:
    own = np.flatnonzero(wanted | unwanted)
    if not wanted.any():
        return of_draws([], 0)
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(_DRAWS):
        chosen = rng.choice(own, len(own))
        drawn.append(average_precision(scores[chosen].tolist(), wanted[chosen].tolist()))
    return of_draws(drawn, len(own))


def recall_at(
    risks: Sequence[float], harmful: Sequence[bool], among: Sequence[bool] | None = None
) -> Recall:
    """Recall of the harmful pages `among` names (all by default) in the one queue of all pages."""
    wanted = np.array(harmful, np.bool_)
    if among is not None:
        wanted &= np.array(among, np.bool_)
    order = np.argsort(-np.array(risks, np.float64), kind="stable")
    total = int(wanted.sum())
    found = {
        share: float(wanted[order[: int(len(order) * share)]].sum() / total) if total else 0.0
        for share in READ_SHARES
    }
    return Recall(total, len(order), found)


def mean_recall(cells: Sequence[Recall]) -> dict[float, float]:
    """The mean over cells that have harmful pages, so that a large cell does not hide a small one."""
    filled = [cell for cell in cells if cell.harmful]
    if not filled:
        return dict.fromkeys(READ_SHARES, 0.0)
    return {share: sum(c.found[share] for c in filled) / len(filled) for share in READ_SHARES}


def average_precision(scores: Sequence[float], harmful: Sequence[bool]) -> float | None:
    """Mean precision at each harmful page, riskiest first; None without a harmful page."""
    order = np.argsort(-np.array(scores, np.float64), kind="stable")
    hits = np.array(harmful, np.bool_)[order]
    if not hits.any():
        return None
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())
