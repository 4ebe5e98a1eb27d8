"""The last look at a rendered list before it may replace the published one.

One bad line does more harm than a missing entry: depending on the resolver it drops the whole
list, blocks everything, or keeps the resolver from starting. So this file reads the bytes as they
will be loaded and shares nothing with the code that wrote them but the guards.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from blocklist import lint_dns
from blocklist.lint_lines import LONGEST_NAME, START, WILDCARD, fault, place_of, text_of

# An owner name, a dot and the provider's zone name of up to 63 characters must stay within that.
_LONGEST_OWNER: Final = LONGEST_NAME - 1 - 63
_TTL: Final = re.compile(r"\$TTL [1-9][0-9]{0,5}")
_SOA: Final = re.compile(r"@ SOA localhost\. nobody\.invalid\. ([1-9][0-9]{0,9})( [1-9][0-9]*){4}")
_HEAD: Final = (
    ("the heading", re.compile(r"; [ -~]*")),
    ("the $TTL", _TTL),
    ("the SOA record", _SOA),
    ("the NS record", re.compile(r"@ NS localhost\.")),
)
_LARGEST_SERIAL: Final = 2**32 - 1


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
    last = START
    owners = 0
    for number, line in numbered:
        owner, _, rest = text_of(number, line).partition(" ")
        if rest != "CNAME .":
            raise fault(number, "is not a name followed by `CNAME .`")
        last = place_of(number, owner, last, _LONGEST_OWNER)
        owners += 1
    return owners


def check_domains(lines: Iterable[str], _serial: int) -> int:
    """How many lines the plain list has, once each is known to be one name.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    last = START
    number = 0
    for number, line in enumerate(lines, start=1):
        last = place_of(number, text_of(number, line), last)
    return number


def check_hosts(lines: Iterable[str], _serial: int) -> int:
    """How many names the hosts file has, once each is known to be exact and sent nowhere.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    first, line = next(numbered, (1, ""))
    if not text_of(first, line).startswith("# "):
        raise fault(first, "is not the heading")
    last = START
    names = 0
    for number, line in numbered:
        address, _, name = text_of(number, line).partition(" ")
        if address == "::" and names and name == last[0]:
            continue
        if address != "0.0.0.0" or name.startswith(WILDCARD):  # noqa: S104  # a list's own text
            raise fault(number, "is not an exact name sent to 0.0.0.0 and ::")
        last = place_of(number, name, last)
        names += 1
    return names


CHECKS: Final[Mapping[tuple[str, str], Callable[[Iterable[str], int], int]]] = {
    ("rpz", "rpz.zone"): check_rpz,
    ("domains", "domains.txt"): check_domains,
    ("hosts", "hosts.txt"): check_hosts,
    ("unbound", "unbound.conf"): lint_dns.check_unbound,
    ("dnsmasq", "dnsmasq.conf"): lint_dns.check_dnsmasq,
    ("adguard", "adguard.txt"): lint_dns.check_adguard,
}


def _check_head(numbered: Iterator[tuple[int, str]], serial: int) -> None:
    for what, pattern in _HEAD:
        number, line = next(numbered, (0, "\n"))
        found = pattern.fullmatch(text_of(number, line))
        if found is None:
            raise fault(number, f"is not {what}")
        if pattern is _SOA and not int(found[1]) == serial <= _LARGEST_SERIAL:
            raise fault(number, f"does not have the serial {serial} of this export")
