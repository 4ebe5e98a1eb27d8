"""Which blocks would take another with them: the domain above a host, the host of a URL, the network of an address."""

import ipaddress
from collections.abc import Iterator

from review_queue.categories import Scope
from review_queue.hosts import parse_url

Block = tuple[Scope, str]


def blocks_over(scope: Scope, name: str) -> Iterator[Block]:
    """Every block, itself the first of them, by which all that this one blocks would be blocked as well.

    `name` is in its normal form.
    """
    yield scope, name
    match scope:
        case Scope.URL:
            host = parse_url(name).host.name
            yield Scope.HOST, host
            yield from _over_host(host)
        case Scope.HOST | Scope.DOMAIN:
            yield from _over_host(name)
        case Scope.IP | Scope.CIDR:
            yield from _networks(name)


def _over_host(name: str) -> Iterator[Block]:
    if ":" in name or name.rpartition(".")[2].isdigit():
        address = name.strip("[]")
        yield Scope.IP, address
        yield from _networks(address)
        return
    rest = name
    while "." in rest:
        yield Scope.DOMAIN, rest
        rest = rest.partition(".")[2]


def _networks(name: str) -> Iterator[Block]:
    network = ipaddress.ip_network(name)
    for length in range(network.prefixlen - 1, 0, -1):
        yield Scope.CIDR, str(network.supernet(new_prefix=length))
