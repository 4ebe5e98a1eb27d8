"""The heads of HTTP messages, as the browser's proxy reads them and passes them on."""

import asyncio
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_MOST_BYTES: Final = 65_536
_METHOD: Final = re.compile(rb"[A-Z]{1,20}")
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |$)")
_AUTHORITY: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@/\\?#\s]+):(\d{1,5})")
_OURS: Final = frozenset(
    {
        b"connection",
        b"host",
        b"keep-alive",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"upgrade",
    }
)
_HTTP_PORT: Final = 80
_MAX_PORT: Final = 65_535


class BadHeadError(Exception):
    """What came is no head of HTTP/1, or not one that a browser would send a proxy."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and the fields of a message."""

    first: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    host: str = ""  # of a request: where it leads
    port: int = 0
    path: str = ""

    @property
    def is_tunnel(self) -> bool:
        """Whether the request asks for a connection rather than a document."""
        return self.first.startswith(b"CONNECT ")

    @property
    def status(self) -> int:
        """The number of a response, 0 where it has none."""
        found = _STATUS.match(self.first)
        return int(found.group(1)) if found else 0

    def field(self, name: bytes) -> bytes:
        """The first field of that name, in small letters; b"" where there is none."""
        return next((value for key, value in self.fields if key.lower() == name), b"")

    def as_tunnel(self, credentials: bytes) -> bytes:
        """The request for a tunnel as another proxy is asked for it."""
        authority = f"{self.host}:{self.port}".encode("ascii")
        return b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (authority, authority, credentials)

    def as_proxied(self, credentials: bytes) -> bytes:
        """The request as another proxy is sent it."""
        line = self._line(f"http://{self.host}:{self.port}{self.path}")
        return line + self._host() + self._rest(credentials)

    def as_direct(self) -> bytes:
        """The request as the site itself is sent it."""
        return self._line(self.path) + self._host() + self._rest(b"")

    def as_last_answer(self) -> bytes:
        """The response as the last one of its connection.

        Raises:
            BadHeadError: it is no response.
        """
        if not self.status:
            raise BadHeadError
        return self.first + b"\r\n" + self._rest(b"")

    def _line(self, target: str) -> bytes:
        return b"%s %s HTTP/1.1\r\n" % (self.first.partition(b" ")[0], target.encode("ascii"))

    def _host(self) -> bytes:
        # not the field that came: the line says where the request goes, RFC 9112, 3.2.2
        port = "" if self.port == _HTTP_PORT else f":{self.port}"
        return f"Host: {self.host}{port}\r\n".encode("ascii")

    def _rest(self, more: bytes) -> bytes:
        kept = b"".join(
            b"%s: %s\r\n" % (name, value)
            for name, value in self.fields
            if name.lower() not in _OURS
        )
        return kept + more + b"Connection: close\r\n\r\n"


async def read_head(reader: asyncio.StreamReader) -> Head:
    """The head that comes next.

    Raises:
        BadHeadError: it is longer than 64 KB or not well-formed.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise BadHeadError from None
    if len(raw) > _MOST_BYTES:
        raise BadHeadError
    first, *lines = raw[:-4].split(b"\r\n")
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name) or b"\n" in value or b"\r" in value:
            raise BadHeadError
        fields.append((name, value.strip(b" \t")))
    if first.startswith(b"HTTP/"):
        return Head(first, tuple(fields))
    return _request(first, tuple(fields))


def _request(first: bytes, fields: tuple[tuple[bytes, bytes], ...]) -> Head:
    method, _, rest = first.partition(b" ")
    target, _, version = rest.partition(b" ")
    if not _METHOD.fullmatch(method) or version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadHeadError
    try:
        text = target.decode("ascii")
        if method == b"CONNECT":
            found = _AUTHORITY.fullmatch(text)
            if found is None:
                raise BadHeadError
            host, port, path = found.group(1), int(found.group(2)), ""
        else:
            parts = urlsplit(text)
            if parts.scheme != "http" or not parts.hostname or parts.username is not None:
                raise BadHeadError
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            port = _HTTP_PORT if parts.port is None else parts.port
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    except ValueError:
        raise BadHeadError from None
    if not 0 < port <= _MAX_PORT:
        raise BadHeadError
    return Head(first, fields, host, port, path)
