from collections.abc import Sequence
from dataclasses import replace

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocklist import canonical, guards, lint
from blocklist.formats import FORMATS
from review_queue.categories import Scope
from review_queue.errors import BadHostError
from review_queue.hosts import parse_host
from review_queue.records import Entry
from tests.blocklist.samples import HEADING, domain, entry, left_out, lines_of, passed

MIXED = (
    entry("shop.mixed.example"),
    domain("bad.example"),
    entry("below.bad.example"),
    entry("xn--80aodfsg.example"),
    entry("203.0.113.66"),
    entry("[2001:db8::1]"),
)


def rendered(name: str, entries: Sequence[Entry]) -> list[str]:
    """The lines of a format for what it can say of `entries`, after the last check."""
    return passed(name, lines_of(name, entries))


def parsed(lines: Sequence[str], zone_name: str = "policy.test") -> dict[str, tuple[str, str]]:
    """The records dnspython reads from zone lines: owner -> (type, data), the apex left out."""
    text = "\n".join(lines) + "\n"
    zone = dns.zone.from_text(text, origin=zone_name, relativize=True, allow_include=False)
    return {
        owner.to_text(): (dns.rdatatype.to_text(data.rdtype), data.to_text())
        for owner, _, data in zone.iterate_rdatas()
        if owner != dns.name.empty
    }


def test_files_are_named_after_their_format() -> None:
    names = {form.file_name for form in FORMATS.values()}

    assert names >= {"domains.txt", "hosts.txt", "rpz.zone"}
    assert all(form.file_name.startswith(name) for name, form in FORMATS.items())


def test_domains_has_one_name_a_line_and_a_star_for_what_lies_below() -> None:
    assert rendered("domains", MIXED) == [
        "bad.example",
        "*.bad.example",
        "shop.mixed.example",
        "xn--80aodfsg.example",
    ]


def test_hosts_sends_exact_names_nowhere_in_both_address_families() -> None:
    assert rendered("hosts", MIXED)[1:] == [
        "0.0.0.0 below.bad.example",
        ":: below.bad.example",
        "0.0.0.0 shop.mixed.example",
        ":: shop.mixed.example",
        "0.0.0.0 xn--80aodfsg.example",
        ":: xn--80aodfsg.example",
    ]


def test_hosts_leaves_a_domain_out_and_neither_widens_nor_narrows_it() -> None:
    found = left_out("hosts", MIXED)

    assert "cannot say the scope domain" in found["bad.example"]
    assert not any(line.endswith(" bad.example") for line in rendered("hosts", MIXED))


@pytest.mark.parametrize("name", ["adguard", "dnsmasq", "domains", "hosts", "rpz", "unbound"])
def test_formats_of_names_leave_addresses_out(name: str) -> None:
    found = left_out(name, MIXED)

    assert "not a DNS name" in found["203.0.113.66"]
    assert "not a DNS name" in found["[2001:db8::1]"]


def test_rpz_has_relative_names_and_no_origin() -> None:
    lines = rendered("rpz", MIXED)

    assert lines[2].startswith("@ SOA localhost. nobody.invalid. 7 ")
    assert lines[4:] == [
        "bad.example CNAME .",
        "*.bad.example CNAME .",
        "shop.mixed.example CNAME .",
        "xn--80aodfsg.example CNAME .",
    ]
    assert not any("$ORIGIN" in line for line in lines)


def test_rpz_leaves_out_a_name_that_would_be_too_long_under_a_zone_name() -> None:
    fits = ".".join(["a" * 61, "b" * 61, "c" * 55, "example"])
    too_long = "d" + fits
    zone = ".".join(["z" * 31, "z" * 31])

    assert len(fits) == 187
    assert len(zone) == 63
    assert list(left_out("rpz", [domain(fits), domain(too_long)])) == [too_long]
    assert f"*.{fits}" in parsed(rendered("rpz", [domain(fits)]), zone)


@pytest.mark.parametrize(
    ("name", "file"), [(form.name, file) for form in FORMATS.values() for file in form.files]
)
def test_a_list_of_nothing_is_valid_and_says_nothing(name: str, file: str) -> None:
    lines = [f"{line}\n" for line in lines_of(name, [], file)]

    assert lint.check(name, file, lines, serial=HEADING.serial) == 0
    assert not any("example" in line for line in lines)


SAYABLE = frozenset({Scope.HOST, Scope.DOMAIN})
LABELS = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", fullmatch=True)
ASCII_NAMES = st.lists(LABELS, min_size=1, max_size=8).map(".".join)
# Few labels, so that names often lie below one another or are equal.
NESTED_NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(
    lambda labels: ".".join([*labels, "example"])
)
IDN_NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20).map(
    lambda label: f"{label}.example"
)
HOSTILE_NAMES = st.text(max_size=60) | st.sampled_from(
    ["*", "*.", ".", "@", "$ORIGIN a.", "a.example.", "a\n* CNAME .", "kz", "github.io", "1.2.3.4"]
)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Entries as they come out of the guards, from names as hostile as they may be."""
    names = draw(st.lists(ASCII_NAMES | NESTED_NAMES | IDN_NAMES | HOSTILE_NAMES, max_size=12))
    found = []
    for name in names:
        try:
            normal = parse_host(name).name
        except BadHostError:
            normal = name
        scope = draw(st.sampled_from(sorted(SAYABLE)))
        if not guards.refusal(scope, normal):
            found.append(entry(normal, scope))
    return found


def blocked(owners: set[str], name: str) -> bool:
    """Whether a resolver blocks `name`: an owner of that name, or the closest wildcard (RFC 4592)."""
    if name in owners:
        return True
    exists = {o.split(".", count)[-1] for o in owners for count in range(o.count(".") + 1)}
    labels = name.split(".")
    for count in range(1, len(labels) + 1):
        rest = ".".join(labels[count:])
        if rest in exists or not rest:
            return f"*.{rest}" in owners
    return False


@settings(deadline=None)  # nothing here is about time
@given(entries())
def test_rpz_read_back_blocks_exactly_what_the_entries_say(found: list[Entry]) -> None:
    unsaid = left_out("rpz", found)
    listed = [each for each in found if each.name not in unsaid or each.scope in SAYABLE]
    listed = [each for each in listed if not guards.is_address(each.name) and len(each.name) <= 187]
    records = parsed(rendered("rpz", found))
    owners = set(records)
    hosts = {each.name for each in listed if each.scope is Scope.HOST}
    domains = {each.name for each in listed if each.scope is Scope.DOMAIN}

    assert set(records.values()) <= {("CNAME", ".")}
    assert all(each.name in unsaid for each in found if each not in listed)
    for name in hosts | domains:
        inside = any(name == d or name.endswith(f".{d}") for d in domains)
        assert blocked(owners, name)
        assert blocked(owners, f"below.{name}") == inside
        assert blocked(owners, f"deep.below.{name}") == inside
        below = any(name.endswith(f".{d}") for d in domains)
        assert blocked(owners, f"not{name}") == (below or f"not{name}" in hosts | domains)
    plain = {owner for owner in owners if not owner.startswith("*.")}
    assert plain <= hosts | domains


@settings(deadline=None)  # nothing here is about time
@given(entries())
def test_domains_read_back_are_the_names_of_rpz(found: list[Entry]) -> None:
    short = [each for each in found if len(each.name) <= FORMATS["rpz"].capability.longest_name]

    assert set(rendered("domains", short)) == set(parsed(rendered("rpz", short)))


@settings(deadline=None)  # nothing here is about time
@given(entries())
def test_hosts_read_back_are_the_exact_hosts(found: list[Entry]) -> None:
    names = {line.split()[1] for line in rendered("hosts", found) if not line.startswith("#")}

    assert names == {
        each.name for each in found if each.scope is Scope.HOST and not guards.is_address(each.name)
    }


INJECTIONS = st.text(max_size=80) | st.sampled_from(
    [
        "\n* CNAME .\n",
        '"}\n{"name": "kz"}',
        "\u2028",
        "\x00",
        "$INCLUDE /etc/passwd",
        "\\",
        "'; --",
        "\ud800",
    ]
)


@settings(deadline=None)  # nothing here is about time
@given(INJECTIONS)
def test_nothing_written_by_people_alters_the_structure_of_a_list(text: str) -> None:
    plain = entry("casino.example")
    hostile = replace(
        plain, unicode_name=text, case_ref=text, policy_code=text, legal_ground_code=text, id=text
    )

    for name in ("adguard", "dnsmasq", "domains", "hosts", "rpz", "unbound"):
        assert rendered(name, [hostile]) == rendered(name, [plain])
    line = canonical.line_of(hostile)
    assert line.isascii()
    assert "\n" not in line
    assert canonical.entry_of(line) == hostile
