"""What goes on blocking the same after an entry was lifted: whoever lifts has to know that the site is not free yet."""

from collections.abc import Iterator

from blocklist.feed.questions import found
from review_queue import entries, lookups
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.hosts import parse_url
from review_queue.records import Entry
from review_queue.store import Store
from review_queue.wider import Block, blocks_over


def still_blocking(store: Store, entry: Entry) -> list[Entry]:
    """The live entries that block what this one is about as well, under whatever category or wider name.

    Of a name they are also those of an address that a crawl has reached it at, or of a network around that.
    """
    if entry.scope is Scope.CIDR:
        held = list(entries.covering(store, blocks_over(entry.scope, entry.name)))
    else:
        rows = found(store, entry.name)
        held = [row.listing.entry for row in rows if not row.listing.is_over]
        held += entries.covering(store, _by_address(store, entry))
    others = {each.id: each for each in held if each.id != entry.id}
    return list(others.values())


def _by_address(store: Store, entry: Entry) -> Iterator[Block]:
    """The blocks of the addresses that the entry's name is known at, and of the networks around them."""
    if entry.scope is Scope.IP:
        return
    name = parse_url(entry.name).host.name if entry.scope is Scope.URL else entry.name
    known = lookups.addresses_of_name(store, name, with_below=entry.scope is Scope.DOMAIN)
    blocks = (blocks_over(Scope.IP, normal(Scope.IP, address)) for address in known)
    yield from dict.fromkeys(block for some in blocks for block in some)
