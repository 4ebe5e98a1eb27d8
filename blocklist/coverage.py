"""Which names a set of hosts and domains blocks, each said once.

Entries overlap: the same name for two categories, a host below a listed domain. An overlap is not
only waste. PowerDNS Recursor refuses a whole list over one duplicate, and a name written below a
wildcard makes DNS look no further for it: with both `*.a.example` and `b.a.example` listed, `c.b.a.example`
matches neither (RFC 4592, closest encloser).
"""

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from itertools import compress

from blocklist.rendering import View
from review_queue.categories import Scope

WILDCARD = "*."
_NETWORKS = (Scope.IP, Scope.CIDR)
_FOUND = "coverage.covering"
_SPANS = "coverage.networks"


def owners(view: View) -> Iterator[str]:
    """Every name to write, sorted, once: `name` for a host; `name` and `*.name` for a domain."""
    for name, is_domain in covering(view):
        yield name
        if is_domain:
            yield WILDCARD + name


def covering(view: View) -> Iterable[tuple[str, bool]]:
    """The hosts and domains that no other domain covers, sorted, each once, and whether it is a domain."""
    hosts, domains = view.of(Scope.HOST), view.of(Scope.DOMAIN)
    # most formats ask this of the very same two lists; a million names take a second
    kept = view.shared.setdefault(_FOUND, [])
    for known_hosts, known_domains, found in kept:
        if known_hosts is hosts and known_domains is domains:
            return zip(*found, strict=True)
    found = _covering(hosts, set(domains))
    kept.append((hosts, domains, found))
    return zip(*found, strict=True)


def domains(view: View) -> Iterator[str]:
    """The domains that no other domain covers, sorted, each once."""
    # a host covers nothing, so it is the same whatever hosts were looked at with the domains
    for _, known_domains, (names, are_domains) in view.shared.get(_FOUND, ()):
        if known_domains is view.of(Scope.DOMAIN):
            return compress(names, are_domains)
    return iter(_covering((), set(view.of(Scope.DOMAIN)))[0])


def exact_hosts(view: View) -> Iterator[str]:
    """The hosts that are no domain and that no domain covers, sorted, each once."""
    return (name for name, is_domain in covering(view) if not is_domain)


def networks(view: View) -> Iterator[str]:
    """The addresses and networks that no other network covers, IPv4 first, each family by number, each once."""
    single, wide = (view.of(scope) for scope in _NETWORKS)
    known = view.shared.get(_SPANS)
    if known and known[0] is single and known[1] is wide:
        return iter(known[2])
    found = list(_apart({(_span(name), name) for name in (*single, *wide)}))
    view.shared[_SPANS] = (single, wide, found)
    return iter(found)


def _apart(found: Iterable[tuple[tuple[int, int, int], str]]) -> Iterator[str]:
    last = (0, -1)
    for (version, _, minus_end), name in sorted(found):
        if (version, -minus_end) > last:
            yield name
            last = (version, -minus_end)


def _span(name: str) -> tuple[int, int, int]:
    """The family of a network, its first address, and its last one below zero: the wider of two comes first."""
    address, _, length = name.partition("/")
    if ":" in address:
        start = int(ipaddress.IPv6Address(address))
        return 6, start, -(start + (1 << 128 - int(length or 128)) - 1)
    # an address in its normal form; ipaddress takes ten times as long
    first, second, third, fourth = map(int, address.split("."))
    start = (first << 24) + (second << 16) + (third << 8) + fourth
    return 4, start, -(start + (1 << 32 - int(length or 32)) - 1)


def _covering(hosts: Iterable[str], domains: Collection[str]) -> tuple[list[str], list[bool]]:
    every = sorted([*domains, *(name for name in hosts if name not in domains)])
    # many names have their parent in common: a million of them take half the time
    parents = {name.partition(".")[2] for name in every}
    covered = {each for each in parents if each in domains or _below_any(each, domains)}
    names = [name for name in every if name.partition(".")[2] not in covered] if covered else every
    return names, [name in domains for name in names]


def _below_any(name: str, domains: Collection[str]) -> bool:
    dot = name.find(".")
    while dot >= 0:
        name = name[dot + 1 :]
        if name in domains:
            return True
        dot = name.find(".")
    return False
