"""Names whose form alone keeps them off every list, whoever approved them and whatever was signed.

A name that a resolver reads as something else than a name can switch off the resolver. What may be listed
by its form is judged on its merits in `judging`.
"""

import ipaddress
import re
from typing import Final

import ada_url

from review_queue.blocks import MAX_URL_CHARS, normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError, BadUrlError
from review_queue.hosts import parse_host, parse_url

# In a response policy zone a name that ends so is not a name but a rule on addresses, name servers
# or clients: 32.4.3.2.1.rpz-ip stands for every name that resolves to 1.2.3.4.
_TRIGGER_PREFIX: Final = "rpz-"
# the widest network that may be one holder's: what the internet routes on its own (RFC 7454, 6.1.3)
WIDEST: Final = {4: 24, 6: 48}
# Here an IPv6 address stands for an IPv4 one: mapped (RFC 4291), translated (RFC 6052, RFC 8215), tunnelled (RFC 3056,
# RFC 4380). Of a network with NAT64 the first translated prefix is the whole internet of IPv4.
_IPV4_INSIDE: Final = tuple(
    ipaddress.IPv6Network(text)
    for text in ("::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
# set aside, though not or not whole in Python's own table: IETF protocols, among them the addresses by which every
# phone behind NAT64 finds its way (RFC 6890, RFC 7050), and documentation (RFC 9637)
_SET_ASIDE: Final = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("3fff::/20"))
_IPV6_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # nothing else was ever handed out
_IPV4_IN_IPV6: Final = "it stands for addresses of IPv4, which are listed as such"
# What needs no parser, 0.5 us in place of 20: in plain letters and digits a name is its own normal form, and a
# last label of letters is no number. An "xn--" label has to be decoded, and two letters at the end are no "rpz-".
_HOST: Final = r"(?:(?!-|xn--)[a-z0-9_-]{1,63}+(?<!-)\.)++[a-z]{2,63}"
_PLAIN_NAME: Final = re.compile(_HOST)
_PLAIN_IDN: Final = re.compile(
    r"(?:(?!-)[a-z0-9_-]{1,63}+(?<!-)\.)++(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59}(?<!-))"
)
# no escape, and no segment that begins with a dot: those may be written in another way
_PLAIN_URL: Final = re.compile(
    rf"https?://({_HOST})(?:/(?!\.)[A-Za-z0-9._~!$&()*+,;=:@-]*)+(?:\?[A-Za-z0-9._~!$&()*+,;=:@/?%-]*)?"
)
_LONGEST_NAME: Final = 253


def is_address(name: str) -> bool:
    """True where a name in normal form is an IP literal."""
    return ":" in name or name.rpartition(".")[2].isdigit()


def is_public(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """True where no address of the network is reserved, private or local."""
    if isinstance(network, ipaddress.IPv6Network) and not network.subnet_of(_IPV6_UNICAST):
        return False
    is_set_aside = any(map(network.overlaps, _SET_ASIDE))
    return network.is_global and not network.is_multicast and not is_set_aside


def is_plain(name: str) -> bool:
    """True where nothing in the form of the host name needs a closer look."""
    if len(name) > _LONGEST_NAME:
        return False
    return _PLAIN_NAME.fullmatch(name) is not None or _is_plain_idn(name)


def _is_plain_idn(name: str) -> bool:
    """True where a browser, asked for a name with "xn--" labels, would write it just so; 5 us in place of 30."""
    if "xn--" not in name or not _PLAIN_IDN.fullmatch(name):
        return False
    try:
        return ada_url.normalize_url(f"https://{name}/") == f"https://{name}/"
    except ValueError:
        return False


def plain_host_of(url: str) -> str:
    """The host of a URL in whose form nothing needs a closer look; "" of any other."""
    found = _PLAIN_URL.fullmatch(url) if len(url) <= MAX_URL_CHARS else None
    host = found.group(1) if found else ""
    return host if len(host) <= _LONGEST_NAME else ""


def refusal(scope: Scope, name: str) -> str:
    """Why the form of `name` keeps it from being listed with this scope, in one line; empty where nothing does."""
    match scope:
        case Scope.URL:
            return "" if plain_host_of(name) else _refused_url(name)
        case Scope.IP | Scope.CIDR:
            return _refused_network(scope, name)
        case _:
            return "" if is_plain(name) else _refused_name(scope, name)


def _refused_url(name: str) -> str:
    try:
        found = normal(Scope.URL, name)
    except (BadUrlError, BadHostError):
        return "it is not an http or https URL that a proxy can match"
    if "#" in name:
        # its normal form is another, wider block: all that the page without it shows
        return "what follows its # never leaves a browser, so no list can block that alone"
    if found != name:
        return f"it is not in its normal form, which is {found}"
    try:
        parse_host(parse_url(name).host.name)
    except BadHostError:
        # the URL standard lets quotes, semicolons and braces stand in a host
        return "its host is not one the DNS can hold"
    return _IPV4_IN_IPV6 if _is_ipv4_inside(parse_url(name).host.name) else ""


def _is_ipv4_inside(name: str) -> bool:
    """True where a host's name is an IPv6 address that stands for an IPv4 one."""
    if not name.startswith("["):
        return False
    address = ipaddress.IPv6Address(name.strip("[]"))
    return any(address in network for network in _IPV4_INSIDE)


def _refused_network(scope: Scope, name: str) -> str:
    try:
        found = normal(scope, name)
    except BadHostError:
        return "it is not an address or a network"
    if found != name:
        return f"it is not in its normal form, which is {found}"
    network = ipaddress.ip_network(name)
    widest = WIDEST[network.version]
    if network.prefixlen < widest:
        return f"it is wider than /{widest}: unrelated people are reached there"
    if isinstance(network, ipaddress.IPv6Network) and any(map(network.overlaps, _IPV4_INSIDE)):
        return _IPV4_IN_IPV6
    if not is_public(network):
        return "it is reserved, private or local: nobody on the internet is reached there"
    return ""


def _refused_name(scope: Scope, name: str) -> str:
    try:
        host = parse_host(name)
    except BadHostError:
        return "it is not a host name the DNS can hold"
    if host.name != name:
        return f"it is not in its normal form, which is {host.name}"
    if host.is_ip:
        if scope is Scope.DOMAIN:
            return "it is an IP address: nothing lies below it"
        return _IPV4_IN_IPV6 if _is_ipv4_inside(name) else ""
    if "." not in name:
        return "it is a top-level name: every site below it would be blocked"
    if name.rpartition(".")[2].startswith(_TRIGGER_PREFIX):
        return "a response policy zone would read it as a rule on addresses or servers"
    return ""
