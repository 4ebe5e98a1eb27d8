"""Hands outcomes to the ledger, which writes them in batches; none waits longer than a second."""

from typing import TYPE_CHECKING, Final, Self

from scrapy.utils.asyncio import create_looping_call

from crawler.ledger import Ledger
from review_queue.records import Outcome

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

FLUSH_S: Final = 1.0


class StorePipeline:
    """The last stage of a crawl."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._loop = create_looping_call(ledger.flush)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """The pipeline of a crawl whose spider is a SiteSpider."""
        return cls(crawler.spider.ledger)  # type: ignore[union-attr]  # settings and spider are made together

    def open_spider(self) -> None:
        """Batches are written from now on."""
        self._loop.start(FLUSH_S, now=False)

    def close_spider(self) -> None:
        """What is still held is stored."""
        self._loop.stop()
        self._ledger.flush()

    def process_item(self, item: Outcome) -> Outcome:
        """`item` is on its way to the store."""
        self._ledger.record(item)
        return item
