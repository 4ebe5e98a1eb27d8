"""The lists for e2guardian: read back, in a running e2guardian, and what one bad line would do there."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklist import guards, lint
from blocklist.formats import FORMATS
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError, ExportError
from review_queue.records import Entry
from tests.blocklist import samples
from tests.blocklist.canaries import DOMAINS, ENTRIES, HOSTS, LONG, MUST_RESOLVE
from tests.blocklist.consumers_proxy import LISTED_V4, NEXT_V4, e2guardian, refuses_tunnel
from tests.blocklist.samples import domain, entry, left_out

SITES, ADDRESSES = FORMATS["e2guardian"].files


def checked(file: str, *entries: Entry) -> list[str]:
    """The file, its last check passed."""
    return samples.passed("e2guardian", samples.lines_of("e2guardian", entries, file), file)


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (entry("shop.mixed.example"), "an exact host cannot be said"),
        (entry("http://platform.example/page", Scope.URL), "all that lies below it"),
        (entry(LISTED_V4, Scope.IP), "only what is asked for by that address"),
        (entry("192.31.196.0/28", Scope.CIDR), "only what is asked for by that address"),
        (entry("[2620:4f:8000::66]"), "no IPv6 address"),
        (entry("10.0.0.1"), "reserved, private or local"),
    ],
)
def test_what_would_be_widened_or_narrowed_is_left_out(listed: Entry, why: str) -> None:
    assert why in left_out("e2guardian", [listed])[listed.name]
    assert checked(SITES, listed)[1:] == checked(ADDRESSES, listed)[1:] == []


def test_domains_are_sites_and_hosts_that_are_addresses_have_a_file_of_their_own() -> None:
    entries = (
        domain("b.example"),
        domain("a.b.example"),
        entry(LISTED_V4),
        entry("8.8.8.8"),
    )

    assert checked(SITES, *entries)[1:] == ["b.example"]
    assert checked(ADDRESSES, *entries)[1:] == ["8.8.8.8", LISTED_V4]


NAMES = st.text(max_size=40) | st.sampled_from(
    [
        "*",
        "**",
        ".",
        "kz",
        "a.example.",
        "a\n.Include</etc/passwd>",
        "қазақ.example",
        "b.a.example",
        "a.example",
    ]
)


@given(st.lists(NAMES, max_size=10), st.lists(st.ip_addresses().map(str), max_size=6))
def test_the_files_read_back_as_what_can_be_said_exactly(
    texts: list[str], addresses: list[str]
) -> None:
    names = set()
    for text in texts:
        try:
            name = normal(Scope.DOMAIN, text)
        except BadHostError:
            continue
        if not guards.refusal(Scope.DOMAIN, name):
            names.add(name)
    hosts = [normal(Scope.HOST, f"[{each}]" if ":" in each else each) for each in addresses]
    entries = [*map(domain, names), *map(entry, hosts)]

    sites = checked(SITES, *entries)[1:]
    found = checked(ADDRESSES, *entries)[1:]

    assert set(sites) <= names
    assert all(any(f".{name}".endswith(f".{line}") for line in sites) for name in names)
    assert found == [
        str(each)
        for each in sorted(ipaddress.IPv4Address(name) for name in {*hosts} if ":" not in name)
        if not guards.refusal(Scope.IP, str(each))
    ]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (SITES, "kz"),
        (SITES, "**"),
        (SITES, "*ip"),
        (SITES, ".Include</etc/passwd>"),
        (SITES, "a.casino.example"),
        (SITES, "zoo.example # comment"),
        (SITES, "#listcategory: zoo"),
        (SITES, "zoo.example/page"),
        (SITES, "Zoo.example"),
        (SITES, "203.0.113.66"),
        (SITES, ""),
        (SITES, "<!DOCTYPE html>"),
        (ADDRESSES, "0.0.0.0/0"),
        (ADDRESSES, "192.88.99.128/25"),
        (ADDRESSES, "192.88.99.100-192.88.99.200"),
        (ADDRESSES, "10.0.0.1"),
        (ADDRESSES, LISTED_V4),
        (ADDRESSES, "2620:4f:8000::66"),
        (ADDRESSES, "zoo.example"),
        (ADDRESSES, ""),
    ],
)
def test_one_bad_line_keeps_a_file_from_being_published(file: str, line: str) -> None:
    lines = [*samples.lines_of("e2guardian", (*ENTRIES, entry(LISTED_V4)), file), line]

    with pytest.raises(ExportError, match="nothing was published"):
        lint.check("e2guardian", file, (f"{each}\n" for each in lines), serial=7)


def test_e2guardian_blocks_sites_and_literal_hosts_and_nothing_else() -> None:
    entries = (*ENTRIES, entry(LISTED_V4))
    blocked = [f"http://{prefix}{name}/" for name in (*DOMAINS, LONG) for prefix in ("", "a.")]
    blocked += [
        "http://CASINO.example:8080/page?q",
        "http://casino.example./",
        f"http://{LISTED_V4}/page",
    ]
    passing = [f"http://{name}/" for name in (*MUST_RESOLVE, *HOSTS, "apart.example")]
    passing += [f"http://{NEXT_V4}/", "http://other.example/casino.example"]

    with e2guardian({file: checked(file, *entries) for file in (SITES, ADDRESSES)}) as proxy:
        assert proxy.states(*blocked, *passing) == {
            **dict.fromkeys(blocked, "blocked"),
            **dict.fromkeys(passing, "open"),
        }
        assert refuses_tunnel(proxy, "a.casino.example")
        assert not refuses_tunnel(proxy, "other.mixed.example")


def test_e2guardian_takes_empty_lists_and_blocks_nothing() -> None:
    with e2guardian({file: checked(file) for file in (SITES, ADDRESSES)}) as proxy:
        assert set(proxy.states(*(f"http://{name}/" for name in MUST_RESOLVE)).values()) == {"open"}


def test_without_the_last_check_a_line_blocks_more_than_was_decided() -> None:
    """Why URLs and exact hosts are left out: measured with e2guardian 5.3.5."""
    with e2guardian(
        {
            "e2guardian-bannedurllist": ["platform.example/page"],
            "e2guardian-bannedregexpurllist": ["^other\\.example/Page$"],
        }
    ) as proxy:
        more = (
            "http://platform.example/page/below",
            "http://platform.example/page?other",
            "http://a.platform.example/PAGE",
            "http://other.example/page",
        )
        assert proxy.states(*more) == dict.fromkeys(more, "blocked")
        assert proxy.state("http://platform.example/pages") == "open"
