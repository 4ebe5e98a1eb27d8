"""What a site owner asks about: the one URL, host or address they typed, and the blocks that would cover it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from review_queue import listings, lookups
from review_queue.blocks import MAX_URL_CHARS, normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError
from review_queue.hosts import parse_host, parse_url
from review_queue.listings import Listing
from review_queue.store import Store
from review_queue.wider import Block, blocks_over

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
    blocks = covering(store, text)
    known = listings.asked(store, blocks)
    held = [one for one in known if not one.is_over] or known
    rows = [Found(one, blocks[one.entry.scope, one.entry.name]) for one in held]
    return sorted(rows, key=lambda row: not row.is_exact)[:MOST_SHOWN]


def covering(store: Store, text: str) -> dict[Block, bool]:
    """Each block that would cover what `text` names, and whether it would be about that very name.

    Of a name they are also those of an address that a crawl has reached it at, and of the networks around that.

    Raises:
        BadHostError, BadUrlError: it names nothing a block could be about.
    """
    exact = _about(text)
    over = [block for each in exact for block in blocks_over(*each)]
    for host in _hosts(exact):
        for address in lookups.addresses_of_name(store, host, with_below=False):
            over += blocks_over(Scope.IP, normal(Scope.IP, address))
    return dict.fromkeys(over, False) | dict.fromkeys(exact, True)


def _about(text: str) -> list[Block]:
    """The blocks that would be about the very name of the text."""
    bare = text.strip()
    if not bare or len(bare) > MAX_URL_CHARS or not bare.isprintable():
        raise BadHostError("write one address such as example.kz or https://example.kz/page")
    if "/" in bare or "?" in bare or "#" in bare:
        whole = [bare] if "://" in bare else [f"http://{bare}", f"https://{bare}"]
        return [(Scope.URL, normal(Scope.URL, each)) for each in whole]
    try:
        return _about_address(normal(Scope.IP, bare))
    except BadHostError:
        host = parse_host(bare)
    if host.is_ip:  # in one of the older spellings, such as 0xcb.0.114.66
        return _about_address(normal(Scope.IP, host.name))
    return [(Scope.HOST, host.name), (Scope.DOMAIN, host.name)]


def _about_address(name: str) -> list[Block]:
    literal = f"[{name}]" if ":" in name else name
    return [(Scope.IP, name), (Scope.HOST, literal)]  # an entry may be about the literal as a host


def _hosts(exact: Iterable[Block]) -> set[str]:
    """The host names among them, of which a crawl may know addresses."""
    hosts = {
        parse_url(name).host if scope is Scope.URL else parse_host(name)
        for scope, name in exact
        if scope is not Scope.IP
    }
    return {host.name for host in hosts if not host.is_ip}
