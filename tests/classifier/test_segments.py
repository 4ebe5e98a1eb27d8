"""Sentences and windows lie where their offsets say."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from classifier.segments import MAX_CHARS, sentences, windows


def test_sentences_end_at_stops_and_line_breaks() -> None:
    text = "One day.  Two days!\nА потом три?\n\n  Бітті"

    assert [text[a:b] for a, b in sentences(text)] == [
        "One day.",
        "Two days!",
        "А потом три?",
        "Бітті",
    ]


def test_a_text_without_stops_is_cut_between_words() -> None:
    text = "word " * 500

    spans = sentences(text)

    assert len(spans) > 5
    assert all(text[a:b].startswith("word") and text[a:b].endswith("word") for a, b in spans)


def test_a_word_without_end_is_cut_anyway() -> None:
    spans = sentences("x" * 1_000)

    assert [b - a for a, b in spans] == [400, 400, 200]


def test_what_lies_behind_the_cap_is_not_read() -> None:
    spans = sentences("ab. " * MAX_CHARS)

    assert spans[-1][1] <= MAX_CHARS


def test_windows_hold_neighbouring_sentences_of_about_a_paragraph() -> None:
    text = "Ten chars. " * 60
    spans = sentences(text)

    runs = windows(spans)

    assert [a for a, _ in runs[1:]] == [b for _, b in runs[:-1]]
    assert (runs[0][0], runs[-1][1]) == (0, len(spans))
    assert all(spans[b - 1][1] - spans[a][0] <= 260 for a, b in runs)


def test_no_text_has_no_windows() -> None:
    assert windows(sentences(" \n ")) == []


@given(st.text(alphabet=st.sampled_from("ab Ш.!?\n\u2026\u200b"), max_size=600))
def test_sentences_cover_every_visible_character_once(text: str) -> None:
    spans = sentences(text)

    assert all(a < b for a, b in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
