"""Words that the kinds of the second hostile server are written in: outcomes, chunks, redirects."""

from tests.site.adversary import HTML, OK, Script, page

HOLD_S = 60.0  # longer than any limit of the crawl
MIB = 1024 * 1024
PAGE = frozenset({"page"})
# what breaks the protocol may be refused, but must be told
BROKEN = frozenset({"bad_response", "connection_lost"})
LATE = frozenset({"timeout"})
CODED = frozenset({"bad_encoding"})
TLS = frozenset({"tls", "connection_lost"})
# "unread" is for a reader that is killed, whose page people look at
UNREAD = PAGE | frozenset({"unread"})
ANY = PAGE | BROKEN | LATE
CHUNKED = OK + HTML + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    """One chunk of a body."""
    return b"%x%b\r\n%b\r\n" % (len(data), extension, data)


def to(location: str) -> Script:
    """A redirect to `location`, in which {port} and {canary} stand for the ports."""
    return lambda a: [
        page(b"", "Location: " + location.format(port=a.port, canary=a.canary), status="302 Found")
    ]
