"""The last look at a rendered list before it may replace the published one.

One bad line does more harm than a missing entry: depending on the resolver it drops the whole
list, blocks everything, or keeps the resolver from starting. So this file reads the bytes as they
will be loaded and shares nothing with the code that wrote them but the guards.
"""

from collections.abc import Callable, Iterable, Mapping
from io import TextIOWrapper
from typing import BinaryIO, Final, TextIO

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
from blocklist.lint_known import Known, Names, shape_of
from blocklist.lint_lines import WILDCARD, fault, text_of

_DOMAINS: Final = shape_of(
    r"(?P<name>)\n(?P<wide>\*\.(?P=name)\n)?", continues=(WILDCARD,), wild_lines=True
)
_HOSTS: Final = shape_of(
    r"0\.0\.0\.0 (?P<name>)\n:: (?P=name)\n(?P<wide>)", continues=(":: ",), says_covered=True
)


def check(
    form: str, file: str, lines: Iterable[str], *, serial: int, known: Known | None = None
) -> int:
    """How much the file of this format holds, once every line of it is known to be harmless.

    With `known`, what the guards have let into this list is not asked of them again, and a list of names may hold
    no other.

    Raises:
        ExportError: a line that must not reach a reader, by number.
    """
    return CHECKS[form, file](lines, serial, known)


def opened(file: BinaryIO) -> TextIO:
    """The file as `check` reads it, each line with its end."""
    # a byte outside ASCII comes as the surrogate of PEP 383, and only a line feed ends a line
    return TextIOWrapper(file, encoding="ascii", errors="surrogateescape", newline="\n")


def check_domains(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many lines the plain list has, once each is known to be one name.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    names = Names(known)
    for number, line in names.unknown(enumerate(lines, start=1), _DOMAINS):
        names.add(number, text_of(number, line))
    return names.count


def check_hosts(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many names the hosts file has, once each is known to be exact and sent nowhere.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    first, line = next(numbered, (1, ""))
    if not text_of(first, line).startswith("# "):
        raise fault(first, "is not the heading")
    names = Names(known)
    unknown = names.unknown(numbered, _HOSTS)
    for number, line in unknown:
        address, _, name = text_of(number, line).partition(" ")
        if address != "0.0.0.0" or name.startswith(WILDCARD):  # noqa: S104  # a list's own text
            raise fault(number, "is not an exact name sent to 0.0.0.0 and ::")
        names.add(number, name)
        second, line = next(unknown, (number, "\n"))  # noqa: PLW2901  # the second line of the pair
        if text_of(second, line) != f":: {name}":
            raise fault(second, "does not send the name above it to ::, so half of it stays open")
    return names.count


Check = Callable[[Iterable[str], int, Known | None], int]
CHECKS: Final[Mapping[tuple[str, str], Check]] = {
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
