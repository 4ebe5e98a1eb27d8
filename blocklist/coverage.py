"""Which names a set of hosts and domains blocks, each said once.

Entries overlap: the same name for two categories, a host below a listed domain. An overlap is not
only waste. PowerDNS Recursor refuses a whole list over one duplicate, and a name written below a
wildcard makes DNS look no further for it: with both `*.a.example` and `b.a.example` listed, `c.b.a.example`
matches neither (RFC 4592, closest encloser).
"""

import ipaddress
from collections.abc import Collection, Iterable, Iterator

from blocklist.rendering import View
from review_queue.categories import Scope

WILDCARD = "*."
_NETWORKS = (Scope.IP, Scope.CIDR)


def owners(view: View) -> Iterator[str]:
    """Every name to write, sorted, once: `name` for a host; `name` and `*.name` for a domain."""
    domains = set(view.of(Scope.DOMAIN))
    for name in covering(view.of(Scope.HOST), domains):
        yield name
        if name in domains:
            yield WILDCARD + name


def covering(hosts: Iterable[str], domains: Collection[str]) -> Iterator[str]:
    """The hosts and domains that no other domain covers, sorted, each once."""
    for name in sorted({*hosts, *domains}):
        if not _below_any(name, domains):
            yield name


def networks(view: View) -> Iterator[str]:
    """The addresses and networks that no other network covers, IPv4 first, each family by number, each once."""
    found = {ipaddress.ip_network(name): name for scope in _NETWORKS for name in view.of(scope)}
    last = (0, -1)
    for place, name in sorted(
        ((each.version, int(each[0]), -int(each[-1])), name) for each, name in found.items()
    ):
        version, _, end = place
        if (version, -end) > last:
            yield name
            last = (version, -end)


def _below_any(name: str, domains: Collection[str]) -> bool:
    rest = name
    while "." in rest:
        rest = rest.partition(".")[2]
        if rest in domains:
            return True
    return False
