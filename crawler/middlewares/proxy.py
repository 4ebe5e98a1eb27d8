"""Sends every request through the proxy, where one is set.

A proxy looks names up itself, so the guard cannot see where a request ends; what is plainly private is refused
before it is sent.
"""

import base64
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from scrapy.exceptions import NotConfigured

from crawler.guard import AddressPolicy
from crawler.resolver import AddressRefusedError
from review_queue.hosts import parse_url

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class ProxyMiddleware:
    """Marks each request with the proxy and its credentials; the environment's proxies are not looked at."""

    def __init__(self, proxy: str, addresses: AddressPolicy) -> None:
        parts = urlsplit(proxy)
        self._proxy = f"http://{parts.netloc.rpartition('@')[2]}"
        self._name = _host_of(self._proxy)
        credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}".encode()
        self._authorization = b"Basic " + base64.b64encode(credentials) if parts.username else b""
        self._addresses = addresses

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """The middleware of a crawl with a proxy.

        Raises:
            NotConfigured: there is none.
        """
        if not crawler.settings["QALQAN_PROXY"]:
            raise NotConfigured
        return cls(crawler.settings["QALQAN_PROXY"], crawler.settings["QALQAN_ADDRESS_POLICY"])

    def process_request(self, request: "Request") -> None:
        """`request` goes through the proxy.

        Raises:
            AddressRefusedError: its host is a private address, or the proxy.
        """
        url = parse_url(request.url)
        if url.host.name == self._name:
            raise AddressRefusedError(f"{url.host.name} is the proxy itself")
        if not self._addresses.permits_literal(url.host.name, url.port):
            raise AddressRefusedError(f"{url.host.name} is not a public address")
        request.meta["proxy"] = self._proxy
        if self._authorization:
            request.headers[b"Proxy-Authorization"] = self._authorization


def _host_of(proxy: str) -> str:
    """The proxy's name where it is one: as an address it may be asked for like any other, or not."""
    host = parse_url(proxy).host
    return "" if host.is_ip else host.name
