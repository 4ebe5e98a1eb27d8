"""The shape of a page that opened a case, for a person to read: headings, paragraphs and link texts, no markup.

A tree is wanted here, so BeautifulSoup builds one, after caps on size and tags: its time grows faster than the
number of links (20,000 in 0.3 s, 100,000 in 3.4 s).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from crawler.charsets import decode
from review_queue.records import Surroundings

MAX_CHARS: Final = 512_000
MAX_TAGS: Final = 20_000
MAX_HEADINGS: Final = 60
MAX_BLOCKS: Final = 200
MAX_LINK_TEXTS: Final = 120
_HEADING_CHARS: Final = 200
_BLOCK_CHARS: Final = 1_000
_LINK_CHARS: Final = 120

_UNSEEN: Final = frozenset(
    {"script", "style", "template", "noscript", "iframe", "svg", "title", "head"}
)
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCK_NAMES: Final = """
    address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form header
    legend li main nav ol option p pre search section select summary table tbody td tfoot th thead tr ul
"""
_BLOCKS: Final = frozenset(_BLOCK_NAMES.split()) | _HEADINGS


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a text stands: its nearest block and link, 0 where there is none."""

    block: int = 0
    is_heading: bool = False
    link: int = 0
    unseen: bool = False


@dataclass(slots=True)
class _Run:
    """Texts that follow each other in one block, or in one link."""

    owner: int = 0
    is_heading: bool = False
    parts: list[str] = field(default_factory=list)

    def text(self) -> str:
        return " ".join("".join(self.parts).split())


class _Texts:
    """Up to `most` texts of up to `chars` characters."""

    def __init__(self, most: int, chars: int) -> None:
        self._most = most
        self._chars = chars
        self.kept: list[str] = []
        self.cut = False

    def add(self, text: str) -> None:
        if not text:
            return
        if len(self.kept) == self._most:
            self.cut = True
            return
        self.kept.append(text[: self._chars])
        self.cut = self.cut or len(text) > self._chars


def surroundings(body: bytes, content_type: str = "") -> Surroundings:
    """The headings, paragraph blocks and link texts of a page, in its order and capped."""
    markup, cut = _capped(decode(body, content_type).replace("\x00", ""))
    headings = _Texts(MAX_HEADINGS, _HEADING_CHARS)
    blocks = _Texts(MAX_BLOCKS, _BLOCK_CHARS)
    links = _Texts(MAX_LINK_TEXTS, _LINK_CHARS)
    block, link = _Run(), _Run()
    for text, place in [*_placed(BeautifulSoup(markup, "lxml")), ("", _Place(block=-1, link=-1))]:
        if place.block != block.owner:
            (headings if block.is_heading else blocks).add(block.text())
            block = _Run(place.block, place.is_heading)
        if place.link != link.owner:
            if link.owner:
                links.add(link.text())
            link = _Run(place.link)
        block.parts.append(text)
        link.parts.append(text)
    return Surroundings(
        tuple(headings.kept),
        tuple(blocks.kept),
        tuple(links.kept),
        truncated=cut or headings.cut or blocks.cut or links.cut,
    )


def _capped(markup: str) -> tuple[str, bool]:
    """`markup` cut to the caps on characters and tags, and whether it was cut."""
    kept = markup[:MAX_CHARS]
    if kept.count("<") > MAX_TAGS:
        kept = "<".join(kept.split("<", MAX_TAGS)[:MAX_TAGS])
    return kept, len(kept) < len(markup)


def _placed(soup: BeautifulSoup) -> Iterator[tuple[str, _Place]]:
    """Each visible text with its place.

    Places are remembered by tag: BeautifulSoup's own searches walk the whole depth for each tag, which took 15 s on
    20,000 nested ones.
    """
    places: dict[int, _Place] = {id(soup): _Place()}
    for text in soup.find_all(string=True):
        parent = text.parent
        # comments, doctypes and scripts are subclasses
        if parent is not None and type(text) is NavigableString:
            place = _place(parent, places)
            if not place.unseen:
                yield str(text), place


def _place(tag: Tag, places: dict[int, _Place]) -> _Place:
    path = []
    here: Tag | None = tag
    while here is not None and id(here) not in places:
        path.append(here)
        here = here.parent
    place = places[id(here)] if here is not None else _Place()
    for inner in reversed(path):
        is_block = inner.name in _BLOCKS
        place = _Place(
            block=id(inner) if is_block else place.block,
            is_heading=inner.name in _HEADINGS if is_block else place.is_heading,
            link=id(inner) if inner.name == "a" else place.link,
            unseen=place.unseen or inner.name in _UNSEEN,
        )
        places[id(inner)] = place
    return place
