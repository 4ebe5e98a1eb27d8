"""Names at the edge of what the DNS holds: long ones, short ones, odd ones; the same in every run."""

import random
from collections.abc import Iterator
from string import ascii_lowercase, digits
from typing import Final

from blocklist import guards
from review_queue.categories import Scope

COUNT: Final = 1500
_SEED: Final = 5


def odd_names(longest: int) -> Iterator[str]:
    """Names the guards let through, the same in every run."""
    dice = random.Random(_SEED)  # noqa: S311  # the same names in every run
    while True:
        labels = ["".join(_label(dice)) for _ in range(dice.randint(1, 6))]
        name = ".".join([*labels, "odd", "example"])
        if len(name) <= longest and not guards.refusal(Scope.DOMAIN, name):
            yield name


def _label(dice: random.Random) -> Iterator[str]:
    size = dice.choice([1, 2, 3, 8, 30, 62, 63])
    inner = ascii_lowercase + digits + "-_"
    for place in range(size):
        yield dice.choice(inner.replace("-", "") if place in (0, size - 1) else inner)


def longest_of(size: int) -> str:
    """A name of exactly that many characters."""
    rest = size - len(".example")
    labels = ["e" * 63] * (rest // 64)
    return ".".join([*labels, "e" * (rest % 64 - bool(labels) + 1), "example"])[-size:]


def above(name: str) -> Iterator[str]:
    """Every name that the name lies below."""
    while "." in name:
        name = name.partition(".")[2]
        yield name


def fits(name: str) -> bool:
    """Whether the DNS can hold the name."""
    return len(name) <= 253 and all(len(each) <= 63 for each in name.split("."))
