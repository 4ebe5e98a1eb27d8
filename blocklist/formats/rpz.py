"""Response policy zones: NXDOMAIN for each listed name, or the way to a page that says why; under any zone name.

All owner names are relative and there is no $ORIGIN. An absolute one is ignored by BIND and stops
Unbound from starting. An address or a network is a trigger on answers, `32.66.99.88.192.rpz-ip`, written as in
draft-vixie-dnsop-dns-rpz, 4.3: the prefix length always (without it PowerDNS Recursor does not start), the parts in
reverse order, `zz` for the `::` of an IPv6 address.
"""

from collections.abc import Iterator
from typing import Final

from blocklist import coverage
from blocklist.rendering import LONGEST_NAME, Capability, Format, View
from review_queue.categories import Scope

# The zone name is the provider's choice, and every owner name is written in front of it.
ROOM_FOR_ZONE_NAME: Final = 63
CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN, Scope.IP, Scope.CIDR}),
    addresses=False,
    a_line_means="a line is that exact host, `*.name` everything below the name, `….rpz-ip` an address or a network",
    longest_name=LONGEST_NAME - ROOM_FOR_ZONE_NAME - len(".") - len(coverage.WILDCARD),
)

TTL_S: Final = 300  # how long a resolver's clients may remember a block that was lifted
_REFRESH_S: Final = 3600
_RETRY_S: Final = 600
_EXPIRE_S: Final = 30 * 24 * 3600
# The provider gives this name the addresses of its own block page. Until it does, the name exists nowhere (RFC 6761,
# 6.4: no name under `invalid` ever will), so what is listed stays blocked and nobody else can answer for it.
GARDEN: Final = "blocked.qalqan.invalid."


def _nxdomain(view: View) -> Iterator[str]:
    return _zone(view, ".")


def _garden(view: View) -> Iterator[str]:
    return _zone(view, GARDEN)


def _zone(view: View, target: str) -> Iterator[str]:
    heading = view.heading
    yield f"; {heading.title}"
    yield f"$TTL {TTL_S}"
    timers = f"{_REFRESH_S} {_RETRY_S} {_EXPIRE_S} {TTL_S}"
    yield f"@ SOA localhost. nobody.invalid. {heading.serial} {timers}"
    yield "@ NS localhost."
    for name, is_domain in coverage.covering(view):
        if is_domain:
            yield f"{name} CNAME {target}\n{coverage.WILDCARD}{name} CNAME {target}"
        else:
            yield f"{name} CNAME {target}"
    for network in sorted({*view.of(Scope.IP), *view.of(Scope.CIDR)}):
        yield f"{_trigger(network)} CNAME {target}"


def _trigger(network: str) -> str:
    """The owner name that stands for answers with an address in the network."""
    address, _, prefix = network.partition("/")
    if ":" in address:
        parts = address.replace("::", ":zz:").strip(":").split(":")
        return ".".join([prefix or "128", *reversed(parts), "rpz-ip"])
    return ".".join([prefix or "32", *reversed(address.split(".")), "rpz-ip"])


FORMAT: Final = Format("rpz", {"rpz.zone": _nxdomain, "rpz-garden.zone": _garden}, CAPABILITY)
