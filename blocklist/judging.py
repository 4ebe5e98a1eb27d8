"""What may be listed, judged on its merits: is it a platform, a place many people need, or somebody else's as well?

A clean name passes in one look at each table (1 us); only what stands in one is looked at closely. Nothing here
asks the network: the data are files, and who else is reached at an address is what the store has seen.
"""

import ipaddress
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Final

from blocklist import guards, suffixes
from blocklist.guard_data import GuardData, Kind, all_above, covering, first_below, load
from review_queue import allowances, cases, lookups, overrides, protective
from review_queue.categories import Scope
from review_queue.errors import UnknownCaseError
from review_queue.hosts import parse_host, parse_url
from review_queue.lookups import Network
from review_queue.overrides import OVERRIDABLE, Guard
from review_queue.records import Entry
from review_queue.store import Store

# RFC 2606, 6761, 6762, 7686, 8375, 9476, and what ICANN set aside on 2024-07-29: no name below leads anywhere
RESERVED: Final = frozenset(
    {
        *("test", "example", "invalid", "localhost", "local", "onion", "alt", "internal", "arpa"),
        *("example.com", "example.net", "example.org"),
    }
)
_EVERYWHERE: Final = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_SHOWN: Final = 5
_MOST_SITES: Final = 10_000
_GUARD_OF: Final = {
    Kind.NEVER_BLOCK: Guard.NEVER_BLOCK,
    Kind.PROTECTIVE: Guard.PROTECTIVE,
    Kind.RANK: Guard.RANK,
    Kind.CDN: Guard.CDN,
}
_WHY: Final = {
    Guard.NEVER_BLOCK: "it is on the list of what is never blocked",
    Guard.PROTECTIVE: "it is on the list of help lines and care",
    Guard.RANK: "it is on the list of sites that many people use",
    Guard.CDN: "a delivery network answers there for many unrelated sites",
}


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stops a block, why in one line, and whether two people can let it through nevertheless."""

    guard: Guard
    message: str
    can_override: bool


class Judge:
    """Looks at names with the data and the signatures there were when it was made."""

    def __init__(self, store: Store, data: GuardData) -> None:
        self._store = store
        self._data = data
        self._suffixes = suffixes.suffixes()
        self._allowed = allowances.names(store)
        self._overrides = overrides.standing(store)
        self._overridden = {(scope, name) for _, scope, name in self._overrides}
        self._judged_protective = protective.sites(store)
        self._known: list[tuple[int, int, str]] | None = None
        self._exact = data.exact
        self._below = data.below | RESERVED | self._judged_protective
        # a host below a much-used site is a part of it
        self._below_names = self._below | data.rows[Kind.RANK].names
        self._above = data.above.union(all_above(self._judged_protective))

    def refusal(self, scope: Scope, name: str, case_ref: str = "") -> Refusal | None:
        """What stops the block and is not overridden; None where nothing is.

        `case_ref` is the block's case: whose site it is about is no stranger at its address.
        """
        if scope is Scope.HOST or scope is Scope.DOMAIN:
            if (
                guards.is_plain(name)
                and name not in self._exact
                and (scope is Scope.HOST or name not in self._above)
                and not covering(self._below_names, name)
            ):
                return None
        elif scope is Scope.URL:
            host = guards.plain_host_of(name)
            if host and host not in self._exact and not covering(self._below, host):
                return None
        for found in self._findings(scope, name, case_ref):
            if not found.can_override or (found.guard, scope, name) not in self._overrides:
                return found
        return None

    def overrides_of(self, scope: Scope, name: str, case_ref: str = "") -> tuple[str, ...]:
        """The ids of the overrides without which the block would be stopped."""
        if (scope, name) not in self._overridden:
            return ()
        findings = self._findings(scope, name, case_ref)
        keys = {(each.guard, scope, name) for each in findings}
        return tuple(sorted(self._overrides[key] for key in keys if key in self._overrides))

    def reason_against(self, entry: Entry) -> str:
        """The guard's code and why an entry is stopped, as a list that leaves it out says it; "" where it is not."""
        refusal = self.refusal(entry.scope, entry.name, entry.case_ref)
        return f"{refusal.guard}: {refusal.message}" if refusal else ""

    def with_overrides(self, entry: Entry) -> Entry:
        """The entry, naming the overrides without which it would be stopped."""
        if (entry.scope, entry.name) not in self._overridden:
            return entry
        needed = self.overrides_of(entry.scope, entry.name, entry.case_ref)
        return replace(entry, overrides=needed)

    def _findings(self, scope: Scope, name: str, case_ref: str) -> Iterator[Refusal]:
        """All that speaks against the block, overridden or not."""
        reason = guards.refusal(scope, name)
        if reason:
            yield _refusal(Guard.FORM, reason)
            return
        if scope in (Scope.IP, Scope.CIDR):
            yield from self._of_network(ipaddress.ip_network(name), case_ref)
        elif scope is Scope.URL:
            host = parse_url(name).host.name
            is_front = name.partition("://")[2] == f"{host}/"
            yield from self._of_name(host, is_front=is_front, is_whole=False)
        else:
            yield from self._of_name(name, is_front=False, is_whole=True)
            if scope is Scope.DOMAIN:
                yield from self._of_names_below(name)

    def _of_name(self, host: str, *, is_front: bool, is_whole: bool) -> Iterator[Refusal]:
        reserved = _reserved(host)
        if reserved and host not in self._allowed:
            yield _refusal(
                Guard.RESERVED, f"{reserved} is reserved: nobody on the internet is reached there"
            )
        for kind in (Kind.NEVER_BLOCK, Kind.PROTECTIVE):
            yield from self._listed(kind, host)
        site = covering(self._judged_protective, host)
        if site:
            yield _refusal(Guard.PROTECTIVE, f"people have judged {site} protective")
        if is_whole or is_front:
            yield from self._of_suffix(host, is_front=is_front)
        if is_whole:
            for kind in (Kind.RANK, Kind.CDN):
                yield from self._listed(kind, host)
        elif is_front:
            # whoever types the name of a site comes upon its front page
            for name in (host, host.removeprefix("www.")):
                if name in self._data.rows[Kind.RANK].names:
                    yield from self._listed(Kind.RANK, name)
                    break

    def _listed(self, kind: Kind, host: str) -> Iterator[Refusal]:
        row = self._data.holds(kind, host)
        if not row and kind is Kind.RANK and not guards.is_address(host):
            # a part of a much-used site; what a platform gives away below it is a site of its own
            row = self._data.holds(kind, parse_host(host).site)
        if row:
            guard = _GUARD_OF[kind]
            shown = "" if row == host else f", as {row}"
            yield _refusal(guard, f"{_WHY[guard]}{shown}")
        elif guards.is_address(host):
            network = ipaddress.ip_network(host.strip("[]"))
            if self._data.rows[kind].networks.touch(network):
                yield _refusal(_GUARD_OF[kind], _WHY[_GUARD_OF[kind]])

    def _of_suffix(self, host: str, *, is_front: bool) -> Iterator[Refusal]:
        guard = self._suffixes.guard_of(host)
        if guard is None:
            return
        what = "a public suffix" if guard is Guard.PUBLIC_SUFFIX else "a shared platform"
        what = f"the front page of {what}" if is_front else what
        yield _refusal(guard, f"it is {what}: unrelated people hold the names below it")

    def _of_names_below(self, name: str) -> Iterator[Refusal]:
        """What a block of all below `name` would take with it."""
        for kind, guard in _GUARD_OF.items():
            if row := self._data.below_of(kind, name):
                yield _refusal(guard, f"{row} lies below it: {_WHY[guard]}")
        if name in self._data.above and (row := self._suffixes.first_below(name)):
            guard = self._suffixes.exact.get(row) or self._suffixes.parents[row]
            yield _refusal(guard, f"{row} lies below it: unrelated people hold the names there")
        if site := first_below(self._judged_protective, name):
            yield _refusal(
                Guard.PROTECTIVE, f"people have judged {site}, which lies below it, protective"
            )

    def _of_network(self, network: Network, case_ref: str) -> Iterator[Refusal]:
        for kind in (Kind.NEVER_BLOCK, Kind.PROTECTIVE, Kind.CDN):
            if self._data.rows[kind].networks.touch(network):
                guard = _GUARD_OF[kind]
                yield _refusal(guard, _WHY[guard])
        known = self._known_in(network)
        if not known:
            return
        sites = lookups.sites_at(self._store, known, limit=_MOST_SITES).first
        for kind, guard in _GUARD_OF.items():
            if site := next((each for each in sites if self._data.holds(kind, each)), ""):
                yield _refusal(guard, f"{site} is known there: {_WHY[guard]}")
        if site := next((each for each in sites if each in self._judged_protective), ""):
            yield _refusal(
                Guard.PROTECTIVE, f"people have judged {site}, which is known there, protective"
            )
        own = _site_of(self._store, case_ref)
        others = [site for site in sites if site != own]
        if others:
            shown = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
            yield _refusal(
                Guard.SHARED_ADDRESS, f"other sites are known there, {len(others)} in all: {shown}"
            )

    def _known_in(self, network: Network) -> list[str]:
        """The addresses in the network that pages were fetched from."""
        if self._known is None:  # read once: a list may have a hundred thousand addresses
            rows = (row for each in _EVERYWHERE for row in lookups.addresses_in(self._store, each))
            self._known = sorted(
                (*_place(ipaddress.ip_address(row.strip("[]"))), row) for row in rows
            )
        first, last = _place(network.network_address), _place(network.broadcast_address)
        start = bisect_left(self._known, first)
        found = takewhile(lambda one: one[:2] <= last, islice(self._known, start, None))
        return [row for _, _, row in found]


def judge_of(store: Store) -> Judge:
    """A judge with our data, the unit's own beside its store, and the signatures in it.

    Raises:
        GuardDataError: a file of the unit's data is damaged.
    """
    return Judge(store, load(store.path.parent))


def _place(address: Address) -> tuple[int, int]:
    return address.version, int(address)


def _refusal(guard: Guard, message: str) -> Refusal:
    return Refusal(guard, message, can_override=guard in OVERRIDABLE)


def _reserved(host: str) -> str:
    """The reserved name or address that `host` is or lies below; "" where it is none."""
    if not guards.is_address(host):
        return covering(RESERVED, host)
    return "" if guards.is_public(ipaddress.ip_network(host.strip("[]"))) else host


def _site_of(store: Store, case_ref: str) -> str:
    try:
        return cases.get(store, case_ref).site if case_ref else ""
    except UnknownCaseError:
        return ""
