"""Text, title, language and links of pages, ordinary and hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extract import MAX_LINKS, MAX_TEXT_CHARS, extract

BASE = "http://a.kz/dir/page"


def read(html: str, content_type: str = "text/html; charset=utf-8") -> tuple[str, str]:
    extracted = extract(html.encode(), content_type, base_url=BASE)
    return extracted.title, extracted.text


def test_blocks_are_lines_and_inline_elements_are_not() -> None:
    html = (
        "<title> My \n page </title><h1>Head</h1>one <b>two</b><br>three<p>four<div>five</div>six"
        "<table><tr><td>7<td>8</table>"
    )

    assert read(html) == ("My page", "Head\none two\nthree\nfour\nfive\nsix\n7 8")


def test_line_breaks_of_the_source_are_spaces() -> None:
    assert read("<p>a\n  b\t c\u00a0d</p>")[1] == "a b c d"


@pytest.mark.parametrize(
    "tag", ["script", "style", "template", "noscript", "iframe", "svg", "noembed"]
)
def test_what_a_reader_does_not_see_is_left_out(tag: str) -> None:
    assert read(f"<p>seen</p><{tag}><p>unseen</p></{tag}><p>after</p>")[1] == "seen\nafter"


def test_the_title_is_the_pages_own() -> None:
    assert read(
        "<svg><title>icon</title></svg><title>a &amp; b</title><title>second</title><p>x"
    ) == ("a & b", "second\nx")


@pytest.mark.parametrize(
    ("html", "lang"),
    [
        ("<html lang=kk-KZ>", "kk"),
        ("<html lang='RU'>", "ru"),
        ("<html lang=''>", ""),
        ("<html lang='; x'>", ""),
        ("<p>", ""),
    ],
)
def test_the_declared_language_is_its_first_subtag(html: str, lang: str) -> None:
    assert extract(html.encode()).lang == lang


def test_links_are_absolute_and_have_their_words() -> None:
    html = (
        "<a href='x?a=1&amp;b=2#f'>go <b>now</b></a><a href=//other.kz>o</a><a href='#top'>t</a><a>none</a>"
        "<a href='mailto:a@b.kz'>m</a><a href='javascript:x'>j</a><area href=/map><iframe src=/in></iframe>"
        "<meta http-equiv=Refresh content='3; URL=\"/next\"'><a href='http://[bad'>b</a>"
    )

    assert extract(html.encode(), base_url=BASE).links == (
        ("http://a.kz/dir/x?a=1&b=2#f", "go now"),
        ("http://other.kz/", "o"),
        ("http://a.kz/map", ""),
        ("http://a.kz/in", ""),
        ("http://a.kz/next", ""),
    )


def test_a_base_element_moves_relative_links_unless_it_is_broken() -> None:
    assert extract(b"<base href=/b/><a href=x>x", base_url=BASE).links == (
        ("http://a.kz/b/x", "x"),
    )
    assert extract(b"<base href='data:x'><a href=x>x", base_url=BASE).links == (
        ("http://a.kz/dir/x", "x"),
    )
    assert extract(b"<a href=x>x<a href=http://b.kz>b").links == (("http://b.kz/", "b"),)


def test_plain_text_is_taken_as_it_is() -> None:
    assert read("a <b> c\n\n  d", "text/plain; charset=utf-8") == ("", "a <b> c\nd")


def test_zero_bytes_do_not_hide_what_follows() -> None:
    assert "visible" in extract(b"<p>\0\0vis\0ible\0").text


def test_links_and_text_are_capped() -> None:
    extracted = extract(
        b"<a href=/x>y</a> " * (MAX_LINKS + 10) + b"<p>" + b"z" * (MAX_TEXT_CHARS + 10),
        base_url=BASE,
    )

    assert len(extracted.links) == MAX_LINKS
    assert len(extracted.text) == MAX_TEXT_CHARS


@pytest.mark.parametrize(
    "html",
    [
        b"<div>" * 100_000,
        b"<p " + b" ".join(b"a%d=1" % i for i in range(100_000)) + b">",
        b"<select>" + b"<option>x" * 200_000 + b"</select>",
        b"".join(b"<font size=%d><p>" % i for i in range(5_000)),
        b"<a href=/q>x</a>" * 300_000,
        b"<a><b><p>" * 30_000,
        b"<table>" * 50_000,
        b"<" * 500_000,
        b"&#x41" * 200_000,
        b"<!-- -- - -->" * 100_000,
    ],
    ids=[
        "nested",
        "attributes",
        "options",
        "fonts",
        "links",
        "misnested",
        "tables",
        "angles",
        "references",
        "comments",
    ],
)
def test_hostile_markup_is_read_to_its_end(html: bytes) -> None:
    assert extract(html + b"<p>the end", base_url=BASE).text.replace(" ", "").endswith("theend")


@given(
    st.binary(max_size=3000),
    st.sampled_from(["", "text/html", "text/plain", "text/html; charset=utf-16le"]),
)
def test_no_bytes_raise(body: bytes, content_type: str) -> None:
    extract(body, content_type, base_url=BASE)


@given(st.text(alphabet="<>/ab='\"!-[]&;#x \0\n\u0430", max_size=300))
def test_no_markup_raises(html: str) -> None:
    extract(html.encode(), base_url=BASE)
