"""Kazakh and Russian in Latin letters, the same for the same seed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.transliteration import kazakh_latin, official, russian_latin

KAZAKH = "Қазақстанның ұлы жері мен әдемі өзендері, шың мен ғажап күй."
ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"


def test_the_official_alphabet_is_that_of_2021() -> None:
    assert official("Әдемі ғажап жаңа өмір ұлы күн шың") == "Ädemı ğajap jaña ömır ūly kün şyñ"
    assert official("Иә, Іле") == "İä, Ile"


def test_one_seed_is_one_spelling_and_many_seeds_are_many() -> None:
    spellings = {kazakh_latin(KAZAKH, seed) for seed in range(60)}

    assert kazakh_latin(KAZAKH, 7) == kazakh_latin(KAZAKH, 7)
    assert len(spellings) > 20
    assert official(KAZAKH) in spellings
    assert any(
        "zh" in text or "w" in text for text in (kazakh_latin("жаңа шың", s) for s in range(20))
    )


def test_a_letter_is_spelled_alike_all_through_a_text() -> None:
    for seed in range(30):
        spelled = kazakh_latin("шаш қас шаш қас", seed).split()
        assert spelled[:2] == spelled[2:]


def test_russian_is_written_as_people_type_it() -> None:
    spellings = {russian_latin("Ещё жильё", seed) for seed in range(40)}

    assert len(spellings) > 5
    assert all(text.isascii() for text in spellings)


@settings(deadline=None)  # tables and libraries are loaded on first use
@given(st.text(alphabet=ALPHABET + ALPHABET.upper() + " .,7a"), st.integers(0, 500))
def test_no_cyrillic_letter_is_left(text: str, seed: int) -> None:
    for spelled in (kazakh_latin(text, seed), official(text)):
        assert not any("\u0400" <= char <= "\u052f" for char in spelled)
