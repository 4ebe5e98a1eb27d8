"""Local zones for Unbound, a file to `include:`: NXDOMAIN for a domain and all below it, no address for an exact host.

The grammar is that of unbound.conf(5), `local-zone` and `local-data`. A transparent zone with data answers for its own
name alone, whatever record is asked for; what lies below it resolves as before. Unbound has no way to answer NXDOMAIN
for one name and leave those below it, so a host gets the addresses that lead nowhere.
"""

from collections.abc import Iterator
from typing import Final

from blocklist.coverage import covering
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN}),
    addresses=False,
    a_line_means="a local zone is a name and everything below it, or with data of its own that exact host",
)

TTL_S: Final = (
    300  # how long clients may remember a block that was lifted; Unbound's own is an hour
)


def _lines(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    yield "server:"
    for name, is_domain in covering(view):
        if is_domain:
            yield f'local-zone: "{name}" always_nxdomain'
        else:
            yield (
                f'local-zone: "{name}" transparent\n'
                f'local-data: "{name} {TTL_S} IN A 0.0.0.0"\n'
                f'local-data: "{name} {TTL_S} IN AAAA ::"'
            )


FORMAT: Final = Format("unbound", {"unbound.conf": _lines}, CAPABILITY)
