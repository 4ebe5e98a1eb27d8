"""Hostile bodies and pages: bombs, broken encodings, markup that floods a reader, links without end."""

import gzip
import zlib
from collections.abc import Iterator

import brotli  # comes with Scrapy, as does the next
from backports import zstd

from tests.site.hostile import Asked, Kind, Part, Script, redirect, response

MIB = 1024 * 1024
PAGE = frozenset({"page"})
# pages are read by the process that fetches: on a busy machine one of megabytes may miss its time behind the others
HEAVY = PAGE | {"timeout"}
BROKEN_OFF = frozenset({"connection_lost", "bad_response"})
CODED = frozenset({"bad_encoding"})
TEXT = "<html><head><title>t</title></head><body><p>Мәтін, текст, text</p></body></html>"
_GZIPPED = gzip.compress(TEXT.encode() * 99)


def fixed(data: bytes) -> Script:
    """A script that sends `data`."""
    return lambda _: [data]


def html(body: bytes, *headers: str) -> Script:
    """A script that sends a well-formed page."""
    return fixed(response(body, *headers))


def flood(before: bytes, piece: bytes, count: int, after: bytes = b"", *headers: str) -> Script:
    """A script that sends a page of `piece` many times over, which is put together only when asked for."""
    return lambda _: [response(before + piece * count + after, *headers)]


def _deflated_without_end() -> Iterator[bytes]:
    """Raw deflate: each KiB or so becomes a MiB, for ever."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b"\0" * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    while True:
        yield block


def _bomb(coding: str, start: bytes) -> Script:
    def script(_: Asked) -> Iterator[Part]:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {coding}\r\n\r\n"
        yield head.encode() + start
        yield from _deflated_without_end()

    return script


def _br_bomb(_: Asked) -> Iterator[Part]:
    yield response(brotli.compress(b"\0" * (64 * MIB), quality=3), "Content-Encoding: br")


def _zstd_bomb(_: Asked) -> Iterator[Part]:
    yield response(zstd.compress(b"\0" * (64 * MIB)), "Content-Encoding: zstd")


def _gzip_of_gzip(_: Asked) -> Iterator[Part]:
    inner = gzip.compress(gzip.compress(b"\0" * (64 * MIB), 6), 9)
    yield response(inner, "Content-Encoding: gzip, gzip")


def _endless(_: Asked) -> Iterator[Part]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    while True:
        yield b"<p>on and on</p>" * 4096


def _endless_chunked(_: Asked) -> Iterator[Part]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"10000\r\n" + b"x" * 65_536 + b"\r\n"


def _tiny_chunks(_: Asked) -> Iterator[Part]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"


def _raw(*lines: str, body: bytes = b"") -> Script:
    return fixed(("\r\n".join(("HTTP/1.1 200 OK", *lines)) + "\r\n\r\n").encode() + body)


def _many_attributes(_: Asked) -> Iterator[Part]:
    yield response(b"<p " + b"".join(b"a%x=1 " % i for i in range(400_000)) + b">text")


_ENTITIES = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
_LAUGHS = f'<!DOCTYPE html [<!ENTITY e0 "ha">{_ENTITIES}]><p>&e11;</p>'.encode()
_OUTSIDE = '<!DOCTYPE html [<!ENTITY f SYSTEM "{}">]><p>&f;</p>'


def _entity_outside(asked: Asked) -> Iterator[Part]:
    where = _OUTSIDE.format(f"http://127.0.0.1:{asked.canary}/")
    yield response(where.encode(), "Content-Type: application/xhtml+xml")


BODIES = (
    Kind("gzip-bomb", _bomb("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\xff"), HEAVY),
    Kind("deflate-bomb", _bomb("deflate", b"\x78\xda"), HEAVY),
    Kind("raw-deflate-bomb", _bomb("deflate", b""), HEAVY | CODED),
    Kind("br-bomb", _br_bomb, HEAVY),
    Kind("zstd-bomb", _zstd_bomb, HEAVY),
    Kind("gzip-of-gzip-bomb", _gzip_of_gzip, HEAVY),
    Kind("gzip-truncated", html(_GZIPPED[:-20], "Content-Encoding: gzip"), PAGE | CODED),
    Kind("gzip-then-garbage", html(_GZIPPED + b"\xff" * 99, "Content-Encoding: gzip"), PAGE | CODED),
    Kind("gzip-lie", html(TEXT.encode(), "Content-Encoding: gzip"), CODED),
    Kind("twenty-encodings", html(TEXT.encode(), "Content-Encoding: " + ", ".join(["gzip"] * 20)), CODED),
    Kind("unknown-encoding", html(TEXT.encode(), "Content-Encoding: sdch"), PAGE),
    Kind("endless-body", _endless, HEAVY),
    Kind("endless-chunked", _endless_chunked, HEAVY),
    Kind("tiny-chunks", _tiny_chunks, PAGE),
    Kind("chunk-size-huge", _raw("Transfer-Encoding: chunked", body=b"f" * 4000 + b"\r\nx"), PAGE | BROKEN_OFF),
    Kind("chunk-size-negative", _raw("Transfer-Encoding: chunked", body=b"-5\r\nx\r\n"), PAGE | BROKEN_OFF),
    Kind("chunk-cut", _raw("Transfer-Encoding: chunked", body=b"ff\r\nshort"), PAGE | BROKEN_OFF),
    Kind("length-too-long", _raw("Content-Length: 9999", body=TEXT.encode()), PAGE),
    Kind("length-too-short", _raw("Content-Length: 20", body=TEXT.encode()), PAGE),
    Kind("length-astronomic", _raw("Content-Length: " + "9" * 30, body=b"x"), HEAVY),
    Kind("length-negative", _raw("Content-Length: -1", body=TEXT.encode()), PAGE | BROKEN_OFF),
    Kind("empty", html(b""), PAGE),
    Kind("binary-as-html", flood(b"", bytes(range(256)), 4_000), HEAVY),
    Kind("binary-untyped", fixed(response(bytes(range(256)), html=False)), frozenset({"not_html"})),
    Kind("nuls", flood(b"<p>a\0b</p>", b"\0", MIB), HEAVY),
    Kind("one-line", flood(b"", b"word ", 900_000), HEAVY),
)  # fmt: skip
MARKUP = (
    Kind("nested-tags", flood(b"", b"<div>", 1_000_000, b"deep"), HEAVY),
    Kind("nested-formatting", flood(b"", b"<font size=i><p>", 5_000, b"deep"), HEAVY),
    Kind("misnested", flood(b"", b"<a><b><p>", 500_000, b"deep"), HEAVY),
    Kind("line-breaks", flood(b"", b"<br>x", 1_000_000, b"deep"), HEAVY),
    Kind("open-quotes", flood(b"<p>seen</p>", b'<a href="', 500_000), HEAVY),
    Kind("options", flood(b"<select>", b"<option>", 200_000), HEAVY),
    Kind("attributes-same", flood(b"<p ", b"a=1 ", 1_000_000, b">text"), HEAVY),
    Kind("attributes-many", _many_attributes, HEAVY),
    Kind("attribute-long", flood(b'<p title="', b"x", 4 * MIB, b'">text'), HEAVY),
    Kind("entities", flood(b"", b"&amp;&#1240;&nosuch;&#x110000;", 150_000), HEAVY),
    Kind("entity-bomb", html(_LAUGHS), PAGE),
    Kind("entity-outside", _entity_outside, PAGE),
    Kind("open-comments", flood(b"<p>seen</p>", b"<!-- ", 800_000), HEAVY),
    Kind("open-script", flood(b"<p>seen</p><script>", b"<b>", 1_000_000), HEAVY),
    Kind("open-tags", flood(b"", b"<", 4 * MIB), HEAVY),
    Kind("refresh-of-spaces", flood(b'<meta http-equiv=refresh content="', b" ", 1_000_000, b'x">seen'), HEAVY),
    Kind("base-endless", flood(b'<base href="/' + b"a/" * 4_000 + b'">', b"<a href=x>y</a>", 9_000), HEAVY),
)  # fmt: skip
CHARSETS = (
    Kind("charset-hex", html(TEXT.encode(), "Content-Type: text/html; charset=hex"), PAGE),
    Kind("charset-escape", html(TEXT.encode(), "Content-Type: text/html; charset=unicode_escape"), PAGE),
    Kind("charset-lie", html(TEXT.encode("cp1251", "replace"), "Content-Type: text/html; charset=utf-8"), PAGE),
    Kind("charset-mixed", html(TEXT.encode() * 50 + TEXT.encode("cp1251", "replace") * 50), PAGE),
    Kind("charset-endless", html(TEXT.encode(), "Content-Type: text/html; charset=" + "x" * 8_000), PAGE),
    Kind("utf-7", html(b"+ADw-script+AD4-text", "Content-Type: text/html; charset=utf-7"), PAGE),
    Kind("utf-16", html(TEXT.encode("utf-16-le"), "Content-Type: text/html"), PAGE),
    Kind("utf-32", html(TEXT.encode("utf-32"), "Content-Type: text/html"), PAGE),
    Kind("bom-trap", html(b"\xef\xbb\xbf" + TEXT.encode("utf-16-le")), PAGE),
    Kind("bom-alone", html(b"\xff\xfe\x3c"), PAGE),
    Kind("high-bytes", flood(b"", b"\xe0", 4 * MIB, b"", "Content-Type: text/html"), HEAVY),
)  # fmt: skip


def _calendar(asked: Asked) -> Iterator[Part]:
    month = int(asked.path.rpartition("/")[2] or 0)
    links = f'<a href="/cal/{month + 1}">next</a><a href="/cal/{month + 12}">next year</a>'
    yield response(links.encode())


def _deeper(asked: Asked) -> Iterator[Part]:
    yield response(f'<a href="{asked.path.rstrip("/")}/a/b/">deeper</a>'.encode())


def _queries(asked: Asked) -> Iterator[Part]:
    links = (f'<a href="/?a={i}&b={len(asked.path)}&c={i * 7}">x</a>' for i in range(300))
    yield response("".join(links).encode())


def _sessions(asked: Asked) -> Iterator[Part]:
    yield response(f'<a href="/?PHPSESSID={hash(asked.path)}&n={len(asked.path)}x">on</a>'.encode())


def _many_links(asked: Asked) -> Iterator[Part]:
    links = b"".join(b"<a href=/%d>x</a>" % i for i in range(100_000)) if asked.path == "/" else b""
    yield response(links)


def _odd_links(asked: Asked) -> Iterator[Part]:
    odd = (
        f"http://gооd.test:{asked.port}/",  # two of its letters are Cyrillic
        f"http://user:word@odd-links.test:{asked.port}/in",
        "http://odd-links.test:99999/",
        "file:///etc/hostname",
        "data:text/html,x",
        "javascript:x()",
        "ftp://odd-links.test/",
        "http://[",
        "http://%00/",
        "http://" + "a" * 70 + ".test/",
        "//",
        "\x01",
    )
    yield response("".join(f'<a href="{link}">x</a>' for link in odd).encode())


def _query_flood(_: Asked) -> Iterator[Part]:
    links = ("&".join(f"{n + m:x}" for m in range(1_500)) for n in range(600))
    yield response("".join(f'<a href="/?{link}">x</a>' for link in links).encode())


def _punycode_flood(_: Asked) -> Iterator[Part]:
    long = "a9" * 1_200
    yield response(
        "".join(f'<a href="http://xn--{long}{n}.test/">x</a>' for n in range(1_800)).encode()
    )


def _long_links(_: Asked) -> Iterator[Part]:
    yield response(b"".join(b'<a href="/%d/%s">x</a>' % (i, b"../" * 2_000) for i in range(400)))


def _refresh_loop(asked: Asked) -> Iterator[Part]:
    yield response(f'<meta http-equiv=refresh content="0; url=/{len(asked.path)}x">'.encode())


def _redirects_and_links(asked: Asked) -> Iterator[Part]:
    yield redirect(f"{asked.path}x") if len(asked.path) % 2 else response(b"<a href=/a/bc>x</a>")


LINKS = (
    Kind("calendar", _calendar, PAGE),
    Kind("deeper", _deeper, PAGE),
    Kind("queries", _queries, PAGE),
    Kind("sessions", _sessions, PAGE),
    Kind("many-links", _many_links, HEAVY),
    Kind("odd-links", _odd_links, PAGE),
    Kind("query-flood", _query_flood, HEAVY),
    Kind("punycode-flood", _punycode_flood, HEAVY),
    Kind("long-links", _long_links, HEAVY),
    Kind("refresh-loop", _refresh_loop, PAGE),
    Kind("redirects-and-links", _redirects_and_links, PAGE),
)
