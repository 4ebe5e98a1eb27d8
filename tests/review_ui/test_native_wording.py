"""Kazakh and Russian as people write them: letters, quotation marks, endings, days, one word for one thing."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import polib  # type: ignore[import-untyped]  # has no types of its own
import pytest

from blocklist.feed.wording import WORDS
from tests.review_ui import catalogues

DOCS = Path(__file__).parents[2] / "docs"
BOTH = pytest.mark.parametrize("language", ["kk", "ru"])
OF_KAZAKH = "әғқңөұүһіӘҒҚҢӨҰҮҺІ"
_PLACEHOLDER = r"%\(\w+\)[sd]"
FORMS = {
    ("байт", "байта", "байт"),
    ("день", "дня", "дней"),
    ("дело", "дела", "дел"),
    ("запись", "записи", "записей"),
    ("знак", "знака", "знаков"),
    ("известный", "известных", "известных"),
    ("имя", "имени", "имён"),
    ("минута", "минуты", "минут"),
    ("снятая", "снятые", "снятых"),
    ("страница", "страницы", "страниц"),
    ("строка", "строки", "строк"),
    ("час", "часа", "часов"),
    ("ч", "ч", "ч"),
}
# what begins the endings and postpositions of Kazakh that change with the word before, or ask it for one
_GOVERNING = "дейін|бастап|кейін|бері|бұрын"


def _catalogue(language: str) -> Iterator[str]:
    for entry in polib.pofile(str(catalogues.source(language))):
        yield from entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]


def _page(language: str) -> str:
    text = (DOCS / "provider" / "page" / f"{language}.html").read_text("utf-8")
    body = re.sub(r"<style>.*?</style>|<nav.*?</nav>", "", text, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "\n", body))


def _guide(language: str) -> str:
    return (DOCS / f"reviewing.{language}.md").read_text("utf-8")


def _texts(language: str) -> list[str]:
    return [*_catalogue(language), *WORDS[language].values(), _page(language), _guide(language)]


@BOTH
def test_no_word_mixes_letters_of_two_scripts(language: str) -> None:
    mixed = re.compile(
        r"[^\W\d_]*(?:[A-Za-z][а-яёА-ЯЁ%s]|[а-яёА-ЯЁ%s][A-Za-z])[^\W\d_]*" % ((OF_KAZAKH,) * 2)
    )

    found = [word for text in _texts(language) for word in mixed.findall(text)]

    assert found == []


@BOTH
def test_no_text_has_stray_spaces_or_marks_of_a_typewriter(language: str) -> None:
    wrong = re.compile(r'"|„|“|”|\.\.\.| - |\s[,.;:!?](?:\s|$)|[ ]{2,}|^\s|\s$')

    found = [
        text for text in (*_catalogue(language), *WORDS[language].values()) if wrong.search(text)
    ]

    assert found == []


def test_russian_texts_have_no_kazakh_letters() -> None:
    assert [text for text in _catalogue("ru") if re.search(f"[{OF_KAZAKH}]", text)] == []


def test_kazakh_texts_have_their_letters() -> None:
    # of five words at least one has a letter that Russian has not
    long = [text for text in _catalogue("kk") if len(re.findall(r"[^\W\d_]{3,}", text)) >= 5]

    assert len(long) > 200
    assert [text for text in long if not re.search(f"[{OF_KAZAKH}]", text)] == []


def test_what_is_filled_into_kazakh_takes_no_ending() -> None:
    governed = re.compile(
        rf"{_PLACEHOLDER}(?:[-’]?(?:[дт][аеы]|[нғқкг]|[ыі])|\s+(?:{_GOVERNING})\b)"
    )

    assert [text for text in _catalogue("kk") if governed.search(text)] == []


def test_a_kazakh_word_after_a_number_stays_in_the_singular() -> None:
    plural = re.compile(rf"(?:{_PLACEHOLDER}|\b\d+)\s+\w+(?:лар|лер|дар|дер|тар|тер)\b")

    assert [text for text in _texts("kk") if plural.search(text)] == []


def test_russian_has_a_form_for_one_for_few_and_for_many() -> None:
    counted = {
        tuple(
            match[1]
            for n in range(3)
            if (match := re.search(rf"{_PLACEHOLDER}\s+([а-яё]+)", entry.msgstr_plural[n]))
        )
        for entry in polib.pofile(str(catalogues.source("ru")))
        if entry.msgid_plural
    }

    assert {forms for forms in counted if forms} == FORMS


@BOTH
@pytest.mark.usefixtures("site")
def test_days_are_written_as_people_here_write_them(language: str) -> None:
    from django.template import engines  # noqa: PLC0415  # needs Django set up
    from django.utils.translation import override  # noqa: PLC0415  # beside its use

    page = engines["django"].from_string(
        "{% load wording %}{{ at|moment|date:'DATE_FORMAT' }} · {{ at|moment|date:'DATETIME_FORMAT' }}"
        " · {{ at|moment|date:'SHORT_DATETIME_FORMAT' }}"
    )
    with override(language):
        told = page.render({"at": "2026-11-23T09:05:00.000Z"})

    assert (
        told
        == {
            "kk": "2026 ж. 23 қараша · 2026 ж. 23 қараша, 14:05 · 23.11.2026 14:05",
            "ru": "23 ноября 2026 г. · 23 ноября 2026 г. в 14:05 · 23.11.2026 14:05",
        }[language]
    )


def test_no_page_writes_a_day_in_one_way_for_all_languages() -> None:
    folder = Path(catalogues.LOCALE).parent / "templates"

    asked = re.compile(r'date:"([^"]*)"')
    asks = {
        form for path in folder.rglob("*.html") for form in asked.findall(path.read_text("utf-8"))
    }

    assert {form for form in asks if not form.endswith("_FORMAT")} == {"H:i:s"}


def _glossary(language: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each term of the table and what is not written in its place."""
    column = {"kk": 2, "ru": 4}[language]
    for line in (DOCS / "glossary.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[0] not in {"English", "---"}:
            yield cells[column].split(), [word for word in cells[column + 1].split(", ") if word]


def _stem(word: str) -> str:
    """The word without what its cases change."""
    return word if len(word) < 5 else word[: max(4, len(word) - 2)]


@BOTH
def test_the_words_of_the_glossary_are_those_of_the_texts(language: str) -> None:
    texts = "\n".join(_texts(language)).lower()
    terms = list(_glossary(language))

    missing = [
        term
        for term, _ in terms
        if not re.search(r"\b" + r"\w*\s+".join(re.escape(_stem(word)) for word in term), texts)
    ]
    instead = [word for _, words in terms for word in words if re.search(rf"\b{word}", texts)]

    assert len(terms) > 25
    assert (missing, instead) == ([], [])


@BOTH
def test_the_guide_names_what_stands_on_the_pages(language: str) -> None:
    shown = "\n".join(_catalogue(language)).lower()
    named = re.findall(r"(?<!\*)\*([^*\n|]+)\*(?!\*)", _guide(language))

    unknown = [each for each in named if each.lower()[: max(4, len(each) - 3)] not in shown]

    assert len(named) > 15
    assert unknown == []
