"""Text of strangers as it is put on the screen."""

import unicodedata

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
