"""The harvest of rounds as an SVG: pages that reached a threshold after pages fetched; no script, nothing fetched."""

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Final

from review_queue.progress import Reading

_WIDTH: Final = 640
_HEIGHT: Final = 360
_LEFT: Final = 64
_TOP: Final = 40
_RIGHT: Final = 16
_BOTTOM: Final = 48
_TICKS: Final = 4
_POINTS: Final = 300  # two pixels apart; more would only make the file larger
# told apart in print and by people who see no red and green (Okabe and Ito)
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_INK: Final = "#1f2933"
_GRID: Final = "#d0d7de"
Curve = tuple[str, Sequence[Reading]]
BARS: Final = "▁▂▃▄▅▆▇█"


def as_svg(curves: Sequence[Curve]) -> str:
    """The plot of these named rounds; the dashed line is what the first one would be had it met such pages evenly."""
    most_pages = max((one.pages for _, readings in curves for one in readings), default=0) or 1
    most = max((one.harvested for _, readings in curves for one in readings), default=0) or 1

    def place(pages: float, harvested: float) -> str:
        across = _LEFT + (_WIDTH - _LEFT - _RIGHT) * pages / most_pages
        up = _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * harvested / most
        return f"{across:.1f},{up:.1f}"

    body = [*_grid(most_pages, most)]
    if curves and curves[0][1]:
        last = curves[0][1][-1]
        body.append(
            _line([place(0, 0), place(last.pages, last.harvested)], _INK, ' stroke-dasharray="4 4"')
        )
    for number, (name, readings) in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [place(one.pages, one.harvested) for one in _thinned(readings)]
        body.append(_line([place(0, 0), *points], colour))
        body.append(
            f'<text x="{_LEFT + 8}" y="{_TOP + 16 + 16 * number}" fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join([*_head(), *body, *_labels(), "</svg>"]) + "\n"


def sparkline(readings: Sequence[Reading], width: int = 40) -> str:
    """The harvest of each of `width` equal parts of the pages, as bars of letters; empty where nothing was fetched."""
    if not readings or not readings[-1].pages:
        return ""
    pages = readings[-1].pages
    edges = [_harvested_at(readings, pages * n / width) for n in range(width + 1)]
    gains = [after - before for before, after in pairwise(edges)]
    most = max(gains) or 1
    return "".join(BARS[round((len(BARS) - 1) * max(gain, 0) / most)] for gain in gains)


def _harvested_at(readings: Sequence[Reading], pages: float) -> float:
    """How much was harvested when so many pages were there, on the straight line between two readings."""
    before = Reading()
    for one in readings:
        if one.pages >= pages and one.pages > before.pages:
            share = (pages - before.pages) / (one.pages - before.pages)
            return before.harvested + share * (one.harvested - before.harvested)
        before = one
    return before.harvested


def _thinned(readings: Sequence[Reading]) -> Sequence[Reading]:
    if len(readings) <= _POINTS:
        return readings
    step = len(readings) / _POINTS
    return [readings[round((n + 1) * step) - 1] for n in range(_POINTS)]


def _head() -> list[str]:
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    look = f'role="img" font-family="sans-serif" font-size="12" fill="{_INK}"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look}>',
        "<title>Pages that reached a threshold after so many pages fetched</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
    ]


def _grid(most_pages: int, most: int) -> list[str]:
    lines = []
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    for n in range(_TICKS + 1):
        across = _LEFT + (right - _LEFT) * n / _TICKS
        up = bottom - (bottom - _TOP) * n / _TICKS
        lines += [
            _line([f"{across:.1f},{_TOP}", f"{across:.1f},{bottom}"], _GRID),
            _line([f"{_LEFT},{up:.1f}", f"{right},{up:.1f}"], _GRID),
            f'<text x="{across:.1f}" y="{bottom + 16}" text-anchor="middle">{most_pages * n / _TICKS:g}</text>',
            f'<text x="{_LEFT - 6}" y="{up + 4:.1f}" text-anchor="end">{most * n / _TICKS:g}</text>',
        ]
    return lines


def _labels() -> list[str]:
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    turned = f'transform="rotate(-90 14 {_HEIGHT / 2:.1f})"'
    return [
        f'<text x="{_LEFT}" y="20" font-size="14">Harvest</text>',
        f'<text x="{middle:.1f}" y="{_HEIGHT - 10}" text-anchor="middle">pages fetched</text>',
        f'<text x="14" y="{_HEIGHT / 2:.1f}" text-anchor="middle" {turned}>pages harvested</text>',
    ]


def _line(points: Sequence[str], colour: str, more: str = "") -> str:
    width = 1 if colour == _GRID or more else 2
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="{width}"{more}/>'
