"""What goes on blocking the same after an entry was lifted: whoever lifts has to know that the site is not free yet."""

from collections.abc import Iterator

from blocklist.feed.questions import covering
from review_queue import entries, lookups
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.records import Entry
from review_queue.store import Store
from review_queue.wider import Block, blocks_over


def still_blocking(store: Store, entry: Entry) -> list[Entry]:
    """The live entries that block what this one is about as well, under whatever category or wider name.

    Of a name they are also those of an address that a crawl has reached it at, or of a network around that.
    """
    held = entries.covering(store, dict.fromkeys(_blocks(store, entry)))
    others = {each.id: each for each in held if each.id != entry.id}
    return list(others.values())


def _blocks(store: Store, entry: Entry) -> Iterator[Block]:
    if entry.scope is Scope.CIDR:
        yield from blocks_over(entry.scope, entry.name)
        return
    yield from covering(store, entry.name)
    if entry.scope is Scope.DOMAIN:
        for address in lookups.addresses_of_name(store, entry.name, with_below=True):
            yield from blocks_over(Scope.IP, normal(Scope.IP, address))
