"""Names that must never be listed, whoever approved them.

An entry for a public suffix switches off every site below it, and a name that a resolver reads as
something else than a name can switch off the resolver.
"""

import ipaddress
from typing import Final

from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError, BadUrlError
from review_queue.hosts import parse_host, parse_url

# In a response policy zone a name that ends so is not a name but a rule on addresses, name servers
# or clients: 32.4.3.2.1.rpz-ip stands for every name that resolves to 1.2.3.4.
_TRIGGER_PREFIX: Final = "rpz-"
# the widest network that may be one holder's: what the internet routes on its own (RFC 7454, 6.1.3)
_WIDEST: Final = {4: 24, 6: 48}


def is_address(name: str) -> bool:
    """True where a name in normal form is an IP literal."""
    return ":" in name or name.rpartition(".")[2].isdigit()


def refusal(scope: Scope, name: str) -> str:
    """Why `name` must not be listed with this scope, in one line; empty where nothing does."""
    match scope:
        case Scope.URL:
            return _refused_url(name)
        case Scope.IP | Scope.CIDR:
            return _refused_network(scope, name)
        case _:
            return _refused_name(scope, name)


def _refused_url(name: str) -> str:
    try:
        found = normal(Scope.URL, name)
    except (BadUrlError, BadHostError):
        return "it is not an http or https URL that a proxy can match"
    if found != name:
        return f"it is not in its normal form, which is {found}"
    url = parse_url(name)
    try:
        parse_host(url.host.name)
    except BadHostError:
        # the URL standard lets quotes, semicolons and braces stand in a host
        return "its host is not one the DNS can hold"
    is_whole = name == f"{url.scheme}://{url.host.name}/"
    if url.host.is_public_suffix and is_whole:
        return "it is the front page of a public suffix: unrelated people hold the names below it"
    return ""


def _refused_network(scope: Scope, name: str) -> str:
    try:
        found = normal(scope, name)
    except BadHostError:
        return "it is not an address or a network"
    if found != name:
        return f"it is not in its normal form, which is {found}"
    network = ipaddress.ip_network(name)
    if not network.is_global or network.is_multicast:
        return "it is reserved, private or local: nobody on the internet is reached there"
    widest = _WIDEST[network.version]
    if network.prefixlen < widest:
        return f"it is wider than /{widest}: unrelated people are reached there"
    return ""


def _refused_name(scope: Scope, name: str) -> str:
    """Why a name must not be listed.

    A public suffix is refused in both scopes: even the exact name of a private one such as
    github.io is the front page of a service that many unrelated people use.
    """
    try:
        host = parse_host(name)
    except BadHostError:
        return "it is not a host name the DNS can hold"
    if host.name != name:
        return f"it is not in its normal form, which is {host.name}"
    if host.is_ip:
        return "it is an IP address: nothing lies below it" if scope is Scope.DOMAIN else ""
    if "." not in name:
        return "it is a top-level name: every site below it would be blocked"
    if name.rpartition(".")[2].startswith(_TRIGGER_PREFIX):
        return "a response policy zone would read it as a rule on addresses or servers"
    if host.is_public_suffix:
        return "it is a public suffix: unrelated people hold the names below it"
    return ""
