"""Hosts file: exact names only."""

from collections.abc import Iterator
from typing import Final

from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST}),
    addresses=False,
    a_line_means="a line of a hosts file is that exact host and nothing below it",
)

# Both families: dnsmasq asks upstream for the family a hosts file does not answer.
_V4: Final = "0.0.0.0"  # noqa: S104  # written into a list, nothing listens on it
_V6: Final = "::"


def _lines(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    for name in view.of(Scope.HOST):
        yield f"{_V4} {name}\n{_V6} {name}"


FORMAT: Final = Format("hosts", {"hosts.txt": _lines}, CAPABILITY)
