"""The list formats, one file each, by the names people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from blocklist.formats import (
    adguard,
    csv_rows,
    dnsmasq,
    domains,
    e2guardian,
    hosts,
    misp_feed,
    nftables,
    rpz,
    squid,
    squidguard,
    stix_bundle,
    suricata,
    unbound,
    xml_dump,
)
from blocklist.rendering import Format

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        each.FORMAT.name: each.FORMAT
        for each in (
            adguard,
            csv_rows,
            dnsmasq,
            domains,
            e2guardian,
            hosts,
            misp_feed,
            nftables,
            rpz,
            squid,
            squidguard,
            stix_bundle,
            suricata,
            unbound,
            xml_dump,
        )
    }
)
