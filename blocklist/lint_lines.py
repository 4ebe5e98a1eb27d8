"""What every last check of a list asks of a line and of a name, whatever the format.

The checks share this and the guards, and nothing with the code that writes the lists.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from blocklist import guards
from review_queue.categories import Scope
from review_queue.errors import ExportError

LONGEST_NAME: Final = 253
WILDCARD: Final = "*."
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")

_BATCH: Final = 128
_FEW: Final = 8  # lines that are looked at one by one where one of them is not as usual

Numbered = Iterator[tuple[int, str]]
Place = tuple[str, bool]  # the name, and whether it is the wildcard line
START: Final[Place] = ("", False)


def text_of(number: int, line: str) -> str:
    """The line without its end, known to be whole and of printable ASCII.

    Raises:
        ExportError: it is cut off, blank or has other characters.
    """
    if not line.endswith("\n"):
        raise fault(number, "is cut off")
    text = line[:-1]
    if not (text.isascii() and text.isprintable() and text):
        raise fault(number, "is blank or has characters outside printable ASCII")
    return text


def unusual(numbered: Numbered, passes: Callable[[str], bool]) -> Numbered:
    """The lines that have to be looked at one by one, and some beside them: all others stand in texts that pass.

    What is done with a line is done before the next text is looked at.
    """
    while batch := [*islice(numbered, _BATCH)]:
        yield from _unusual(batch, passes)


def _unusual(batch: list[tuple[int, str]], passes: Callable[[str], bool]) -> Numbered:
    if passes("".join([line for _, line in batch])):
        return
    if len(batch) <= _FEW:
        yield from batch
        return
    half = len(batch) // 2
    yield from _unusual(batch[:half], passes)
    yield from _unusual(batch[half:], passes)


def place_of(
    number: int, owner: str, last: Place, longest: int = LONGEST_NAME + len(WILDCARD)
) -> Place:
    """The owner's place in the order, which must come after `last`: so no name stands twice.

    Raises:
        ExportError: it is no name, one that must not be listed, or stands in the wrong place.
    """
    name = owner.removeprefix(WILDCARD)
    if owner.endswith("."):
        raise fault(number, "has an absolute name, which stops Unbound from starting")
    if owner != owner.lower():
        raise fault(number, "has capital letters, so a duplicate could hide")
    if len(owner) > longest:
        raise fault(
            number,
            f"has a name of {len(owner)} characters, too long for the DNS once a zone name follows",
        )
    if owner != name and last == (name, False):
        return (name, True)  # the name itself passed on the line before
    if not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise fault(number, "has a blank, bare or odd label, which may block everything")
    reason = guards.refusal(Scope.DOMAIN, name)
    if reason:
        raise fault(number, f"has a name that must not be listed: {reason}")
    if (name, owner != name) <= last:
        raise fault(number, "repeats a name or is out of order")
    if owner != name:
        raise fault(number, "blocks what lies below a name but not the name")
    return (name, False)


def fault(number: int, what: str) -> ExportError:
    """The error for a line that must not reach a reader."""
    return ExportError(
        f"nothing was published: line {number} of the new list {what};"
        " the last good list stays, please report this fault"
    )
