"""Follows redirects inside a site; one that leaves it becomes a candidate instead of a request."""

import time
from typing import TYPE_CHECKING, Final, Self

from crawler.faults import FetchRefusedError
from crawler.guard import AddressPolicy
from review_queue.errors import BadUrlError
from review_queue.hosts import parse_url
from review_queue.records import Link

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class SiteRedirectMiddleware:
    """Fetches the target at once, through all middlewares: robots and the guard are asked for it anew."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler
        self._addresses: AddressPolicy = crawler.settings["QALQAN_ADDRESS_POLICY"]
        self._timeout_s = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._max_hops = crawler.settings.getint("REDIRECT_MAX_TIMES")

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """The middleware of a crawl."""
        return cls(crawler)

    def process_request(self, request: "Request") -> None:
        """The time of a page and of all the redirects before it runs from now on."""
        timeout_s = request.meta.get("download_timeout", self._timeout_s)
        request.meta.setdefault("deadline", time.monotonic() + timeout_s)

    async def process_response(self, request: "Request", response: "Response") -> "Response":
        """The response at the end of the redirects that start with `response`.

        Raises:
            FetchRefusedError: they do not end, not in time, lead to another site, or nowhere.
        """
        location = response.headers.get("Location")
        if response.status not in _REDIRECTS or not location:
            return response
        hops = request.meta.get("hops", 0) + 1
        if hops > self._max_hops:
            raise FetchRefusedError("redirect_loop")
        source = parse_url(request.url)
        try:
            target = parse_url(_text(location), request.url)
        except BadUrlError:
            raise FetchRefusedError("bad_redirect") from None
        if target.host.site != source.host.site:
            may_be = self._addresses.permits_host(target.host, target.port)
            link = Link(target.canonical, target.host.site)
            raise FetchRefusedError("redirect_offsite", (link,) if may_be else ())
        # with its time anew for each hop, a site could hold a page for six times the limit
        left_s = request.meta["deadline"] - time.monotonic()
        if left_s <= 0:
            raise FetchRefusedError("timeout")
        following = request.replace(
            url=_without_user(target.href),
            meta={**request.meta, "hops": hops, "download_timeout": left_s},
        )
        following.meta.pop("download_slot", None)
        return await self._follow(following)

    async def _follow(self, request: "Request") -> "Response":
        try:
            return await self._crawler.engine.download_async(request)
        except Exception:
            if not request.meta.get("robots"):
                raise
            # a robots.txt that leads to a dead or private address says nothing of the site's own
            raise FetchRefusedError("bad_redirect") from None


def _without_user(href: str) -> str:
    """`href`, which is a URL as the standard writes it, without the name and password it may hold.

    Twisted would take them for a part of the host, and a page could hide behind them.
    """
    scheme, _, rest = href.partition("://")
    authority, _, tail = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}/{tail}"


def _text(location: bytes) -> str:
    try:
        return location.decode("utf-8")
    except UnicodeDecodeError:
        return location.decode("latin-1")
