"""Plain list of names, for rbldnsd and for scripts that read one name a line.

The grammar is that of a `dnset` in rbldnsd(8): `name` is that name alone, `*.name` all that lies below it.
"""

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
