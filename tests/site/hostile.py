"""A server on loopback that answers each host name with another kind of hostile response, and a canary."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

_PIECE = 65_536


class Act(Enum):
    """What a script does besides sending and waiting."""

    RESET = "the connection is broken off with RST"


Part = bytes | float | Act  # bytes are sent, seconds waited


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and where the web and the canary listen."""

    host: str
    path: str
    port: int
    canary: int


Script = Callable[[Asked], Iterable[Part]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of response: what it sends, where it is asked for and which outcomes are right."""

    name: str
    answer: Script
    outcomes: frozenset[str]
    seed: str = "http://{name}.test:{port}/"
    robots: Script | None = None

    def url(self, port: int) -> str:
        """The seed that leads to this kind."""
        return self.seed.format(name=self.name, port=port)


@dataclass(frozen=True, slots=True)
class Served:
    """One answered request: how long the client stayed with it."""

    kind: str
    path: str
    seconds: float


def response(body: bytes = b"", *headers: str, status: str = "200 OK", html: bool = True) -> bytes:
    """A well-formed response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    if html and not any(line.lower().startswith("content-type:") for line in headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8") + body


def redirect(location: str, *headers: str, status: str = "302 Found") -> bytes:
    """A redirect to `location`."""
    return response(b"", f"Location: {location}", *headers, status=status)


class HostileWeb:
    """The server, in a thread of its own; use it in a `with` block."""

    def __init__(self, kinds: Iterable[Kind], pages: Mapping[str, Mapping[str, bytes]]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._pages = pages
        self.served: list[Served] = []
        self.reached: list[str] = []  # who came to the canary, and by which address
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._sockets = [_listener("127.0.0.1", 0)]
        self.port: int = self._sockets[0].getsockname()[1]
        first = _listener("127.0.0.1", 0)
        self.canary: int = first.getsockname()[1]
        # "private" is this port on every loopback address a spelling may lead to
        self._canaries = [first, _listener("127.0.0.2", self.canary), _listener("::1", self.canary)]

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
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self) -> None:
        self._servers = [
            *[await asyncio.start_server(self._serve, sock=s) for s in self._sockets],
            *[await asyncio.start_server(self._canary, sock=s) for s in self._canaries],
        ]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _canary(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached.append(str(writer.get_extra_info("sockname")))
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            first = await reader.readexactly(1)
            if first == b"\x16":
                head = first + await reader.read(_PIECE)
                kind = next(k for k in self._kinds.values() if f"{k.name}.test".encode() in head)
                await self._play(kind.name, kind.answer, "", reader, writer)
            else:
                head = first + await reader.readuntil(b"\r\n\r\n")
                await self._answer(head.decode("latin-1"), reader, writer)
        with suppress(OSError):
            writer.close()

    async def _answer(
        self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        path = head.split(" ", 2)[1]
        host = next(x[5:].strip() for x in head.split("\r\n") if x.lower().startswith("host:"))
        name = host.partition(":")[0].removesuffix(".test").rpartition(".")[2]
        if (pages := self._pages.get(name)) is not None:
            body = pages.get(path)
            found = response(body) if body is not None else response(status="404 Not Found")
            await self._play(name, lambda _: [found], path, reader, writer)
            return
        # kinds asked for by an address have their name in the path
        kind = self._kinds.get(name) or self._kinds.get(path.split("/")[1])
        script: Script = _nothing_here
        if kind is not None:
            is_robots = path == "/robots.txt"
            script = (kind.robots or _nothing_here) if is_robots else kind.answer
        await self._play(kind.name if kind else name, script, path, reader, writer, host)

    async def _play(
        self,
        name: str,
        script: Script,
        path: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        host: str = "",
    ) -> None:
        began = time.monotonic()
        asked = Asked(host.rpartition(":")[0] or host, path, self.port, self.canary)
        try:
            for part in script(asked):
                if isinstance(part, bytes):
                    for start in range(0, len(part), _PIECE):
                        writer.write(part[start : start + _PIECE])
                        await writer.drain()
                elif isinstance(part, Act):
                    _reset(writer)
                    return
                elif await _gone_within(part, reader):
                    return
        finally:
            self.served.append(Served(name, path, time.monotonic() - began))


def _nothing_here(_: Asked) -> Iterable[Part]:
    return [response(b"not here", status="404 Not Found")]


async def _gone_within(seconds: float, reader: asyncio.StreamReader) -> bool:
    """Whether the client broke off within so many seconds."""
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
    listener.listen(256)
    return listener
