"""Kazakh, Russian and English are told apart, and from too little nothing is concluded."""

import pytest

from classifier.languages import calibrated_as, detect


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Қазақстан Республикасының астанасы — Астана қаласы, онда көп адам тұрады.", "kk"),
        ("Столица страны стоит на берегу реки, и зимой там очень холодно.", "ru"),
        ("The capital of the country stands on a river and winters are cold.", "en"),
        ("Столиця країни стоїть на березі річки, і взимку там дуже холодно.", "uk"),
    ],
)
def test_a_sentence_is_enough(text: str, lang: str) -> None:
    assert detect(text) == lang


@pytest.mark.parametrize("text", ["", "   \n", "12345 67", "a b", "\x00\x01\ud800", "!!!"])
def test_too_little_text_has_no_language(text: str) -> None:
    assert detect(text) == ""


def test_hostile_characters_do_not_stop_detection() -> None:
    text = "\x00\ud800\ufffe\u202e The capital of the country stands on a river \x07\x1b[31m."

    assert detect(text) == "en"


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("kk", "anything", "kk"),
        ("uk", "Столиця країни", "ru"),
        ("de", "Die Hauptstadt", "en"),
        ("", "", "en"),
        ("", "так", "ru"),
    ],
)
def test_other_languages_are_calibrated_by_script(lang: str, text: str, expected: str) -> None:
    assert calibrated_as(lang, text) == expected
