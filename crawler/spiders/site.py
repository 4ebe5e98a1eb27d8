"""The spider: a claim goes out as one request and comes back as exactly one outcome."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from scrapy import Request, Spider
from scrapy.http import Response

from crawler.exchange import Exchange
from crawler.faults import FetchRefusedError, kind_of, kind_of_status
from crawler.ledger import Ledger
from crawler.outcomes import error_outcome, outcome_of
from crawler.plan import CrawlPlan
from crawler.reach import takes_connections
from crawler.readers import Readers
from crawler.reading import Answer, Task
from crawler.room import Charge, Room
from crawler.wire import PageResponse, PostponedError
from review_queue.clock import iso, system_clock
from review_queue.hosts import parse_url
from review_queue.records import Claim

if TYPE_CHECKING:
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
        readers: Readers,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**kwargs)
        self.ledger = ledger
        self.plan = plan
        self.readers = readers
        self.room = Room(plan.pace.max_held_bytes)
        self._proxy_is_there: bool | None = None
        self.on_end: Callable[[Request], None] = lambda _: None
        self.on_postponed: Callable[[Request], None] = lambda _: None

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the scheduler claims from the frontier, so that a crash loses no request."""
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def request_for(self, claim: Claim) -> Request:
        """The request of a claim."""
        return Request(
            claim.url,
            callback=self.page,
            errback=self.failed,
            cb_kwargs={"claim": claim},
            meta={"host": parse_url(claim.url).host.name, "charge": Charge(self.room)},
            dont_filter=True,
        )

    def page(self, response: Response, claim: Claim) -> None:
        """The response is on its way to a reader, whose answer will be the claim's outcome."""
        assert isinstance(response, PageResponse)  # noqa: S101  # our handler makes no other
        request = response.request
        assert request is not None  # noqa: S101  # the engine has set it
        charge: Charge = request.meta["charge"]
        payload = response.body
        if response.status == HTTPStatus.OK:
            charge.shrink(len(payload))
            task = Task(
                _exchange(response),
                _header(response, "Content-Type"),
                _header(response, "Content-Encoding"),
                claim.depth < self.plan.budget.max_depth,
            )
            self.readers.submit(
                claim.site, task, payload, partial(self._answered, claim, payload, charge)
            )
        else:
            charge.shrink(0)
            kind = kind_of_status(response.status)
            self.ledger.record(error_outcome(claim, kind, size_bytes=len(payload)))
        self.on_end(request)

    def _answered(self, claim: Claim, payload: bytes, charge: Charge, answer: Answer) -> None:
        self.ledger.record(outcome_of(claim, answer, payload))
        charge.shrink(0)

    def failed(self, failure: "Failure") -> None:
        """The claim got no response, which is its outcome; one that there was no room for is tried again."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy adds it
        request.meta["charge"].shrink(0)
        error = failure.value or RuntimeError()
        if isinstance(error, PostponedError):
            self.on_postponed(request)
            return
        offsite = error.offsite if isinstance(error, FetchRefusedError) else ()
        claim = request.cb_kwargs["claim"]
        self.ledger.record(error_outcome(claim, self._kind(error), offsite=offsite))
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


def _exchange(response: PageResponse) -> Exchange:
    """What the wire saw, but for the payload, which travels by itself."""
    return Exchange(
        url=response.url,
        method="GET",
        request_head=response.request_head,
        status=response.status,
        response_head=response.head,
        payload=b"",
        fetched_at=iso(system_clock()),
        ip=response.ip,
        tls=response.tls,
        truncated=response.truncated,
    )


def _header(response: Response, name: str) -> str:
    return b",".join(response.headers.getlist(name)).decode("latin-1")
