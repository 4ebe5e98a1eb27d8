"""Hosts and URLs are normalised the way a browser does it, and keyed so that one page has one name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_queue.errors import BadHostError, BadUrlError
from review_queue.hosts import defang, parse_host, parse_url


@pytest.mark.parametrize(
    ("written", "name", "site"),
    [
        ("EXAMPLE.kz.", "example.kz", "example.kz"),
        ("a.b.example.kz", "a.b.example.kz", "example.kz"),
        ("казино.example", "xn--80aodfsg.example", "xn--80aodfsg.example"),
        ("www.shop.com.kz", "www.shop.com.kz", "shop.com.kz"),
        ("me.github.io", "me.github.io", "me.github.io"),
        ("0x7f.1", "127.0.0.1", "127.0.0.1"),
        ("[::ffff:7f00:1]", "[::ffff:7f00:1]", "[::ffff:7f00:1]"),
        ("under_score.example", "under_score.example", "under_score.example"),
    ],
)
def test_a_host_has_one_name_and_one_site(written: str, name: str, site: str) -> None:
    host = parse_host(written)

    assert (host.name, host.site) == (name, site)


def test_a_host_keeps_its_readable_form() -> None:
    assert parse_host("xn--80aodfsg.example").unicode == "казино.example"


@pytest.mark.parametrize("name", ["github.io", "com.kz", "kz", "localhost"])
def test_a_public_suffix_says_so(name: str) -> None:
    assert parse_host(name).is_public_suffix


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "a/b",
        "a:80",
        "user@a.kz",
        "a..b",
        "-",
        "a" * 64 + ".kz",
        ".".join(["a" * 60] * 5),
        "[::1",
        "a?b",
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(BadHostError):
        parse_host(text)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("HTTP://Example.kz:80", "http://example.kz/"),
        ("https://example.kz:443/a/../b#part", "https://example.kz/b"),
        ("http://example.kz./", "http://example.kz/"),
        ("http://example.kz/?b=2&a=1&utm_source=x&gclid=1", "http://example.kz/?a=1&b=2"),
        ("http://example.kz/p;jsessionid=AB12?PHPSESSID=1", "http://example.kz/p"),
        ("http://example.kz:8080/?", "http://example.kz:8080/"),
        ("http://пример.kz/путь", "http://xn--e1afmkfd.kz/%D0%BF%D1%83%D1%82%D1%8C"),
    ],
)
def test_one_page_has_one_key(written: str, canonical: str) -> None:
    assert parse_url(written).canonical == canonical


def test_a_link_is_resolved_against_its_page() -> None:
    assert parse_url("../x", "http://example.kz/a/b/").href == "http://example.kz/a/x"


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "ftp://a.kz/", "file:///etc/hostname", "javascript:alert(1)", "http://", "http://[", "data:,x",
     "http://a.kz/" + "x" * 9000],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(BadUrlError):
        parse_url(text)


@given(st.text())
def test_no_text_makes_the_parsers_fail_otherwise(text: str) -> None:
    for parse in (parse_host, parse_url):
        try:
            parse(text)
        except (BadHostError, BadUrlError):
            continue


@given(st.text())
def test_a_canonical_url_is_its_own_canonical_url(text: str) -> None:
    try:
        once = parse_url("http://example.kz/" + text).canonical
    except BadUrlError:
        return
    assert parse_url(once).canonical == once


def test_nothing_makes_a_link_of_a_defanged_address() -> None:
    assert defang("https://bad.example/x.html") == "hxxps://bad[.]example/x[.]html"
    assert defang("HTTP://bad.example") == "hxxp://bad[.]example"
