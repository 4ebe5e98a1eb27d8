"""Plain list of names, for tools and scripts that read one name a line."""

from typing import Final

from blocklist.coverage import owners
from blocklist.rendering import Capability, Format
from review_queue.categories import Scope

CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN}),
    addresses=False,
    a_line_means="a line is that exact host; `*.name` is everything below the name",
)
FORMAT: Final = Format("domains", {"domains.txt": owners}, CAPABILITY)
