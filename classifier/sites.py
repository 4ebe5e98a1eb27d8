"""How risky a site is, from the scores of its pages.

The worst page says most, but one forum post does not make a site: alone it brings seven tenths of its own
score, and a second and a third page have to speak for the rest. Pages beyond the worst three change
nothing, so a large harmless part does not hide a small harmful one. The risk only grows as more pages are
read, and of two sites with one page each the one with the riskier page stays first.
"""

from collections.abc import Iterable
from typing import Final

# Of the worst, the second and the third page; they add up to one.
SHARES: Final = (0.7, 0.2, 0.1)


def site_risk(page_scores: Iterable[float]) -> float:
    """The site's risk for one category, 0..1, from its pages' scores for it; nought without pages."""
    worst = sorted(page_scores, reverse=True)[: len(SHARES)]
    return round(sum(s * p for s, p in zip(SHARES, worst, strict=False)), 6)
