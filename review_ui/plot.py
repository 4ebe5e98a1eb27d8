"""The harvest of a crawl as a line: how many pages reached a threshold after how many were read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from review_queue.progress import Reading

WIDTH: Final = 600
HEIGHT: Final = 200
_POINTS: Final = 200  # three pixels apart; more would only make the page heavier
_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Plot:
    """The points of the line as SVG takes them, and the same figures as rows of a table.

    `even` is the end of the line that the crawl would have drawn had it met such pages evenly.
    """

    points: str
    even: str
    pages: int
    harvested: int
    rows: tuple[Reading, ...]
    width: int = WIDTH
    height: int = HEIGHT


def harvest(readings: Sequence[Reading]) -> Plot | None:
    """The plot of a crawl's readings, the oldest first; None while there is no line to be drawn."""
    moved = [one for n, one in enumerate(readings) if n == 0 or one.pages > readings[n - 1].pages]
    if len(moved) < 2 or not moved[-1].pages:  # noqa: PLR2004  # a line has two ends
        return None
    last = moved[-1]
    most = max(last.harvested, 1)

    def place(pages: int, harvested: int) -> str:
        return f"{pages / last.pages * WIDTH:.1f},{HEIGHT - harvested / most * HEIGHT:.1f}"

    drawn = [place(0, 0), *(place(one.pages, one.harvested) for one in _thinned(moved, _POINTS))]
    return Plot(
        points=" ".join(drawn),
        even=f"{place(0, 0)} {place(last.pages, last.harvested)}",
        pages=last.pages,
        harvested=last.harvested,
        rows=tuple(_thinned(moved, _ROWS)),
    )


def _thinned(readings: Sequence[Reading], most: int) -> list[Reading]:
    """At most so many of them, evenly apart, the last one always among them."""
    if len(readings) <= most:
        return list(readings)
    step = len(readings) / most
    return [readings[round((n + 1) * step) - 1] for n in range(most)]
