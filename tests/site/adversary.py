"""A second server on loopback, hostile in other ways than the first: it keeps connections and speaks TLS."""

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Self

SEEN = "көрінеді visible"  # what a browser shows of a kind's page
BODY = f"<html><head><title>t</title></head><body><p>{SEEN}</p></body></html>".encode()
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
_PIECE = 65_536
_MOST_HEAD = 1024 * 1024


class Act(Enum):
    """What a script does besides sending and waiting."""

    RESET = "the connection is broken off with RST"
    KEEP = "the connection stays open for the next request"


@dataclass(frozen=True)
class Clear:
    """Bytes sent past TLS, as they are."""

    data: bytes


Part = bytes | float | Act | Clear  # bytes are sent, seconds waited


@dataclass(frozen=True)
class Asked:
    """One request, and where everything listens."""

    host: str
    path: str
    port: int
    canary: int


Script = Callable[[Asked], Iterable[Part]]


@dataclass(frozen=True)
class Kind:
    """One kind of hostility: what it sends, which outcomes are right, and whether its text must be found."""

    name: str
    answer: Script
    outcomes: frozenset[str]
    shown: bool = False
    scheme: str = "http"
    host: str = "{name}.test"
    robots: Script | None = None
    at: str = ""  # which port: the plain one, that of one of the certificates, or "full"

    def url(self, port: int) -> str:
        """The seed that leads to this kind."""
        return f"{self.scheme}://{self.host.format(name=self.name)}:{port}/"


@dataclass(frozen=True)
class Served:
    """One answered request: how long the client stayed with it."""

    kind: str
    path: str
    began: float  # by a clock of the server's own
    seconds: float


@dataclass
class Seen:
    """What the server saw."""

    served: list[Served] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)  # of the canary


def page(body: bytes = BODY, *headers: str, status: str = "200 OK") -> bytes:
    """A well-formed response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    head = ("\r\n".join(lines) + "\r\n").encode()
    return head + (b"" if b"Content-Type" in head else HTML) + b"\r\n" + body


def fixed(*parts: Part) -> Script:
    """A script of these parts."""
    return lambda _: parts


def html(body: bytes = BODY, *headers: str) -> Script:
    """A script that sends a well-formed page."""
    return fixed(page(body, *headers))


def flood(before: bytes, piece: bytes, count: int, after: bytes = b"", *headers: str) -> Script:
    """A page of `piece` many times over, put together only when it is asked for."""
    return lambda _: [page(before + piece * count + after, *headers)]


def on_and_on(first: bytes, again: bytes, pause_s: float = 0.0, count: int = 0) -> Script:
    """`first`, then `again` for ever or `count` times."""

    def script(_: Asked) -> Iterator[Part]:
        yield first
        sent = 0
        while not count or sent < count:
            yield again
            sent += 1
            if pause_s:
                yield pause_s

    return script


class Adversary:
    """The server, in a thread of its own; use it in a `with` block."""

    def __init__(
        self,
        kinds: Iterable[Kind],
        good: Mapping[str, bytes],
        contexts: Mapping[str, ssl.SSLContext],
    ) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._good = good
        self.seen = Seen()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        plain = _listener("127.0.0.1", 0)
        self.port: int = plain.getsockname()[1]
        self._listeners = [plain, _listener("::1", self.port)]
        self._tls = {
            name: (_listener("127.0.0.1", 0), context) for name, context in contexts.items()
        }
        self.tls_ports: dict[str, int] = {
            name: sock.getsockname()[1] for name, (sock, _) in self._tls.items()
        }
        first = _listener("127.0.0.1", 0)
        self.canary: int = first.getsockname()[1]
        # "private" is this port on every address a name or spelling may lead to
        self._canaries = [first, _listener("127.0.0.2", self.canary), _listener("::1", self.canary)]
        self._full, self._waiting = _never_accepting()
        self.full_port: int = self._full.getsockname()[1]

    def port_of(self, kind: Kind) -> int:
        """Where the kind is asked for."""
        if kind.at == "full":
            return self.full_port
        return self.tls_ports[kind.at] if kind.at else self.port

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        for sock in (self._full, *self._waiting):
            sock.close()

    async def _open(self) -> None:
        start = asyncio.start_server
        self._loop.set_exception_handler(lambda *_: None)  # broken connections are what this is for
        self._servers = [
            *[await start(self._serve, sock=s, limit=_MOST_HEAD) for s in self._listeners],
            *[
                await start(self._serve, sock=s, ssl=c, limit=_MOST_HEAD, ssl_handshake_timeout=60)
                for s, c in self._tls.values()
            ],
            *[await start(self._canary, sock=s) for s in self._canaries],
        ]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _canary(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.reached.append(str(writer.get_extra_info("sockname")))
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # a task that ends as cancelled is a complaint of Python 3.11's
        with suppress(
            OSError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            asyncio.CancelledError,
            StopIteration,
        ):
            while await self._answered(reader, writer):
                pass
        with suppress(OSError):
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request is answered; returns whether another may follow."""
        first = await reader.readexactly(1)
        if first == b"\x16":  # TLS where none is spoken: the kind is named in its first message
            head = first + await reader.read(_PIECE)
            kind = next(k for n, k in self._kinds.items() if f"{n}.test".encode() in head)
            return await self._played(kind.name, kind.answer, "", "", reader, writer)
        head = first + await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        path = lines[0].split(" ", 2)[1]
        host = next(x[5:].strip() for x in lines if x.lower().startswith("host:"))
        host = host.rpartition(":")[0] or host
        name = host.removesuffix(".test").rpartition(".")[2]
        if name in ("good", "xn--80aa6ajk"):
            body = self._good.get(path)
            found = page(body) if body is not None else page(b"no", status="404 Not Found")
            return await self._played("good", fixed(found, Act.KEEP), host, path, reader, writer)
        kind_of = self._kinds.get(name)
        script: Script = fixed(page(b"no", status="404 Not Found"), Act.KEEP)
        if kind_of is not None:
            script = (kind_of.robots or script) if path == "/robots.txt" else kind_of.answer
        return await self._played(name, script, host, path, reader, writer)

    async def _played(
        self,
        name: str,
        script: Script,
        host: str,
        path: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        began = time.monotonic()
        try:
            for part in script(Asked(host, path, self.port, self.canary)):
                if isinstance(part, bytes):
                    for start in range(0, len(part), _PIECE):
                        writer.write(part[start : start + _PIECE])
                        await writer.drain()
                elif isinstance(part, Clear):
                    transport: Any = writer.transport
                    transport._ssl_protocol._transport.write(part.data)  # noqa: SLF001  # past TLS on purpose
                elif part is Act.KEEP:
                    return True
                elif part is Act.RESET:
                    _reset(writer)
                    return False
                elif await _gone_within(part, reader):
                    return False
        finally:
            self.seen.served.append(Served(name, path, began, time.monotonic() - began))
        return False


async def _gone_within(seconds: float, reader: asyncio.StreamReader) -> bool:
    try:
        return not await asyncio.wait_for(reader.read(_PIECE), seconds)
    except TimeoutError:
        return False


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _listener(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(512)
    return listener


def _never_accepting() -> tuple[socket.socket, list[socket.socket]]:
    """A listener whose queue is full, so that a connection is neither made nor refused."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        with suppress(BlockingIOError):
            one.connect(listener.getsockname())
        waiting.append(one)
    return listener, waiting
