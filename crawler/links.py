"""Sorts the links of a page: pages of the same site to follow, and other sites to remember."""

import re
from dataclasses import dataclass
from typing import Final

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
# what a browser would save or play instead of showing as a page
_FILES: Final = re.compile(
    r"\.(7z|aac|apk|avi|avif|bmp|bz2|css|csv|dmg|docx?|epub|exe|fb2|flac|gif|gz|ico|iso|jar|jpe?g|js|json|m4[av]|mkv"
    r"|mov|mp[34]|mpe?g|msi|odt|ogg|otf|pdf|png|pptx?|psd|rar|rss|rtf|svg|swf|tar|tgz|tiff?|torrent|ttf|wav|web[mp]"
    r"|wm[av]|woff2?|xlsx?|xml|xz|zip)$",
    re.IGNORECASE,
)


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
        link = Link(url.canonical, url.host.site, anchor)
        if url.host.site != page.host.site:
            if len(offsite) < MAX_OFFSITE and addresses.permits_host(url.host, url.port):
                offsite.setdefault(url.host.site, link)
        elif (
            follow
            and len(followed) < MAX_FOLLOWED
            and url.canonical != page.canonical
            and worth_fetching(url)
        ):
            followed.setdefault(url.canonical, link)
    return SortedLinks(tuple(followed.values()), tuple(offsite.values()))


def worth_fetching(url: Url) -> bool:
    """Whether the URL looks like a page, and not like a file or the inside of a trap."""
    path = url.canonical.split("?", 1)[0]
    if len(url.canonical) > _MAX_URL_CHARS or _FILES.search(path):
        return False
    segments = [segment for segment in path.split("/")[3:] if segment]
    return len(segments) <= _MAX_SEGMENTS and all(
        segments.count(s) < _MAX_REPEATS for s in set(segments)
    )
