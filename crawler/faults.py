"""Why a page could not be had: every failure of a fetch, named by a short kind that the store keeps."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    StopDownload,
)
from twisted.internet import error as tx
from twisted.web._newclient import ParseError, ResponseFailed

from crawler.resolver import AddressRefusedError
from review_queue.records import Link


class FetchRefusedError(IgnoreRequest):
    """A fetch that ends here on purpose; `kind` is what the store is told."""

    def __init__(self, kind: str, offsite: tuple[Link, ...] = ()) -> None:
        super().__init__(kind)
        self.kind = kind
        self.offsite = offsite


_KINDS: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    (AddressRefusedError, "address_refused"),
    (CannotResolveHostError, "dns"),
    ((DownloadTimeoutError, tx.TimeoutError, tx.TCPTimedOutError), "timeout"),
    ((DownloadConnectionRefusedError, tx.ConnectionRefusedError), "refused"),
    (StopDownload, "not_html"),
    # of Scrapy's own, only the cap on decompressed size ends a request so
    ((DownloadCancelledError, IgnoreRequest), "too_large"),
    (
        (ResponseDataLossError, DownloadFailedError, tx.ConnectionLost, tx.ConnectionDone),
        "connection_lost",
    ),
    (tx.ConnectError, "unreachable"),
    (OSError, "bad_encoding"),  # what the decompressors raise on damaged data
)
_PASSING: Final = frozenset({"dns", "timeout", "refused", "connection_lost", "unreachable", "tls"})
# with a proxy all connections lead to it, and it looks the names up: these say nothing of the site
_OF_THE_PROXY: Final = frozenset({"dns", "refused", "unreachable"})
# a proxy that has no way to the site says so by these
_BEYOND_THE_PROXY: Final = re.compile(r"'status': 50[234]\b")
_PASSING_STATUS: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500
_LOWEST_STATUS: Final = 100
_HIGHEST_STATUS: Final = 999


def kind_of(error: BaseException, *, proxied: bool = False) -> str:
    """The kind of a failed fetch, which was sent through a proxy where `proxied` is set."""
    if isinstance(error, FetchRefusedError):
        return error.kind
    if isinstance(error, TunnelError):
        return "unreachable" if _BEYOND_THE_PROXY.search(str(error)) else "proxy"
    kind = _direct_kind(error)
    return "proxy" if proxied and kind in _OF_THE_PROXY else kind


def _direct_kind(error: BaseException) -> str:
    causes = list(_causes(error))
    if any(type(cause).__module__.startswith("OpenSSL") for cause in causes):
        return "tls"
    if any(isinstance(cause, ParseError) for cause in causes):
        return "bad_response"
    return next((kind for types, kind in _KINDS if isinstance(error, types)), "bad_response")


def kind_of_status(status: int) -> str:
    """The kind of a response that is no page."""
    # a server may send any number, and one of 4,000 digits is no name for a kind
    if not _LOWEST_STATUS <= status <= _HIGHEST_STATUS:
        return "bad_response"
    # only a proxy asks so
    return "proxy" if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED else f"http_{status}"


def may_pass(kind: str) -> bool:
    """Whether a fetch that failed so is worth another try before the usual re-visit."""
    if kind.startswith("http_"):
        status = int(kind.removeprefix("http_"))
        return status >= _SERVER_ERROR or status in _PASSING_STATUS
    return kind in _PASSING


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and what lies behind it: Twisted wraps the reasons of a failed response."""
    if error is None:
        return
    yield error
    if isinstance(error, ResponseFailed):
        for reason in error.reasons:
            yield from _causes(getattr(reason, "value", None))
    yield from _causes(error.__cause__)
