"""The one way out for a browser: a forward proxy on loopback that holds the address guard.

A browser looks names up itself and never sees Twisted's resolver. So it is started with this proxy as its only way:
the name is looked up here, every address is asked of the same policy, and the connection is made to the very address
that was asked about, so that a second answer of a name server changes nothing.
"""

import asyncio
import base64
import secrets
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from crawler.egress_heads import BadHeadError, Head, read_head
from crawler.guard import AddressPolicy, Override, resolved_by
from crawler.plan import Network
from review_queue.errors import BadHostError
from review_queue.hosts import Host, parse_host

_CONNECT_S: Final = 10.0
_HEAD_S: Final = 10.0
_CHUNK: Final = 65_536
_MOST_ADDRESSES: Final = 4  # of one name that are tried
_MOST_LOOKUPS: Final = 16  # threads waiting for name servers at once
_USER: Final = "page"
_ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSALS: Final = {
    400: b"Bad Request",
    403: b"Forbidden",
    407: b"Proxy Authentication Required",
    429: b"Too Many Requests",
    502: b"Bad Gateway",
}


class _RefusedError(Exception):
    """A request that is answered by the proxy itself, with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class PassLimits:
    """How much one page of the browser may fetch through the proxy."""

    max_bytes: int
    seconds: float
    connections: int = 200
    at_once: int = 64  # a browser's own limit is half of that, without its sockets for scripts


@dataclass(slots=True)
class Pass:
    """One page's leave to go out: while it is open, whoever holds its password may connect."""

    password: str
    limits: PassLimits
    closes_at: float
    bytes: int = 0
    connections: int = 0
    refused: list[str] = field(default_factory=list)  # "host:port" of what the guard kept back
    running: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def user(self) -> str:
        """The name that goes with the password."""
        return _USER


class Egress:
    """The proxy; `start` opens it, `close` ends every connection and refuses all that comes after."""

    def __init__(self, network: Network) -> None:
        self._policy: AddressPolicy = network.addresses
        self._overrides: Sequence[Override] = network.overrides
        self._upstream = network.proxy_address()
        self._upstream_head = _credentials(network.proxy)
        self._passes: dict[bytes, Pass] = {}
        self._server: asyncio.Server | None = None
        self._lookups = threading.Semaphore(_MOST_LOOKUPS)
        self.port = 0

    async def start(self) -> None:
        """The proxy takes connections on `port` of 127.0.0.1."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    def open(self, limits: PassLimits) -> Pass:
        """A pass with a password of its own; it ends by `shut`, or when its seconds are over."""
        password = secrets.token_urlsafe(24)
        closes_at = asyncio.get_running_loop().time() + limits.seconds
        opened = Pass(password, limits, closes_at)
        self._passes[_basic(_USER, password)] = opened
        return opened

    def shut(self, ended: Pass) -> None:
        """Nothing goes through `ended` any more, and what did is cut off."""
        self._passes = {key: one for key, one in self._passes.items() if one is not ended}
        for task in list(ended.running):
            task.cancel()

    async def close(self) -> None:
        """The proxy is gone."""
        running = [task for one in self._passes.values() for task in one.running]
        for one in list(self._passes.values()):
            self.shut(one)
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        taken: Pass | None = None
        try:
            async with asyncio.timeout(_HEAD_S):
                head = await read_head(reader)
            taken = self._passed(head)
            if task is not None:
                taken.running.add(task)
            async with asyncio.timeout_at(taken.closes_at):
                await self._forward(taken, head, reader, writer)
        except _RefusedError as refusal:
            await _answer(writer, refusal.status)
        except BadHeadError:
            await _answer(writer, 400)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the other side went away, or the time is over: there is nobody to tell
        except asyncio.CancelledError:
            pass  # the page has ended; the connection is closed below
        finally:
            if taken is not None and task is not None:
                taken.running.discard(task)
            writer.close()

    def _passed(self, head: Head) -> Pass:
        taken = self._passes.get(head.field(b"proxy-authorization"))
        if taken is None or asyncio.get_running_loop().time() >= taken.closes_at:
            raise _RefusedError(407)
        limits = taken.limits
        taken.connections += 1
        if taken.connections > limits.connections or len(taken.running) >= limits.at_once:
            raise _RefusedError(429)
        return taken

    async def _forward(
        self, taken: Pass, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, here = await self._connected(taken, head)
        try:
            if head.is_tunnel:
                if self._upstream:
                    here.write(head.as_tunnel(self._upstream_head))
                    answer = await read_head(there)
                    if answer.status != 200:  # noqa: PLR2004  # OK
                        raise _RefusedError(502)
                writer.write(_ESTABLISHED)
                await _both_ways(taken, (reader, writer), (there, here))
                return
            here.write(head.as_proxied(self._upstream_head) if self._upstream else head.as_direct())
            answered = asyncio.ensure_future(_answered_once(taken, there, writer))
            await _both_ways(taken, (reader, writer), (there, here), answered)
        finally:
            here.close()

    async def _connected(
        self, taken: Pass, head: Head
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to where `head` leads, or to the proxy behind this one."""
        host, port = _target(head)
        if self._upstream:
            is_itself = host.name == self._upstream[0] and not host.is_ip
            if is_itself or not self._policy.permits_literal(host.name, port):
                self._refuse(taken, host, port)
            addresses, port = [self._upstream[0]], self._upstream[1]
        else:
            found = await self._addresses(host)
            addresses = [address for address in found if self._policy.permits(address, port)]
            if found and not addresses:
                self._refuse(taken, host, port)
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                async with asyncio.timeout(_CONNECT_S):
                    return await asyncio.open_connection(address, port, limit=_CHUNK)
            except (OSError, TimeoutError):
                continue
        raise _RefusedError(502)

    def _refuse(self, taken: Pass, host: Host, port: int) -> None:
        taken.refused.append(f"{host.name}:{port}")
        raise _RefusedError(403)

    async def _addresses(self, host: Host) -> list[str]:
        """Where `host` leads: itself, where an override says, or what the system's resolver answers."""
        if host.is_ip:
            return [host.name.strip("[]")]
        if fixed := resolved_by(self._overrides, host.name):
            return [fixed]
        return await self._looked_up(host.name)

    async def _looked_up(self, name: str) -> list[str]:
        """The addresses of `name`, none where it has none.

        In a daemon thread: an executor's would keep the crawl's process from ending while a dead name server is
        waited for.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def tell(found: list[str]) -> None:
            if not answer.done():
                answer.set_result(found)

        def look_up() -> None:
            with self._lookups:
                found = _resolve(name)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(tell, found)

        threading.Thread(target=look_up, daemon=True).start()
        async with asyncio.timeout(_CONNECT_S):
            return await answer


def _resolve(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def _target(head: Head) -> tuple[Host, int]:
    """Where `head` wants to go, the host in whatever spelling read as a browser reads it."""
    try:
        return parse_host(head.host), head.port
    except BadHostError:
        raise _RefusedError(400) from None


async def _both_ways(
    taken: Pass,
    browser: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    site: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    answered: "asyncio.Future[None] | None" = None,
) -> None:
    """What either side sends reaches the other, until one of them ends or the bytes are used up.

    No browser closes one half of a connection: when it has sent all, it is gone.
    """
    back = answered or asyncio.ensure_future(_copied(taken, site[0], browser[1]))
    there = asyncio.ensure_future(_copied(taken, browser[0], site[1]))
    try:
        await asyncio.wait({back, there}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        back.cancel()
        there.cancel()
        await asyncio.gather(back, there, return_exceptions=True)


async def _copied(taken: Pass, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        taken.bytes += len(data)
        if taken.bytes > taken.limits.max_bytes:
            return
        target.write(data)
        await target.drain()


async def _answered_once(
    taken: Pass, site: asyncio.StreamReader, browser: asyncio.StreamWriter
) -> None:
    """The site's answer is passed on with the word that the connection serves this one request.

    A browser would send its next request, to whatever host, down a proxy's connection that may be kept.
    """
    head = await read_head(site)
    while head.status in range(100, 200):
        head = await read_head(site)
    answer = head.as_last_answer()
    taken.bytes += len(answer)
    browser.write(answer)
    await _copied(taken, site, browser)


async def _answer(writer: asyncio.StreamWriter, status: int) -> None:
    challenge = b'Proxy-Authenticate: Basic realm="crawl"\r\n' if status == 407 else b""  # noqa: PLR2004
    reason = _REFUSALS[status]
    writer.write(
        b"HTTP/1.1 %d %s\r\n%sConnection: close\r\nContent-Length: 0\r\n\r\n"
        % (status, reason, challenge)
    )
    try:
        async with asyncio.timeout(1):
            await writer.drain()
    except (OSError, TimeoutError):
        pass


def _basic(user: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def _credentials(proxy: str) -> bytes:
    """The header by which the plan's own proxy knows us, b"" where it asks for none."""
    parts = urlsplit(proxy)
    if not parts.username:
        return b""
    basic = _basic(unquote(parts.username), unquote(parts.password or ""))
    return b"Proxy-Authorization: " + basic + b"\r\n"
