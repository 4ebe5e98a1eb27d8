"""Hostility in content encodings, and slowness at every stage."""

import gzip
import io
import os
import zlib
from collections.abc import Iterator

import brotli
from backports import zstd

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
    CHUNKED,
    CODED,
    HOLD_S,
    LATE,
    MIB,
    PAGE,
    chunk,
)


def _packed(coding: str, payload: bytes, *more: str) -> Script:
    return html(payload, f"Content-Encoding: {coding}", *more)


def _layers(count: int) -> bytes:
    payload = BODY
    for _ in range(count):
        payload = gzip.compress(payload, 1)
    return payload


def _with_dictionary() -> bytes:
    packer = zlib.compressobj(zdict=BODY)
    return packer.compress(BODY) + packer.flush()


def _zstd_window(log: int) -> bytes:
    file = io.BytesIO()
    options: dict[int, int] = {zstd.CompressionParameter.window_log: log}
    with zstd.ZstdFile(file, "w", options=options) as packer:
        packer.write(BODY + b" " * (32 * MIB))
    return file.getvalue()


_SKIPPED = b"\x50\x2a\x4d\x18\0\0\0\0"  # a frame of zstd that holds nothing
_GZIP_NAMED = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"
_GZIP_EXTRA = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\xff\xff" + b"\0" * 65_535
ENCODINGS = (
    Kind(
        "members-10000",
        lambda _: [
            page(gzip.compress(b"") * 10_000 + gzip.compress(BODY), "Content-Encoding: gzip")
        ],
        PAGE,
        shown=True,
    ),
    Kind(
        "members-quarter-million",
        lambda _: [
            page(gzip.compress(BODY) + gzip.compress(b"") * 250_000, "Content-Encoding: gzip")
        ],
        PAGE,
        shown=True,
    ),
    Kind("gzip-then-zeros", _packed("gzip", gzip.compress(BODY) + b"\0" * MIB), PAGE, shown=True),
    Kind(
        "gzip-extra-field",
        _packed("gzip", _GZIP_EXTRA + gzip.compress(BODY)[10:]),
        PAGE,
        shown=True,
    ),
    Kind(
        "gzip-name-endless",
        on_and_on(OK + HTML + b"Content-Encoding: gzip\r\n\r\n" + _GZIP_NAMED, b"n" * 65_536),
        PAGE | CODED,
    ),
    Kind("gzip-bad-sum", _packed("gzip", gzip.compress(BODY)[:-8] + b"\xff" * 8), PAGE, shown=True),
    Kind(
        "text-before-bomb",
        lambda _: [page(gzip.compress(BODY + b" " * (64 * MIB)), "Content-Encoding: gzip")],
        PAGE,
        shown=True,
    ),
    Kind(
        "text-before-br-bomb",
        lambda _: [
            page(brotli.compress(BODY + b" " * (64 * MIB), quality=2), "Content-Encoding: br")
        ],
        PAGE,
        shown=True,
    ),
    Kind(
        "text-before-zstd-bomb",
        lambda _: [page(_zstd_window(21), "Content-Encoding: zstd")],
        PAGE,
        shown=True,
    ),
    Kind(
        "zstd-window-128-mib", lambda _: [page(_zstd_window(27), "Content-Encoding: zstd")], CODED
    ),
    Kind(
        "zstd-skipped-frames",
        lambda _: [page(_SKIPPED * 500_000 + zstd.compress(BODY), "Content-Encoding: zstd")],
        PAGE | CODED | frozenset({"unread"}),
    ),
    Kind("deflate-dictionary", _packed("deflate", _with_dictionary()), CODED),
    Kind("noise-4-mib", lambda _: [page(BODY + os.urandom(4 * MIB))], PAGE, shown=True),
    Kind(
        "gzip-of-noise",
        lambda _: [page(gzip.compress(BODY + os.urandom(4 * MIB), 1), "Content-Encoding: gzip")],
        PAGE,
        shown=True,
    ),
    Kind("layers-4", _packed("gzip, gzip, gzip, gzip", _layers(4)), PAGE, shown=True),
    Kind("layers-50", _packed(", ".join(["gzip"] * 50), _layers(50)), CODED),
    Kind("layers-5000-named", _packed(", ".join(["gzip"] * 5_000), BODY), CODED),
    Kind("coding-twice", _packed("gzip", _layers(2), "Content-Encoding: gzip"), PAGE, shown=True),
    Kind("coding-upper", _packed("GZip", _layers(1)), PAGE, shown=True),
    Kind("coding-empty", _packed(", ,", BODY), PAGE, shown=True),
    Kind("coding-none", _packed("none", BODY), PAGE, shown=True),
    Kind("coding-utf-8", _packed("utf-8", BODY), PAGE, shown=True),
    Kind("coding-nobodys", _packed("x-hidden, gzip", BODY), PAGE, shown=True),
)


def _cut_at(asked: Asked) -> Iterator[Part]:
    """Each page is broken off one byte later than the one before."""
    whole = page(b"<p>x</p>")
    number = int(asked.path[1:] or len(whole))
    if number >= len(whole):
        yield page(b"".join(b"<a href=/%d>x</a>" % n for n in range(0, len(whole), 4)))
        return
    yield whole[:number]
    yield Act.RESET


def drip(parts: bytes, pause_s: float, first: bytes = b"") -> Script:
    def script(_: Asked) -> Iterator[Part]:
        yield first
        for byte in parts:
            yield bytes([byte])
            yield pause_s

    return script


_LIAR = OK + HTML + b"Content-Length: 5242880\r\n\r\n" + BODY
SLOW = (
    Kind("drip-of-whole-answer", drip(page(), 0.08), PAGE | LATE),
    Kind(
        "drip-under-each-second", on_and_on(OK + HTML + b"\r\n" + BODY, b" ", 0.9), PAGE, shown=True
    ),
    Kind("drip-of-status", drip(b"HTTP/1.1 200 OK\r\n" * 9, 0.9), LATE),
    Kind("drip-of-chunks", on_and_on(CHUNKED + chunk(BODY), b"1\r\nx\r\n", 0.2), PAGE, shown=True),
    Kind("burst-then-mute", fixed(OK + HTML + b"\r\n" + BODY, HOLD_S), PAGE, shown=True),
    Kind("never-closes", fixed(page(), HOLD_S), PAGE, shown=True),
    Kind("never-accepted", fixed(), LATE | frozenset({"unreachable", "refused"}), at="full"),
    Kind("cut-at-every-byte", _cut_at, PAGE),
    *(Kind(f"liar-{n}", fixed(_LIAR, HOLD_S), PAGE, shown=True) for n in range(40)),
)

BODIES = (*ENCODINGS, *SLOW)
