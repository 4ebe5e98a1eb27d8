"""How sure a measured share or mean is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import beta

_Z: Final = 1.959964  # two-sided 95 %
_TAIL: Final = 0.025


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with its 95 % interval and the number of things it was counted on; None where there were none."""

    value: float | None
    low: float | None
    high: float | None
    number: int

    def as_plain(self) -> dict[str, float | int | None]:
        """The figure for programs, to four decimals."""
        return {
            "value": _rounded(self.value),
            "low": _rounded(self.low),
            "high": _rounded(self.high),
            "n": self.number,
        }

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "none there"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


NOTHING: Final = Measured(None, None, None, 0)


def wilson(hits: int, number: int) -> Measured:
    """The share `hits` of `number` with Wilson's interval, right where the count is in the hundreds."""
    if not number:
        return NOTHING
    share = hits / number
    scale = 1 + _Z**2 / number
    middle = (share + _Z**2 / (2 * number)) / scale
    half = _Z / scale * (share * (1 - share) / number + _Z**2 / (4 * number**2)) ** 0.5
    return Measured(share, max(0.0, middle - half), min(1.0, middle + half), number)


def clopper_pearson(hits: int, number: int) -> Measured:
    """The share with the exact interval, which never promises too much where few were counted."""
    if not number:
        return NOTHING
    low = float(beta.ppf(_TAIL, hits, number - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - _TAIL, hits + 1, number - hits)) if hits < number else 1.0
    return Measured(hits / number, low, high, number)


def of_draws(values: Sequence[float | None], number: int) -> Measured:
    """The mean over bootstrap draws and the range 95 % of them lie in; draws without a value left out."""
    known = [value for value in values if value is not None]
    if not known:
        return NOTHING
    low, high = np.quantile(known, [_TAIL, 1 - _TAIL])
    return Measured(float(np.mean(known)), float(low), float(high), number)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
