"""The spider: a claim goes out as one request and comes back as exactly one outcome."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Self

from scrapy import Request, Spider, signals
from scrapy.exceptions import StopDownload
from scrapy.http import Response

from crawler.faults import FetchRefusedError, kind_of
from crawler.ledger import Ledger
from crawler.outcomes import OK, Fetched, error_outcome, is_page_type, outcome_of
from crawler.plan import CrawlPlan
from crawler.reach import takes_connections
from review_queue.clock import iso, system_clock
from review_queue.hosts import parse_url
from review_queue.records import Claim, Outcome

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Headers
    from twisted.python.failure import Failure

_PROBE_S: Final = 2.0


class SiteSpider(Spider):
    """Reads pages; which ones and when is the scheduler's business."""

    name = "site"

    def __init__(
        self,
        *,
        ledger: Ledger,
        plan: CrawlPlan,
        detect_language: Callable[[str], str],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**kwargs)
        self.ledger = ledger
        self.plan = plan
        self._detect_language = detect_language
        self._proxy_is_there: bool | None = None
        self.on_end: Callable[[Request], None] = lambda _: None

    @classmethod
    def from_crawler(cls, crawler: "Crawler", *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401  # Scrapy's signature
        """The spider, told of responses as soon as their headers are there."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.stop_early, signal=signals.headers_received)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the scheduler claims from the frontier, so that a crash loses no request."""
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def request_for(self, claim: Claim) -> Request:
        """The one request of a claim."""
        return Request(
            claim.url,
            callback=self.page,
            errback=self.failed,
            cb_kwargs={"claim": claim},
            meta={"host": parse_url(claim.url).host.name},
            dont_filter=True,
        )

    def stop_early(self, headers: "Headers", request: Request) -> None:
        """A body that is no page is not downloaded."""
        content_type = (headers.get("Content-Type") or b"").decode("latin-1")
        if (
            not request.meta.get("robots")
            and not is_page_type(content_type)
            and b"Location" not in headers
        ):
            raise StopDownload

    def page(self, response: Response, claim: Claim) -> Iterator[Outcome]:
        """The outcome of a claim that got a response."""
        assert response.request is not None  # noqa: S101  # the engine has set it
        fetched = Fetched(
            response.url,
            response.status,
            (response.headers.get("Content-Type") or b"").decode("latin-1"),
            response.body,
            encoded=response.status == OK and "Content-Encoding" in response.headers,
        )
        try:
            outcome = outcome_of(
                claim,
                fetched,
                now=iso(system_clock()),
                follow=claim.depth < self.plan.budget.max_depth,
                addresses=self.plan.network.addresses,
                detect_language=self._language,
            )
        except (
            Exception
        ):  # a page is hostile input: one that breaks the reader is told, not dropped
            self.logger.exception("page could not be read: claim %s", claim.id)
            outcome = error_outcome(claim, "unreadable", size_bytes=len(response.body))
        yield outcome
        self.on_end(response.request)

    def _language(self, text: str) -> str:
        try:
            return self._detect_language(text)
        except Exception:  # a detector that fails must not cost the page
            self.logger.exception("the language could not be told")
            return ""

    def failed(self, failure: "Failure") -> Iterator[Outcome]:
        """The outcome of a claim that got no response."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy adds it
        error = failure.value or RuntimeError()
        offsite = error.offsite if isinstance(error, FetchRefusedError) else ()
        yield error_outcome(request.cb_kwargs["claim"], self._kind(error), offsite=offsite)
        self.on_end(request)

    def _kind(self, error: BaseException) -> str:
        proxy = self.plan.network.proxy_address()
        kind = kind_of(error, proxied=proxy is not None)
        if proxy is None or kind != "timeout":
            return kind
        # a mute site and a mute proxy look alike from here: asked once, for it holds up all else meanwhile
        if self._proxy_is_there is None:
            self._proxy_is_there = takes_connections(proxy, timeout_s=_PROBE_S)
        return kind if self._proxy_is_there else "proxy"
