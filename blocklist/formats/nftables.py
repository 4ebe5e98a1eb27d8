"""Two sets for nftables, `listed4` and `listed6` in the table `inet qalqan`, a file for `nft -f`.

The grammar is that of nft(8). The whole file is one transaction: what it says replaces the last list at once, and a
file that is cut off or has a bad line changes nothing. What is done to a packet is the provider's own rule. The table
is ours alone, so that `flush set` empties nothing else.
"""

from collections.abc import Iterator
from typing import Final

from blocklist import coverage
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.IP, Scope.CIDR}),
    addresses=False,
    a_line_means="a packet filter sees addresses and networks, never names or URLs",
)

_TABLE: Final = "inet qalqan"
_SETS: Final = (("listed4", "ipv4_addr"), ("listed6", "ipv6_addr"))


def _lines(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    yield f"add table {_TABLE}"
    for name, kind in _SETS:
        yield f"add set {_TABLE} {name} {{ type {kind}; flags interval; auto-merge; }}"
        yield f"flush set {_TABLE} {name}"
    found = list(coverage.networks(view))
    six = [name for name in found if ":" in name]
    four = found[: len(found) - len(six)]
    for (name, _), networks in zip(_SETS, (four, six), strict=True):
        if networks:
            yield f"add element {_TABLE} {name} {{"
            yield from (f"{network}," for network in networks)
            yield "}"


FORMAT: Final = Format("nftables", {"nftables.nft": _lines}, CAPABILITY)
