"""The charset suite, counted, and where a page may say what charset it is in."""

import json
from pathlib import Path

import pytest

from crawler.charsets import decode
from crawler.labels import codec_of

SUITE = Path(__file__).parents[2].parent / "shared" / "suites" / "charset-kazakh"

needs_suite = pytest.mark.skipif(
    not SUITE.exists(), reason="../shared/suites/charset-kazakh is not here"
)

RU = "Съешь ещё этих мягких французских булок, да выпей чаю."
TR = "Şişli'de güneşli bir gün"


# header -> pages of the suite that are not read right under it, where a browser would not either.
# Mac Cyrillic and windows-1251 share their small letters but for one: the difference, some capitals, is too small
# to overrule what the server says; the words can still be read.
EXCEPTIONS = {
    "windows-1251": {f"ru_mac-cyrillic_{kind}.html" for kind in ("none", "meta", "wrong-meta")}
}


@needs_suite
@pytest.mark.parametrize("header", ["", "iso-8859-1", "utf-8", "koi8-r", "hex", "windows-1251"])
def test_the_pages_of_the_suite_are_decoded_right_whatever_the_header_says(header: str) -> None:
    cases = json.loads((SUITE / "index.json").read_text(encoding="utf-8"))
    content_type = f"text/html; charset={header}" if header else ""
    wrong = {
        case["file"]
        for case in cases
        if case["text"] not in decode((SUITE / case["file"]).read_bytes(), content_type)
    }

    assert len(cases) == 42
    assert wrong == EXCEPTIONS.get(header, set())


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- <meta charset=gbk> -->",
        '<meta name=description content="charset=gbk">',
        '<meta http-equiv=refresh content="9; charset=gbk">',
        '<p title="> <meta charset=gbk>">',
        "<p title='> <meta charset=gbk>'>",
        "<meta charset=no-such-charset>",
        "<! <meta charset=gbk>",
        "<meta charset=gbk/>",
    ],
)
def test_a_charset_that_no_browser_would_take_does_not_hide_the_page(hidden: str) -> None:
    body = f"{hidden}<meta charset=windows-1251><p>{RU}".encode("cp1251")

    assert RU in decode(body)


@pytest.mark.parametrize(
    "declaration",
    [
        "<meta charset=windows-1254>",
        "<META CHARSET = 'WINDOWS-1254' >",
        '<meta content="text/html; charset=windows-1254" http-equiv=Content-Type>',
        '<meta charset="windows-1254" charset=gbk>',
        "<!--><meta charset=windows-1254>-->",
        '<?xml version="1.0" encoding="windows-1254"?><html>',
        "<script>" + "x = 1;\n" * 500 + "</script><meta charset=windows-1254>",
    ],
)
def test_a_charset_is_found_wherever_a_browser_finds_it(declaration: str) -> None:
    assert TR in decode(f"{declaration}<p>{TR}".encode("cp1254"))


@pytest.mark.parametrize("unit", ["<a", "<!--", '<a ="', "<a b='", "<meta ", "<meta a=", "<!", "="])
def test_a_head_of_unfinished_tags_is_read_all_the_same(unit: str) -> None:
    assert decode((unit * 9000 + " " + RU).encode("cp1251")).endswith(RU)


# The labels of encodings.json that have no codec here, and why
NO_CODEC = {
    "replacement": "csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement",
    "x-user-defined": "x-user-defined",
}


@pytest.mark.parametrize("kind", NO_CODEC)
def test_labels_that_a_browser_reads_as_nothing_are_taken_for_no_declaration(kind: str) -> None:
    """A browser shows one U+FFFD for the first kind, windows-1252 for the second: bytes say more than either."""
    for label in NO_CODEC[kind].split():
        assert codec_of(label) == ""
        assert RU in decode(f"<meta charset={label}>{RU}".encode("cp1251"))
