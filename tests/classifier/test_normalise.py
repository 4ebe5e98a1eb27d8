"""What an author hides or dresses up does not change the words."""

import pytest

from classifier.normalise import normalise


@pytest.mark.parametrize(
    ("shown", "plain"),
    [
        ("He said: STOP!", "he said stop"),
        ("при\u200bвет", "привет"),
        ("при\u00adвет", "привет"),
        ("\u202eпривет\u202c", "привет"),
        ("приве\u0301т", "привет"),
        ("ﬁne ｗｏｒｄ", "fine word"),
        ("пpивeт", "привет"),
        ("hеllo", "hello"),
        ("қaзaқ", "қазақ"),
        ("room 101 and 7", "room 0 and 0"),
        ("снег_идёт—тихо", "снег идёт тихо"),
        ("йогурт ёлка", "йогурт ёлка"),
        ("", ""),
        ("\u200b\u200b", ""),
    ],
)
def test_disguised_words_become_plain_ones(shown: str, plain: str) -> None:
    assert normalise(shown) == plain


def test_words_of_two_scripts_side_by_side_are_left_in_their_own() -> None:
    assert normalise("Windows және компьютер") == "windows және компьютер"


def test_normalising_twice_changes_nothing_more() -> None:
    once = normalise("Cәлем, әлeм! 2026 ﬁ \u0430\u0301")

    assert normalise(once) == once
