"""Scrapy's HTTP handler, refusing to work without the address guard and telling its refusals apart."""

from typing import TYPE_CHECKING, Final, cast

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import CannotResolveHostError
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached

from crawler.resolver import AddressRefusedError, GuardedResolver
from crawler.tls import WatchingContextFactory
from crawler.wire import ClientFactory, PageAgent

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.web.iweb import IPolicyForHTTPS

# Idle connections are dropped soon: with thousands of hosts Twisted's 240 s would hold as many sockets open.
_IDLE_CONNECTION_S: Final = 3


class GuardedHandler(HTTP11DownloadHandler):
    """Downloads over HTTP and TLS through a reactor whose resolver is the guard."""

    def __init__(self, crawler: "Crawler") -> None:
        super().__init__(crawler)
        from twisted.internet import reactor  # noqa: PLC0415  # only after the reactor was chosen

        resolver = getattr(reactor, "nameResolver", None)
        if not isinstance(resolver, GuardedResolver):
            raise RuntimeError("the address guard is not installed on this reactor")  # noqa: TRY004  # a wrong set-up
        self._guard = resolver
        self._contextFactory = cast("IPolicyForHTTPS", WatchingContextFactory())
        self._pool._factory = ClientFactory  # noqa: SLF001  # as Scrapy sets its own
        self._pool.cachedConnectionTimeout = _IDLE_CONNECTION_S
        # through a proxy, all hosts share one pool of connections
        self._pool.maxPersistentPerHost = crawler.settings.getint("CONCURRENT_REQUESTS")

    async def download_request(self, request: "Request") -> "Response":
        """The response to `request`.

        Raises:
            AddressRefusedError: the guard let none of the host's addresses through.
        """
        try:
            return await self._downloaded(request)
        except CannotResolveHostError:
            url = urlparse_cached(request)
            port = url.port or (443 if url.scheme == "https" else 80)
            if address := self._guard.refused(url.hostname or "", port):
                raise AddressRefusedError(
                    f"{url.hostname} port {port} leads to {address}"
                ) from None
            raise

    async def _downloaded(self, request: "Request") -> "Response":
        agent = PageAgent(
            contextFactory=self._contextFactory,
            pool=self._pool,
            maxsize=self._default_maxsize,
            crawler=self._crawler,
        )
        with wrap_twisted_exceptions():
            return await maybe_deferred_to_future(agent.download_request(request))
