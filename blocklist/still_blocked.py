"""What goes on blocking the same after an entry was lifted: whoever lifts has to know that the site is not free yet."""

from blocklist.feed.questions import found
from review_queue import entries
from review_queue.categories import Scope
from review_queue.records import Entry
from review_queue.store import Store
from review_queue.wider import blocks_over


def still_blocking(store: Store, entry: Entry) -> list[Entry]:
    """The live entries that block what this one is about as well, under whatever category or wider name."""
    if entry.scope is Scope.CIDR:
        held = list(entries.covering(store, blocks_over(entry.scope, entry.name)))
    else:
        rows = found(store, entry.name)
        held = [row.listing.entry for row in rows if not row.listing.is_over]
    return [each for each in held if each.id != entry.id]
