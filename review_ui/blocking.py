"""What a case may have blocked: the names of each scope, what each would cut off, and which lists can say it.

No web framework here. All of it comes from what was fetched, nothing from what people decided: the offer is the same
for the second person as for the first.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import Final

from blocklist.formats import FORMATS
from blocklist.guards import WIDEST
from blocklist.judging import Judge, Refusal, judge_of
from blocklist.rendering import reason_against
from review_queue import cases, lookups, pages
from review_queue.blocks import normal
from review_queue.categories import PEOPLE_NEEDED, Scope
from review_queue.errors import BadHostError, BadUrlError
from review_queue.hosts import parse_host
from review_queue.lookups import HostPages, Neighbours
from review_queue.records import Case
from review_queue.store import Store

MOST_NAMES: Final = 40  # of one scope; a site with more names is blocked as a domain
_MOST_URLS: Final = 20


class Kind(StrEnum):
    """Where in a provider's network a list works."""

    DNS = "dns"
    PROXY = "proxy"
    PACKETS = "packets"


KINDS: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        Kind.DNS: ("rpz", "unbound", "dnsmasq", "hosts", "domains", "adguard"),
        Kind.PROXY: ("squid", "squidguard", "e2guardian"),
        Kind.PACKETS: ("nftables", "suricata"),
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One name that may be blocked under one scope, and what is known of the consequences.

    Attributes:
        pages: how many pages are known to be cut off with it.
        names: how many host names are.
        neighbours: other sites reached there; None where the scope is about names.
        refusal: what stops it from being listed even if people agreed; None where nothing does.
        kinds: where in a provider's network it can be blocked at all.
        is_seen_open: false of a URL whose path is encrypted on the way.
    """

    scope: Scope
    name: str
    pages: int
    names: int
    neighbours: Neighbours | None
    refusal: Refusal | None
    kinds: tuple[Kind, ...]
    is_seen_open: bool

    @property
    def people(self) -> int:
        """How many different people have to agree on it."""
        return PEOPLE_NEEDED[self.scope]


def names_of(store: Store, case: Case, scope: Scope) -> tuple[str, ...]:
    """The names a block of this case may have under `scope`, that of its riskiest page first.

    The site itself is always among the names of its hosts.
    """
    match scope:
        case Scope.URL:
            return _urls(store, case)
        case Scope.HOST:
            return _hosts(store, case)
        case Scope.DOMAIN:
            return tuple(name for name in _hosts(store, case) if not parse_host(name).is_ip)
        case Scope.IP:
            return _addresses(store, case)
        case Scope.CIDR:
            return _networks(_addresses(store, case))


def offers_of(store: Store, case: Case) -> dict[Scope, tuple[Offer, ...]]:
    """What may be blocked, scope by scope, the narrowest first; a scope without any name has an empty offer."""
    seen = lookups.hosts_of(store, case.site)
    judge = judge_of(store)
    return {
        scope: tuple(
            _offer(store, judge, case, seen, scope, name) for name in names_of(store, case, scope)
        )
        for scope in Scope
    }


def kinds_of(scope: Scope, name: str) -> tuple[Kind, ...]:
    """Where in a provider's network a list can block the name."""
    return tuple(
        kind
        for kind, formats in KINDS.items()
        if any(not reason_against(FORMATS[form].capability, scope, name) for form in formats)
    )


def _offer(
    store: Store, judge: Judge, case: Case, seen: Sequence[HostPages], scope: Scope, name: str
) -> Offer:
    neighbours = None
    hit: list[HostPages] = []
    if scope is Scope.HOST:
        hit = [one for one in seen if one.name == name]
    elif scope is Scope.DOMAIN:
        hit = [one for one in seen if one.name == name or one.name.endswith(f".{name}")]
    elif scope is not Scope.URL:
        network = ipaddress.ip_network(name)
        at = [name] if scope is Scope.IP else lookups.addresses_in(store, network)
        neighbours = lookups.sites_at(store, at, but=case.site)
    return Offer(
        scope,
        name,
        pages=1 if scope is Scope.URL else sum(one.pages for one in hit),
        names=len(hit),
        neighbours=neighbours,
        refusal=judge.refusal(scope, name, case.ref),
        kinds=kinds_of(scope, name),
        is_seen_open=scope is not Scope.URL or name.startswith("http://"),
    )


def _hosts(store: Store, case: Case) -> tuple[str, ...]:
    known = cases.hosts_of(store, case)
    return tuple(dict.fromkeys([*known[:1], case.site, *known[1:MOST_NAMES]]))


def _urls(store: Store, case: Case) -> tuple[str, ...]:
    riskiest = pages.get(store, case.page_id)
    listed = [page for page, _ in cases.pages_of(store, case, limit=_MOST_URLS)]
    found = [*([riskiest] if riskiest else []), *listed]
    return tuple(dict.fromkeys(_written(Scope.URL, (page.url for page in found))))


def _addresses(store: Store, case: Case) -> tuple[str, ...]:
    seen = lookups.addresses_of(store, case)[:MOST_NAMES]
    return tuple(dict.fromkeys(_written(Scope.IP, seen)))


def _written(scope: Scope, texts: Iterable[str]) -> Iterable[str]:
    """Each in its normal form; what has none, such as a URL too long for any proxy, is no offer."""
    for text in texts:
        try:
            yield normal(scope, text)
        except (BadHostError, BadUrlError):
            continue


def _networks(addresses: Sequence[str]) -> tuple[str, ...]:
    """The smallest network around each group of two or more addresses that may be one holder's."""
    found = sorted(
        (ipaddress.ip_address(one) for one in addresses), key=lambda one: (one.version, one)
    )

    def neighbourhood(one: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[int, int]:
        return one.version, int(one) >> (one.max_prefixlen - WIDEST[one.version])

    offered = []
    for _, group in groupby(found, neighbourhood):
        members = list(group)
        if len(members) > 1:
            differing = (int(members[0]) ^ int(members[-1])).bit_length()
            prefix = members[0].max_prefixlen - differing
            offered.append(str(ipaddress.ip_network(f"{members[0]}/{prefix}", strict=False)))
    return tuple(offered)
