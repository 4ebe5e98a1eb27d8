"""Lists for e2guardian, to be included: domains in a `bannedsitelist`, literal IPv4 hosts in a `bannedsiteiplist`.

The grammar is that of the lists e2guardian 5.3 comes with. A site is a name and everything below it, so an exact host
cannot be said. Nor can a URL: a `bannedurllist` line covers all pages below it, all queries and all subdomains, and
an expression is compared without regard to case (measured with 5.3.5). An address stops requests that write it out and
none that reach it by a name, so it says a host that is an address, and not the scopes ip and cidr.
"""

import ipaddress
from collections.abc import Iterator
from typing import Final

from blocklist import coverage, guards
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope


def _against(name: str) -> str:
    if not guards.is_address(name):
        return "e2guardian blocks a name with everything below it; an exact host cannot be said"
    if ":" in name:
        return "e2guardian 5.3 understands no IPv6 address in place of a host name"
    return guards.refusal(Scope.IP, name)


CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN}),
    addresses=True,
    a_line_means=(
        "a name is that and everything below it, a URL would be all that lies below it,"
        " an address is only what is asked for by that address"
    ),
    against={Scope.HOST: _against},
)


def _sites(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    yield from coverage.domains(view)


def _addresses(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    yield from sorted(view.of(Scope.HOST), key=lambda name: int(ipaddress.ip_address(name)))


FORMAT: Final = Format(
    "e2guardian",
    {"e2guardian-bannedsitelist": _sites, "e2guardian-bannedsiteiplist": _addresses},
    CAPABILITY,
)
