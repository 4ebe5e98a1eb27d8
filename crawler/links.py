"""Sorts the links of a page: pages of the same site to follow, and other sites to remember."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes
from zlib import crc32

from crawler.extract import Document, resolve_base
from crawler.guard import AddressPolicy
from review_queue.errors import BadUrlError
from review_queue.hosts import Url, parse_url
from review_queue.records import Link

MAX_FOLLOWED: Final = 500
MAX_OFFSITE: Final = 100
_MAX_SEGMENTS: Final = 16
_MAX_REPEATS: Final = 3
_MAX_URL_CHARS: Final = 1_000
# words of a link are numbered alike by every process and every run; their endings are left off, digits are no words
_MAX_WORDS: Final = 12
_STEM_CHARS: Final = 6
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_ESCAPE: Final = re.compile(r"%[0-9A-F]{2}")
# which part of a site's pages addresses of one shape may have: "2" is half of them
_NUMBERED_PART: Final = 2
_TRAP_PART: Final = 4
_DEEP_SEGMENTS: Final = 6
_DIGITS: Final = re.compile(r"\d+")
# what a browser would save or play instead of showing as a page
_FILE_ENDINGS: Final = """
    7z aac apk avi avif bmp bz2 css csv dmg doc docx epub exe fb2 flac gif gz ico iso jar jpeg jpg js json m4a m4v mkv
    mov mp3 mp4 mpg mpeg msi odt ogg otf pdf png ppt pptx psd rar rss rtf svg swf tar tgz tif tiff torrent ttf wav
    webm webp wma wmv woff woff2 xls xlsx xml xz zip
"""
_FILES: Final = frozenset(_FILE_ENDINGS.split())


@dataclass(frozen=True, slots=True)
class SortedLinks:
    """Links of one page; of another site only the first one is kept."""

    followed: tuple[Link, ...]
    offsite: tuple[Link, ...]


def sort_links(
    document: Document, page: Url, *, follow: bool, addresses: AddressPolicy
) -> SortedLinks:
    """The document's links, absolute and canonical, each once; same-site ones only where `follow` is set.

    A link to another site is left out where `addresses` tells from its host alone that it will be refused.
    """
    base = resolve_base(document, page.href)
    followed: dict[str, Link] = {}
    offsite: dict[str, Link] = {}
    seen: set[str] = set()
    for href, anchor in document.hrefs:
        # a menu repeats its links; most of the time of this function goes into parsing
        bare = href.partition("#")[0]
        if bare in seen or (not follow and bare.startswith("/") and not bare.startswith("//")):
            continue
        seen.add(bare)
        try:
            url = parse_url(bare, base)
        except BadUrlError:
            continue
        site = url.host.site
        if site != page.host.site:
            if (
                site not in offsite
                and len(offsite) < MAX_OFFSITE
                and addresses.permits_host(url.host, url.port)
            ):
                words = words_of_site(url.canonical, anchor)
                offsite[site] = Link(url.canonical, site, anchor, words)
        elif (
            follow
            and len(followed) < MAX_FOLLOWED
            and url.canonical != page.canonical
            and url.canonical not in followed
            and worth_fetching(url)
        ):
            # the site's name is the same on all its links and tells them not apart
            words = words_of(_inside(url), anchor)
            followed[url.canonical] = Link(
                url.canonical, site, anchor, words, shape_of(url.canonical)
            )
    return SortedLinks(tuple(followed.values()), tuple(offsite.values()))


def worth_fetching(url: Url) -> bool:
    """Whether the URL looks like a page, and not like a file or the inside of a trap."""
    path = url.canonical.partition("?")[0]
    _, dot, ending = path[path.rfind("/") :].rpartition(".")
    if len(url.canonical) > _MAX_URL_CHARS or (dot and ending.lower() in _FILES):
        return False
    if path.count("/") < _MAX_REPEATS + 2:  # too few segments for anything to repeat
        return True
    segments = [segment for segment in path.split("/")[3:] if segment]
    return len(segments) <= _MAX_SEGMENTS and all(
        segments.count(s) < _MAX_REPEATS for s in set(segments)
    )


def words_of(address: str, anchor: str) -> tuple[int, ...]:
    """Numbers of the words of an address and its anchor, each once, below 65,536."""
    if "%" in address:
        address = _unescaped(address)
    found = _WORD.findall(f"{anchor} {address}".lower())
    return tuple(
        {
            crc32(word[:_STEM_CHARS].encode("utf-8", "replace")) & 0xFFFF
            for word in found[:_MAX_WORDS]
        }
    )


def shape_of(url: str) -> str:
    """What `url` has in common with the many like it that a trap has, after the part of a site they may have at most.

    "" where nothing speaks for a trap. A list in every order and a calendar have a query of several values, or several
    numbers in their paths; a path that grows has many segments.
    """
    address, _, query = url.partition("?")
    path = "/" + address.partition("://")[2].partition("/")[2]
    if query:
        # of one value, as a rule the number of a page or a thread, a site may well have many
        part = _TRAP_PART if "&" in query else _NUMBERED_PART
        return f"{part} {_DIGITS.sub('0', path)}?"
    if path.count("/") > _DEEP_SEGMENTS:
        return f"{_TRAP_PART} {path[: path.find('/', 1)]}//"
    numbered = _DIGITS.sub("0", _unescaped(path) if "%" in path else path)
    if numbered.count("0") > 1:
        return f"{_NUMBERED_PART} {numbered}"
    return ""


def words_of_site(url: str, anchor: str) -> tuple[int, ...]:
    """The numbers of the words of a link to another site: those of its name count as well, its top-level domain not."""
    host, _, path = url.partition("://")[2].partition("/")
    return words_of(f"{host.rpartition('.')[0]} {path}", anchor)


def _inside(url: Url) -> str:
    return url.canonical.partition("://")[2].partition("/")[2]


def _unescaped(address: str) -> str:
    try:
        return unquote_to_bytes(address).decode("utf-8")
    except UnicodeDecodeError:
        return _ESCAPE.sub(" ", address)
