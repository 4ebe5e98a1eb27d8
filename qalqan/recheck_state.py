"""What waits at the listed sites of a data folder, as a monitor is told of it."""

from pathlib import Path

from qalqan.metrics import ListState
from review_queue import entries, proposals, rechecks
from review_queue.errors import StoreMissingError
from review_queue.store import open_store


def listed_state(data: Path) -> ListState | None:
    """How many looks, reviews and proposals wait; None where there is no store yet."""
    try:
        store = open_store(data, create=False)
    except StoreMissingError:
        return None
    with store:
        now = store.now()
        return ListState(
            looks_due=rechecks.count_due(store),
            reviews_due=sum(bool(e.review_at) and e.review_at <= now for e in entries.live(store)),
            proposals=len(proposals.open_ones(store)),
        )
