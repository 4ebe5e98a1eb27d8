"""What a site owner asks about: the one URL, host or address they typed, and the blocks that would cover it."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from review_queue import listings
from review_queue.blocks import MAX_URL_CHARS, normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError
from review_queue.hosts import parse_host, parse_url
from review_queue.listings import Block, Listing
from review_queue.store import Store

MOST_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """An entry about what was asked; `is_exact` says that it is about that very name, not a wider one."""

    listing: Listing
    is_exact: bool


def found(store: Store, text: str) -> list[Found]:
    """The entries that cover what `text` names, those that hold first; of those that do not, only where none holds.

    Raises:
        BadHostError, BadUrlError: it names nothing a block could be about.
    """
    blocks = _blocks(text)
    known = listings.asked(store, blocks)
    held = [one for one in known if not one.is_over] or known
    rows = [Found(one, blocks[one.entry.scope, one.entry.name]) for one in held]
    return sorted(rows, key=lambda row: not row.is_exact)[:MOST_SHOWN]


def _blocks(text: str) -> dict[Block, bool]:
    """Each block that would cover it, and whether it is about that very name."""
    bare = text.strip()
    if not bare or len(bare) > MAX_URL_CHARS or not bare.isprintable():
        raise BadHostError("write one address such as example.kz or https://example.kz/page")
    if "/" in bare or "?" in bare or "#" in bare:
        return _of_url(bare)
    try:
        return dict(_of_address(normal(Scope.IP, bare)))
    except BadHostError:
        host = parse_host(bare)
    if host.is_ip:  # in one of the older spellings, such as 0xcb.0.114.66
        return dict(_of_address(normal(Scope.IP, host.name)))
    return dict(_of_host(host.name, is_exact=True))


def _of_url(text: str) -> dict[Block, bool]:
    whole = [text] if "://" in text else [f"http://{text}", f"https://{text}"]
    blocks: dict[Block, bool] = {}
    for each in whole:
        url = parse_url(each)
        blocks[Scope.URL, normal(Scope.URL, each)] = True
        if url.host.is_ip:
            address = normal(Scope.IP, url.host.name)
            blocks |= dict.fromkeys(dict(_of_address(address)), False)
        blocks |= dict(_of_host(url.host.name, is_exact=False))
    return blocks


def _of_host(name: str, *, is_exact: bool) -> Iterator[tuple[Block, bool]]:
    yield (Scope.HOST, name), is_exact
    labels = name.split(".")
    for first in range(len(labels)):
        yield (Scope.DOMAIN, ".".join(labels[first:])), is_exact and first == 0


def _of_address(name: str) -> Iterator[tuple[Block, bool]]:
    yield (Scope.IP, name), True
    literal = f"[{name}]" if ":" in name else name
    yield (Scope.HOST, literal), True  # an entry may be about the literal as a host
    for length in range(ipaddress.ip_address(name).max_prefixlen):
        yield (Scope.CIDR, str(ipaddress.ip_network((name, length), strict=False))), False
