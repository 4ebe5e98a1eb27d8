"""A feed as a plain file server, and the proxy in front of a feed that spoils what comes through."""

import contextlib
import functools
import gzip
import hashlib
import http.client
import http.server
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TOKEN: Final = "qalqan_0123456789ab_of-the-tests"
_PAUSE_S: Final = 0.05


@dataclass(slots=True)
class Answer:
    """What a feed answered, and what a fault makes of it."""

    status: int
    headers: dict[str, str]
    body: bytes


# path and true answer -> what the client gets; None: the fault has written to the socket itself
Fault = Callable[[str, Answer, "Handler"], Answer | None]


def no_fault(_path: str, answer: Answer, _handler: "Handler") -> Answer:
    """What came goes on as it is."""
    return answer


@dataclass(slots=True)
class PlainFeed:
    """Files of a folder under /v1/, with ETag and 304, for whoever has the token; receipts are kept."""

    folder: Path
    receipts: list[dict[str, object]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the feed says to a request."""
        self.asked.append(path)
        found = self._answer(method, path, headers, body)
        self.statuses.append(found.status)
        return found

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return Answer(401, {}, b"")
        name = path.removeprefix("/v1/")
        if method == "POST" and name == "receipts":
            self.receipts.append(json.loads(body))
            return Answer(202, {}, b"")
        file = self.folder / name
        if "/" in name or not file.is_file():
            return Answer(404, {}, b"")
        data = file.read_bytes()
        etag = f'"{hashlib.sha256(data).hexdigest()}"'
        if headers.get("If-None-Match") == etag:
            return Answer(304, {"ETag": etag}, b"")
        return Answer(200, {"ETag": etag, "Content-Type": "text/plain"}, data)


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to the server below."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self._pass_on(b"")

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

    def _pass_on(self, body: bytes) -> None:
        self.close_connection = True
        answer = self.server.ask(self.command, self.path, dict(self.headers), body)
        with contextlib.suppress(ConnectionError):
            if spoilt := self.server.fault(self.path, answer, self):
                self.give(spoilt)

    def give(self, answer: Answer, *, length: int | None = None) -> None:
        """The answer is sent whole; the head may name another length."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) if length is None else length))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_args: object) -> None:
        pass


Ask = Callable[[str, str, Mapping[str, str], bytes], Answer]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, ask: Ask) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ask = ask
        self.fault: Fault = no_fault
        self.is_over = threading.Event()
        self.sent = 0  # bytes of endless bodies

    def handle_error(self, *_args: object) -> None:
        pass  # a client that was killed


@dataclass(frozen=True, slots=True)
class FaultProxy:
    """What a provider's client asks; it passes on what the feed answers, spoilt by the fault of the moment."""

    server: _Server

    @property
    def url(self) -> str:
        """The address of the feed, as it stands in a client's settings."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    @contextmanager
    def spoiling(self, fault: Fault) -> Iterator[None]:
        """Inside the block answers are spoilt."""
        self.server.fault = fault
        try:
            yield
        finally:
            self.server.fault = no_fault


@contextmanager
def proxy(ask: Ask) -> Iterator[FaultProxy]:
    """The proxy listens on loopback, in front of what answers."""
    with _Server(ask) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _PAUSE_S})
        thread.start()
        try:
            yield FaultProxy(server)
        finally:
            server.is_over.set()
            server.shutdown()
            thread.join()


def ask_of(host: str, port: int) -> Ask:
    """Asks a feed that listens elsewhere."""

    def ask(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(host, port, timeout=10)
        with contextlib.closing(connection):
            passed = {name: value for name, value in headers.items() if name != "Connection"}
            connection.request(method, path, body or None, passed)
            found = connection.getresponse()
            data = found.read()
            kept = {
                name: value
                for name, value in found.getheaders()
                if name.lower() not in ("content-length", "connection", "transfer-encoding")
            }
            return Answer(found.status, kept, data)

    return ask


# --- faults -----------------------------------------------------------------------------------------------------------

PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome</body></html>\n"
)


def only(name: str, fault: Fault) -> Fault:
    """The fault befalls one file alone."""

    def spoil(path: str, answer: Answer, handler: Handler) -> Answer | None:
        return fault(path, answer, handler) if path.endswith(f"/{name}") else answer

    return spoil


def instead(body: bytes, status: int = 200, **headers: str) -> Fault:
    """Something else comes."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}

    def spoil(_path: str, _answer: Answer, _handler: Handler) -> Answer:
        return Answer(status, {"Content-Type": "text/html", **sent}, body)

    return spoil


def truncated(_path: str, answer: Answer, handler: Handler) -> None:
    """The connection ends in the middle of the body."""
    handler.give(
        Answer(200, answer.headers, answer.body[: len(answer.body) // 2]), length=len(answer.body)
    )


def shorter(_path: str, answer: Answer, _handler: Handler) -> Answer:
    """Half of the body comes, under a head that fits it."""
    return Answer(200, answer.headers, answer.body[: len(answer.body) // 2])


def changed(_path: str, answer: Answer, _handler: Handler) -> Answer:
    """As many bytes as there were, one of them another."""
    place = len(answer.body) * 2 // 3
    other = bytes([answer.body[place] ^ 1])
    return Answer(200, answer.headers, answer.body[:place] + other + answer.body[place + 1 :])


def wrong_length(_path: str, answer: Answer, handler: Handler) -> None:
    """The head names a length that is smaller than what comes."""
    handler.give(answer, length=max(1, len(answer.body) - 10))


def ten_times(_path: str, answer: Answer, _handler: Handler) -> Answer:
    """Ten times the body comes."""
    return Answer(200, answer.headers, answer.body * 10)


def endless(_path: str, _answer: Answer, handler: Handler) -> None:
    """A body without length and end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while not handler.server.is_over.is_set():
        handler.server.sent += handler.wfile.write(b"a.example CNAME .\n" * 4096)


def slow(_path: str, answer: Answer, handler: Handler) -> None:
    """A byte of the body every now and then."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer.body))
    for number in range(len(answer.body)):
        handler.wfile.write(answer.body[number : number + 1])
        handler.wfile.flush()
        if handler.server.is_over.wait(0.2):
            return


def reset(_path: str, _answer: Answer, handler: Handler) -> None:
    """The connection is reset before an answer."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def gzip_garbage(_path: str, answer: Answer, _handler: Handler) -> Answer:
    """A body that claims to be gzip and is none."""
    garbage = gzip.compress(answer.body)[:10] + b"\xff" * len(answer.body)
    return Answer(200, {**answer.headers, "Content-Encoding": "gzip"}, garbage)


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(b"\0" * 50_000_000, compresslevel=1)


def gzip_bomb(_path: str, answer: Answer, _handler: Handler) -> Answer:
    """A small body that unpacks to 50 MB."""
    return Answer(200, {**answer.headers, "Content-Encoding": "gzip"}, _bomb())
