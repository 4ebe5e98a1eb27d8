"""Turns the bytes of a page into text: what it declares, checked against what its bytes look like."""

import codecs
import re
from typing import Final

from crawler.labels import LATIN, MULTIBYTE, codec_of

_PRESCAN_BYTES: Final = 1024  # the standard's own window for a meta element
_META: Final = re.compile(
    rb"<meta\b[^>]{0,400}?charset\s*=\s*[\"']?\s*([^\s\"'/>;]{1,40})", re.IGNORECASE
)
_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]{1,40})", re.IGNORECASE)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SNIFF_BYTES: Final = 200_000
_HIGH_WORDS: Final = re.compile(rb"[\x80-\xff]+(?:[ ,.\-\n][\x80-\xff]+)*")
_MAX_WORDS: Final = 150

_CYRILLIC: Final = (
    "cp1251",
    "kz1048",
    "koi8-r",
    "koi8-u",
    "cp866",
    "iso8859-5",
    "ptcp154",
    "mac-cyrillic",
)
# The three numbers below were set as one on the charset suite (42 of 42) and on pages re-encoded from
# Russian, Kazakh and Ukrainian; tests/crawler/test_charsets.py holds the floor.
_LOOKS_CYRILLIC: Final = 0.9  # mean weight a letter; wrong code pages reach at most 0.6
_OVERRULES: Final = 0.15  # how much better than the declared code page another must be
_HOME_BONUS: Final = 0.03  # windows-1251 wins a tie: it is 98 % of undeclared Cyrillic


def decode(body: bytes, content_type: str = "") -> str:
    """The text of `body`, never failing: bytes that fit no charset become U+FFFD."""
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace")
    if body.isascii() and b"\x00" not in body and b"\x1b" not in body:
        return body.decode("ascii")
    declared = _declared(body, content_type)
    if declared.startswith("utf-16"):
        return body.decode(declared, "replace")
    if not declared and (wide := _wide(body)):
        return body.decode(wide, "replace")
    if declared != "iso2022-jp" and (text := _as_utf8(body, declared)) is not None:
        return text
    return body.decode(_single_byte(body, declared), "replace")


def _declared(body: bytes, content_type: str) -> str:
    if (header := _HEADER.search(content_type)) and (codec := codec_of(header.group(1))):
        return codec
    if meta := _META.search(body[:_PRESCAN_BYTES]):
        codec = codec_of(meta.group(1).decode("ascii", "replace"))
        # a meta element that could be read as ASCII does not stand in UTF-16 text
        return "utf-8" if codec.startswith("utf-16") else codec
    return ""


def _wide(body: bytes) -> str:
    """UTF-16 without a byte order mark, known by its high bytes: 0 for markup and Latin, 4 for Cyrillic."""
    head = body[:_PRESCAN_BYTES]
    even, odd = (half.count(0) + half.count(4) for half in (head[::2], head[1::2]))
    if (
        b"\x00" not in head
        or max(even, odd) * 2 < 0.7 * len(head)
        or min(even, odd) * 20 > len(head)
    ):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _as_utf8(body: bytes, declared: str) -> str | None:
    try:
        # text of another charset is as good as never valid UTF-8, whatever the page declares
        return body.decode("utf-8")
    except UnicodeDecodeError:
        if declared not in ("", "utf-8"):
            return None
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = sum(1 for char in text[:_SNIFF_BYTES] if char > "\x7f") - broken
    if broken * 10 <= sound or (declared and not _best_cyrillic(_words(body))):
        return text
    return None


def _single_byte(body: bytes, declared: str) -> str:
    if declared in MULTIBYTE or (declared and declared not in LATIN and declared not in _CYRILLIC):
        return declared
    words = _words(body)
    best = _best_cyrillic(words)
    if not best:
        return declared or "cp1252"
    if declared in _CYRILLIC and _weight(words, best) < _weight(words, declared) + _OVERRULES:
        return declared
    return best


def _words(body: bytes) -> bytes:
    return b" ".join(_HIGH_WORDS.findall(body[:_SNIFF_BYTES])[:_MAX_WORDS])


def _best_cyrillic(words: bytes) -> str:
    """The code page in which `words` read most like Russian or Kazakh, "" where none does."""
    runs = words.split()
    if sum(map(len, runs)) < 2 * len(runs):  # accented Latin letters stand alone
        return ""
    weights = {codec: _weight(words, codec) for codec in _CYRILLIC}
    best = max(weights, key=lambda codec: weights[codec] + _HOME_BONUS * (codec == "cp1251"))
    return best if weights[best] >= _LOOKS_CYRILLIC else ""


def _weight(words: bytes, codec: str) -> float:
    text = words.decode(codec, "replace")
    total, letters, before = 0.0, 0, " "
    for char in text:
        if char > "\x7f":
            letters += 1
            total += _letter_weight(char, before)
        before = char
    return total / letters if letters else 0.0


def _letter_weight(char: str, before: str) -> float:
    if char in "оеаинтсрвлкмдпу":
        return 2.0
    if char in "яыьгзбчйхжшюцщэфъё":
        return 1.0
    if char in "әғқңөұүһі":
        return 1.2
    if char in "їєґ":
        return 1.0
    if char.isupper() and ("Ё" <= char <= "Я" or char in "ӘҒҚҢӨҰҮҺІ"):
        return -3.0 if before.islower() else 0.5
    if char in "«»–—“”„’…№§ \u00a0":
        return 0.2
    return -1.0
