"""Small plots as SVG text: no script, no font file, nothing fetched; a table of their numbers stands beside them."""

from collections.abc import Sequence
from html import escape
from typing import Final

Points = Sequence[tuple[float, float]]

_SIDE: Final = 320
_LEFT: Final = 48
_TOP: Final = 34
_WIDTH: Final = _LEFT + _SIDE + 16
_HEIGHT: Final = _TOP + _SIDE + 44
_INK: Final = "#1f2933"
_GRID: Final = "#d0d7de"
# Told apart in print and by people who see no red and green (Okabe and Ito).
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_TICKS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def reliability(title: str, rows: Sequence[tuple[float, float, float]]) -> str:
    """Said against true share, a circle a tenth, its area the share of pages; the diagonal is the promise."""
    body = [_line([(0.0, 0.0), (1.0, 1.0)], _GRID, dashed=True)]
    body.append(_line([(said, true) for said, true, _ in rows], _COLOURS[0]))
    for said, true, share in rows:
        place = f'cx="{_x(said):.1f}" cy="{_y(true):.1f}" r="{3 + 14 * share**0.5:.1f}"'
        body.append(f'<circle {place} fill="{_COLOURS[0]}" fill-opacity="0.45"/>')
    words = f"{title}: what the score says against the share that is harmful"
    return _plot(title, words, "score", "share harmful", body)


def gain(title: str, curves: Sequence[tuple[str, Points]]) -> str:
    """Share of sites read against share of harmful ones found, a line for each ranking."""
    body = [_line([(0.0, 0.0), (1.0, 1.0)], _GRID, dashed=True)]
    for i, (name, points) in enumerate(curves):
        colour = _COLOURS[i % len(_COLOURS)]
        body.append(_line(points, colour))
        body.append(
            f'<text x="{_x(0.42)}" y="{_y(0.06 + 0.06 * i):.1f}" fill="{colour}">{escape(name)}</text>'
        )
    words = f"{title}: share of sites read against share of harmful sites found"
    return _plot(title, words, "share read", "share found", body)


def _plot(title: str, words: str, across: str, up: str, body: Sequence[str]) -> str:
    grid = []
    for tick in _TICKS:
        grid.append(_line([(0.0, tick), (1.0, tick)], _GRID))
        grid.append(_line([(tick, 0.0), (tick, 1.0)], _GRID))
        grid.append(f'<text x="{_LEFT - 6}" y="{_y(tick) + 4:.1f}" text-anchor="end">{tick}</text>')
        place = f'x="{_x(tick):.1f}" y="{_y(0) + 16:.1f}"'
        grid.append(f'<text {place} text-anchor="middle">{tick}</text>')
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    look = f'role="img" font-family="sans-serif" font-size="12" fill="{_INK}"'
    turned = f'text-anchor="middle" transform="rotate(-90 12 {_y(0.5):.1f})"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look}>',
        f"<title>{escape(words)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
        *grid,
        *body,
        f'<text x="{_x(0.5):.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>',
        f'<text x="12" y="{_y(0.5):.1f}" {turned}>{escape(up)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _line(points: Points, colour: str, *, dashed: bool = False) -> str:
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    dashes = ' stroke-dasharray="4 4"' if dashed else ""
    width = 1 if colour == _GRID else 2
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'
    )


def _x(share: float) -> float:
    return _LEFT + _SIDE * min(1.0, max(0.0, share))


def _y(share: float) -> float:
    return _TOP + _SIDE * (1 - min(1.0, max(0.0, share)))
