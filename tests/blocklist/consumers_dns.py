"""The resolvers that load the lists, as `blocklist.consumers` runs them; a test skips where one is not installed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from blocklist.consumers import bind, dnsmasq, knot, powerdns, programs, resolver, unbound
from blocklist.consumers.everything import GARDEN_NAME
from blocklist.consumers.programs import DoesNotStartError as DoesNotStart
from blocklist.consumers.questions import Run
from blocklist.consumers.resolver import Program
from blocklist.consumers.resolver import Resolver as Consumer

__all__ = [
    "BIND",
    "DNSMASQ",
    "GARDEN_NAME",
    "KNOT",
    "LISTED_V4",
    "LISTED_V6",
    "NEXT_V4",
    "NEXT_V6",
    "POWERDNS",
    "PROGRAMS",
    "UNBOUND",
    "Consumer",
    "DoesNotStart",
    "Program",
    "path_of",
    "rpz_settings",
    "running",
]

BIND: Final = bind.PROGRAM
UNBOUND: Final = unbound.PROGRAM
DNSMASQ: Final = dnsmasq.PROGRAM
POWERDNS: Final = powerdns.PROGRAM
KNOT: Final = knot.PROGRAM
PROGRAMS: Final = (BIND, UNBOUND, DNSMASQ, POWERDNS, KNOT)
_ZONES: Final[Mapping[str, Callable[[str], str]]] = {
    each.PROGRAM.name: each.zone for each in (bind, unbound, powerdns, knot)
}
_START_S: Final = 20.0

# in networks that IANA sets aside and that are reached nowhere: 6to4 relays (RFC 7526), AS112 (RFC 7535)
LISTED_V4: Final = "192.88.99.66"
LISTED_V6: Final = "2620:4f:8000::66"
NEXT_V4: Final = "192.88.99.67"
NEXT_V6: Final = "2620:4f:8000::67"


@contextmanager
def running(
    program: Program,
    folder: Path,
    settings: str,
    addresses: Mapping[str, str] | None = None,
    more: str = "",
) -> Iterator[Consumer]:
    """The resolver answers with these settings; any name has an address, those in `addresses` theirs.

    `more` goes into the main file of a resolver that has its policies in another.

    Raises:
        DoesNotStart: it ended, or did not answer in time.
    """
    path_of(program)
    run = Run(folder, time.monotonic() + _START_S)
    with resolver.running(program, run, settings, addresses or {}, more) as consumer:
        yield consumer


def path_of(program: Program) -> str:
    """Where the program is; the test is skipped where it is missing."""
    if reason := programs.missing(program.binary, program.package):
        pytest.skip(reason)
    return programs.path_of(program.binary)


def rpz_settings(program: Program, zone_file: Path) -> str:
    """The lines that make `program` load the zone file."""
    return _ZONES[program.name](zone_file.name).format(folder=zone_file.parent.absolute())
