"""What a round has done so far, in figures that are read while it runs and reported at its end."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from crawler.plan import Scoring
from review_queue.progress import Reading
from review_queue.records import Outcome

# what became of a reader that did not live to read its page; one that only raised an error lives on
KILLED: Final = frozenset({"time", "memory", "died"})


class Tally:
    """Counts of outcomes that are in the store."""

    def __init__(self, scoring: Scoring | None) -> None:
        self._scoring = scoring
        self.pages = 0
        self.bytes = 0
        self.harvested = 0
        self.errors: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()

    def received(self, size_bytes: int) -> None:
        """So many bytes have come in, whether or not they make a page."""
        self.bytes += size_bytes

    def stored(self, pages: int, outcomes: Iterable[Outcome]) -> None:
        """These outcomes are in the store, `pages` of them as pages with status 200."""
        self.pages += pages
        for outcome in outcomes:
            if outcome.error:
                self.errors[outcome.error] += 1
            if outcome.unread:
                self.unread[outcome.unread] += 1
            if outcome.score and self._scoring and self._scoring.is_harvest(outcome.score):
                self.harvested += 1

    def reading(self, *, pending: int, sites: int, seconds: float) -> Reading:
        """All of it, for the store."""
        return Reading(
            pages=self.pages,
            errors=dict(self.errors),
            bytes=self.bytes,
            pending=pending,
            sites=sites,
            harvested=self.harvested,
            seconds=seconds,
        )
