"""A threaded HTTP server on loopback that answers for any host name with what a test has put there.

It also takes proxy requests, so the same web can be crawled directly and through it as a proxy.
"""

import socket
import socketserver
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HTML = "text/html; charset=utf-8"
_REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 404: "Not Found", 503: "Unavailable"}


@dataclass(frozen=True)
class Answer:
    """A response; `raw` replaces all of it, `chunks` are sent one after the other with `pause_s` between."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    chunks: tuple[bytes, ...] = ()
    pause_s: float = 0.0


class Web:
    """The server; use it in a `with` block."""

    def __init__(self, host: str = "127.0.0.1", *, pause_s: float = 0.0) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self.requests: list[tuple[str, str]] = []
        self.times: dict[tuple[str, str], list[float]] = {}  # when each was asked for
        self.connections = 0  # those that ask for nothing counted as well
        self.pause_s = pause_s
        web = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                web._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request: object, client_address: object) -> None:
                """Clients that break off are part of the tests."""

        self._server = Server((host, 0), Handler)
        self.port: int = self._server.server_address[1]
        self.proxy = f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(
        self,
        url: str,
        html: str | bytes = "",
        *,
        status: int = 200,
        content_type: str = HTML,
        **headers: str,
    ) -> None:
        """`url` (http://host/path, without port) answers with this page."""
        body = html.encode() if isinstance(html, str) else html
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer(
            url,
            Answer(
                status, body, {**({"Content-Type": content_type} if content_type else {}), **named}
            ),
        )

    def answer(self, url: str, answer: Answer) -> None:
        """`url` answers with `answer`."""
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        self.answers[parts.hostname or "", (parts.path or "/") + query] = answer

    def pages_asked(self) -> list[str]:
        """The URLs asked for so far, robots.txt left out."""
        return [f"http://{host}{path}" for host, path in self.requests if path != "/robots.txt"]

    def _serve(self, connection: socket.socket) -> None:
        self.connections += 1
        held = b""
        while True:
            while b"\r\n\r\n" not in held:
                data = connection.recv(65536)
                if not data:
                    return
                held += data
                if held.startswith(b"\x16"):  # TLS, which this web does not speak
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    return
            head, _, held = held.partition(b"\r\n\r\n")
            host, path = _target(head.decode("latin-1"))
            self.requests.append((host, path))
            self.times.setdefault((host, path), []).append(time.monotonic())
            if self.pause_s:
                time.sleep(self.pause_s)
            answer = (
                self.answers.get((host, path))
                or self.answers.get(("*", path))
                or Answer(404, b"not here")
            )
            if not _send(connection, answer):
                return


def _target(head: str) -> tuple[str, str]:
    lines = head.split("\r\n")
    target = lines[0].split(" ")[1]
    if target.startswith("http"):
        parts = urlsplit(target)
        return parts.hostname or "", (parts.path or "/") + (
            f"?{parts.query}" if parts.query else ""
        )
    host = next(
        line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")
    )
    return urlsplit(f"http://{host}").hostname or "", target


def _send(connection: socket.socket, answer: Answer) -> bool:
    """The answer was sent; returns whether the connection may be used again."""
    if answer.raw or answer.chunks:
        for chunk in answer.chunks or (answer.raw,):
            connection.sendall(chunk)
            time.sleep(answer.pause_s)
        return False
    if answer.pause_s:
        time.sleep(answer.pause_s)
    head = f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Other')}\r\n"
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(f"{head}{lines}\r\n".encode("latin-1") + answer.body)
    return True
