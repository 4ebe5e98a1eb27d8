"""Domains for squidGuard, a file for `domainlist`: a line is a name and everything below it.

The grammar is that of squidGuard's documentation. An exact host cannot be said. Nor can a URL, though squidGuard has
lists for them: it compares without regard to case, scheme, port and a leading `www`, and takes a `urllist` line for
everything that begins with it: `host/page` blocks `host/pages` (measured with 1.6.0).
"""

from collections.abc import Iterator
from typing import Final

from blocklist import coverage
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.DOMAIN}),
    addresses=False,
    a_line_means="a line is a name and everything below it; a URL would be everything that begins with it",
)


def _lines(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    yield from coverage.domains(view)


FORMAT: Final = Format("squidguard", {"squidguard-domains.txt": _lines}, CAPABILITY)
