"""The scores from which a case is opened, chosen from how much reading a unit can afford.

Takes held-out pages by type: a cut chosen on the pages a model was fitted on promises too much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from classifier.calibration import is_harmful, is_harmless
from classifier.compose import SOURCE
from classifier.examples import HeldOut, Topic
from review_queue.categories import HARMS, Category, Stance
from review_queue.errors import CorporaError

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# What officers read for nothing, per category: of ordinary pages, and of pages written to be mistaken
# (the same subject prevented, reported, narrated, played), which are rare on the web.
REVIEW_BUDGET: Final = 0.01
HARD_BUDGET: Final = 0.10
# Where the budgets allow a cut below the one that finds this share of the harmful held-out pages, it is put
# half-way between the two: lower buys alarms and hardly a page, higher trusts the held-out pages too far.
ENOUGH: Final = 0.95
_LOWEST: Final = 0.05
_LOWEST_DISTRESS: Final = 0.25  # distress must be the likeliest of five stances as well
_HIGHEST: Final = 0.95
_TAIL: Final = 0.025  # 95 % intervals
_RESAMPLES: Final = 200
_WEEKS: Final = 4_000


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
    found_low: float | None = None  # 95 % interval of `found`, Clopper and Pearson's
    found_high: float | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut that was asked for, with the 95 % interval of the share that lies above it."""

    value: float
    share: float
    low: float
    high: float
    pages: int


@dataclass(frozen=True, slots=True)
class Expected:
    """How many sites of a week to expect above a cut, with the 95 % interval of a single week."""

    number: float
    low: float
    high: float


def for_budget(risks: Floats | Sequence[float], sites_a_week: int, budget: int) -> Cut:
    """The cut that leaves `budget` of `sites_a_week` sites to read, from risks of sites like them.

    `risks` are those of the last weeks' sites, or of held-out pages where a unit has none yet; never of
    training rows. The interval is that of the share of next week's sites above the cut (bootstrap).
    """
    risks = np.asarray(risks, np.float64)
    if not len(risks) or not budget > 0 or not sites_a_week > 0:
        raise CorporaError("a budget needs scored sites, a number of sites a week and one to read")
    wanted = min(1.0, budget / sites_a_week)
    ordered = np.sort(risks)[::-1]
    read = min(len(ordered), max(1, round(wanted * len(ordered))))
    value = float(ordered[read - 1])
    rng = np.random.default_rng(1)
    drawn = [float((rng.choice(risks, len(risks)) >= value).mean()) for _ in range(_RESAMPLES)]
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL])
    return Cut(value, float((risks >= value).mean()), float(low), float(high), len(risks))


def a_week(risks: Sequence[float], value: float, sites_a_week: int) -> Expected:
    """How many of next week's sites lie above `value`, from risks of sites like them.

    The interval holds both that few sites may be known and that one week is not like another.
    """
    if not len(risks):
        raise CorporaError("what a week brings needs scored sites")
    above = int((np.asarray(risks, np.float64) >= value).sum())
    rng = np.random.default_rng(1)
    shares = rng.beta(above + 0.5, len(risks) - above + 0.5, _WEEKS)
    low, high = np.quantile(rng.binomial(sites_a_week, shares), [_TAIL, 1 - _TAIL])
    return Expected(above / len(risks) * sites_a_week, float(low), float(high))


def for_recall(risks: Floats | Sequence[float], wanted: float) -> Cut:
    """The highest cut that finds `wanted` of the harmful held-out pages whose risks are given."""
    risks = np.asarray(risks, np.float64)
    if not len(risks) or not 0 < wanted <= 1:
        raise CorporaError("a recall needs harmful held-out pages and a share above 0, at most 1")
    ordered = np.sort(risks)[::-1]
    value = float(ordered[int(np.ceil(wanted * len(ordered))) - 1])
    found = int((risks >= value).sum())
    return Cut(value, found / len(risks), *interval(found, len(risks)), len(risks))


def interval(found: int, number: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of a share."""
    low = float(beta.ppf(_TAIL, found, number - found + 1)) if found else 0.0
    high = float(beta.ppf(1 - _TAIL, found + 1, number - found)) if found < number else 1.0
    return low, high


def choose(scores: Mapping[Category, Floats], held_out: HeldOut) -> dict[Category, Threshold]:
    """The lowest cut per category that keeps both budgets on the held-out pages, and is not far below `ENOUGH`."""
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
    value = max([lowest, *tails])
    if wanted.any():
        value = max(value, (value + for_recall(scores[wanted], ENOUGH).value) / 2)
    value = round(min(_HIGHEST, value), 4)
    low, high = (
        interval(int((scores[wanted] >= value).sum()), int(wanted.sum()))
        if wanted.any()
        else (None, None)
    )
    return Threshold(
        value,
        _share_above(scores[wanted], value),
        _share_above(scores[ordinary], value),
        _share_above(scores[hard], value),
        int(wanted.sum()),
        int(ordinary.sum()),
        int(hard.sum()),
        low,
        high,
    )


def _share_above(scores: Floats, value: float) -> float | None:
    return float((scores >= value).mean()) if len(scores) else None
