"""Words are disguised by seed, and most disguises are undone by the normaliser."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.disguises import TRANSFORMS, disguise, masked, swapped, transliterated
from classifier.normalise import align, normalise

TEXTS = {
    "en": "river winter mountain kitchen strange question silence garden history",
    "ru": "тишина вопрос молчание человек природа завтра хорошо вечером история",
    "kk": "өзен тыныштық сұрақ қалғандар ертең жақсылық әңгіме күнделікті өмірдің",
}
WORDS = {lang: text.split() for lang, text in TEXTS.items()}
LOST = {"masked", "swapped", "transliterated"}
SENTENCE = "Кешке river жағасында тишина мен silence болды, and история жалғасты."


def test_there_are_enough_ways() -> None:
    assert len(TRANSFORMS) >= 12


@pytest.mark.parametrize("lang", WORDS)
@pytest.mark.parametrize("name", sorted(TRANSFORMS.keys() - LOST))
def test_the_normaliser_undoes_it_in_most_words(name: str, lang: str) -> None:
    rng = random.Random(5)  # noqa: S311
    pairs = [(word, TRANSFORMS[name](word, rng)) for word in WORDS[lang] * 10]
    undone = sum(normalise(dressed) == normalise(word) for word, dressed in pairs)

    assert undone >= 0.85 * len(pairs)


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_one_seed_gives_one_text(name: str) -> None:
    first = disguise(SENTENCE, None, 0.9, TRANSFORMS[name], 3)

    assert first == disguise(SENTENCE, None, 0.9, TRANSFORMS[name], 3)
    assert disguise(SENTENCE, None, 0.0, TRANSFORMS[name], 3) == SENTENCE


def test_only_the_words_named_are_disguised_and_about_that_share_of_them() -> None:
    text = "river garden " * 500
    dressed = disguise(text, {"river"}, 0.3, TRANSFORMS["dotted"], 1).split()

    assert dressed[1::2] == ["garden"] * 500
    assert 100 < dressed[::2].count("r.i.v.e.r") < 200


def test_what_cannot_be_undone_changes_the_word() -> None:
    rng = random.Random(1)  # noqa: S311

    assert masked("garden", rng).count("*") == 1
    assert sorted(swapped("garden", rng)) == sorted("garden")
    assert swapped("дом", rng) == "дом"
    assert transliterated("тишина", rng).isascii()
    assert transliterated("қала", rng)[1:] == "ala"


def test_a_disguised_word_is_found_in_the_original_text() -> None:
    for name, transform in TRANSFORMS.items():
        if name not in LOST | {"bidi_reversed"}:  # cut out, it has lost its mark
            dressed = transform("garden", random.Random(2))  # noqa: S311
            aligned = align(f"тут {dressed}, там")
            place = aligned.text.find("garden")
            if place >= 0:
                start, end = aligned.span(place, place + 6)
                assert normalise(f"тут {dressed}, там"[start:end]) == "garden", name


@settings(deadline=None)  # tables and libraries are loaded on first use
@given(
    st.sampled_from(sorted(TRANSFORMS)),
    st.text(alphabet="aei ғқтаИBk", min_size=1),
    st.integers(0, 99),
)
def test_any_text_can_be_disguised(name: str, text: str, seed: int) -> None:
    normalise(disguise(text, None, 1.0, TRANSFORMS[name], seed))
