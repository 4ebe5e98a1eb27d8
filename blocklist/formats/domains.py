"""Plain list of names, for tools and scripts that read one name a line."""

from collections.abc import Iterator, Sequence
from typing import Final

from blocklist.coverage import owners
from blocklist.rendering import Capability, Format, Heading
from review_queue.categories import Scope
from review_queue.records import Entry

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN}),
    addresses=False,
    a_line_means="a line is that exact host; `*.name` is everything below the name",
)


def _lines(entries: Sequence[Entry], _heading: Heading) -> Iterator[str]:
    yield from owners(entries)


FORMAT: Final = Format("domains", "txt", CAPABILITY, _lines)
