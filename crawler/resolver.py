"""Twisted's name resolver with the address guard in it: every connection of a crawl passes here, literals too."""

from collections.abc import Sequence
from typing import Any, Final

from scrapy.resolver import CachingHostnameResolver, HostResolution
from twisted.internet.address import IPv4Address, IPv6Address

from crawler.guard import AddressPolicy, Override, resolved_by
from review_queue.errors import BadHostError
from review_queue.hosts import parse_host

_MAX_REFUSED: Final = 10_000


class AddressRefusedError(Exception):
    """A connection that the address guard did not let through; its text names host and address."""


# zope's interfaces, which Twisted's types are made of, mean nothing to a type checker
Interface = Any


class GuardedResolver(CachingHostnameResolver):
    """Gives a connection only those addresses that the policy permits on its port.

    Of the class it derives from it is only the type: an answer is never cached, so a changed one is checked anew.
    """

    def __init__(
        self,
        reactor: Interface,
        policy: AddressPolicy,
        overrides: Sequence[Override],
        exempt: tuple[str, int] | None,
    ) -> None:
        self.reactor = reactor
        self.original_resolver = reactor.nameResolver
        self._policy = policy
        self._overrides = tuple(overrides)
        self._exempt = exempt
        self._refused: dict[tuple[str, int], str] = {}

    def refused(self, host: str, port: int) -> str:
        """The address last refused to `host` on `port`, "" where none was."""
        return self._refused.get((_a_label(host), port), "")

    def resolveHostName(  # noqa: N802  # the interface's names
        self,
        resolutionReceiver: Interface,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Interface = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Interface:
        """Hand the permitted addresses of `hostName` to the receiver."""
        name = _a_label(hostName)
        original: Interface = self.original_resolver
        if self._is_exempt(name, portNumber):
            return original.resolveHostName(
                resolutionReceiver, name, portNumber, addressTypes, transportSemantics
            )
        receiver = _GuardedReceiver(self, resolutionReceiver, name, portNumber)
        address = resolved_by(self._overrides, name)
        # the system's resolver raises on a name that does not fit the DNS, and Twisted then never answers
        if address or not _can_exist(name):
            resolution = HostResolution(name)
            receiver.resolutionBegan(resolution)
            if address:
                made = IPv6Address if ":" in address else IPv4Address
                receiver.addressResolved(made("TCP", address, portNumber))
            receiver.resolutionComplete()
            return resolution
        return original.resolveHostName(
            receiver, name, portNumber, addressTypes, transportSemantics
        )

    def _is_exempt(self, name: str, port: int) -> bool:
        if self._exempt is None:
            return False
        # a tunnel for https asks for the proxy's address without its port
        return name == self._exempt[0] and port in (self._exempt[1], 0)

    def lets_through(self, name: str, address: Interface, port: int) -> bool:
        """Whether `address` may be used for `name`; a refusal is remembered for the error's sake."""
        if self._policy.permits(address.host.partition("%")[0], port):
            return True
        if len(self._refused) >= _MAX_REFUSED:
            self._refused.clear()
        self._refused[name, port] = address.host
        return False


class _GuardedReceiver:
    """Stands before a connection's receiver of addresses and keeps back the refused ones."""

    def __init__(self, guard: GuardedResolver, receiver: Interface, name: str, port: int) -> None:
        self.resolutionBegan = receiver.resolutionBegan
        self.resolutionComplete = receiver.resolutionComplete
        self._receiver = receiver
        self._guard = guard
        self._name = name
        self._port = port

    def addressResolved(self, address: Interface) -> None:  # noqa: N802  # the interface's name
        """Pass `address` on if the guard lets it through."""
        if self._guard.lets_through(self._name, address, self._port):
            self._receiver.addressResolved(address)


def _can_exist(name: str) -> bool:
    try:
        parse_host(f"[{name}]" if ":" in name else name)
    except BadHostError:
        return False
    return True


def _a_label(name: str) -> str:
    """`name` as the DNS is asked for it: Twisted hands over U-labels, which Python would encode by an old standard."""
    bare = name.strip("[]").rstrip(".").lower()
    if bare.isascii():
        return bare
    try:
        return parse_host(bare).name
    except BadHostError:
        return bare.encode("ascii", "backslashreplace").decode("ascii")
