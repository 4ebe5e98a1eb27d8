"""Text of strangers as it is put on the screen."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_queue.categories import Category
from review_queue.records import Evidence
from review_ui.hostile import address, language, one_line, shown, visible


def _evidence(start: int, end: int) -> Evidence:
    return Evidence("", start, end, Category.VIOLENCE, 0.5)


def _as_text(text: str, *spans: tuple[int, int]) -> list[list[tuple[str, bool]]]:
    blocks = shown(text, [_evidence(*span) for span in spans]).blocks
    return [[(piece.text, piece.is_evidence) for piece in block.pieces] for block in blocks]


def test_evidence_is_marked_where_it_stands() -> None:
    assert _as_text("one two three", (4, 7)) == [
        [("one ", False), ("two", True), (" three", False)]
    ]


def test_evidence_across_lines_is_marked_in_each_of_them() -> None:
    assert _as_text("ab\ncd\nef", (1, 7)) == [
        [("a", False), ("b", True)],
        [("cd", True)],
        [("e", True), ("f", False)],
    ]


def test_overlapping_and_impossible_spans_do_no_harm() -> None:
    assert _as_text("abcdef", (1, 3), (2, 4), (-5, 0), (5, 5), (90, 99)) == [
        [("a", False), ("bcd", True), ("ef", False)]
    ]


def test_empty_lines_are_left_out() -> None:
    assert _as_text("a\n\n  \nb") == [[("a", False)], [("b", False)]]


def test_a_long_text_is_cut_and_the_rest_counted() -> None:
    result = shown("x" * 50, [_evidence(5, 45)], limit=10)

    assert result.left_out == 40
    assert [piece.text for piece in result.blocks[0].pieces] == ["xxxxx", "xxxxx"]


def test_characters_that_hide_or_turn_text_are_spelled_out() -> None:
    assert (
        visible("a\u202eb\u200bc\x00d\u2066e\udc80")
        == "a[U+202E]b[U+200B]c[U+0000]d[U+2066]e[U+DC80]"
    )


def test_a_soft_hyphen_says_nothing_and_a_joined_symbol_stays_whole() -> None:
    assert visible("so\u00adft") == "soft"
    assert visible("\U0001f469\u200d\U0001f4bb") == "\U0001f469\u200d\U0001f4bb"
    assert visible("a\u200db") == "a[U+200D]b"


def test_stacks_of_marks_are_cut_down() -> None:
    assert visible("e" + "\u0301" * 40) == "e" + "\u0301" * 4


def test_one_line_is_short_and_has_no_line_break() -> None:
    assert one_line("a\n\n b\tc") == "a b c"
    assert one_line("x" * 1000, 10) == "x" * 9 + "…"
    assert one_line("x" * 15, 10) == "x" * 9 + "…"


def test_an_address_is_no_link() -> None:
    assert address("https://one.example/a.b") == "hxxps://one[.]example/a[.]b"


@pytest.mark.parametrize(
    ("text", "on_the_screen"),
    [
        ("see http://evil.com/a now", "see hxxp://evil[.]com/a now"),
        ("HTTPS://User@Evil.Com:8080/x.y?q", "HXXPS://User@Evil[.]Com:8080/x.y?q"),
        ("hxxp://evil.com, //cdn.evil.example/", "hxxp://evil[.]com, //cdn[.]evil[.]example/"),
        ("http://10.0.0.1/ and 10.0.0.1", "hxxp://10[.]0[.]0[.]1/ and 10[.]0[.]0[.]1"),
        ("http:\\\\evil.com", "hxxp:\\\\evil[.]com"),
        ("(http://evil.com). Next", "(hxxp://evil[.]com). Next"),
        ("www.evil.Site", "www[.]evil[.]Site"),
        ("(evil.onion), a@b.evil.kz.", "(evil[.]onion), a@b[.]evil[.]kz."),
        ("сайт.рф и жаңа.ҚАЗ", "сайт[.]рф и жаңа[.]ҚАЗ"),
        ("evil。com evil．com", "evil[。]com evil[．]com"),
        ("xn--80a.xn--p1ai", "xn--80a[.]xn--p1ai"),
        ("evil.com.Потом", "evil[.]com.Потом"),
        ("ht\u00adtp://ev\u00adil\u00ad.\u00adcom/", "hxxp://evil[.]com/"),
        ("hxxp://evil[.]com/", "hxxp://evil[.]com/"),
    ],
)
def test_an_address_in_the_text_of_a_stranger_is_no_address(text: str, on_the_screen: str) -> None:
    assert one_line(text) == on_the_screen
    assert _as_text(text) == [[(on_the_screen, False)]]


@pytest.mark.parametrize(
    "text",
    [
        "Всё.Точка. И т.д., т.е. так...",
        "It ends.Then it goes on, e.g. at 10.30 or 3.14 or 1.2.3",
        "Осымен бітті.Келесісі. a..b .net? 5.кг http: no address",
        "U.S.A. and/or 1/2 or 20.01.2026",
    ],
)
def test_what_is_no_address_stays_readable(text: str) -> None:
    assert one_line(text) == text


def test_an_address_across_the_edge_of_the_evidence_keeps_the_marks_in_place() -> None:
    text = "go to http://evil.com now"

    assert _as_text(text, (6, 18)) == [
        [("go to ", False), ("hxxp://evil[.]", True), ("com now", False)]
    ]


def test_long_text_without_spaces_is_looked_through_once() -> None:
    for text in ("a" * 40_000, "a." * 20_000, "/" * 40_000, "http:" * 8_000, "." * 40_000):
        assert shown(text, []).left_out == 0


@given(
    st.lists(st.sampled_from(["http://", "a", "www.", ".com", " ", "\u00ad", "\n", "[", "]", "."]))
)
def test_no_web_address_is_left(parts: list[str]) -> None:
    lines = ["".join(text for text, _ in block) for block in _as_text("".join(parts), (2, 9))]

    assert not re.search(r"http:/|\w\.com\b|(?<!\w)www\.\w", "\n".join(lines).replace("[.]", ""))


def test_only_a_language_code_becomes_one() -> None:
    assert [language(code) for code in ("kk", "kaz", "", "en-GB", '" onload="')] == [
        "kk",
        "kaz",
        "und",
        "und",
        "und",
    ]


@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    left = {char for char in visible(text) if unicodedata.category(char)[0] == "C"}

    assert left <= set("\n\t\u200d")


@given(st.text(alphabet="ab \nя"), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_marking_never_loses_or_adds_a_letter(text: str, spans: list[tuple[int, int]]) -> None:
    lines = ["".join(part for part, _ in block) for block in _as_text(text, *spans)]

    assert lines == [line for line in text.split("\n") if line.strip()]
