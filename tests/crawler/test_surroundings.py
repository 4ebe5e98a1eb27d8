"""The shape of a page: what a person gets to read of it."""

import pytest

from crawler.surroundings import MAX_BLOCKS, MAX_HEADINGS, MAX_LINK_TEXTS, surroundings


def test_headings_blocks_and_link_texts_come_in_page_order_without_markup() -> None:
    html = """<!doctype html><html><head><title>no</title><style>p{}</style></head><body><!-- no -->
    <h1>First <b>head</b></h1><p>One <a href="/x">link</a> here</p><div>outer<p>inner</p>tail</div>
    <ul><li>item</ul><script>no()</script><noscript>no</noscript><h2>Second</h2></body></html>"""

    found = surroundings(html.encode(), "text/html; charset=utf-8")

    assert found.headings == ("First head", "Second")
    assert found.blocks == ("One link here", "outer", "inner", "tail", "item")
    assert found.link_texts == ("link",)
    assert not found.truncated


def test_text_without_any_block_is_one_block() -> None:
    assert surroundings("құжат мәтіні".encode()).blocks == ("құжат мәтіні",)


def test_an_empty_page_has_no_surroundings() -> None:
    assert surroundings(b"") == surroundings(b"<script>x</script>")
    assert surroundings(b"").blocks == ()


def test_numbers_and_lengths_are_capped_and_said_to_be() -> None:
    html = b"".join(
        b"<h2>h%d</h2><p>%s</p><a href=/>l%d</a>" % (i, b"x" * 2000, i) for i in range(300)
    )

    found = surroundings(html)

    assert len(found.headings) <= MAX_HEADINGS
    assert len(found.blocks) <= MAX_BLOCKS
    assert len(found.link_texts) <= MAX_LINK_TEXTS
    assert max(map(len, found.blocks)) <= 1000
    assert found.truncated


@pytest.mark.parametrize(
    "html",
    [
        b"<div>" * 100_000,
        b"<div><p>x" * 20_000,
        b"<a><div>x" * 20_000,
        b"<p " + b" ".join(b"a%d=1" % i for i in range(100_000)) + b">",
        b"<select>" + b"<option>x" * 200_000,
        b"<a href=/q>x</a>" * 300_000,
        b"".join(b"<font size=%d><p>" % i for i in range(5_000)),
    ],
    ids=["nested", "blocks", "links in links", "attributes", "options", "links", "fonts"],
)
def test_hostile_markup_ends(html: bytes) -> None:
    assert len(surroundings(b"<h1>head</h1>" + html).headings) == 1
