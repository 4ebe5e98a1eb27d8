"""Response policy zone: NXDOMAIN for each listed name, under whatever zone name it is loaded.

All owner names are relative and there is no $ORIGIN. An absolute one is ignored by BIND and stops
Unbound from starting.
"""

from collections.abc import Iterator
from typing import Final

from blocklist.coverage import WILDCARD, owners
from blocklist.rendering import LONGEST_NAME, Capability, Format, View
from review_queue.categories import Scope

# The zone name is the provider's choice, and every owner name is written in front of it.
ROOM_FOR_ZONE_NAME: Final = 63
CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN}),
    addresses=False,
    a_line_means="a line is that exact host; `*.name` is everything below the name",
    longest_name=LONGEST_NAME - ROOM_FOR_ZONE_NAME - len(".") - len(WILDCARD),
)

TTL_S: Final = 300  # how long a resolver's clients may remember a block that was lifted
_REFRESH_S: Final = 3600
_RETRY_S: Final = 600
_EXPIRE_S: Final = 30 * 24 * 3600


def _lines(view: View) -> Iterator[str]:
    heading = view.heading
    yield f"; Qalqan block list, serial {heading.serial}, made {heading.created}"
    yield f"$TTL {TTL_S}"
    timers = f"{_REFRESH_S} {_RETRY_S} {_EXPIRE_S} {TTL_S}"
    yield f"@ SOA localhost. nobody.invalid. {heading.serial} {timers}"
    yield "@ NS localhost."
    for owner in owners(view):
        yield f"{owner} CNAME ."


FORMAT: Final = Format("rpz", {"rpz.zone": _lines}, CAPABILITY)
