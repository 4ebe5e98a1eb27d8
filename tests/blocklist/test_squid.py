"""The lists for Squid: read back, in a running Squid, and what one bad line would do there."""

import re
import string
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklist import guards, lint
from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.publish import export
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError, BadUrlError, ExportError
from review_queue.records import Entry
from review_queue.store import Store
from tests.blocklist.approvals import agree, case_of
from tests.blocklist.canaries import ENTRIES, EXPECTED, MUST_RESOLVE
from tests.blocklist.consumers_proxy import (
    LISTED_V4,
    LISTED_V6,
    NEXT_V4,
    NEXT_V6,
    OPEN_V4,
    refuses_tunnel,
    squid,
    squid_says,
)
from tests.blocklist.samples import HEADING, domain, entry, left_out, lines_of, passed

DOMAINS, URLS, ADDRESSES = FORMATS["squid"].files
PLATFORM = "http://platform.example/users/evil/page.html"


def url(name: str) -> Entry:
    return entry(name, Scope.URL)


NETWORKS = (
    entry(LISTED_V4, Scope.IP),
    entry(LISTED_V6, Scope.IP),
    entry("192.31.196.0/28", Scope.CIDR),
    entry("192.31.196.3", Scope.IP),
)
# every printable character that may stand in an address as it is
PRINTABLE = "".join(
    sign for sign in string.punctuation if sign not in "#%<>\"'`{|}" and sign != "\\"
)
ODD_URLS = (
    f"http://odd.example:8080/{PRINTABLE}?{PRINTABLE}{{|}}`\\x",
    "http://odd.example/%D2%9B%D0%B0%D0%B7%D0%B0%D2%9B?q=%FF",
    "http://odd.example/a%20b%22%3C%3E",
    "http://odd.example/.*",
    "http://odd.example/?acl=all%20src%20all",
    "http://odd.example/Case",
    "http://xn--80aodfsg.example/",
    f"http://{OPEN_V4}/page",
    "http://odd.example/" + "x" * 1900,
)


def checked(file: str, *entries: Entry) -> list[str]:
    """The file, its last check passed."""
    return passed("squid", lines_of("squid", entries, file), file)


def is_matched(lines: list[str], found: str) -> bool:
    """Whether Squid would match the address: it undoes the escapes once, then tries each expression."""
    bare = unquote_to_bytes(found).decode("ascii", "surrogateescape")
    return any(re.search(line, bare) for line in lines[1:])


def test_a_host_is_bare_a_domain_has_a_dot_and_what_it_covers_is_gone() -> None:
    found = checked(
        DOMAINS, entry("a.example"), domain("a.example"), entry("b.a.example"), entry("h.example")
    )

    assert found[1:] == [".a.example", "h.example"]


def test_an_address_in_a_listed_network_is_written_once() -> None:
    assert checked(ADDRESSES, *NETWORKS)[1:] == ["192.31.196.0/28", LISTED_V4, LISTED_V6]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("https://platform.example/users/evil", "sees only the host"),
        ("http://platform.example/a%2Fb", "cannot tell from another"),
        ("http://platform.example/100%", "cannot tell from another"),
        ("http://platform.example/a%0Ab", "cannot tell from another"),
        ("http://platform.example/a%2541", "cannot tell from another"),
        ("http://platform.example/" + "." * 1000, "cut in two"),
    ],
)
def test_a_url_that_squid_cannot_tell_from_others_is_left_out(name: str, why: str) -> None:
    assert why in left_out("squid", [url(name)])[name]
    assert checked(URLS, url(name))[1:] == []


URL_TAILS = st.text(string.printable + "қазақ", max_size=40) | st.sampled_from(
    [
        "a\n.*",
        "a$|.*",
        "(",
        "a%0a^",
        "%",
        "\\",
        ".*",
        '"/etc/passwd"',
        " -i",
        "#x",
        "?#",
        "[[:alpha:]]",
    ]
)


@given(st.lists(URL_TAILS, max_size=6), URL_TAILS)
def test_the_expressions_match_the_listed_urls_and_no_other(tails: list[str], other: str) -> None:
    def as_listed(tail: str) -> str:
        return normal(Scope.URL, f"http://odd.example/{tail}")

    listed = [as_listed(tail) for tail in tails]
    entries = [url(name) for name in listed]
    lines = checked(URLS, *entries)
    skipped = left_out("squid", entries)
    said = {unquote_to_bytes(name) for name in listed if name not in skipped}

    assert all(is_matched(lines, name) for name in listed if name not in skipped)
    assert is_matched(lines, as_listed(other)) == (unquote_to_bytes(as_listed(other)) in said)


NAMES = st.text(max_size=40) | st.sampled_from(
    [
        "*",
        ".",
        ".kz",
        "a.example.",
        "a\n.example",
        "қазақ.example",
        "1.2.3.4",
        "b.a.example",
        "a.example",
    ]
)


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=10))
def test_the_names_read_back_as_the_entries_that_no_other_covers(
    found: list[tuple[str, bool]],
) -> None:
    entries = []
    for text, is_domain in found:
        scope = Scope.DOMAIN if is_domain else Scope.HOST
        try:
            name = normal(scope, text)
        except (BadHostError, BadUrlError):
            continue
        if not guards.refusal(scope, name):
            entries.append(entry(name, scope))
    sayable = {(e.name, e.scope) for e in entries if not guards.is_address(e.name)}
    domains = {name for name, scope in sayable if scope is Scope.DOMAIN}

    lines = checked(DOMAINS, *entries)[1:]

    assert {line[1:] for line in lines if line.startswith(".")} <= domains
    assert {line for line in lines if not line.startswith(".")} <= {name for name, _ in sayable}
    for name, _ in sayable:
        assert any(name == line.removeprefix(".") or f".{name}".endswith(line) for line in lines)


def test_an_export_writes_the_letters_of_a_url_as_the_bytes_squid_compares(
    store: Store, tmp_path: Path
) -> None:
    case = case_of(store, "odd.example")
    agree(store, case, "http://odd.example/%D2%9B%D0%B0", Scope.URL, people=2)
    admit(store)

    export(store, tmp_path, ["squid"], actor="test")

    lines = (tmp_path / URLS).read_bytes().splitlines()
    assert lines[1:] == ["^http://odd\\.example/қа$".encode()]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (DOMAINS, "zoo.example\n.zoo.example"),
        (DOMAINS, ".zoo.example\nzoo.example"),
        (DOMAINS, ".zoo.example\n.zoo.zoo.example"),
        (DOMAINS, "a.zoo.example\n.zoo.example"),
        (DOMAINS, "."),
        (DOMAINS, ".kz"),
        (DOMAINS, "..zoo.example"),
        (DOMAINS, "zoo.example."),
        (DOMAINS, "*.zoo.example"),
        (DOMAINS, "Zoo.example"),
        (DOMAINS, "<!DOCTYPE html>"),
        (DOMAINS, "zoo.example other.example"),
        (DOMAINS, "203.0.113.66"),
        (DOMAINS, "# comment"),
        (DOMAINS, "қазақ.example"),
        (URLS, "."),
        (URLS, ".*"),
        (URLS, "^"),
        (URLS, "^$"),
        (URLS, "-i"),
        (URLS, "http"),
        (URLS, "^http://zoo\\.example/"),
        (URLS, "http://zoo\\.example/$"),
        (URLS, "^http://zoo.example/$"),
        (URLS, "^http://zoo\\.example/.*$"),
        (URLS, "^http://zoo\\.example/(a|b)$"),
        (URLS, "^http://zoo\\.example/\\w$"),
        (URLS, "^http://zoo\\.example/\\$"),
        (URLS, "^http://zoo\\.example/%20$"),
        (URLS, "^http://github\\.io/$"),
        (URLS, "^https://zoo\\.example/$"),
        (URLS, "^http://zoo\\.example/" + "x" * 2000 + "$"),
        (URLS, "^http://zoo\\.example/қ$"),
        (ADDRESSES, "0.0.0.0/0"),
        (ADDRESSES, "all"),
        (ADDRESSES, "10.0.0.1"),
        (ADDRESSES, "192.88.99.7-192.88.99.9"),
        (ADDRESSES, "192.88.99.0/24"),
        (ADDRESSES, "2620:4f:8000::66"),
        (ADDRESSES, "2620:4f:8000::/48"),
        (ADDRESSES, "zoo.example"),
        (ADDRESSES, "192.88.99"),
    ],
)
def test_one_bad_line_keeps_a_file_from_being_published(file: str, line: str) -> None:
    lines = [*lines_of("squid", (*ENTRIES, *NETWORKS, url(PLATFORM)), file), *line.split("\n")]

    with pytest.raises(ExportError, match="nothing was published"):
        lint.check("squid", file, (f"{each}\n" for each in lines), serial=HEADING.serial)


@pytest.mark.parametrize("file", [DOMAINS, URLS, ADDRESSES])
def test_an_address_or_name_that_stands_twice_is_refused(file: str) -> None:
    lines = lines_of("squid", (*ENTRIES, *NETWORKS, url(PLATFORM)), file)

    with pytest.raises(ExportError, match="repeats"):
        lint.check("squid", file, (f"{each}\n" for each in [*lines, lines[-1]]), serial=7)


def test_squid_blocks_every_name_as_far_as_its_scope_says() -> None:
    lines = checked(DOMAINS, *ENTRIES)
    expected = {f"http://{name}/": state for name, state in EXPECTED.items()}

    assert squid_says({DOMAINS: lines})[0]
    with squid({DOMAINS: lines}) as proxy:
        assert proxy.states(*expected) == expected
        assert proxy.state("http://casino.example.:81/page") == "blocked"
        assert refuses_tunnel(proxy, "a.casino.example")
        assert refuses_tunnel(proxy, "shop.mixed.example")
        assert not refuses_tunnel(proxy, "other.mixed.example")


def test_squid_blocks_a_url_and_no_other_page_of_its_site() -> None:
    listed = (PLATFORM, *ODD_URLS)
    entries = [url(normal(Scope.URL, name)) for name in listed]
    lines = checked(URLS, *entries)
    beside = (
        "http://platform.example/",
        "http://platform.example/users/evil/",
        f"{PLATFORM}?q",
        f"{PLATFORM}x",
        f"{PLATFORM}/",
        "http://platform.example/users/evil/pagexhtml",
        f"http://other.example/?u={quote(PLATFORM, safe='')}",
        f"http://other.example/{PLATFORM}",
        "http://odd.example/case",
        "http://odd.example/xx",
        "http://odd.example/" + "x" * 1899,
        *(f"http://{name}/" for name in MUST_RESOLVE),
    )

    assert left_out("squid", entries) == {}
    with squid({URLS: lines}) as proxy:
        assert set(proxy.states(*(each.name for each in entries)).values()) == {"blocked"}
        assert set(proxy.states(*beside).values()) == {"open"}
        assert proxy.state("http://platform.example/users/%65vil/page.html") == "blocked"
        # nobody can block a page of a site that Squid only tunnels to
        assert not refuses_tunnel(proxy, "platform.example")


def test_squid_blocks_listed_addresses_by_number_and_by_name() -> None:
    addresses = {"by-name.example": LISTED_V4, "by-net.example": "192.31.196.9"}
    addresses |= dict.fromkeys(MUST_RESOLVE, OPEN_V4) | {"beside.example": NEXT_V4}
    lines = checked(ADDRESSES, *NETWORKS)

    with squid({ADDRESSES: lines}, addresses) as proxy:
        found = proxy.states(*(f"http://{name}/" for name in addresses))
        numbers = proxy.states(f"http://{LISTED_V4}/", f"http://[{LISTED_V6}]/")
        beside = proxy.states(f"http://{NEXT_V4}/", f"http://[{NEXT_V6}]/")

    assert {name for name, state in found.items() if state != "open"} == {
        "http://by-name.example/",
        "http://by-net.example/",
    }
    assert set(numbers.values()) == {"blocked"}
    assert set(beside.values()) == {"open"}


def test_squid_accepts_empty_lists() -> None:
    is_accepted, told = squid_says(
        {file: lines_of("squid", (), file) for file in FORMATS["squid"].files}
    )

    assert is_accepted, told


# what the last check keeps away: measured with Squid 5.7
@pytest.mark.parametrize(
    "lines",
    [
        ["zoo.example", ".zoo.example"],
        [".zoo.example", "zoo.example"],
        ["a.zoo.example", ".zoo.example"],
        [".a.zoo.example", ".zoo.example"],
    ],
)
def test_without_the_last_check_a_name_under_another_keeps_squid_from_starting(
    lines: list[str],
) -> None:
    is_accepted, told = squid_says({DOMAINS: lines})

    assert not is_accepted
    assert "Bungled" in told


def test_without_the_last_check_one_bad_line_blocks_far_more_in_squid() -> None:
    widest = {URLS: ["."], DOMAINS: [".kz"]}

    assert squid_says(widest)[0]
    with squid({DOMAINS: [".kz"]}) as proxy:
        assert proxy.state("http://egov.kz/") == "blocked"
    with squid({URLS: ["^http://a\\.example/" + "x" * 2028 + "http$"]}) as proxy:
        # the end of a line that is too long has become an expression
        assert proxy.state("http://other.example/?http") == "blocked"
