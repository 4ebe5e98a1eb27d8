"""Why a page could not be had: every failure of a fetch, named by a short kind that the store keeps."""

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
from twisted.web._newclient import ResponseFailed

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
    (TunnelError, "proxy"),
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
_PASSING: Final = frozenset(
    {"dns", "timeout", "refused", "proxy", "connection_lost", "unreachable", "tls"}
)
_PASSING_STATUS: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500

ADVICE: Final = {
    "address_refused": "a private or loopback address; if it is a test web, name it with --allow-address",
    "bad_encoding": "damaged or unknown compression",
    "bad_redirect": "redirects to something that is no web address",
    "bad_response": "not an HTTP answer",
    "connection_lost": "the server broke off; tried again on a later run",
    "dns": "unknown host; check the spelling, or the name server",
    "not_html": "not a page (a file, picture or data)",
    "proxy": "the proxy did not connect; check --proxy",
    "redirect_loop": "redirects without end",
    "redirect_offsite": "redirects to another site, kept as a candidate: qalqan seeds list --candidates",
    "refused": "nobody answers there; tried again on a later run",
    "robots": "forbidden by robots.txt; --robots ignore overrides it, and the round records that",
    "timeout": "no answer in time; tried again on a later run",
    "tls": "the secure connection failed",
    "too_large": "larger than the size cap",
    "unreachable": "no way to that address; tried again on a later run",
    "unreadable": "the page could not be read; see crawl.log in the data folder",
}


def kind_of(error: BaseException) -> str:
    """The kind of a failed fetch."""
    if isinstance(error, FetchRefusedError):
        return error.kind
    if _is_tls(error):
        return "tls"
    return next((kind for types, kind in _KINDS if isinstance(error, types)), "bad_response")


def kind_of_status(status: int) -> str:
    """The kind of a response that is no page."""
    return f"http_{status}"


def may_pass(kind: str) -> bool:
    """Whether a fetch that failed so is worth another try before the usual re-visit."""
    if kind.startswith("http_"):
        status = int(kind.removeprefix("http_"))
        return status >= _SERVER_ERROR or status in _PASSING_STATUS
    return kind in _PASSING


def _is_tls(error: BaseException | None) -> bool:
    if type(error).__module__.startswith("OpenSSL"):
        return True
    if isinstance(error, ResponseFailed):
        return any(_is_tls(getattr(reason, "value", None)) for reason in error.reasons)
    return error is not None and _is_tls(error.__cause__)
