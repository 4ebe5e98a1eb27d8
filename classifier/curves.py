"""The curves of a replay as a small SVG: needles found against reviews made."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from classifier.simulation import LEARNING, RANDOM, STATIC, Curve, Replay

_WIDTH, _HEIGHT = 640, 400
_LOOK: Final = 'role="img" font-family="sans-serif" font-size="12" fill="#222222"'
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 24, 40, 48
_STYLES: Final = {
    LEARNING: ("#0b5fa5", "", "the order learns from decisions"),
    STATIC: ("#a34700", "8 4", "the shipped order"),
    RANDOM: ("#555555", "2 4", "any order (expected)"),
}
_MOST_POINTS: Final = 200
_TICKS: Final = 5


def as_svg(made: Replay) -> str:
    """The drawing, readable without colour: each line has its own dashes and its name beside it."""
    reviews = len(made.curves[0].found) - 1
    title = f"Needles found after N reviews: {made.needles} needles in {made.sites} sites"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_LOOK}>',
            f"<title>{escape(title)}</title>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
            f'<text x="{_LEFT}" y="22" font-size="14">{escape(title)}</text>',
            *_axes(reviews, made.needles),
            *(_line(curve, reviews, made.needles) for curve in made.curves),
            *_legend([curve.name for curve in made.curves]),
            "</svg>\n",
        ]
    )


def _axes(reviews: int, needles: int) -> list[str]:
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [f'<path d="M{_LEFT} {_TOP}V{floor}H{right}" fill="none" stroke="#222222"/>']
    for tick in range(_TICKS + 1):
        x, y = _x(reviews * tick / _TICKS, reviews), _y(needles * tick / _TICKS, needles)
        parts.append(
            f'<text x="{x}" y="{floor + 18}" text-anchor="middle">{round(reviews * tick / _TICKS)}</text>'
        )
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{round(needles * tick / _TICKS)}</text>'
        )
    middle = (_LEFT + right) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">reviews</text>')
    return parts


def _line(curve: Curve, reviews: int, needles: int) -> str:
    colour, dashes, _ = _STYLES[curve.name]
    step = max(1, reviews // _MOST_POINTS)
    at = sorted({*range(0, reviews + 1, step), reviews})
    points = " ".join(f"{_x(n, reviews)},{_y(curve.found[n], needles)}" for n in at)
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"'
        f' stroke-dasharray="{dashes or "none"}"/>'
    )


def _legend(names: Sequence[str]) -> list[str]:
    x, y = _WIDTH - _RIGHT - 230, _HEIGHT // 2  # between the curves and the chance line
    parts = []
    for i, name in enumerate(names):
        colour, dashes, words = _STYLES[name]
        at = y + 20 * i
        parts.append(
            f'<path d="M{x} {at}h32" stroke="{colour}" stroke-width="2"'
            f' stroke-dasharray="{dashes or "none"}"/><text x="{x + 40}" y="{at + 4}">{words}</text>'
        )
    return parts


def _x(value: float, most: int) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * value / max(most, 1), 1)


def _y(value: float, most: int) -> float:
    height = _HEIGHT - _TOP - _BOTTOM
    return round(_HEIGHT - _BOTTOM - height * value / max(most, 1), 1)
