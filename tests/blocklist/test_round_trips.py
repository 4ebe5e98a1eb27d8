"""Every DNS list read back: it blocks what its format promises of the entries, no more and no less."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import dns.name
import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocklist import guards
from blocklist.formats import FORMATS
from blocklist.rendering import reason_against
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError, BadUrlError
from review_queue.records import Entry
from tests.blocklist.samples import entry, left_out, lines_of, passed


@dataclass
class Said:
    """What a list blocks: exact names, names with all below them, networks."""

    hosts: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    networks: set[str] = field(default_factory=set)

    def blocks(self, name: str) -> bool:
        """Whether the list blocks the name."""
        labels = name.split(".")
        above = (".".join(labels[count:]) for count in range(len(labels)))
        return name in self.hosts or any(each in self.domains for each in above)


def read_zone(lines: Sequence[str]) -> Said:
    """What dnspython finds in the zone."""
    text = "\n".join(lines) + "\n"
    zone = dns.zone.from_text(text, origin="policy.test", relativize=True, allow_include=False)
    found = Said()
    wild = set()
    for owner, _, data in zone.iterate_rdatas():
        if owner == dns.name.empty:
            continue
        assert (data.rdtype, data.to_text()) in {
            (dns.rdatatype.CNAME, "."),
            (dns.rdatatype.CNAME, "blocked.qalqan.invalid."),
        }
        name = owner.to_text()
        if name.endswith(".rpz-ip"):
            found.networks.add(network_of(name.removesuffix(".rpz-ip").split(".")))
        elif name.startswith("*."):
            wild.add(name[2:])
        else:
            found.hosts.add(name)
    assert wild <= found.hosts
    return Said(found.hosts - wild, wild, found.networks)


def network_of(labels: list[str]) -> str:
    """The network of a trigger, by the words of the draft: length first, the rest backwards."""
    length, *parts = labels
    parts.reverse()
    if "zz" in parts:
        place = parts.index("zz")
        parts[place : place + 1] = ["0"] * (9 - len(parts))
    mark = "." if len(parts) == 4 else ":"
    return str(ipaddress.ip_network(f"{mark.join(parts)}/{length}"))


def read_domains(lines: Sequence[str]) -> Said:
    wild = {line[2:] for line in lines if line.startswith("*.")}
    return Said({line for line in lines if not line.startswith("*.")} - wild, wild)


def read_hosts(lines: Sequence[str]) -> Said:
    pairs = [line.split(" ") for line in lines[1:]]
    both = [{name for address, name in pairs if address == nowhere} for nowhere in NOWHERE]
    assert both[0] == both[1]
    return Said(both[0])


NOWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # read from a list


def read_unbound(lines: Sequence[str]) -> Said:
    zones = dict(re.findall(r'^local-zone: "(\S+)" (\w+)$', "\n".join(lines), re.MULTILINE))
    data = re.findall(r'^local-data: "(\S+) 300 IN (\w+) (\S+)"$', "\n".join(lines), re.MULTILINE)
    hosts = {name for name, kind in zones.items() if kind == "transparent"}
    assert len(lines) == 2 + len(zones) + len(data)
    assert sorted(data) == sorted(
        (name, kind, address)
        for name in hosts
        for kind, address in zip(("A", "AAAA"), NOWHERE, strict=True)
    )
    return Said(hosts, {name for name, kind in zones.items() if kind == "always_nxdomain"})


def read_dnsmasq(lines: Sequence[str]) -> Said:
    found = [re.fullmatch(r"address=/(\S+)/", line) for line in lines[1:]]
    return Said(set(), {each[1] for each in found if each})


def read_adguard(lines: Sequence[str]) -> Said:
    found = Said()
    for line in lines[1:]:
        name = line.strip("|^")
        if line.startswith("||"):
            found.domains.add(name)
        elif guards.is_address(name):
            found.networks.add(str(ipaddress.ip_network(name)))
        else:
            found.hosts.add(name)
    return found


READERS: Final[Mapping[tuple[str, str], Callable[[Sequence[str]], Said]]] = {
    ("rpz", "rpz.zone"): read_zone,
    ("rpz", "rpz-garden.zone"): read_zone,
    ("domains", "domains.txt"): read_domains,
    ("hosts", "hosts.txt"): read_hosts,
    ("unbound", "unbound.conf"): read_unbound,
    ("dnsmasq", "dnsmasq.conf"): read_dnsmasq,
    ("dnsmasq", "dnsmasq-hosts.txt"): read_hosts,
    ("adguard", "adguard.txt"): read_adguard,
}

LABELS = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", fullmatch=True)
NAMES = (
    st.lists(LABELS, min_size=1, max_size=8).map(".".join)
    # few labels, so that names often lie below one another or are equal
    | st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(
        lambda labels: ".".join([*labels, "example"])
    )
    | st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20).map(
        lambda label: f"{label}.example"
    )
    | st.integers(60, 63).map(lambda size: ".".join(["l" * size] * 3 + ["example"]))
    | st.sampled_from(["*", "*.", ".", "@", "#", "a\n* CNAME .", "kz", "a|b.example", 'a".example'])
    | st.text(max_size=60)
)
ADDRESSES = st.ip_addresses().map(str)
NETWORKS = st.builds(
    lambda address, length: str(ipaddress.ip_network((address, length), strict=False)),
    st.ip_addresses(v=4),
    st.integers(20, 31),
) | st.builds(
    lambda address, length: str(ipaddress.ip_network((address, length), strict=False)),
    st.ip_addresses(v=6),
    st.integers(40, 127),
)
URLS = NAMES.map(lambda name: f"http://{name}/users/evil/page.html")
TEXTS: Final = {
    Scope.HOST: NAMES | ADDRESSES,
    Scope.DOMAIN: NAMES,
    Scope.IP: ADDRESSES,
    Scope.CIDR: NETWORKS,
    Scope.URL: URLS,
}


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Entries of every scope as they come out of the guards, from text as hostile as it may be."""
    found = []
    for scope in draw(st.lists(st.sampled_from(sorted(Scope)), max_size=16)):
        text = draw(TEXTS[scope])
        try:
            name = normal(scope, text)
        except (BadHostError, BadUrlError):
            continue
        if not guards.refusal(scope, name):
            found.append(entry(name, scope))
    return found


def promised(form: str, file: str, found: Sequence[Entry]) -> Said:
    """What the format's capability says it can say of the entries, each thing once."""
    whole = promised_of(form, found)
    match file:  # of two files one has the domains, the other the hosts
        case "dnsmasq.conf":
            return Said(set(), whole.domains)
        case "dnsmasq-hosts.txt":
            return Said(whole.hosts)
        case _:
            return whole


def promised_of(form: str, found: Sequence[Entry]) -> Said:
    sayable = FORMATS[form].capability
    kept = [each for each in found if not reason_against(sayable, each.scope, each.name)]
    names = {
        scope: {each.name for each in kept if each.scope is scope}
        for scope in (Scope.HOST, Scope.DOMAIN)
    }
    above = Said(set(), names[Scope.DOMAIN])
    return Said(
        {name for name in names[Scope.HOST] if not above.blocks(name)},
        {name for name in names[Scope.DOMAIN] if not above.blocks(name.partition(".")[2])},
        {
            str(ipaddress.ip_network(each.name))
            for each in kept
            if each.scope in (Scope.IP, Scope.CIDR)
        },
    )


@pytest.mark.parametrize(("form", "file"), READERS)
@settings(deadline=None)  # nothing here is about time
@given(found=entries())
def test_a_list_read_back_is_what_its_format_promises(
    form: str, file: str, found: list[Entry]
) -> None:
    lines = passed(form, lines_of(form, found, file), file)

    said = READERS[form, file](lines)

    assert said == promised(form, file, found)
    unsaid = left_out(form, found)
    for each in found:
        if each.scope in (Scope.URL, Scope.CIDR) and form != "rpz":
            assert each.name in unsaid
        is_name = each.scope in (Scope.HOST, Scope.DOMAIN)
        if is_name and each.name not in unsaid and form != "dnsmasq":
            assert said.blocks(each.name)
    below_hosts = {f"below.{name}" for name in said.hosts}
    assert not any(said.blocks(name) for name in below_hosts - said.hosts)


@pytest.mark.parametrize("form", sorted({form for form, _ in READERS}))
def test_a_url_is_never_said_as_the_host_it_is_on(form: str) -> None:
    url = entry("http://platform.example/users/evil/page.html", Scope.URL)

    assert "cannot say the scope url" in left_out(form, [url])[url.name]
    assert not any("platform.example" in line for line in lines_of(form, [url]))
