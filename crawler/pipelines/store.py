"""The last stage of a crawl: what was read is written in batches; none waits longer than a second."""

from typing import TYPE_CHECKING, Final, Self

from scrapy.utils.asyncio import create_looping_call

from crawler.ledger import Ledger
from crawler.readers import Readers

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

FLUSH_S: Final = 1.0
_LAST_READS_S: Final = 15.0  # so long a crawl that is stopped waits for what is being read


class StorePipeline:
    """Begins and ends with the crawl; outcomes go to the ledger directly."""

    def __init__(self, ledger: Ledger, readers: Readers) -> None:
        self._ledger = ledger
        self._readers = readers
        self._loop = create_looping_call(ledger.flush)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """The pipeline of a crawl whose spider is a SiteSpider."""
        spider = crawler.spider
        return cls(spider.ledger, spider.readers)  # type: ignore[union-attr]  # settings and spider are made together

    def open_spider(self) -> None:
        """Pages are read and batches are written from now on."""
        self._readers.begin()
        self._loop.start(FLUSH_S, now=False)

    async def close_spider(self) -> None:
        """What is still being read is read, what is held is stored."""
        if not self._ledger.failure:
            await self._readers.drained(_LAST_READS_S)
        await self._readers.close()
        self._loop.stop()
        self._ledger.flush()
