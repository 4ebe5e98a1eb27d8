"""Hostility in message framing, heads and redirects."""

from collections.abc import Iterator

from tests.site.adversary import (
    BODY,
    HTML,
    OK,
    Act,
    Asked,
    Kind,
    Part,
    Script,
    fixed,
    html,
    on_and_on,
    page,
)
from tests.site.adversary_words import (
    ANY,
    BROKEN,
    CHUNKED,
    HOLD_S,
    LATE,
    MIB,
    PAGE,
    chunk,
    to,
)

_LEN = b"Content-Length: %d\r\n" % len(BODY)
_POISON = page(b"<p>poison of another answer</p>")


def _head(*lines: bytes) -> bytes:
    return OK + HTML + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def _two(first: bytes, *more: Part) -> Script:
    """The root sends `first`, which links to /b, and keeps its connection; /b is an honest page."""

    def script(asked: Asked) -> Iterator[Part]:
        if asked.path == "/b":
            yield page(b"<p>honest b</p>")
        else:
            yield first
            yield from more
        yield Act.KEEP

    return script


_LINKED = page(BODY + b"<a href=/b>b</a>")
SMUGGLING = (
    Kind("extra-answer", _two(_LINKED + _POISON), PAGE, shown=True),
    Kind("late-extra-answer", _two(_LINKED, 0.3, _POISON), PAGE, shown=True),
    Kind("hundred-extra-answers", _two(_LINKED + _POISON * 100), PAGE, shown=True),
    Kind(
        "length-and-chunked",
        fixed(
            _head(b"Content-Length: 4", b"Transfer-Encoding: chunked")
            + chunk(BODY)
            + b"0\r\n\r\n"
            + _POISON
        ),
        ANY,
    ),
    Kind(
        "chunked-spelled-badly",
        fixed(_head(b"Transfer-Encoding: xchunked", _LEN[:-2]) + BODY),
        PAGE,
        shown=True,
    ),
    Kind(
        "chunked-with-tab",
        fixed(_head(b"Transfer-Encoding:\tchunked") + chunk(BODY) + b"0\r\n\r\n"),
        PAGE,
        shown=True,
    ),
    Kind(
        "chunked-space-colon",
        fixed(_head(b"Transfer-Encoding : chunked") + chunk(BODY) + b"0\r\n\r\n"),
        ANY,
    ),
    Kind(
        "chunked-twice",
        fixed(
            _head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked")
            + chunk(BODY)
            + b"0\r\n\r\n"
        ),
        PAGE,
        shown=True,
    ),
    Kind("length-plus", fixed(_head(b"Content-Length: +%d" % len(BODY)) + BODY), PAGE, shown=True),
    Kind(
        "length-list",
        fixed(_head(b"Content-Length: %d, %d" % (len(BODY), len(BODY))) + BODY),
        PAGE,
        shown=True,
    ),
    Kind("length-hex", fixed(_head(b"Content-Length: 0x50") + BODY), PAGE, shown=True),
    Kind("length-words", fixed(_head(b"Content-Length: many") + BODY), PAGE, shown=True),
    Kind("length-underscore", fixed(_head(b"Content-Length: 1_0") + BODY), PAGE, shown=True),
    Kind(
        "chunk-extension-mib", fixed(CHUNKED + chunk(BODY, b";" + b"x" * MIB) + b"0\r\n\r\n"), ANY
    ),
    Kind("chunk-extension-endless", on_and_on(CHUNKED + chunk(BODY) + b"5;", b"x" * 65_536), ANY),
    Kind("chunk-zeros", fixed(CHUNKED + b"0" * MIB + chunk(BODY) + b"0\r\n\r\n"), ANY),
    Kind("chunk-bare-lf", fixed(CHUNKED + chunk(BODY).replace(b"\r\n", b"\n") + b"0\n\n"), ANY),
    Kind("chunk-of-16-exbibytes", fixed(CHUNKED + b"ffffffffffffffff\r\n" + BODY, HOLD_S), ANY),
    Kind(
        "trailers-100000",
        fixed(CHUNKED + chunk(BODY) + b"0\r\n" + b"X-T: y\r\n" * 100_000 + b"\r\n"),
        ANY,
    ),
    Kind(
        "trailers-endless", on_and_on(CHUNKED + chunk(BODY) + b"0\r\n", b"X-T: y\r\n" * 5_000), ANY
    ),
    Kind(
        "hints-10000",
        fixed(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 10_000 + page()),
        ANY,
    ),
    Kind("hints-endless", on_and_on(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 999), ANY),
    Kind("processing-then-mute", fixed(b"HTTP/1.1 102 Processing\r\n\r\n", HOLD_S), LATE),
    Kind(
        "continue-with-body",
        fixed(b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + page()),
        ANY,
    ),
)
HEADS = (
    Kind("bare-lf", fixed(_head(_LEN[:-2]).replace(b"\r\n", b"\n") + BODY), PAGE, shown=True),
    Kind(
        "bare-cr",
        fixed(_head(_LEN[:-2]).replace(b"\r\n", b"\r") + BODY, 0.5),
        ANY | frozenset({"not_html"}),
    ),
    Kind(
        "status-no-reason",
        fixed(b"HTTP/1.1 200\r\n" + HTML + _LEN + b"\r\n" + BODY),
        PAGE,
        shown=True,
    ),
    Kind(
        "status-two-spaces",
        fixed(b"HTTP/1.1  200  OK\r\n" + HTML + _LEN + b"\r\n" + BODY),
        PAGE,
        shown=True,
    ),
    Kind(
        "status-lower",
        fixed(b"http/1.1 200 ok\r\n" + HTML + _LEN + b"\r\n" + BODY),
        PAGE,
        shown=True,
    ),
    Kind(
        "status-http-2", fixed(b"HTTP/2 200\r\n" + HTML + _LEN + b"\r\n" + BODY), PAGE, shown=True
    ),
    Kind("status-shoutcast", fixed(b"ICY 200 OK\r\n" + HTML + b"\r\n" + BODY), PAGE, shown=True),
    Kind(
        "status-reason-mib",
        fixed(b"HTTP/1.1 200 " + b"K" * MIB + b"\r\n" + HTML + b"\r\n" + BODY),
        ANY,
    ),
    Kind(
        "status-nul",
        fixed(b"HTTP/1.1 200 O\0K\r\n" + HTML + _LEN + b"\r\n" + BODY),
        PAGE,
        shown=True,
    ),
    Kind("status-arabic", fixed("HTTP/1.1 ٢٠٠ OK\r\n".encode() + HTML + b"\r\n" + BODY), ANY),
    Kind("header-nul", fixed(_head(b"X: a\0b", _LEN[:-2]) + BODY), PAGE, shown=True),
    Kind("headers-100000", fixed(OK + HTML + b"X: y\r\n" * 100_000 + _LEN + b"\r\n" + BODY), ANY),
    Kind(
        "headers-9000-names",
        fixed(
            OK
            + HTML
            + b"".join(b"X%d: %d\r\n" % (n, n) for n in range(9_000))
            + _LEN
            + b"\r\n"
            + BODY
        ),
        PAGE,
        shown=True,
    ),
    Kind(
        "header-folded-9000",
        fixed(OK + HTML + b"X: y\r\n" + b" more\r\n" * 9_000 + _LEN + b"\r\n" + BODY),
        PAGE,
        shown=True,
    ),
    Kind("header-folded-endless", on_and_on(OK + HTML + b"X: y\r\n", b" more\r\n" * 5_000), ANY),
    Kind(
        "cookies-4000",
        fixed(OK + HTML + b"Set-Cookie: a=b\r\n" * 4_000 + _LEN + b"\r\n" + BODY),
        PAGE,
        shown=True,
    ),
    Kind(
        "type-of-charsets",
        fixed(
            OK
            + b"Content-Type: text/html"
            + b"; charset=utf-7" * 5_000
            + b"\r\n"
            + _LEN
            + b"\r\n"
            + BODY
        ),
        PAGE,
        shown=True,
    ),
    Kind("type-upper", html(BODY, 'CONTENT-TYPE: TEXT/HTML ; CHARSET="UTF-8"'), PAGE, shown=True),
    Kind(
        "type-comma",
        html(BODY, "Content-Type: text/html, text/html"),
        PAGE | frozenset({"not_html"}),
    ),
    Kind(
        "disposition",
        html(BODY, "Content-Disposition: attachment; filename=../../etc/passwd"),
        PAGE,
        shown=True,
    ),
    Kind(
        "other-ways",
        lambda a: [
            page(
                BODY,
                f'Alt-Svc: h3="127.0.0.1:{a.canary}"; ma=9, h2=":{a.canary}"',
                f"Link: <http://127.0.0.1:{a.canary}/>; rel=preload",
                f"Refresh: 0; url=http://127.0.0.1:{a.canary}/",
                f"Content-Location: http://127.0.0.1:{a.canary}/",
                f'Report-To: {{"endpoints": [{{"url": "http://127.0.0.1:{a.canary}/"}}]}}',
            )
        ],
        PAGE,
        shown=True,
    ),
)


NOWHERE = (
    frozenset({"bad_redirect", "redirect_loop", "redirect_offsite", "address_refused", "timeout"})
    | BROKEN
)
REDIRECTS = tuple(
    Kind(f"to-{name}", to(where), NOWHERE | frozenset({"http_404", "dns"}))
    for name, where in {
        "64-kib": "/" + "x" * 65_536,
        "200-kib": "/" + "y" * 200_000,
        "four-slashes": "////127.0.0.1:{canary}/",
        "backslashes": "\\\\127.0.0.1:{canary}\\",
        "no-slashes": "http:127.0.0.1:{canary}",
        "mixed-slashes": "http:/\\/127.0.0.1:{canary}/",
        "tab-inside": "ht\ttp://127.0.0.1:\t{canary}/",
        "nul-inside": "http://127.0.0.1\0.test:{canary}/",
        "at-sign": "http://good.test:80@127.0.0.1:{canary}/",
        "at-sign-coded": "http://good.test%40127.0.0.1:{canary}/",
        "zone": "http://[::1%25lo]:{canary}/",
        "nat64": "http://[64:ff9b::7f00:1]:{canary}/",
        "six-to-four": "http://[2002:7f00:1::]:{canary}/",
        "fullwidth": "http://１２７.０.０.１:{canary}/",
        "own-canary-port": "//to-own-canary-port.test:{canary}/",
        "sixth": "http://www.to-sixth.six.test:{canary}/",
        "name-of-253": "http://" + ".".join(["a" * 61] * 4) + ".test/",
        "name-of-600": "http://" + ".".join(["a" * 61] * 9) + ".test/",
        "label-of-64": "http://" + "a" * 64 + ".test/",
        "spaces": " \t /  ",
        "fragment": "#x",
        "port-0": "http://to-port-0.test:0/",
        "port-overflow": "http://to-port-overflow.test:65616/",
    }.items()
)

FRAMES = (*SMUGGLING, *HEADS, *REDIRECTS)
