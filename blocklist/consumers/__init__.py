"""The programs that load lists, by the names people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from blocklist.consumers import (
    bind,
    dnsmasq,
    e2guardian,
    knot,
    nftables,
    powerdns,
    rbldnsd,
    squid,
    squidguard,
    suricata,
    unbound,
)
from blocklist.consumers.questions import Consumer

CONSUMERS: Final[Mapping[str, Consumer]] = MappingProxyType(
    {
        each.CONSUMER.key: each.CONSUMER
        for each in (
            bind,
            unbound,
            dnsmasq,
            powerdns,
            knot,
            squid,
            squidguard,
            e2guardian,
            nftables,
            rbldnsd,
            suricata,
        )
    }
)
