"""Makes text written by strangers safe to look at: nothing hidden or reordered, no address, evidence marked.

The result is still plain text; the templates escape it like any other string.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from publicsuffixlist import PublicSuffixList

from review_queue.hosts import defang
from review_queue.records import Evidence

MAX_CHARS: Final = 40_000  # about 20 screens; what drove the score is listed above the text anyway
_KEPT: Final = frozenset("\n\t")
_DROPPED: Final = frozenset("\r\u00ad")  # these say nothing
_JOINER: Final = "\u200d"
_NEIGHBOURS: Final = 2
_LANG: Final = re.compile(r"[a-z]{2,3}")
_COMBINING: Final = r"[\u0300-\u036f\u0483-\u0489\u1dc0-\u1dff\u20d0-\u20ff]"
# more than four combining marks on a letter cover the neighbouring lines
_STACKED: Final = re.compile(rf"({_COMBINING}{{4}}){_COMBINING}+")
_SCHEME: Final = re.compile(r"(?i)h(tt)ps?:(?=\S)")
_AUTHORITY: Final = re.compile(r"[/\\]{2}([^\s/\\?#]*[^\s/\\?#.,;:!)'\"])")
# every sign a browser takes for the dot of a name; one in brackets has been dealt with already
_DOT: Final = re.compile(r"(?<!\[)[.\u3002\uff0e\uff61](?!\])")
_DOTTED: Final = re.compile(r"(?<![\w-])[\w-]+(?:[.\u3002\uff0e\uff61][\w-]+)+")
_PLAIN_END: Final = re.compile(r"[a-z]{2,}|[A-Z]{2,}|xn--[a-z0-9-]+")
_IPV4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is, or is not, evidence."""

    text: str
    is_evidence: bool


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph of a page."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A page's text as it is put on the screen; `left_out` characters follow it."""

    blocks: tuple[Block, ...]
    left_out: int


def visible(text: str) -> str:
    """`text` with control, formatting and unassigned characters spelled out, such as [U+202E]."""
    out = []
    for at, char in enumerate(text):
        if (
            char in _KEPT
            or unicodedata.category(char)[0] != "C"
            or (char == _JOINER and _between_symbols(text, at))
        ):
            out.append(char)
        elif char not in _DROPPED:
            out.append(f"[U+{ord(char):04X}]")
    return _STACKED.sub(r"\1", "".join(out))


def one_line(text: str, limit: int = 300) -> str:
    """`text` made visible on one line, without an address in it, cut to `limit` characters."""
    head = text[: limit * 2]
    flat = " ".join(_spelled(head, 0, len(head), _defanging(head)).split())
    return flat if len(flat) <= limit and len(text) <= limit * 2 else flat[: limit - 1] + "…"


def address(url_or_host: str, limit: int = 300) -> str:
    """The URL or host written so that nothing makes a link of it."""
    return one_line(defang(url_or_host), limit)


def language(code: str) -> str:
    """`code` where it looks like a language code, else "und" (undetermined)."""
    return code if _LANG.fullmatch(code) else "und"


def shown(text: str, evidence: Iterable[Evidence], *, limit: int = MAX_CHARS) -> Shown:
    """The first `limit` characters of `text` as paragraphs, with the evidence told apart."""
    spans = _merged(evidence, min(len(text), limit))
    blocks = []
    start = 0
    for line in text[:limit].split("\n"):
        pieces = tuple(_pieces(line, start, spans))
        if any(piece.text.strip() for piece in pieces):
            blocks.append(Block(pieces))
        start += len(line) + 1
    return Shown(tuple(blocks), max(0, len(text) - limit))


def _between_symbols(text: str, at: int) -> bool:
    around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
    return len(around) == _NEIGHBOURS and all(
        unicodedata.category(char) in {"So", "Sk", "Mn"} for char in around
    )


def _merged(evidence: Iterable[Evidence], end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for item in sorted(evidence, key=lambda one: one.start):
        start, stop = max(0, item.start), min(item.end, end)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], stop))
        elif start < stop:
            spans.append((start, stop))
    return spans


def _pieces(line: str, offset: int, spans: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    defanging = _defanging(line)
    at = 0
    for start, stop in spans:
        low, high = max(start - offset, 0), min(stop - offset, len(line))
        if low >= high:
            continue
        if low > at:
            yield Piece(_spelled(line, at, low, defanging), is_evidence=False)
        yield Piece(_spelled(line, low, high, defanging), is_evidence=True)
        at = high
    if at < len(line):
        yield Piece(_spelled(line, at, len(line), defanging), is_evidence=False)


def _spelled(text: str, low: int, high: int, defanging: Mapping[int, str]) -> str:
    # by place, because the evidence names places of the text as it was fetched
    return visible("".join(defanging.get(at, text[at]) for at in range(low, high)))


def _defanging(text: str) -> dict[int, str]:
    """What stands at which place of `text` instead, so that no address in it is one."""
    # what is not shown must not hide an address that then is
    places = [at for at, char in enumerate(text) if char not in _DROPPED]
    seen = "".join(text[at] for at in places)
    instead: dict[int, str] = {}
    for found in _SCHEME.finditer(seen):
        for at in range(*found.span(1)):
            instead[places[at]] = "X" if seen[at].isupper() else "x"
    for low, high in _names(seen):
        for dot in _DOT.finditer(seen, low, high):
            instead[places[dot.start()]] = f"[{dot.group()}]"
    return instead


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Where in `text` a host stands, or what looks like one."""
    for found in _AUTHORITY.finditer(text):
        yield found.span(1)
    for found in _DOTTED.finditer(text):
        dots = [dot.start() for dot in _DOT.finditer(text, *found.span())]
        ends = [*dots[1:], found.end()]
        named = [
            end for dot, end in zip(dots, ends, strict=True) if _ends_a_name(text[dot + 1 : end])
        ]
        if found.group().lower().startswith("www.") or _IPV4.fullmatch(found.group()):
            yield found.span()
        elif named:
            yield found.start(), named[-1]


def _ends_a_name(label: str) -> bool:
    """Whether names end so; a sentence that begins right after a full stop mostly does not."""
    if _PLAIN_END.fullmatch(label):
        return True
    try:
        top = label.encode("idna").decode().lower()
    except UnicodeError:
        return False
    return bool(_suffixes().publicsuffix(top, accept_unknown=False))


@cache
def _suffixes() -> PublicSuffixList:
    # 0.1 s to read, once
    return PublicSuffixList(accept_unknown=False)
