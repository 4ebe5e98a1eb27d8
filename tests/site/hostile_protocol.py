"""Hostile heads and protocols: header floods, private redirects, slowness, broken HTTP, robots.txt bombs."""

from collections.abc import Iterator
from itertools import zip_longest

from tests.site.hostile import Act, Asked, Kind, Part, Script, redirect, response
from tests.site.hostile_bodies import (
    BODIES,
    BROKEN_OFF,
    CHARSETS,
    LINKS,
    MARKUP,
    PAGE,
    TEXT,
    fixed,
    flood,
    html,
)

HOLD_S = 60.0  # longer than any limit of the crawl
MIB = 1024 * 1024
BODY = TEXT.encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
TIMEOUT = frozenset({"timeout"})
REFUSED = frozenset({"address_refused"})
NOWHERE = frozenset({"bad_redirect"})
LOOP = frozenset({"redirect_loop"})
TLS = frozenset({"tls", "connection_lost"})
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
_BINARY = b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\x80\r\nContent-Length: 0\r\n\r\n"
_UPGRADE = response(b"", "Upgrade: websocket", "Connection: Upgrade", status="101 Switching")


def _forever(first: bytes, again: bytes, pause_s: float = 0.0) -> Script:
    def script(_: Asked) -> Iterator[Part]:
        yield first
        while True:
            yield again
            if pause_s:
                yield pause_s

    return script


def _then(*parts: Part) -> Script:
    return lambda _: parts


def _to(location: str) -> Script:
    """A redirect to `location`, in which {canary} and {port} stand for the ports."""
    return lambda asked: [redirect(location.format(canary=asked.canary, port=asked.port))]


def _many_headers(count: int) -> bytes:
    return b"".join(b"X-%d: y\r\n" % i for i in range(count))


def _cookies(count: int, size: int) -> list[str]:
    return [f"Set-Cookie: c{i}={'v' * size}" for i in range(count)]


def _longer(asked: Asked) -> Iterator[Part]:
    yield redirect(f"/{len(asked.path)}" + "x" * len(asked.path))


def _slow_hops(asked: Asked) -> Iterator[Part]:
    yield 1.5
    yield redirect(f"{asked.path}x")


def _to_user(asked: Asked) -> Iterator[Part]:
    where = f"http://user:word@to-with-user.test:{asked.port}/in"
    yield redirect(where) if asked.path == "/" else response(BODY)


def _to_next_host(asked: Asked) -> Iterator[Part]:
    number = int(asked.host.partition(".")[0].removeprefix("h") or 0) if asked.host[0] == "h" else 0
    yield redirect(f"http://h{number + 1}.mute-robots-chain.test:{asked.port}/")


def _split(asked: Asked) -> Iterator[Part]:
    yield redirect(f"/x\r\nLocation: http://127.0.0.1:{asked.canary}/\r\nX: y")


def _refresh_inside(asked: Asked) -> Iterator[Part]:
    where = f"http://inside.refresh-private.test:{asked.canary}/"
    yield response(f'<meta http-equiv="refresh" content="0;url={where}">'.encode())


def _links_inside(asked: Asked) -> Iterator[Part]:
    hosts = ("127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]", "0", "localhost.")
    named = ("inside.links-private.test", "canary.test", "127-0-0-2.xip.test", "a.six.test")
    links = (f'<a href="http://{host}:{asked.canary}/">x</a>' for host in (*hosts, *named))
    yield response("".join(links).encode())


HEADERS = (
    Kind("header-200k", fixed(HEAD + b"X: " + b"y" * 200_000 + b"\r\n\r\n"), PAGE | BROKEN_OFF),
    Kind("headers-10000", fixed(HEAD + _many_headers(10_000) + b"\r\n" + BODY), PAGE | BROKEN_OFF),
    Kind("headers-endless", _forever(HEAD, b"X-A: b\r\n" * 500), TIMEOUT | BROKEN_OFF),
    Kind("header-line-endless", _forever(HEAD + b"X: ", b"y" * 65_536), TIMEOUT | BROKEN_OFF),
    Kind("headers-none", fixed(b"HTTP/1.1 200 OK\r\n\r\n" + BODY), PAGE),
    Kind("headers-binary", fixed(HEAD + b"X\xff\0: \x01\x80\r\n: y\r\n\r\n" + BODY), PAGE | BROKEN_OFF),
    Kind("header-folded", fixed(b"HTTP/1.1 200 OK\r\nContent-Type: text/html;\r\n charset=utf-8\r\n\r\n" + BODY), PAGE),
    Kind("header-no-colon", fixed(HEAD + b"nonsense\r\n\r\n" + BODY), PAGE | BROKEN_OFF),
    Kind("type-twice", html(BODY, "Content-Type: text/html", "Content-Type: image/png"), PAGE | {"not_html"}),
    Kind("type-nonsense", html(BODY, "Content-Type: ;;;/,,"), PAGE),
    Kind("lengths-conflict", fixed(HEAD + b"Content-Length: 5\r\nContent-Length: 70\r\n\r\n" + BODY), BROKEN_OFF),
    Kind("length-and-chunked", fixed(HEAD + b"Content-Length: 5\r\n" + _CHUNKED + b"0\r\n\r\n"), PAGE | BROKEN_OFF),
    Kind("transfer-unknown", fixed(HEAD + b"Transfer-Encoding: x, chunked\r\n\r\n" + BODY), PAGE | BROKEN_OFF),
    Kind("cookies-1000", html(BODY, *_cookies(1_000, 4)), PAGE | BROKEN_OFF),
    Kind("cookie-1m", html(BODY, *_cookies(1, MIB)), PAGE | BROKEN_OFF),
    Kind("referrer-policy", html(BODY, "Referrer-Policy: os.system"), PAGE),
)  # fmt: skip
REDIRECTS = (
    Kind("to-file", _to("file:///etc/hostname"), NOWHERE),
    Kind("to-javascript", _to("javascript:alert(1)"), NOWHERE),
    Kind("to-data", _to("data:text/html,x"), NOWHERE),
    Kind("to-ftp", _to("ftp://127.0.0.1:{canary}/"), NOWHERE),
    Kind("to-bad-ipv6", _to("http://[::1/"), NOWHERE),
    Kind("to-nothing", _to(""), frozenset({"http_302", "redirect_loop"})),
    Kind("to-long", _to("/" + "x" * 9_000), NOWHERE | BROKEN_OFF),
    Kind("to-binary", fixed(_BINARY), LOOP),
    Kind("to-itself", _to("/"), LOOP),
    Kind("chain-of-50", _longer, LOOP),
    Kind("slow-hops", _slow_hops, TIMEOUT),
    Kind("to-with-user", _to_user, PAGE),
    Kind("split-location", _split, frozenset({"redirect_loop", "redirect_offsite"}) | BROKEN_OFF),
    Kind("to-private-site", _to("http://canary.test:{canary}/"), frozenset({"redirect_offsite"})),
    Kind("to-private-port", _to("http://to-private-port.test:{canary}/"), REFUSED),
    Kind("xip", _to("http://127-0-0-2.xip.test:{canary}/"), REFUSED),
    Kind("six", _to("http://inside.six.test:{canary}/"), REFUSED),
    Kind("mapped", _to("http://inside.mapped.test:{canary}/"), REFUSED),
    Kind("refresh-private", _refresh_inside, PAGE),
    Kind("links-private", _links_inside, PAGE),
)  # fmt: skip
_SAME = {
    "dotted": "127.0.0.1",
    "decimal": "2130706433",
    "octal": "017700000001",
    "hexadecimal": "0x7f000001",
    "short": "127.1",
    "circled": "①②⑦.⓪.⓪.①",
    "with-user": "user:word@127.0.0.1",
}
_OTHER = {
    "v6": "[::1]",
    "v6-mapped": "[::ffff:127.0.0.1]",
    "zero": "0.0.0.0",  # noqa: S104  # nothing is bound
    "localhost": "localhost.",
}
LITERALS = (
    *(
        Kind(name, _to(f"http://{host}:{{canary}}/"), REFUSED, "http://127.0.0.1:{port}/{name}")
        for name, host in _SAME.items()
    ),
    *(
        Kind(name, _to(f"http://{host}:{{canary}}/"), frozenset({"redirect_offsite"}))
        for name, host in _OTHER.items()
    ),
)
PROTOCOL = (
    Kind("slow-headers", _forever(HEAD, b"X-A: b\r\n", 0.3), TIMEOUT),
    Kind("slow-body", _forever(HEAD + b"\r\n", b"x", 0.3), PAGE),
    Kind("mute", _then(HOLD_S), TIMEOUT),
    Kind("mute-in-status", _then(b"HTTP/1.1 20", HOLD_S), TIMEOUT),
    Kind("mute-in-body", _then(HEAD + b"Content-Length: 999\r\n\r\nhalf", HOLD_S), PAGE),
    Kind("closed-at-once", _then(), BROKEN_OFF),
    Kind("reset-at-once", _then(Act.RESET), BROKEN_OFF),
    Kind("reset-mid-body", _then(HEAD + b"Content-Length: 999\r\n\r\nhalf", 0.2, Act.RESET), PAGE | BROKEN_OFF),
    Kind("http-0-9", fixed(BODY), BROKEN_OFF),
    Kind("http-9-9", fixed(b"HTTP/9.9 200 OK\r\n\r\n" + BODY), PAGE | BROKEN_OFF),
    Kind("status-garbage", fixed(b"\0\1\xff garbage\r\n\r\n"), BROKEN_OFF),
    Kind("status-words", fixed(b"HTTP/1.1 abc OK\r\n\r\n" + BODY), BROKEN_OFF),
    Kind("status-999", fixed(response(BODY, status="999 Odd")), frozenset({"http_999"})),
    Kind("status-huge", fixed(b"HTTP/1.1 99999999999999999999 OK\r\n\r\n"), BROKEN_OFF),
    Kind("status-negative", fixed(b"HTTP/1.1 -200 OK\r\n\r\n" + BODY), BROKEN_OFF),
    Kind("continue-flood", _forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500), TIMEOUT | BROKEN_OFF),
    Kind("no-content-with-body", fixed(response(BODY, status="204 No Content")), frozenset({"http_204"})),
    Kind("not-modified", fixed(response(BODY, status="304 Not Modified")), frozenset({"http_304"})),
    Kind("upgrade", fixed(_UPGRADE), TIMEOUT | BROKEN_OFF | {"http_101"}),
    Kind("two-responses", fixed(response(BODY) + response(b"smuggled")), PAGE),
    Kind("tls-on-plain", fixed(b"\x16\x03\x03\0\x02\x02\x28" * 9), BROKEN_OFF),
    Kind("plain-on-tls", fixed(response(BODY)), TLS, "https://{name}.test:{port}/"),
    Kind("mute-on-tls", _then(HOLD_S), TIMEOUT | TLS, "https://{name}.test:{port}/"),
)  # fmt: skip


def _robots(name: str, script: Script) -> Kind:
    return Kind(name, html(BODY), PAGE, robots=script)


ROBOTS = (
    Kind("mute-robots-chain", _to_next_host, TIMEOUT, robots=_then(HOLD_S)),
    _robots("robots-huge", flood(b"", b"Disallow: /x\n", 700_000)),
    _robots("robots-rules", flood(b"User-agent: *\n", b"Disallow: /x*y*z$\n", 25_000)),
    _robots("robots-endless", _forever(HEAD + b"\r\n", b"#" * 65_536)),
    _robots("robots-binary", flood(b"", bytes(range(256)), 2_000)),
    _robots("robots-private", _to("http://robots-private.test:{canary}/robots.txt")),
    _robots("robots-loop", _to("/robots.txt")),
    _robots("robots-503", fixed(response(b"User-agent: *\nDisallow: /", status="503 Busy"))),
    _robots("robots-mute", _then(HOLD_S)),
    _robots("robots-reset", _then(Act.RESET)),
)
_LIGHT = (*ROBOTS, *PROTOCOL, *HEADERS, *REDIRECTS, *LITERALS, *CHARSETS)
_HEAVY = (*BODIES, *MARKUP, *LINKS)
# the slowest first, so that they wait side by side while the others are done; those that cost time between them
KINDS = tuple(kind for pair in zip_longest(_LIGHT, _HEAVY) for kind in pair if kind is not None)
