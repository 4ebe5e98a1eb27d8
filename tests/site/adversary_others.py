"""Other protocols, robots.txt and TLS as weapons."""

import gzip
from collections.abc import Iterator

from tests.site.adversary import (
    BODY,
    HTML,
    OK,
    Act,
    Asked,
    Clear,
    Kind,
    Part,
    Script,
    fixed,
    html,
    on_and_on,
    page,
)
from tests.site.adversary_bodies import drip
from tests.site.adversary_words import (
    BROKEN,
    CHUNKED,
    HOLD_S,
    LATE,
    MIB,
    PAGE,
    TLS,
    chunk,
    to,
)

_GREETINGS = {
    "ssh": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "smtp": b"220 mail.test ESMTP\r\n",
    "ftp": b"220 FTP\r\n331 name?\r\n530 no\r\n",
    "imap": b"* OK [CAPABILITY IMAP4rev1] ready\r\n",
    "mysql": b"\x4a\0\0\0\x0a8.0.30\0" + bytes(range(64)),
    "redis": b"-ERR wrong number of arguments for 'get' command\r\n",
    "vnc": b"RFB 003.008\n",
    "http-2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\4\0\0\0\0\0" + bytes(18),
    "http-2-frames": b"\0\0\x06\4\0\0\0\0\0" + bytes(6) + b"\0\0\x08\7\0\0\0\0\0" + bytes(8),
    "websocket": b"\x81\x05hello" * 999,
    "rtsp": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
    "sip": b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "gopher": b"i text\tfake\t(NULL)\t0\r\n.\r\n",
    "noise": bytes(range(1, 256)) * 4_000,
    "newlines": b"\r\n" * 500_000,
}
OTHERS = tuple(
    Kind(f"speaks-{name}", fixed(greeting, 1.0), BROKEN | LATE | PAGE)
    for name, greeting in _GREETINGS.items()
)


def _robots(name: str, script: Script, outcomes: frozenset[str] = PAGE) -> Kind:
    return Kind(name, html(), outcomes, shown=outcomes == PAGE, robots=script)


_TEN_GB = OK + b"Content-Type: text/plain\r\nContent-Length: 10000000000\r\n\r\n"
_CLOSED = b"User-agent: *\nDisallow: /\n"
OBEYED = frozenset({"robots"})
ROBOTS = (
    _robots("robots-10-gb", on_and_on(_TEN_GB, b"# nothing\n" * 6_000)),
    _robots("robots-one-line", on_and_on(OK + b"\r\nDisallow: /", b"x" * 65_536)),
    _robots(
        "robots-hops",
        lambda a: [page(b"", f"Location: {a.path}?{'x' * len(a.path)}", status="302 Found")],
    ),
    _robots("robots-to-canary", to("http://127.0.0.1:{canary}/robots.txt")),
    _robots("robots-bom", html(b"\xef\xbb\xbf" + _CLOSED, "Content-Type: text/plain"), OBEYED),
    _robots("robots-utf-16", html(_CLOSED.decode().encode("utf-16"), "Content-Type: text/plain")),
    _robots("robots-gzip-bomb", html(gzip.compress(b"#" * (99 * MIB)), "Content-Encoding: gzip")),
    _robots("robots-groups", lambda _: [page(b"User-agent: x\n" * 35_000)]),
    _robots(
        "robots-backtracking",
        lambda _: [page(b"User-agent: *\n" + (b"Disallow: /" + b"*a" * 500 + b"$\n") * 400)],
    ),
    _robots(
        "robots-delay", html(b"User-agent: *\nCrawl-delay: 1000000000\nRequest-rate: 1/99999\n")
    ),
    _robots("robots-401", fixed(page(_CLOSED, status="401 No"))),
    _robots("robots-page", html()),
    _robots("robots-banner", fixed(b"SSH-2.0-x\r\n")),
    _robots("robots-chunks", on_and_on(CHUNKED, chunk(b"#"), 0.2)),
    _robots("robots-drip", drip(_CLOSED * 9, 0.3, OK + b"\r\n")),
)


def _alert(_: Asked) -> Iterator[Part]:
    yield OK + HTML + b"Content-Length: 9999\r\n\r\n" + BODY
    yield 0.2
    yield Clear(b"\x15\x03\x03\0\x02\x02\x50")  # a fatal alert, in the clear
    yield HOLD_S


def _noise_in_tls(_: Asked) -> Iterator[Part]:
    yield OK + HTML + b"Content-Length: 9999\r\n\r\n" + BODY
    yield 0.2
    yield Clear(bytes(range(256)) * 9)


_RECORDS = b"\x14\x03\x03\0\x01\x01"  # change of cipher, again and again
SECURE = (
    Kind("tls-usual", html(), PAGE, shown=True, scheme="https", at="usual"),
    Kind("tls-alert-in-body", _alert, PAGE | BROKEN, scheme="https", at="usual"),
    Kind("tls-noise-in-body", _noise_in_tls, PAGE | BROKEN, scheme="https", at="usual"),
    Kind(
        "tls-reset-in-body",
        fixed(OK + HTML + b"Content-Length: 9999\r\n\r\n" + BODY, 0.2, Act.RESET),
        PAGE | BROKEN,
        scheme="https",
        at="usual",
    ),
    Kind("tls-many-names", html(), PAGE, shown=True, scheme="https", at="names"),
    Kind("tls-old", html(), PAGE, shown=True, scheme="https", at="old"),
    Kind(
        "tls-stalled-body",
        fixed(OK + HTML + b"\r\n" + BODY, HOLD_S),
        PAGE,
        shown=True,
        scheme="https",
        at="usual",
    ),
)
# what answers TLS with something else; asked for over the plain port
INSECURE = (
    Kind("tls-records-endless", on_and_on(b"", _RECORDS * 2_000), TLS | LATE, scheme="https"),
    Kind(
        "tls-hello-dripped",
        drip(b"\x16\x03\x03\x40\0\x02\0\x3f\xfc" * 9, 0.4),
        TLS | LATE,
        scheme="https",
    ),
    Kind("tls-ssh", fixed(_GREETINGS["ssh"]), TLS | LATE, scheme="https"),
    Kind("tls-alert-only", fixed(b"\x15\x03\x03\0\x02\x02\x28"), TLS, scheme="https"),
    Kind("tls-nothing", fixed(HOLD_S), TLS | LATE, scheme="https"),
)
OTHER = (*OTHERS, *ROBOTS, *SECURE, *INSECURE)
