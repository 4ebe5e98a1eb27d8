"""Turns what came back for a claim into the outcome the store keeps: a page, or the kind of its error."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from crawler.extract import read_document
from crawler.faults import kind_of_status, may_pass
from crawler.guard import AddressPolicy
from crawler.links import sort_links
from review_queue.hosts import parse_url
from review_queue.records import Claim, Link, Outcome, Page

OK: Final = 200
_PAGE_TYPES: Final = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+")
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SNIFF_BYTES: Final = 1024
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_DETECT_CHARS: Final = 20_000  # enough of a page to know its language


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response, free of Scrapy's classes."""

    url: str
    status: int
    content_type: str
    body: bytes
    encoded: bool = False  # still in a content encoding that nobody could undo


def is_page_type(content_type: str) -> bool:
    """Whether a response of this type may be a page; one without a usable type is looked into."""
    essence = content_type.partition(";")[0].strip().lower()
    return essence in _PAGE_TYPES or not _TYPE.fullmatch(essence)


def outcome_of(
    claim: Claim,
    fetched: Fetched,
    *,
    now: str,
    follow: bool,
    addresses: AddressPolicy,
    detect_language: Callable[[str], str],
) -> Outcome:
    """The outcome of a claim that got a response; same-site links are kept only where `follow` is set."""
    size = len(fetched.body)
    if fetched.status != OK:
        return error_outcome(claim, kind_of_status(fetched.status), size_bytes=size)
    if fetched.encoded:
        return error_outcome(claim, "bad_encoding", size_bytes=size)
    if not is_page_type(fetched.content_type) or _looks_binary(fetched):
        return error_outcome(claim, "not_html", size_bytes=size)
    url = parse_url(fetched.url)
    document = read_document(fetched.body, fetched.content_type)
    links = sort_links(document, url, follow=follow, addresses=addresses)
    page = Page(
        url=url.canonical,
        host=url.host.name,
        site=url.host.site,
        fetched_at=now,
        status=fetched.status,
        title=document.title,
        text=document.text,
        lang=detect_language(document.text[:_DETECT_CHARS]) or document.lang,
        body_sha256=hashlib.sha256(fetched.body).hexdigest(),
        body=fetched.body,
        content_type=fetched.content_type,
    )
    return Outcome(claim, page, links.followed, links.offsite, size_bytes=size)


def error_outcome(
    claim: Claim, kind: str, *, offsite: tuple[Link, ...] = (), size_bytes: int = 0
) -> Outcome:
    """The outcome of a claim that got no page."""
    return Outcome(claim, offsite=offsite, error=kind, retry=may_pass(kind), size_bytes=size_bytes)


def _looks_binary(fetched: Fetched) -> bool:
    declared = _TYPE.fullmatch(fetched.content_type.partition(";")[0].strip())
    head = fetched.body[:_SNIFF_BYTES]
    return not declared and not head.startswith(_UTF16) and bool(_BINARY.search(head))
