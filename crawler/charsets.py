"""Turns the bytes of a page into text: what it declares, checked against what its bytes look like."""

import codecs
import re
from functools import cache
from itertools import islice
from typing import Final

from crawler.labels import LATIN, MULTIBYTE, codec_of

_WIDE_BYTES: Final = 1024
# the standard's own window is 1,024 bytes, but browsers read on to the end of the head
_PRESCAN_BYTES: Final = 8192
# A comment or a tag, each taken as a whole, so that what only stands in one (in a title="...") is not read as a
# tag of its own. A comment ends as in the standard's prescan: "<!-->" is one. Nothing is gone over twice.
_TAG: Final = re.compile(
    rb"<!--(?:-?>|.*?(?:-->|\Z))"
    rb"|<(/?[a-z][^\s/>]*+)((?:[^>=]++|=\s*+\"[^\"]*+\"|=\s*+'[^']*+'|=)*+)"
    rb"|<[!?/][^>]*+",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(
    rb"([^\s=>\"'/]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>][^\s>]*))"
)
_XML: Final = re.compile(rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([^\"'>]{1,40})[\"']")
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
# what a letter of each class adds: see _class_of
_CLASS_WEIGHTS: Final = {
    b"a": 2.0,
    b"b": 1.0,
    b"c": 1.2,
    b"U": 0.5,
    b"-": 0.2,
    b"x": -1.0,
    b"?": -1.0,
}
_CAPITAL_INSIDE: Final = (b"aU", b"bU", b"cU", b"xU")
_CAPITAL_INSIDE_WEIGHT: Final = -3.5  # on top of its 0.5: a capital after a small letter


def decode(body: bytes, content_type: str = "") -> str:
    """The text of `body`, never failing: bytes that fit no charset become U+FFFD."""
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace")
    if body.isascii() and b"\x00" not in body and b"\x1b" not in body:
        return body.decode("ascii")
    header = _HEADER.search(content_type)
    declared = codec_of(header.group(1)) if header else ""
    if declared.startswith("utf-16"):
        return body.decode(declared, "replace")
    # what could be neither UTF-16 nor ISO-2022-JP and is valid UTF-8 needs no look at its head
    if b"\x00" not in body[:_WIDE_BYTES] and b"\x1b" not in body:
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    declared = declared or _prescanned(body[:_PRESCAN_BYTES])
    if not declared and (wide := _wide(body)):
        return body.decode(wide, "replace")
    if declared != "iso2022-jp" and (text := _as_utf8(body, declared)) is not None:
        return text
    # declared as UTF-8 and not UTF-8: as good as undeclared
    return body.decode(_single_byte(body, declared.removeprefix("utf-8")), "replace")


def _prescanned(head: bytes) -> str:
    """The first meta element's charset that a browser would use, else the XML declaration's.

    One in a comment, or in the content of another meta element (a description), would send us to a charset in
    which the page says nothing while a browser shows all of it.
    """
    codec = ""
    for name, attributes in _TAG.findall(head):
        if name.lower() == b"meta" and (codec := codec_of(_meta_charset(attributes))):
            break
    if not codec and (xml := _XML.match(head)):
        codec = codec_of(xml.group(1).decode("ascii", "replace"))
    # a declaration that could be read as ASCII does not stand in UTF-16 text
    return "utf-8" if codec.startswith("utf-16") else codec


def _meta_charset(tag: bytes) -> str:
    found: dict[bytes, str] = {}
    for name, *values in _ATTRIBUTE.findall(tag):  # of two attributes of one name the first counts
        found.setdefault(name.lower(), b"".join(values).decode("ascii", "replace"))
    if label := found.get(b"charset"):
        return label
    if found.get(b"http-equiv", "").lower() == "content-type":
        pragma = _HEADER.search(found.get(b"content", ""))
        return pragma.group(1) if pragma else ""
    return ""


def _wide(body: bytes) -> str:
    """UTF-16 without a byte order mark, known by its high bytes: 0 for markup and Latin, 4 for Cyrillic."""
    head = body[:_WIDE_BYTES]
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
    found = islice(_HIGH_WORDS.finditer(body, 0, _SNIFF_BYTES), _MAX_WORDS)
    return b" ".join(match.group() for match in found)


def _best_cyrillic(words: bytes) -> str:
    """The code page in which `words` read most like Russian or Kazakh, "" where none does."""
    runs = words.split()
    if sum(map(len, runs)) < 2 * len(runs):  # accented Latin letters stand alone
        return ""
    weights = {codec: _weight(words, codec) for codec in _CYRILLIC}
    best = max(weights, key=lambda codec: weights[codec] + _HOME_BONUS * (codec == "cp1251"))
    return best if weights[best] >= _LOOKS_CYRILLIC else ""


def _weight(words: bytes, codec: str) -> float:
    """The mean weight of the high bytes of `words`, read as `codec`.

    Counted over classes of bytes, not letter by letter: a page of 40 KB declared as windows-1251 is decoded in 0.4 ms
    instead of 4.6.
    """
    classes = words.translate(_classes(codec))
    letters = len(classes) - classes.count(b" ")
    total = sum(weight * classes.count(letter) for letter, weight in _CLASS_WEIGHTS.items())
    inside = sum(map(classes.count, _CAPITAL_INSIDE))
    return (total + _CAPITAL_INSIDE_WEIGHT * inside) / letters if letters else 0.0


@cache
def _classes(codec: str) -> bytes:
    """A translation table: each byte's class of letter in `codec`, a space for ASCII."""
    high = bytes(range(0x80, 0x100)).decode(codec, "replace")
    return b" " * 0x80 + "".join(map(_class_of, high)).encode()


def _class_of(char: str) -> str:
    if char in "оеаинтсрвлкмдпу":
        return "a"
    if char in "яыьгзбчйхжшюцщэфъёїєґ":
        return "b"
    if char in "әғқңөұүһі":
        return "c"
    if "Ё" <= char <= "Я" or char in "ӘҒҚҢӨҰҮҺІ":
        return "U"
    if char in "«»–—“”„’…№§\u00a0":
        return "-"
    return "x" if char.islower() else "?"
