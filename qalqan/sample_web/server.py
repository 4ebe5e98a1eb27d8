"""Serves the sample web on a free loopback port, each site by its host name."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from qalqan.sample_web.composing import needle_sites
from qalqan.sample_web.rendering import html_of
from qalqan.sample_web.sites import SamplePage, SampleSite, written_sites
from review_queue.errors import BadHostError
from review_queue.hosts import parse_host

ADDRESS: Final = "127.0.0.1"
_ROBOTS: Final = b"User-agent: *\nDisallow: /admin/\n"


@dataclass(frozen=True, slots=True)
class SampleWeb:
    """A sample web that is being served."""

    sites: tuple[SampleSite, ...]
    port: int

    def url(self, site: SampleSite) -> str:
        """The address of the site's front page."""
        return f"http://{site.host.name}:{self.port}/"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, sites: Sequence[SampleSite]) -> None:
        super().__init__((ADDRESS, 0), _Handler)
        self.pages = {site.host.name: {page.path: page for page in site.pages} for site in sites}
        self.sites = {site.host.name: site for site in sites}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SampleWeb"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:  # the name http.server looks for
        """Answer with the page, the robots file or an error page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:  # the name http.server looks for
        """Answer as to GET, without the body."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's signature
        """Say nothing: the demo's own lines are what people read."""

    def _answer(self, *, with_body: bool) -> None:
        status, content_type, body = self._find()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _find(self) -> tuple[HTTPStatus, str, bytes]:
        assert isinstance(self.server, _Server)  # noqa: S101  # tells the type checker
        host = _host_of(self.headers.get("Host", ""))
        path = self.path.partition("?")[0]
        site = self.server.sites.get(host)
        if site is None:
            return HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"No such site here.\n"
        if path == "/robots.txt":
            return HTTPStatus.OK, "text/plain; charset=utf-8", _ROBOTS
        page = self.server.pages[host].get(path)
        if page is None:
            gone = SamplePage(path, "404", "404 Not Found")
            body = html_of(site, gone, self.server.server_port)
            return HTTPStatus.NOT_FOUND, "text/html; charset=utf-8", body
        body = html_of(site, page, self.server.server_port)
        return HTTPStatus.OK, "text/html; charset=utf-8", body


def _host_of(header: str) -> str:
    try:
        return parse_host(header.partition(":")[0]).name
    except BadHostError:
        return ""


@contextmanager
def serve_sample_web(seed: int = 0) -> Iterator[SampleWeb]:
    """The whole sample web answers on loopback for the length of the block."""
    sites = (*written_sites(), *needle_sites(seed))
    server = _Server(sites)
    thread = threading.Thread(target=server.serve_forever, name="sample-web", daemon=True)
    thread.start()
    try:
        yield SampleWeb(sites, server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
