import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocklist import guards
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.hosts import parse_host

BOTH = pytest.mark.parametrize("scope", [Scope.HOST, Scope.DOMAIN])


@BOTH
@pytest.mark.parametrize("name", ["kz", "com", "localhost", "xn--80ao21a"])
def test_a_top_level_name_is_refused(name: str, scope: Scope) -> None:
    assert "top-level" in guards.refusal(scope, name)


@BOTH
@pytest.mark.parametrize(
    "name",
    [
        "someone.github.io",
        "casino.example",
        "a.b.c.casino.example",
        "xn--80aodfsg.example",
        "under_score.example",
        "l" * 63 + ".example",
    ],
)
def test_an_ordinary_name_is_not_refused(name: str, scope: Scope) -> None:
    assert guards.refusal(scope, name) == ""


@BOTH
@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "*",
        "*.",
        "*.casino.example",
        "casino..example",
        ".casino.example",
        "casino.example.",
        "casino.example..",
        "Casino.example",
        " casino.example",
        "казино.example",
        "-casino.example",
        "casino-.example",
        "cas!no.example",
        "$ORIGIN.example",
        "casino.example CNAME .",
        "casino.example\n* CNAME .",
        "casino.example;",
        '"casino".example',
        "https://casino.example/page",
        "casino.example/page",
        "casino.example:80",
        "l" * 64 + ".example",
        ".".join(["l" * 50] * 6) + ".example",
        "xn--\x00.example",
        "0x7f.1",
    ],
)
def test_a_name_that_is_not_in_normal_form_is_refused(name: str, scope: Scope) -> None:
    assert guards.refusal(scope, name)


@BOTH
@pytest.mark.parametrize(
    "name", ["32.4.3.2.1.rpz-ip", "casino.rpz-nsdname", "8.0.0.0.10.rpz-client-ip"]
)
def test_a_name_a_policy_zone_reads_as_a_rule_is_refused(name: str, scope: Scope) -> None:
    assert "rule on addresses" in guards.refusal(scope, name)


@pytest.mark.parametrize("name", ["203.0.113.66", "[2001:db8::1]"])
def test_an_address_may_be_listed_itself_but_has_nothing_below_it(name: str) -> None:
    assert guards.is_address(name)
    assert guards.refusal(Scope.HOST, name) == ""
    assert "nothing lies below" in guards.refusal(Scope.DOMAIN, name)


@pytest.mark.parametrize("name", ["casino.example", "1.casino.example", "4.3.2.1.a1"])
def test_a_name_is_not_an_address(name: str) -> None:
    assert not guards.is_address(name)


@pytest.mark.parametrize(
    ("scope", "name", "words"),
    [
        (Scope.URL, "http://shop.example/a", ""),
        (Scope.URL, "https://github.io/somebody", ""),
        (Scope.URL, "http://Shop.example/a", "normal form"),
        (Scope.URL, 'http://a";b.example/a', "the DNS can hold"),
        (Scope.URL, "http://a..example/a", "the DNS can hold"),
        (Scope.URL, "http://203.0.113.7/a", ""),
        (Scope.URL, "http://[2001:db8::7]/a", ""),
        (
            Scope.URL,
            "http://shop.example/#/a",
            "never leaves a browser",
        ),  # not "which is http://shop.example/"
        (Scope.URL, "shop.example", "not an http"),
        (Scope.IP, "93.184.216.34", ""),
        (Scope.IP, "10.0.0.1", "reserved"),
        (Scope.IP, "224.0.0.1", "reserved"),
        (Scope.IP, "0.0.0.0", "reserved"),  # noqa: S104  # an address to refuse
        (Scope.IP, "::1", "reserved"),
        (Scope.CIDR, "192.0.0.0/24", "reserved"),  # every phone behind NAT64 needs 192.0.0.170
        (Scope.CIDR, "192.0.0.160/28", "reserved"),
        (Scope.IP, "fec0::1", "reserved"),
        (Scope.IP, "::c633:6407", "reserved"),  # 198.51.100.7 as an IPv4-compatible address
        (Scope.IP, "3fff::1", "reserved"),
        (Scope.IP, "::ffff:10.0.0.1", "which is 10.0.0.1"),
        (Scope.IP, "shop.example", "not an address"),
        (Scope.CIDR, "93.184.216.0/24", ""),
        (Scope.CIDR, "93.184.0.0/16", "wider"),
        (Scope.CIDR, "0.0.0.0/0", "wider"),
        (Scope.CIDR, "2606:2800:220::/48", ""),
        (Scope.CIDR, "2606:2800::/32", "wider"),
    ],
)
def test_urls_addresses_and_networks_have_guards_of_their_own(
    scope: Scope, name: str, words: str
) -> None:
    reason = guards.refusal(scope, name)

    assert words in reason
    assert bool(reason) == bool(words)


LABELS = st.text(st.sampled_from("ab1-_xn"), min_size=1, max_size=8) | st.sampled_from(
    [*("xn--80aodfsg", "xn--p1ai", "xn--a", "xn--0", "xn--", "xn--80ao21a", "xn--11b4c3d"),
     *("rpz-ip", "1", "0x1", "l" * 63, "l" * 64, "-a", "a-", "\u049b", "A", "")]
)  # fmt: skip


@example("xn--a.kz", Scope.HOST)
@example("xn--0.kz", Scope.URL)
@example("shop.xn--a", Scope.HOST)
@given(st.lists(LABELS, min_size=1, max_size=4).map(".".join), st.sampled_from(Scope))
def test_what_passes_at_a_glance_passes_a_closer_look(name: str, scope: Scope) -> None:
    is_url = scope is Scope.URL
    text = f"http://{name}/a//b.c?d=%zz" if is_url else name
    wide = Scope.URL if is_url else Scope.DOMAIN

    if guards.plain_host_of(text) if is_url else guards.is_plain(text):
        assert normal(wide, text) == text
        host = parse_host(name)
        assert (host.name, host.is_ip, "." in name) == (name, False, True)


@given(st.text(st.sampled_from("ab/.?%2eE&='\"#;\\ ^|\u049b"), max_size=20))
def test_a_url_that_passes_at_a_glance_is_in_its_normal_form(tail: str) -> None:
    url = f"https://shop-qalqan.kz/{tail}"

    if guards.plain_host_of(url):
        assert normal(Scope.URL, url) == url


def test_most_names_and_urls_need_no_closer_look() -> None:
    for name in ("one-qalqan.kz", "a_b.x1.one-qalqan.com.kz", "xn--80aodfsg.xn--80ao21a"):
        assert guards.is_plain(name)
        assert guards.plain_host_of(f"http://{name}/a/b.html?c=d") == name * ("xn--" not in name)


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        (Scope.CIDR, "64:ff9b::/96"),  # behind NAT64 the whole internet of IPv4
        (Scope.CIDR, "64:ff9b::/48"),
        (Scope.CIDR, "64:ff9b:1::/64"),
        (Scope.CIDR, "2002:808:808::/48"),
        (Scope.IP, "64:ff9b::808:808"),
        (Scope.IP, "2002:808:808::1"),
        (Scope.HOST, "[64:ff9b::808:808]"),
        (Scope.HOST, "[::ffff:808:808]"),
        (Scope.URL, "http://[::ffff:808:808]/bad"),
    ],
)
def test_an_ipv6_address_that_stands_for_one_of_ipv4_is_refused(scope: Scope, name: str) -> None:
    assert (
        guards.refusal(scope, name) == "it stands for addresses of IPv4, which are listed as such"
    )


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        (Scope.CIDR, "2a00:1450::/48"),
        (Scope.IP, "2003::808:808"),
        (Scope.HOST, "[2a00:1450::1]"),
        (Scope.URL, "http://[2a00:1450::1]/bad"),
    ],
)
def test_other_ipv6_addresses_are_not(scope: Scope, name: str) -> None:
    assert guards.refusal(scope, name) == ""
