"""The last look at a rendered list before it may replace the published one.

One bad line does more harm than a missing entry: depending on the resolver it drops the whole
list, blocks everything, or keeps the resolver from starting. So this file reads the bytes as they
will be loaded and shares nothing with the code that wrote them but the guards.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from blocklist import guards
from review_queue.categories import Scope
from review_queue.errors import ExportError

_LONGEST_NAME: Final = 253
# An owner name, a dot and the provider's zone name of up to 63 characters must stay within that.
_LONGEST_OWNER: Final = _LONGEST_NAME - 1 - 63
_WILDCARD: Final = "*."
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_TTL: Final = re.compile(r"\$TTL [1-9][0-9]{0,5}")
_SOA: Final = re.compile(r"@ SOA localhost\. nobody\.invalid\. ([1-9][0-9]{0,9})( [1-9][0-9]*){4}")
_HEAD: Final = (
    ("the heading", re.compile(r"; [ -~]*")),
    ("the $TTL", _TTL),
    ("the SOA record", _SOA),
    ("the NS record", re.compile(r"@ NS localhost\.")),
)
_LARGEST_SERIAL: Final = 2**32 - 1

_Place = tuple[str, bool]  # the name, and whether it is the wildcard line
_START: Final[_Place] = ("", False)


def check(form: str, file: str, lines: Iterable[str], *, serial: int) -> int:
    """How much the file of this format holds, once every line of it is known to be harmless.

    Raises:
        ExportError: a line that must not reach a reader, by number.
    """
    return CHECKS[form, file](lines, serial)


def check_rpz(lines: Iterable[str], serial: int) -> int:
    """How many owner names the zone has, once every line is known to be harmless.

    Raises:
        ExportError: a line that some resolver would choke on, by number.
    """
    numbered = enumerate(lines, start=1)
    _check_head(numbered, serial)
    last = _START
    owners = 0
    for number, line in numbered:
        owner, _, rest = _text(number, line).partition(" ")
        if rest != "CNAME .":
            raise _bad(number, "is not a name followed by `CNAME .`")
        last = _check_owner(number, owner, last, _LONGEST_OWNER)
        owners += 1
    return owners


def check_domains(lines: Iterable[str], _serial: int) -> int:
    """How many lines the plain list has, once each is known to be one name.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    last = _START
    number = 0
    for number, line in enumerate(lines, start=1):
        last = _check_owner(number, _text(number, line), last)
    return number


def check_hosts(lines: Iterable[str], _serial: int) -> int:
    """How many names the hosts file has, once each is known to be exact and sent nowhere.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    first, line = next(numbered, (1, ""))
    if not _text(first, line).startswith("# "):
        raise _bad(first, "is not the heading")
    last = _START
    names = 0
    for number, line in numbered:
        address, _, name = _text(number, line).partition(" ")
        if address == "::" and names and name == last[0]:
            continue
        if address != "0.0.0.0" or name.startswith(_WILDCARD):  # noqa: S104  # a list's own text
            raise _bad(number, "is not an exact name sent to 0.0.0.0 and ::")
        last = _check_owner(number, name, last)
        names += 1
    return names


CHECKS: Final[Mapping[tuple[str, str], Callable[[Iterable[str], int], int]]] = {
    ("rpz", "rpz.zone"): check_rpz,
    ("domains", "domains.txt"): check_domains,
    ("hosts", "hosts.txt"): check_hosts,
}


def _check_head(numbered: Iterator[tuple[int, str]], serial: int) -> None:
    for what, pattern in _HEAD:
        number, line = next(numbered, (0, "\n"))
        found = pattern.fullmatch(_text(number, line))
        if found is None:
            raise _bad(number, f"is not {what}")
        if pattern is _SOA and not int(found[1]) == serial <= _LARGEST_SERIAL:
            raise _bad(number, f"does not have the serial {serial} of this export")


def _text(number: int, line: str) -> str:
    if not line.endswith("\n"):
        raise _bad(number, "is cut off")
    text = line[:-1]
    if not (text.isascii() and text.isprintable() and text):
        raise _bad(number, "is blank or has characters outside printable ASCII")
    return text


def _check_owner(
    number: int, owner: str, last: _Place, longest: int = _LONGEST_NAME + len(_WILDCARD)
) -> _Place:
    """The owner's place in the order, which must come after `last`: so no name stands twice."""
    name = owner.removeprefix(_WILDCARD)
    if owner.endswith("."):
        raise _bad(number, "has an absolute name, which stops Unbound from starting")
    if owner != owner.lower():
        raise _bad(number, "has capital letters, so a duplicate could hide")
    if len(owner) > longest:
        raise _bad(
            number,
            f"has a name of {len(owner)} characters, too long for the DNS once a zone name follows",
        )
    if not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise _bad(number, "has a blank, bare or odd label, which may block everything")
    reason = guards.refusal(Scope.DOMAIN, name)
    if reason:
        raise _bad(number, f"has a name that must not be listed: {reason}")
    place = (name, owner != name)
    if place <= last:
        raise _bad(number, "repeats a name or is out of order")
    if place[1] and last != (name, False):
        raise _bad(number, "blocks what lies below a name but not the name")
    return place


def _bad(number: int, what: str) -> ExportError:
    return ExportError(
        f"nothing was published: line {number} of the new list {what};"
        " the last good list stays, please report this fault"
    )
