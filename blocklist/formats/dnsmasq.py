"""Lines for dnsmasq, a file for `conf-file=`: NXDOMAIN for a domain and all below it, no address for an exact host.

The grammar is that of dnsmasq(8): `address=/NAME/` covers a name and everything below it, `host-record=` answers for
one name and only for its addresses: other records of that host, such as HTTPS, still come from upstream.
"""

from collections.abc import Iterator
from typing import Final

from blocklist.coverage import covering
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN}),
    addresses=False,
    a_line_means="`address=/name/` is a name and everything below it, `host-record=name` that exact host",
)


def _lines(view: View) -> Iterator[str]:
    yield f"# Qalqan block list, serial {view.heading.serial}, made {view.heading.created}"
    domains = set(view.of(Scope.DOMAIN))
    for name in covering(view.of(Scope.HOST), domains):
        yield f"address=/{name}/" if name in domains else f"host-record={name},0.0.0.0,::"


FORMAT: Final = Format("dnsmasq", {"dnsmasq.conf": _lines}, CAPABILITY)
