"""What a block is about, written in one way for each scope: a host, a URL, an address, a network."""

import ipaddress
from typing import Final

from review_queue.categories import Scope
from review_queue.errors import BadHostError, BadUrlError
from review_queue.hosts import parse_host, parse_url

MAX_URL_CHARS: Final = 2048  # what the proxies that have to match it can hold


def normal(scope: Scope, text: str) -> str:
    """`text` in the one way it is written under this scope.

    Raises:
        BadHostError: it is no host name, address or network.
        BadUrlError: it is no http or https URL, or longer than proxies can match.
    """
    match scope:
        case Scope.HOST | Scope.DOMAIN:
            return parse_host(text).name
        case Scope.URL:
            return _url(text)
        case Scope.IP:
            return _address(text)
        case Scope.CIDR:
            return _network(text)


def unicode_of(scope: Scope, name: str) -> str:
    """`name`, which is in its normal form, as people write it: a host with its letters, all else as it is."""
    return parse_host(name).unicode if scope in (Scope.HOST, Scope.DOMAIN) else name


def _url(text: str) -> str:
    """The URL as the standard writes it, without a user, a fragment or the dot after its host."""
    url = parse_url(text)
    rest = url.href.partition("://")[2].partition("#")[0]
    authority, slash, tail = rest.partition("/")
    port = authority.rpartition("@")[2].rpartition(":")[2]
    shown = f":{port}" if port.isdigit() and not authority.endswith("]") else ""
    found = f"{url.scheme}://{url.host.name}{shown}{slash}{tail}"
    if len(found) > MAX_URL_CHARS:
        raise BadUrlError(
            f"a URL of {len(found)} characters is too long to be blocked (limit {MAX_URL_CHARS})"
        )
    return found


def _address(text: str) -> str:
    _check_no_zone(text)
    try:
        found = ipaddress.ip_address(text.strip().strip("[]"))
    except ValueError:
        raise BadHostError(
            f"{text[:80]!r} is not an address; write one such as 203.0.113.7"
        ) from None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _network(text: str) -> str:
    _check_no_zone(text)
    try:
        found = ipaddress.ip_network(text.strip())
    except ValueError:
        raise BadHostError(
            f"{text[:80]!r} is not a network; write one such as 203.0.113.0/29, without bits behind the mask"
        ) from None
    if found.prefixlen == found.max_prefixlen:
        raise BadHostError(f"{text[:80]!r} is one address; list it as an address")
    return str(found)


def _check_no_zone(text: str) -> None:
    """The text has no zone (RFC 4007), in which `ipaddress` takes any characters, line ends included.

    Raises:
        BadHostError: it has one.
    """
    if "%" in text:
        raise BadHostError(f"{text[:80]!r} has a zone, which says nothing outside one machine")
