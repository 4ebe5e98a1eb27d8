"""Which addresses a crawl may connect to: public ones, and those a person has allowed by name.

The check is made on the address of the connection itself, after every redirect and name lookup, so no spelling of
an address and no answer of a hostile name server passes it.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from review_queue.errors import BadHostError, QalqanError
from review_queue.hosts import Host, parse_host

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Range = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_PORT: Final = 65535
# tunnels and relays, whose address says nothing of where the connection ends, and what Python 3.11 does not know yet
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "64:ff9b:1::/48",  # local-use NAT64, RFC 8215
        "::/96",  # IPv4-compatible
        "fec0::/10",  # site-local
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "3fff::/20",  # documentation, RFC 9637
        "168.63.129.16/32",  # reached only from inside Azure, whose machines it serves
    )
)
# names that only a network of one's own can look up: reserved, or never to be given away (RFC 6761, 6762, 8375, ICANN)
_INSIDE: Final = frozenset(
    {"corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost", "private"}
)
_INSIDE_SUFFIX: Final = ".home.arpa"
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP: Final = (0x00005EFE, 0x02005EFE)


class BadAllowanceError(QalqanError):
    """An --allow-address, --resolve or --proxy that cannot be read."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Allowance:
    """Addresses of `network` may be connected to; on `port` only, where it is not 0."""

    network: Range
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """The allowance written CIDR or CIDR:PORT, an IPv6 network before a port in brackets.

        Raises:
            BadAllowanceError: it is neither.
        """
        cidr, port = text.strip(), ""
        if cidr.startswith("["):
            cidr, bracket, rest = cidr[1:].partition("]")
            cidr, port = cidr if bracket else "", rest.removeprefix(":")
        elif cidr.count(":") == 1:
            cidr, _, port = cidr.partition(":")
        try:
            network = ipaddress.ip_network(cidr, strict=False)
            number = int(port) if port else 0
        except ValueError:
            raise BadAllowanceError(_ALLOWANCE_HELP.format(text)) from None
        if not 0 <= number <= _MAX_PORT or (port and not number):
            raise BadAllowanceError(_ALLOWANCE_HELP.format(text))
        return cls(network, number)


_ALLOWANCE_HELP: Final = (
    "{!r} is not an address range; write 127.0.0.1/32:8000 or [::1/128]:8000"
    " (the port may be left out)"
)


@dataclass(frozen=True, slots=True)
class Override:
    """Names equal to `name`, or below it where `below` is set, resolve to `address`."""

    name: str
    address: str
    below: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """The override written HOST:ADDRESS or *.SUFFIX:ADDRESS.

        Raises:
            BadAllowanceError: the host or the address cannot be read.
        """
        name, _, address = text.strip().partition(":")
        below = name.startswith("*.")
        try:
            literal = ipaddress.ip_address(address.strip("[]"))
            return cls(parse_host(name.removeprefix("*.")).name, str(literal), below)
        except (ValueError, BadHostError):
            raise BadAllowanceError(
                f"{text!r} does not say where a name leads; write site.example:127.0.0.1 or *.example:127.0.0.1"
            ) from None

    def covers(self, name: str) -> bool:
        """Whether `name` (an A-label without trailing dot) is resolved by this override."""
        return name.endswith("." + self.name) if self.below else name == self.name


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What a connection may reach."""

    allowances: tuple[Allowance, ...] = ()

    def permits(self, address: str, port: int) -> bool:
        """Whether a connection to `address`, an IP literal, on `port` may be made."""
        literal = _literal(address)
        if literal is None:
            return False
        return is_public(literal) or any(
            literal in a.network and a.port in (0, port)
            for a in self.allowances
            if a.network.version == literal.version
        )

    def permits_literal(self, host: str, port: int) -> bool:
        """Whether a URL's host may be handed to a proxy: a public literal, an allowed one, or a public name.

        A proxy resolves names itself; what can be told from here is a literal, in any spelling a browser takes, and
        the names that mean the proxy's own machine or network.
        """
        try:
            parsed = parse_host(host)
        except BadHostError:
            return False
        return self.permits_host(parsed, port) and (parsed.is_ip or not _is_inside(parsed.name))

    def permits_host(self, host: Host, port: int) -> bool:
        """Whether nothing that can be told from a URL's host alone speaks against a connection."""
        if host.is_ip:
            return self.permits(host.name.strip("[]"), port)
        return (
            host.is_dns_name and host.name != "localhost" and not host.name.endswith(".localhost")
        )


def is_public(address: Address) -> bool:
    """Whether `address` is globally routable unicast and hides no address that is not."""
    if (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or not address.is_global
    ):
        # Python calls NAT64's own prefix reserved: what counts there is the address inside
        return address in _NAT64 and is_public(_embedded(address))
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    if address.version == 6 and (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:  # noqa: PLR2004  # IPv6
        return is_public(_embedded(address))
    return True


def _is_inside(name: str) -> bool:
    head, dot, last = name.rpartition(".")
    return not dot or not head or last in _INSIDE or f".{name}".endswith(_INSIDE_SUFFIX)


def resolved_by(overrides: Sequence[Override], name: str) -> str:
    """The address an override gives `name`, exact names before suffixes, "" where none does."""
    matching = [o for o in overrides if o.covers(name)]
    matching.sort(key=lambda o: (o.below, -len(o.name)))
    return matching[0].address if matching else ""


def _literal(text: str) -> Address | None:
    """The address `text` writes; an IPv4 address mapped into IPv6 comes out as what it is."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _embedded(address: Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
