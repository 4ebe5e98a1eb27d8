"""What an author hides or dresses up does not change the words, and it is known where they stood."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.lookalikes import Kind
from classifier.normalise import align, mild, normalise

# Letters of every kind the normaliser treats apart, marks, joiners, invisible ones and half a pair.
ODD = st.text(
    alphabet=st.sampled_from(
        "abkxi0159 .-_@$!|аеқіұби\u0306\u200b\u0301αΣςｆﬁ½İßН Ӣԁ²😀A B漢é·*\n\u202e\ud800\u2066ᏟօЙ"
    ),
    max_size=24,
)


@pytest.mark.parametrize(
    ("shown", "plain"),
    [
        ("He said: STOP!", "he said stop"),
        ("при\u200bвет", "привет"),
        ("при\u00adвет", "привет"),
        ("\u202eтевирп\u202c", "привет"),
        ("приве\u0301т", "привет"),
        ("и\u0306од", "йод"),
        ("ﬁne ｗｏｒｄ", "fine word"),
        ("𝐛𝐨𝐥𝐝 ⓣⓔⓧⓣ 🅰ble", "bold text able"),
        ("пpивeт", "привет"),
        ("hеllo sіlent", "hello silent"),
        ("αpple wօrd", "apple word"),
        ("room 101 and 7", "room 0 and 0"),
        ("covid19 10км 5лет h2o 1,000.5", "covid 0 0 км 0 лет h 0 o 0 0 0"),
        ("снег_идёт—тихо", "снег идет тихо"),
        ("йогурт ёлка", "йогурт елка"),
        ("w4ter br3ad h0use k!tchen", "water bread house kitchen"),
        ("х0лод пр@вда", "холод правда"),
        ("b r e a d and s.a.l.t", "bread and salt"),
        ("х-л-е-б и с_о_л_ь", "хлеб и соль"),
        ("н а н және т.ұ.з", "нан жане туз"),
        ("wa.ter хл·еб", "water хлеб"),
        ("breeeead", "bread"),
        ("", ""),
        ("\u200b\u200b", ""),
    ],
)
def test_disguised_words_become_plain_ones(shown: str, plain: str) -> None:
    assert normalise(shown) == plain


@pytest.mark.parametrize(
    ("proper", "typed"),
    [
        ("қала күні өмір", "кала куни омир"),
        ("жаңа жұлдыз", "жана жулдыз"),
        ("ғалым әнші", "галым анши"),
        ("қaзaқ", "казак"),
    ],
)
def test_kazakh_meets_its_spelling_on_a_russian_keyboard(proper: str, typed: str) -> None:
    assert normalise(proper) == normalise(typed) == typed


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Windows және компьютер", "windows жане компьютер"),
        ("кто-то по-русски сказал", "кто то по русски сказал"),
        ("The end.Next day", "the end next day"),
        ("write to example.com or example.kz", "write to example com or example kz"),
        ("я и в саду", "я и в саду"),
        ("I am a cook", "i am a cook"),
        ("3 days, 4 nights", "0 days 0 nights"),
    ],
)
def test_ordinary_words_are_left_in_peace(text: str, plain: str) -> None:
    aligned = align(text)

    assert aligned.text == plain
    assert not +aligned.changed.get(Kind.LOOKALIKE, 0)


@pytest.mark.parametrize(
    ("text", "kind", "characters"),
    [
        ("при\u200bвет", Kind.INVISIBLE, 1),
        ("\u202eтевирп\u202c", Kind.BIDI, 2),
        ("пр\u0301ив\u0301ет", Kind.COMBINING, 2),
        ("ｗｏｒｄ", Kind.STYLED, 4),
        ("пpивeт", Kind.LOOKALIKE, 2),
        ("w4t3r", Kind.LEET, 2),
        ("b.r.e.a.d", Kind.SPLIT, 4),
        ("b r e a d", Kind.SPACED, 4),
        ("breeeead", Kind.REPEATED, 3),
    ],
)
def test_how_much_was_undone_is_counted_by_kind(text: str, kind: Kind, characters: int) -> None:
    assert align(text).changed == {kind: characters}


def test_a_word_is_found_again_in_the_original() -> None:
    text = "Там b\u200br-e-a-d и х\u0301л3б."
    aligned = align(text)

    def original(word: str) -> str:
        start = aligned.text.index(word)
        low, high = aligned.span(start, start + len(word))
        return text[low:high]

    assert aligned.text == "там bread и хлзб"
    assert original("bread") == "b\u200br-e-a-d"
    assert original("хлзб") == "х\u0301л3б"


def test_text_for_telling_languages_keeps_case_digits_and_alphabet() -> None:
    assert mild("Қ\u200bала 24 ｃity, Мoсква") == "Қала 24 city, Москва"
    assert mild("plain") == "plain"


@settings(deadline=None)  # tables and libraries are loaded on first use
@given(ODD)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


@settings(deadline=None)  # tables and libraries are loaded on first use
@given(ODD)
def test_every_character_stands_where_its_origin_says(text: str) -> None:
    aligned = align(text)

    assert aligned.text == normalise(text)
    assert len(aligned.origin) == len(aligned.text)
    if "\u202e" not in text:  # what is stored backwards is read backwards
        assert list(aligned.origin) == sorted(aligned.origin)
    assert all(0 <= place < len(text) for place in aligned.origin)


@settings(deadline=None)  # tables and libraries are loaded on first use
@given(st.text(alphabet=st.sampled_from("абв где қә\n,"), max_size=40))
def test_plain_letters_stand_for_themselves(text: str) -> None:
    aligned = align(text)
    pairs = zip(aligned.text, (text[i] for i in aligned.origin), strict=True)

    assert all(new in {old, " ", *normalise(old)} for new, old in pairs)


@settings(deadline=None)  # tables and libraries are loaded on first use
@given(st.text(max_size=200))
def test_any_text_is_normalised(text: str) -> None:
    assert len(align(text).origin) == len(normalise(text))
