"""Hosts and URLs, parsed once at the edge so that everything behind it can trust them.

Parsing is the WHATWG URL standard's, by ada-url (278 of 278 hosts of the standard's own suite); the registrable
domain is the Public Suffix List's, private domains included, from the copy inside publicsuffixlist.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import ada_url
from publicsuffixlist import PublicSuffixList

from review_queue.errors import BadHostError, BadUrlError

MAX_URL_CHARS: Final = 8192
_MAX_NAME_CHARS: Final = 253  # RFC 1035, without the root dot
_TRACKING: Final = re.compile(
    r"(utm_.*|gclid|dclid|fbclid|yclid|ysclid|msclkid|igshid|mc_[ce]id|_openstat"
    r"|phpsessid|jsessionid|aspsessionid.*|sessionid)",
    re.IGNORECASE,
)
# not after "/.." or "/.": what is left would be another path
_PATH_SESSION: Final = re.compile(r"(?<!/\.)(?<!/\.\.);jsessionid=[^/?#]*", re.IGNORECASE)
# of a letter, a digit or one of -._~
_ESCAPED: Final = re.compile(r"%(?:2[DdEe]|3\d|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DNS_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True, slots=True)
class Host:
    """A normalised host name.

    Attributes:
        name: the A-label form, lower case, no trailing dot; an IPv6 address stands in brackets.
        unicode: the U-label form, for showing.
        site: the registrable domain; an address or a public suffix is its own site.
        is_public_suffix: nobody owns this name alone, so it can never be blocked whole.
        is_ip: the name is an address literal.
        is_dns_name: every label fits the DNS (length, letters, digits, hyphen, underscore).
    """

    name: str
    unicode: str
    site: str
    is_public_suffix: bool
    is_ip: bool
    is_dns_name: bool


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https URL: `href` as the standard writes it, `canonical` as the key of a page."""

    href: str
    canonical: str
    host: Host
    port: int
    scheme: str


def parse_host(text: str) -> Host:
    """The host `text` names: a DNS name in any spelling a browser takes, or an address literal.

    Raises:
        BadHostError: no browser would look this name up.
    """
    bare = text.strip()
    has_port = ":" in bare and not (bare.startswith("[") and bare.endswith("]"))
    if not bare or has_port or re.search(r"[\s/\\?#@]", bare):
        raise BadHostError(f"{text[:80]!r} is not a host name; write one such as example.kz")
    try:
        name = ada_url.URL(f"https://{bare}/").hostname
    except ValueError:
        raise BadHostError(
            f"{text[:80]!r} is not a host name; write one such as example.kz"
        ) from None
    host = _host(name)
    if not (host.is_ip or host.is_dns_name):
        raise BadHostError(f"{text[:80]!r} cannot stand in the DNS: empty, too long or odd labels")
    return host


def parse_url(text: str, base: str | None = None) -> Url:
    """The URL `text` stands for, resolved against `base` where one is given.

    Raises:
        BadUrlError: not an absolute http or https URL with a host, or longer than 8,192 characters.
    """
    stripped = text.strip()
    if len(stripped) > MAX_URL_CHARS:
        raise BadUrlError(
            f"a URL of {len(stripped)} characters is too long (limit {MAX_URL_CHARS})"
        )
    try:
        href = ada_url.join_url(base, stripped) if base else ada_url.normalize_url(stripped)
    except ValueError:
        raise BadUrlError(
            f"{stripped[:80]!r} is not a URL; write one such as https://example.kz/"
        ) from None
    # taken apart here and not by ada-url's properties, each of which costs a call into the library (22 us a URL
    # against 4): what the standard has written is scheme://[user@]host[:port]/path[?query][#fragment]
    scheme, _, rest = href.partition("://")
    authority, _, tail = rest.partition("/")
    host = authority.rpartition("@")[2]
    name, _, port = (host, "", "") if host.endswith("]") else host.partition(":")
    if host.startswith("[") and not host.endswith("]"):
        name, _, port = host.rpartition(":")
    if scheme not in ("http", "https") or not name:
        raise BadUrlError(f"{stripped[:80]!r} is not an http or https URL with a host")
    number = int(port) if port else (443 if scheme == "https" else 80)
    bare = name.removesuffix(".") or name
    canonical = f"{scheme}://{bare}{':' + port if port else ''}{_canonical_path('/' + tail)}"
    return Url(href, canonical, _host(name), number, scheme)


def defang(text: str) -> str:
    """`text` written so that no program makes a link of it: hxxp://name[.]kz/."""
    return re.sub(r"(?i)\bhttp(?=s?:)", "hxxp", text).replace(".", "[.]")


def _canonical_path(text: str) -> str:
    text = text.partition("#")[0]
    # "%61" and "a" are one page (RFC 3986, 6.2.2.2), and PHPSESSI%44 is a session's; once only, since %2561 is another.
    # After a stray "%" what is decoded could make an escape that was none: such a URL is its own key.
    if "%" in text and _ESCAPED.search(text) and not _STRAY_PERCENT.search(text):
        text = _ESCAPED.sub(lambda escape: chr(int(escape.group()[1:], 16)), text)
    path, _, query = text.partition("?")
    if ";" in path:
        path = _PATH_SESSION.sub("", path)
    kept = [p for p in query.split("&") if p and not _TRACKING.fullmatch(p.split("=", 1)[0])]
    return f"{path}?{'&'.join(sorted(kept))}" if kept else path


@cache
def _suffixes() -> PublicSuffixList:
    # 0.1 s to read; made on first use, since importing this module must do no work
    return PublicSuffixList(accept_unknown=True, only_icann=False)


@lru_cache(maxsize=10_000)
def _host(hostname: str) -> Host:
    name = hostname.removesuffix(".") or hostname
    if _is_ip(name):
        return Host(name, name, name, is_public_suffix=False, is_ip=True, is_dns_name=False)
    is_dns_name = len(name) <= _MAX_NAME_CHARS and all(
        _DNS_LABEL.fullmatch(p) for p in name.split(".")
    )
    site = _suffixes().privatesuffix(name) if is_dns_name else None
    return Host(
        name=name,
        unicode=ada_url.idna.decode(name) if "xn--" in name else name,
        site=site or name,
        is_public_suffix=is_dns_name and site is None,
        is_ip=False,
        is_dns_name=is_dns_name,
    )


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
