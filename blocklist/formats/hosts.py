"""Hosts file: exact names only."""

from collections.abc import Iterator, Sequence
from typing import Final

from blocklist.rendering import Capability, Format, Heading
from review_queue.categories import Scope
from review_queue.records import Entry

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST}),
    addresses=False,
    a_line_means="a line of a hosts file is that exact host and nothing below it",
)

# Both families: dnsmasq asks upstream for the family a hosts file does not answer.
_NOWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # written into a list, nothing listens on it


def _lines(entries: Sequence[Entry], heading: Heading) -> Iterator[str]:
    yield f"# Qalqan block list, serial {heading.serial}, made {heading.created}"
    for name in sorted({entry.name for entry in entries}):
        for address in _NOWHERE:
            yield f"{address} {name}"


FORMAT: Final = Format("hosts", "txt", CAPABILITY, _lines)
