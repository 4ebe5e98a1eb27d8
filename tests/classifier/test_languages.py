"""Kazakh, Russian and English are told apart, and from too little nothing is concluded."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import latin_kazakh
from classifier.languages import (
    Block,
    blocks,
    calibrated_as,
    detect,
    detect_script,
    main_language,
)
from classifier.transliteration import kazakh_latin, russian_latin

KAZAKH = (
    "Бүгін ауа райы жақсы болды, сондықтан біз балалармен бірге саябаққа бардық. "
    "Кешке қарай үйге келіп, шай іштік те, ертеңгі жұмыс туралы сөйлестік."
)
RUSSIAN = (
    "Сегодня была хорошая погода, поэтому мы пошли с детьми в парк и гуляли там до вечера. "
    "Дома мы пили чай и говорили о том, что на работе не всё готово."
)
ENGLISH = (
    "The weather was good today, so we went to the park with the children and stayed until night. "
    "At home we had tea and talked about the work that is not ready for the morning."
)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Қазақстан Республикасының астанасы — Астана қаласы, онда көп адам тұрады.", "kk"),
        ("Столица страны стоит на берегу реки, и зимой там очень холодно.", "ru"),
        ("The capital of the country stands on a river and winters are cold.", "en"),
        ("Столиця країни стоїть на березі річки, і взимку там дуже холодно.", "uk"),
        ("Die Hauptstadt des Landes liegt an einem Fluss, und im Winter ist es sehr kalt.", "de"),
        ("Өлкөнүн борбору дарыянын жээгинде жайгашкан, кышында абдан суук болот.", "ky"),
        (KAZAKH * 30, "kk"),
        (RUSSIAN * 30, "ru"),
        (ENGLISH * 30, "en"),
    ],
)
def test_a_sentence_or_a_long_page_is_told(text: str, lang: str) -> None:
    assert detect(text) == lang


def test_kazakh_typed_on_a_russian_keyboard_is_kazakh() -> None:
    typed = KAZAKH.lower().translate(str.maketrans("әғқңөұүһі", "агкноуухи"))

    assert detect(typed) == "kk"
    assert detect("Бул туралы осы жерде айтылды, кейин олар уйге кайтып кетти") == "kk"


@pytest.mark.parametrize("seed", range(12))
def test_kazakh_in_latin_letters_is_kazakh_however_it_is_spelled(seed: int) -> None:
    assert detect_script(kazakh_latin(KAZAKH, seed)) == ("kk", "Latn")
    assert detect(kazakh_latin(KAZAKH, seed)) == "kk"


@pytest.mark.parametrize(
    "text",
    [
        "Türkiye'nin başkenti Ankara'dır ve burada birçok insan yaşıyor, yeni evler yapılıyor.",
        "Toshkent shahri O'zbekistonning poytaxti bo'lib, u yerda ko'p odamlar yashaydi va ishlaydi.",
        ENGLISH,
        russian_latin(RUSSIAN, 1),
        russian_latin(RUSSIAN, 5),
        "Asan",
    ],
)
def test_other_latin_text_is_not_taken_for_kazakh(text: str) -> None:
    assert detect_script(text)[0] != "kk"


@pytest.mark.parametrize("text", [KAZAKH, RUSSIAN, ENGLISH])
def test_a_disguise_does_not_hide_the_language(text: str) -> None:
    dressed = "\u200b".join(text).translate(str.maketrans("аесо", "aeco"))

    assert detect(dressed) == detect(text)


@pytest.mark.parametrize("text", ["", "   \n", "12345 67", "a b", "\x00\x01\ud800", "!!!"])
def test_too_little_text_has_no_language(text: str) -> None:
    assert detect(text) == ""


def test_hostile_characters_do_not_stop_detection() -> None:
    text = "\x00\ud800\ufffe\u202e The capital of the country stands on a river \x07\x1b[31m."

    assert detect(text) == "en"


def test_a_mixed_page_is_parted_into_its_languages() -> None:
    text = f"{KAZAKH}\n{KAZAKH}\n{RUSSIAN}\n{ENGLISH}\n{kazakh_latin(KAZAKH, 3)}"

    parts = blocks(text)

    assert [part.lang for part in parts] == ["kk", "ru", "en", "kk"]
    assert [part.is_latin for part in parts] == [False, False, False, True]
    assert text[parts[1].start : parts[1].end].strip() == RUSSIAN
    assert main_language(parts) == "kk"


def test_a_page_without_words_has_no_language() -> None:
    assert main_language(blocks("1 2 3\n!!!")) == ""
    assert main_language([]) == ""
    assert main_language([Block(0, 5, "ru"), Block(5, 9, "kk")]) == "ru"


@settings(deadline=None)  # tables and libraries are loaded on first use
@given(st.text(alphabet=st.sampled_from("abш ң\n.\u200b"), max_size=2_000))
def test_blocks_cover_the_whole_text_in_order(text: str) -> None:
    parts = blocks(text)

    assert [part.start for part in parts] == [0, *(part.end for part in parts)][: len(parts)]
    assert (parts[-1].end if parts else 0) == len(text)


def test_clear_pages_are_told_without_loading_the_slow_library() -> None:
    program = (
        "import sys; from classifier.languages import detect;"
        f"print([detect(t) for t in {[KAZAKH, RUSSIAN, ENGLISH]!r}], 'py3langid' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "['kk', 'ru', 'en'] False"


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("kk", "anything", "kk"),
        ("uk", "Столица країни", "ru"),
        ("de", "Die Hauptstadt", "en"),
        ("", "", "en"),
        ("", "так", "ru"),
    ],
)
def test_other_languages_are_calibrated_by_script(lang: str, text: str, expected: str) -> None:
    assert calibrated_as(lang, text) == expected


def test_the_shipped_table_of_latin_kazakh_is_the_one_todays_texts_give() -> None:
    shipped = latin_kazakh.TABLE.read_text(encoding="utf-8")
    counted = latin_kazakh.counted()

    assert shipped == "".join(f"{part}\t{weight!r}\n" for part, weight in counted.items()), (
        "the training texts have changed: run `python -m classifier.latin_kazakh`"
    )
