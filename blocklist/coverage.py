"""Which names a set of entries blocks, each said once.

Entries overlap: the same name for two categories, a host below a listed domain. An overlap is not
only waste. PowerDNS Recursor refuses a whole list over one duplicate, and a name written below a
wildcard makes DNS look no further for it: with both `*.a.example` and `b.a.example` listed, `c.b.a.example`
matches neither (RFC 4592, closest encloser).
"""

from collections.abc import Iterable, Iterator

from review_queue.categories import Scope
from review_queue.records import Entry

WILDCARD = "*."


def owners(entries: Iterable[Entry]) -> Iterator[str]:
    """Every name to write, sorted, once: `name` for a host; `name` and `*.name` for a domain."""
    hosts: set[str] = set()
    domains: set[str] = set()
    for entry in entries:
        (domains if entry.scope is Scope.DOMAIN else hosts).add(entry.name)
    for name in sorted(hosts | domains):
        if _below_any(name, domains):
            continue
        yield name
        if name in domains:
            yield WILDCARD + name


def _below_any(name: str, domains: set[str]) -> bool:
    rest = name
    while "." in rest:
        rest = rest.partition(".")[2]
        if rest in domains:
            return True
    return False
