"""A name server that knows every name and a site that has every page, on loopback: what a list is held against.

Whatever a consumer lets through reaches them, so a name or a page that a list takes with it is seen at once. Nobody
outside this machine is asked anything.
"""

import http
import http.server
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from blocklist.formats import rpz

# of the networks set aside for documentation (RFC 5737, RFC 3849)
OPEN_V4: Final = "192.0.2.7"
OPEN_V6: Final = "2001:db8::7"
GARDEN_V4: Final = "192.0.2.80"
GARDEN_V6: Final = "2001:db8::80"
GARDEN_NAME: Final = rpz.GARDEN.removesuffix(".")
_TTL_S: Final = 60


@contextmanager
def name_server(addresses: Mapping[str, str]) -> Iterator[int]:
    """A server that has an address for every name, for those in `addresses` that one; gives its port."""

    class Handler(socketserver.DatagramRequestHandler):
        def handle(self) -> None:
            try:
                query = dns.message.from_wire(self.rfile.read())
            except dns.exception.DNSException:
                return
            self.wfile.write(_answer(query, addresses).to_wire())

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server, _serving(server):
        yield server.server_address[1]


@contextmanager
def site() -> Iterator[int]:
    """A site that has every page; gives its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(http.HTTPStatus.OK)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, _serving(server):
        yield server.server_address[1]


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _answer(query: dns.message.Message, addresses: Mapping[str, str]) -> dns.message.Message:
    answer = dns.message.make_response(query, recursion_available=True)
    answer.flags |= dns.flags.AA
    asked = query.question[0]
    name = asked.name.to_text(omit_final_dot=True).lower()
    known = {"A": OPEN_V4, "AAAA": OPEN_V6, "TXT": "upstream"}
    if name == GARDEN_NAME:
        known = {"A": GARDEN_V4, "AAAA": GARDEN_V6}
    if name in addresses:
        known["AAAA" if ":" in addresses[name] else "A"] = addresses[name]
    data = known.get(dns.rdatatype.to_text(asked.rdtype))
    if data:
        answer.answer.append(dns.rrset.from_text(asked.name, _TTL_S, "IN", asked.rdtype, data))
    return answer
