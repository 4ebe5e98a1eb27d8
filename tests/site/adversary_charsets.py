"""Hostility in the page: charsets, markup that floods or misleads a reader, links without end, odd hosts."""

from tests.site.adversary import BODY, SEEN, Kind, Script, flood, html, page
from tests.site.adversary_words import MIB, PAGE

TEXT = SEEN.encode()
_P = b"<p>" + TEXT + b"</p>"
_XHTML = "Content-Type: application/xhtml+xml"


def _typed(text: bytes, charset: str) -> Script:
    return html(text, f"Content-Type: text/html; charset={charset}")


def _meta(charset: str) -> bytes:
    return f'<meta charset="{charset}">'.encode()


CHARSETS = (
    Kind(
        "utf-16-be",
        html(BODY.decode().encode("utf-16-be"), "Content-Type: text/html; charset=utf-16be"),
        PAGE,
        shown=True,
    ),
    Kind(
        "utf-16-in-meta", html(_meta("utf-16") + BODY, "Content-Type: text/html"), PAGE, shown=True
    ),
    Kind("utf-32-named", _typed(BODY, "utf-32"), PAGE, shown=True),
    Kind("iso-2022-kr", _typed(BODY, "iso-2022-kr"), PAGE),
    Kind(
        "iso-2022-jp-escapes", _typed(b"\x1b$B!!" * 400_000 + b"\x1b(B" + _P, "iso-2022-jp"), PAGE
    ),
    Kind("hz", _typed(b"~{" * 500_000 + _P, "hz-gb-2312"), PAGE),
    Kind("gb18030-four-bytes", _typed(b"\x81\x30\x81\x30" * 400_000 + _P, "gb18030"), PAGE),
    Kind("user-defined", _typed(BODY, "x-user-defined"), PAGE),
    Kind("charset-python", _typed(BODY, "rot13"), PAGE, shown=True),
    Kind("charset-bz2", _typed(BODY, "bz2_codec"), PAGE, shown=True),
    Kind("charset-idna", _typed(BODY + b"a." * 500_000, "idna"), PAGE, shown=True),
    Kind("charset-mbcs", _typed(BODY, "undefined"), PAGE, shown=True),
    Kind("charset-quotes", _typed(BODY, '"' + "utf-8" * 999), PAGE, shown=True),
    Kind(
        "meta-late",
        lambda _: [page(b" " * MIB + _meta("koi8-r") + BODY, "Content-Type: text/html")],
        PAGE,
        shown=True,
    ),
    Kind(
        "meta-thousands",
        flood(b"", _meta("koi8-r") + _meta("utf-8"), 9_000, BODY),
        PAGE,
        shown=True,
    ),
    Kind("boms", html(b"\xef\xbb\xbf" * 99_999 + BODY), PAGE, shown=True),
    Kind(
        "xml-encodings",
        html(b'<?xml version="1.0" encoding="utf-7"?>' + BODY, _XHTML + "; charset=utf-8"),
        PAGE,
        shown=True,
    ),
    Kind(
        "lone-surrogates",
        flood(_P, b"\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf", 300_000),
        PAGE,
        shown=True,
    ),
    Kind("all-controls", flood(_P, bytes(range(1, 32)), 100_000), PAGE, shown=True),
    Kind(
        "marks-on-one-letter", flood(_P + b"<p>a", "\u0301".encode(), 2_000_000), PAGE, shown=True
    ),
    Kind("direction-marks", flood(_P, "\u202e\u2066".encode(), 700_000), PAGE, shown=True),
    Kind(
        "spaces-of-all-kinds",
        flood(_P, "\u2003\u00a0\u200b".encode(), 500_000, _P),
        PAGE,
        shown=True,
    ),
)
