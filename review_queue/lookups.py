"""What a block would reach: the names and addresses pages were fetched from, and who else is known there."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from review_queue.hosts import parse_host
from review_queue.records import Case
from review_queue.store import Store

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class HostPages:
    """A host name of a site, and how many of its pages were fetched."""

    name: str
    pages: int


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The sites known behind an address: how many, and the first of them by name."""

    count: int
    first: tuple[str, ...]


def hosts_of(store: Store, site: str) -> list[HostPages]:
    """The host names of the site that pages were fetched from, that with most pages first."""
    rows = store.rows(
        "SELECT host, count(*) AS pages FROM pages WHERE site = ? GROUP BY host ORDER BY pages DESC, host",
        [site],
    )
    return [HostPages(row["host"], row["pages"]) for row in rows]


def addresses_of(store: Store, case: Case) -> list[str]:
    """The addresses the pages of the case's site came from, that of the riskiest page first.

    There is none where a proxy fetched them: it alone knew the address.
    """
    rows = store.rows(
        "SELECT c.ip, max(c.page_id = ?) AS riskiest, count(*) AS times FROM pages p"
        " JOIN captures c ON c.page_id = p.id WHERE p.site = ? AND c.ip <> ''"
        " GROUP BY c.ip ORDER BY riskiest DESC, times DESC, c.ip",
        [case.page_id, case.site],
    )
    return [row["ip"] for row in rows]


def addresses_of_name(store: Store, name: str, *, with_below: bool) -> list[str]:
    """The addresses pages of the host `name` came from, or of all hosts at and below it."""
    tail = f".{name}"
    rows = store.rows(
        "SELECT DISTINCT c.ip FROM pages p JOIN captures c ON c.page_id = p.id WHERE p.site = ? AND c.ip <> ''"
        " AND (p.host = ? OR (? AND substr(p.host, -?) = ?)) ORDER BY c.ip",
        [parse_host(name).site, name, int(with_below), len(tail), tail],
    )
    return [row["ip"] for row in rows]


def sites_at(
    store: Store, addresses: Sequence[str], *, but: str = "", limit: int = 5
) -> Neighbours:
    """The sites other than `but` that pages were fetched of at any of the addresses."""
    marks = ",".join("?" * len(addresses))
    rows = store.rows(
        "SELECT DISTINCT p.site FROM captures c JOIN pages p ON p.id = c.page_id"
        f" WHERE c.ip IN ({marks}) AND p.site <> ? ORDER BY p.site",
        [*addresses, but],
    )
    found = [row["site"] for row in rows]
    return Neighbours(len(found), tuple(found[:limit]))


def addresses_in(store: Store, network: Network) -> list[str]:
    """The addresses inside the network that pages were fetched from."""
    # from one address to the next in the index: as many steps as there are addresses, not captures
    rows = store.rows(
        "WITH RECURSIVE known(ip) AS (SELECT min(ip) FROM captures WHERE ip > '' UNION ALL"
        " SELECT (SELECT min(ip) FROM captures WHERE ip > known.ip) FROM known WHERE known.ip IS NOT NULL)"
        " SELECT ip FROM known WHERE ip IS NOT NULL"
    )
    return [row["ip"] for row in rows if ipaddress.ip_address(row["ip"].strip("[]")) in network]
