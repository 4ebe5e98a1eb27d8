"""Many texts folded at once come out as each would by itself."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifier.folding import KINDS, fold
from classifier.lookalikes import Kind
from classifier.normalise import normalise
from tests.classifier.test_normalise import ODD

PLAIN = [
    "The library opens at nine and closes at six.",
    "Библиотека открывается в девять и закрывается в шесть.",
    "Кітапхана тоғызда ашылып, алтыда жабылады.",
    "24 pages, 1,5 км; h2o & mp3 — e.g. 'this'… 😀 👉🏽 №5",
]


def folded(texts: list[str]) -> list[str]:
    found = fold(texts)
    shown: list[list[str]] = [[] for _ in texts]
    for code, row in zip(found.codes.tolist(), found.rows.tolist(), strict=True):
        shown[row].append(chr(code))
    return ["".join(chars).strip() for chars in shown]


def test_plain_text_of_three_languages_is_folded_as_it_is_normalised() -> None:
    assert folded(PLAIN) == [normalise(text) for text in PLAIN]
    assert not fold(PLAIN[:3]).changed.any()


def test_disguised_words_are_counted_in_the_text_they_stand_in() -> None:
    changed = fold([PLAIN[0], "хл\u200bеб, w4ter", "", "с о л ь"]).changed

    assert changed.shape == (4, len(KINDS))
    assert changed.sum(axis=1).tolist() == [0, 2, 0, 3]
    assert changed[1, KINDS.index(Kind.LEET)] == 1


def test_nothing_is_folded_to_nothing() -> None:
    assert len(fold([]).codes) == 0
    assert folded(["", " ", "\u200b"]) == ["", "", ""]


def test_there_is_a_space_before_and_after_each_text() -> None:
    found = fold(["one", "two"])

    assert "".join(map(chr, found.codes.tolist())) == " one two "
    assert np.array_equal(found.rows, [0] * 5 + [1] * 4)


@settings(deadline=None)  # tables and libraries are loaded on first use
@example(["0\u202e\U0001f6000"])
@given(st.lists(ODD, max_size=6))
def test_texts_come_out_the_same_in_any_company(texts: list[str]) -> None:
    # Letters behind the table (none of our languages) may be taken for blanks by both alike.
    assert folded(texts) == [normalise(text) for text in texts]


@settings(deadline=None)  # tables and libraries are loaded on first use
@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_text_is_folded(texts: list[str]) -> None:
    assert len(fold(texts).rows) == len(fold(texts).codes)
