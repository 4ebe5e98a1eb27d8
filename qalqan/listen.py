"""Where a program of ours waits to be asked."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Self

_HELP: Final = "is not an address and a port; write 127.0.0.1:9410, or a port alone"
_LOOPBACK: Final = "127.0.0.1"
_HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Listen:
    """An address of this machine and a port; port 0 is any that is free."""

    address: IPv4Address | IPv6Address
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Where `127.0.0.1:9410`, `[::1]:9410` or `9410` say; a port alone is on the loopback address.

        Raises:
            ValueError: the text says nothing of that kind; a host name does not.
        """
        host, _, port = text.rpartition(":")
        if not (port.isascii() and port.isdigit()) or int(port) > _HIGHEST_PORT:
            raise ValueError(f"{text!r} {_HELP}")
        if text == port:
            host = _LOOPBACK
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        try:
            address = ip_address(_LOOPBACK if host == "localhost" else bare)
        except ValueError:
            raise ValueError(f"{text!r} {_HELP}") from None
        if (address.version == 6) != (bare != host):  # noqa: PLR2004  # a colon in it would be taken for the port's
            raise ValueError(f"{text!r} {_HELP}")
        return cls(address, int(port))

    @property
    def host(self) -> str:
        """The address alone."""
        return str(self.address)

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can ask."""
        return self.address.is_loopback

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if isinstance(self.address, IPv6Address) else self.host}:{self.port}"
