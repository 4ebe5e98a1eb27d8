"""The last look at the lists of what filters packets: addresses and networks, each fit to be listed, none in another.

nftables loads `0.0.0.0/0` without a word and drops everything; Squid ignores one of two networks that overlap.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from blocklist import guards
from blocklist.lint_known import Known
from blocklist.lint_lines import fault, text_of
from review_queue.categories import Scope

_VERSIONS: Final = (4, 6)
_NFT_HEAD: Final = (
    "add table inet qalqan",
    "add set inet qalqan listed4 { type ipv4_addr; flags interval; auto-merge; }",
    "flush set inet qalqan listed4",
    "add set inet qalqan listed6 { type ipv6_addr; flags interval; auto-merge; }",
    "flush set inet qalqan listed6",
)
_NFT_BLOCKS: Final = {
    "add element inet qalqan listed4 {": 4,
    "add element inet qalqan listed6 {": 6,
}

_Numbered = Iterator[tuple[int, str]]


class Networks:
    """The addresses and networks of a file as they come: in order, each beyond the one before it."""

    def __init__(self, known: Known | None = None) -> None:
        self.count = 0
        self._known = known
        self._last = (0, -1)  # the family and the last address seen

    def add(self, number: int, text: str, versions: tuple[int, ...] = _VERSIONS) -> None:
        """`text`, on line `number`, is counted, once it is known to be harmless.

        Raises:
            ExportError: it is no address or network, one that must not be listed, or out of order.
        """
        scope = Scope.CIDR if "/" in text else Scope.IP
        if not (self._known and text in self._known.of(scope)):
            reason = guards.refusal(scope, text)
            if reason:
                raise fault(number, f"has an address that must not be listed: {reason}")
        version, first, last = _span(text)
        if version not in versions:
            raise fault(number, "has an address of the other family")
        if (version, first) <= self._last:
            raise fault(number, "repeats an address, is out of order or lies in another network")
        self._last = (version, last)
        self.count += 1


@lru_cache(maxsize=1 << 17)  # two files say the same networks
def _span(text: str) -> tuple[int, int, int]:
    """The family of a network, its first address and its last."""
    network = ipaddress.ip_network(text)
    return network.version, int(network.network_address), int(network.broadcast_address)


def check_nftables(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many addresses and networks the file blocks, once every line is known to be harmless.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    number, line = next(numbered, (1, "\n"))
    if not text_of(number, line).startswith("# "):
        raise fault(number, "is not the heading")
    for wanted in _NFT_HEAD:
        number, line = next(numbered, (number + 1, "\n"))
        if text_of(number, line) != wanted:
            raise fault(number, "does not make or empty the sets of the list")
    networks = Networks(known)
    last = 0
    for number, line in numbered:
        version = _NFT_BLOCKS.get(text_of(number, line), 0)
        if version <= last:
            raise fault(number, "does not begin the elements of one of the two sets, IPv4 first")
        last = version
        _check_elements(numbered, number, networks, version)
    return networks.count


def _check_elements(numbered: _Numbered, start: int, networks: Networks, version: int) -> None:
    before = networks.count
    for number, line in numbered:
        text = text_of(number, line)
        if text == "}" and networks.count > before:
            return
        if not text.endswith(","):
            raise fault(number, "is not an element or the end of the elements of a set")
        networks.add(number, text[:-1], (version,))
    raise fault(start, "begins a set that has no end")
