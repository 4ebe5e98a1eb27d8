"""How a response comes off the wire: its head kept as it was sent, its body under caps, nothing of it looked into.

A body that stalls or does not end is cut, and what came of it is the page's, as in a browser: were it dropped, a text
could hide before a pause or before megabytes of padding.

Scrapy's own classes for this build a response's headers twice, guess its type from its bytes and ask every extension
about every piece of a body: a third of the time of a page.
"""

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
    _ResponseReader,
    _ScrapyAgent,
)
from scrapy.exceptions import StopDownload
from scrapy.http import Headers, Response
from twisted.internet.defer import Deferred
from twisted.web._newclient import HTTP11ClientProtocol, ParseError
from twisted.web.iweb import UNKNOWN_LENGTH

from crawler.page_types import is_page_type
from crawler.room import Charge
from crawler.tls import tls_facts

if TYPE_CHECKING:
    from scrapy import Request
    from twisted.internet.interfaces import IAddress

MAX_HEAD_BYTES: Final = 256 * 1024  # browsers give up at as much
MAX_ROBOTS_BYTES: Final = 512 * 1024  # RFC 9309, 2.5: at least 500 KiB
LENGTH: Final = "length"
TIME: Final = "time"
# Scrapy's flag and ours, as a WARC record says it
_TRUNCATED: Final = {"dataloss": "disconnect", LENGTH: LENGTH, TIME: TIME}
_Result = TypeVar("_Result")
_STATUS: Final = re.compile(
    rb"\s*(?:HTTP/\d+(?:\.\d+)?|ICY)[ \t]+(\d{3})(?:[ \t]+(.*))?", re.IGNORECASE | re.DOTALL
)
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LENGTH: Final = re.compile(rb"\d{1,18}(?:\s*,\s*\d{1,18})*\s*\Z")


class PostponedError(Exception):
    """There is no room for this body now; the same request is made again later."""


class PageResponse(Response):
    """A response with what its evidence needs."""

    request_head = b""
    head = b""
    ip = ""
    tls = ""
    truncated = ""


class _HeadParser(_LenientHTTPClientParser):
    """Keeps the lines of the head as they come, up to a cap, and reads them as browsers do.

    Twisted refuses what is not well-formed, so a page could hide behind a header of two words, a length of "+5" or a
    line of more than 16 KiB, and be read by everybody but us.
    """

    MAX_LENGTH = MAX_HEAD_BYTES

    def lineReceived(self, line: bytes) -> None:  # noqa: N802  # Twisted's name
        held = self.__dict__.setdefault("held_lines", [])
        size = self.__dict__.get("held_bytes", 0) + len(line) + 2
        if size > MAX_HEAD_BYTES:
            raise ParseError("the head of the response has no end", line[:80])  # type: ignore[no-untyped-call]
        self.__dict__["held_bytes"] = size
        held.append(line.removesuffix(b"\r"))
        super().lineReceived(line)

    def statusReceived(self, status: bytes) -> None:  # noqa: N802  # Twisted's name
        found = _STATUS.fullmatch(status)
        if found is not None:
            status = b"HTTP/1.1 %b %b" % (found[1], found[2] or b"")
        super().statusReceived(status)  # type: ignore[no-untyped-call]

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802  # Twisted's name
        lower = name.lower()
        if not _NAME.fullmatch(name) or (lower == b"content-length" and not _LENGTH.match(value)):
            return
        if lower == b"transfer-encoding" and value.lower() != b"chunked":
            # where the next answer begins is not sure then
            self.connHeaders.addRawHeader(b"connection", b"close")
            if b"chunked" not in {word.strip() for word in value.lower().split(b",")}:
                return
            value = b"chunked"
        super().headerReceived(name, value)  # type: ignore[no-untyped-call]

    def allHeadersReceived(self) -> None:  # noqa: N802  # Twisted's name
        lines = self.__dict__.pop("held_lines", [])
        response: Any = self.response
        response.head_lines = lines
        # an answer of 1xx is followed by another one on the same connection
        super().allHeadersReceived()  # type: ignore[no-untyped-call]


class _Protocol(_LenientHTTP11ClientProtocol):
    """A connection whose responses know what was asked."""

    def request(self, request: Any) -> "Deferred[Any]":  # noqa: ANN401  # Twisted's request, which has no types
        # not Scrapy's own: it makes a certificate and an address for each response
        asked: Deferred[Any] = HTTP11ClientProtocol.request(self, request)
        assert self._parser is not None  # noqa: S101  # a connection at rest makes one for each request
        self._parser.__class__ = _HeadParser

        transport: Any = self.transport

        def attach(response: Any) -> Any:  # noqa: ANN401
            response.asked = request
            response.ip = transport.getPeer().host
            response.tls = tls_facts(transport)
            return response

        return asked.addCallback(attach)


class ClientFactory(_LenientHTTP11ClientFactory):
    """Makes the connections of a crawl."""

    def buildProtocol(self, addr: "IAddress | None") -> HTTP11ClientProtocol:  # noqa: ARG002, N802  # Twisted's
        """A connection to a server."""
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class PageAgent(_ScrapyAgent):
    """Makes one request and gathers its response."""

    def _cb_bodyready(self, txresponse: Any, request: "Request") -> Any:  # noqa: ANN401
        length = txresponse.length
        headers = _headers(txresponse)
        txresponse.scrapy_headers = headers
        if not _may_be_page(headers, request):
            _abort(txresponse)
            raise StopDownload
        if length == 0:
            return {"txresponse": txresponse}
        is_robots = bool(request.meta.get("robots"))
        most = MAX_ROBOTS_BYTES if is_robots else self._maxsize
        expected = 0 if length is UNKNOWN_LENGTH else min(cast("int", length), most)
        charge: Charge | None = request.meta.get("charge")
        # room is taken for what has come, not for what is claimed: forty sites that claimed 5 MiB, sent a line and
        # stalled held all others up for ten seconds each time five of them were asked
        if charge is not None and not (charge.fits(expected) and charge.grow(min(expected, 1))):
            _abort(txresponse)
            raise PostponedError
        # the deferred needs the reader, which needs the deferred
        readers: list[_BodyReader] = []
        finished: Deferred[Any] = Deferred(lambda _: _out_of_time(readers, txresponse))
        reader = _BodyReader(finished, txresponse, request, most, charge)
        readers.append(reader)
        txresponse.deliverBody(reader)
        self._txresponse = txresponse
        return finished

    def _cb_timeout(self, result: _Result, request: "Request", url: str, timeout: float) -> _Result:
        if isinstance(result, Response):  # came in time, or was cut when it was over
            timer: Any = self._timeout_cl
            if timer.active():
                timer.cancel()
            return result
        return super()._cb_timeout(result, request, url, timeout)

    def _cb_bodydone(self, result: Any, url: str) -> Response:  # noqa: ANN401
        txresponse = result["txresponse"]
        response = PageResponse(
            url=url,
            status=int(txresponse.code),
            headers=getattr(txresponse, "scrapy_headers", None),
            body=result.get("body", b""),
            flags=result.get("flags"),
        )
        response.request_head = _request_head(txresponse.asked)
        response.head = b"\r\n".join(txresponse.head_lines) + b"\r\n"
        response.ip = txresponse.ip
        response.tls = txresponse.tls
        response.truncated = next(
            (_TRUNCATED[flag] for flag in response.flags if flag in _TRUNCATED), ""
        )
        return response


class _BodyReader(_ResponseReader):
    """Gathers a body while there is room for it."""

    def __init__(
        self,
        finished: "Deferred[Any]",
        txresponse: Any,  # noqa: ANN401
        request: "Request",
        maxsize: int,
        charge: Charge | None,
    ) -> None:
        super().__init__(
            finished,
            txresponse,
            request,
            maxsize,
            0,
            fail_on_dataloss=False,
            crawler=None,  # type: ignore[arg-type]  # asked for nothing in what is used here
        )
        self._charge = charge

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """Nothing: the address and the certificate are the connection's."""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        if self._finished.called:
            return
        left = self._maxsize - self._bytes_received
        self._bodybuf.write(data[:left])
        self._bytes_received += min(len(data), left)
        if self._charge is not None and not self._charge.grow(self._bytes_received):
            self._bodybuf.truncate(0)
            self._finished.errback(PostponedError())
            _abort(self._txresponse)
        elif len(data) > left:
            self.cut(LENGTH)

    def cut(self, why: str) -> bool:
        """Whether anything has come: if so, it is the body, and the connection is dropped."""
        if self._finished.called or not self._bytes_received:
            return False
        self._finish_response(flags=[why])
        _abort(self._txresponse)
        return True


def _out_of_time(readers: list[_BodyReader], txresponse: Any) -> None:  # noqa: ANN401
    if not any(reader.cut(TIME) for reader in readers):
        _abort(txresponse)


def _abort(txresponse: Any) -> None:  # noqa: ANN401
    producer = txresponse._transport._producer  # noqa: SLF001  # as Scrapy ends a download
    if producer is not None:
        producer.abortConnection()


def _headers(txresponse: Any) -> Headers:  # noqa: ANN401
    headers = Headers()
    headers.update(txresponse.headers.getAllRawHeaders())
    return headers


def _may_be_page(headers: Headers, request: "Request") -> bool:
    """Whether the body is worth having: that of a page, a redirect or robots.txt."""
    content_type = (headers.get("Content-Type") or b"").decode("latin-1")
    return bool(request.meta.get("robots")) or is_page_type(content_type) or b"Location" in headers


def _request_head(request: Any) -> bytes:  # noqa: ANN401
    """The head as Twisted writes it."""
    lines = [request.method + b" " + request.uri + b" HTTP/1.1"]
    if not request.persistent:
        lines.append(b"Connection: close")
    lines += [
        name + b": " + value
        for name, values in request.headers.getAllRawHeaders()
        for value in values
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"
