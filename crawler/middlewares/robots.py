"""Keeps to robots.txt, as RFC 9309 reads it.

Scrapy's own middleware takes the body of an error page for rules and asks an unreachable host twice. And unlike the
RFC, this one goes on where a site answers for robots.txt with a server error or not in time: a site must not be able
to hide itself from triage by that.
"""

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Self

from scrapy import Request
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawler.encodings import BadEncodingError, undo
from crawler.faults import FetchRefusedError
from crawler.resolver import AddressRefusedError
from crawler.wire import MAX_ROBOTS_BYTES

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

AGENT: Final = "Qalqan"  # the product token that rules may name
_MAX_HOSTS: Final = 5_000  # rules remembered at once
_SHARE: Final = 0.4  # of a page's time may go into waiting for the rules of its host
_OK: Final = 200
_LEAST_S: Final = 0.01  # none at all would mean without limit

Rules = ProtegoRobotParser | None
# a host that is not there will not be there for the page either
_HOPELESS: Final = (AddressRefusedError, CannotResolveHostError, DownloadConnectionRefusedError)


class RobotsMiddleware:
    """Asks each host for its rules once, before its first page."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler
        self._page_s = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._timeout_s = _SHARE * self._page_s
        self._rules: OrderedDict[str, asyncio.Future[Rules]] = OrderedDict()

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """The middleware of a crawl that obeys robots.txt.

        Raises:
            NotConfigured: it does not.
        """
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """`request` may go on.

        Raises:
            FetchRefusedError: the host's rules forbid it, or do not come while the page has time.
        """
        if request.meta.get("robots"):
            return
        # the time of a page begins before that of its host's rules
        request.meta.setdefault("deadline", time.monotonic() + self._page_s)
        url = urlparse_cached(request)
        origin = f"{url.scheme}://{url.netloc}"
        rules = self._rules.get(origin)
        if rules is None:
            rules = self._rules[origin] = asyncio.ensure_future(self._ask(origin))
            if len(self._rules) > _MAX_HOSTS:
                self._rules.popitem(last=False)
        else:
            self._rules.move_to_end(origin)
        try:
            # a page that was led here from another host has no more time than is left to it
            async with asyncio.timeout(_left_s(request)):
                parser = await asyncio.shield(rules)
        except TimeoutError:
            raise FetchRefusedError("timeout") from None
        if parser is not None and not parser.allowed(request.url, AGENT):
            raise FetchRefusedError("robots")
        request.meta["download_timeout"] = max(_LEAST_S, _left_s(request) or 0.0)

    async def _ask(self, origin: str) -> Rules:
        request = Request(
            f"{origin}/robots.txt",
            callback=NO_CALLBACK,
            # its own slot: the first page need not wait because of it
            meta={
                "robots": True,
                "download_slot": f"robots {origin}",
                "download_timeout": self._timeout_s,
            },
        )
        try:
            response = await self._crawler.engine.download_async(request)
        except _HOPELESS:
            raise
        except Exception:  # noqa: BLE001  # whatever else robots.txt may fail by, the page is still tried
            return None
        return self._parsed(response)

    def _parsed(self, response: "Response") -> Rules:
        if response.status != _OK:
            return None
        try:
            encodings = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1")
            rules = undo(response.body, encodings, MAX_ROBOTS_BYTES)
        except BadEncodingError:
            return None
        return ProtegoRobotParser(rules, self._crawler.spider)


def _left_s(request: Request) -> float | None:
    deadline = request.meta.get("deadline")
    return None if deadline is None else max(0.0, deadline - time.monotonic())
