"""Rules for AdGuard Home and other DNS filters that read its syntax.

The grammar is that of AdGuard's "DNS filtering rules syntax" and its library urlfilter: `||` stands for a name and
everything below it, `|` for the start of the name, `^` for a character no name has, or the end. A rule is also held
against each address in an answer. There `^` would match the colon of a longer IPv6 address, so such a rule ends in `|`,
the end itself.
"""

from collections.abc import Iterator
from typing import Final

from blocklist.coverage import covering
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN, Scope.IP}),
    addresses=False,
    a_line_means="`||name^` is a name and everything below it, `|name^` that exact host or address",
)


def _lines(view: View) -> Iterator[str]:
    yield f"! {view.heading.title}"
    for name, is_domain in covering(view):
        yield f"||{name}^" if is_domain else f"|{name}^"
    for address in view.of(Scope.IP):
        yield f"|{address}|" if ":" in address else f"|{address}^"


FORMAT: Final = Format("adguard", {"adguard.txt": _lines}, CAPABILITY)
