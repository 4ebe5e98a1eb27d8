"""The last look at a rendered list before it may replace the published one.

One bad line does more harm than a missing entry: depending on the resolver it drops the whole
list, blocks everything, or keeps the resolver from starting. So this file reads the bytes as they
will be loaded and shares nothing with the code that wrote them but the guards.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from blocklist import (
    lint_dns,
    lint_misp,
    lint_packets,
    lint_proxy,
    lint_records,
    lint_rpz,
    lint_stix,
    lint_suricata,
    lint_xml,
)
from blocklist.lint_lines import START, WILDCARD, fault, place_of, text_of


def check(form: str, file: str, lines: Iterable[str], *, serial: int) -> int:
    """How much the file of this format holds, once every line of it is known to be harmless.

    Raises:
        ExportError: a line that must not reach a reader, by number.
    """
    return CHECKS[form, file](lines, serial)


def check_domains(lines: Iterable[str], _serial: int) -> int:
    """How many lines the plain list has, once each is known to be one name.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    last = START
    number = 0
    for number, line in enumerate(lines, start=1):
        last = place_of(number, text_of(number, line), last)
    return number


def check_hosts(lines: Iterable[str], _serial: int) -> int:
    """How many names the hosts file has, once each is known to be exact and sent nowhere.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    first, line = next(numbered, (1, ""))
    if not text_of(first, line).startswith("# "):
        raise fault(first, "is not the heading")
    last = START
    names = 0
    for number, line in numbered:
        address, _, name = text_of(number, line).partition(" ")
        if address != "0.0.0.0" or name.startswith(WILDCARD):  # noqa: S104  # a list's own text
            raise fault(number, "is not an exact name sent to 0.0.0.0 and ::")
        last = place_of(number, name, last)
        second, line = next(numbered, (number, "\n"))  # noqa: PLW2901  # the second line of the pair
        if text_of(second, line) != f":: {name}":
            raise fault(second, "does not send the name above it to ::, so half of it stays open")
        names += 1
    return names


CHECKS: Final[Mapping[tuple[str, str], Callable[[Iterable[str], int], int]]] = {
    ("rpz", "rpz.zone"): lint_rpz.check_nxdomain,
    ("rpz", "rpz-garden.zone"): lint_rpz.check_garden,
    ("domains", "domains.txt"): check_domains,
    ("hosts", "hosts.txt"): check_hosts,
    ("unbound", "unbound.conf"): lint_dns.check_unbound,
    ("dnsmasq", "dnsmasq.conf"): lint_dns.check_dnsmasq,
    ("dnsmasq", "dnsmasq-hosts.txt"): check_hosts,
    ("adguard", "adguard.txt"): lint_dns.check_adguard,
    ("nftables", "nftables.nft"): lint_packets.check_nftables,
    ("e2guardian", "e2guardian-bannedsitelist"): lint_proxy.check_domains_only,
    ("e2guardian", "e2guardian-bannedsiteiplist"): lint_proxy.check_e2guardian_addresses,
    ("suricata", "suricata.rules"): lint_suricata.check_rules,
    ("suricata", "suricata-hosts.lst"): lint_suricata.check_hosts,
    ("squidguard", "squidguard-domains.txt"): lint_proxy.check_domains_only,
    ("squid", "squid-dstdomain.txt"): lint_proxy.check_squid_domains,
    ("squid", "squid-url.txt"): lint_proxy.check_squid_urls,
    ("squid", "squid-dst.txt"): lint_proxy.check_squid_addresses,
    ("csv", "csv-entries.csv"): lint_records.check_csv,
    ("xml", "xml-entries.xml"): lint_xml.check_dump,
    ("stix", "stix-bundle.json"): lint_stix.check_bundle,
    ("misp", "misp-event.json"): lint_misp.check_event,
    ("misp", "misp-manifest.json"): lint_misp.check_manifest,
    ("misp", "misp-hashes.csv"): lint_misp.check_hashes,
}
