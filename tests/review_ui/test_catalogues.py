"""The pages speak Kazakh, Russian and English, completely."""

import gettext
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import polib  # type: ignore[import-untyped]  # has no types of its own
import pytest
from django.utils.translation import override

from blocklist.formats import FORMATS
from blocklist.judging import judge_of
from review_queue.categories import (
    CaseState,
    Category,
    Move,
    Scope,
    Stance,
    Verdict,
)
from review_queue.entry_search import Standing
from review_queue.lifts import LiftReason
from review_queue.overrides import Guard
from review_queue.receipts import Outcome as Received
from review_queue.rechecks import Found
from review_queue.rounds import CrawlState, Outcome
from review_queue.store import Store
from review_queue.unread import NOTHING, REASONS
from review_ui.blocking import Kind
from review_ui.deciding import Problem
from review_ui.roles import Role
from tests.review_ui import catalogues
from tests.review_ui.conftest import SignedIn
from tests.review_ui.listed import list_pages
from tests.review_ui.messages import Message, in_package
from tests.review_ui.sites import a_crawl, a_waiting_case, an_unread_page

# Аудитор, Аудит, Сайт, Файл, Прокси, МБ
SAME_IN_RUSSIAN_AND_KAZAKH = {"Auditor", "Audit", "Site", "File", "Proxy", "MB", "%(size)s MB"}
# Django's own sentences that our forms can show
OF_DJANGO = [
    "This field is required.",
    "Select a valid choice. %(value)s is not one of the available choices.",
    "Enter a list of values.",
    "Null characters are not allowed.",
    "Old password",
    "New password",
    "New password confirmation",
    "Enter the same password as before, for verification.",
    "Your old password was entered incorrectly. Please enter it again.",
    "The two password fields didn’t match.",
    "The password is too similar to the %(verbose_name)s.",
    "Your password can’t be too similar to your other personal information.",
    "This password is too common.",
    "Your password can’t be a commonly used password.",
    "This password is entirely numeric.",
    "Your password can’t be entirely numeric.",
]


def _catalogue(language: str) -> dict[Message, list[str]]:
    entries = polib.pofile(str(catalogues.source(language)))
    assert not [entry for entry in entries if entry.fuzzy or entry.obsolete]
    return {
        Message(entry.msgid, entry.msgctxt, entry.msgid_plural or None): (
            list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        )
        for entry in entries
    }


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_every_string_of_the_pages_is_translated(language: str) -> None:
    catalogue = _catalogue(language)

    missing = [message for message in in_package() if not all(catalogue.get(message, [""]))]

    assert missing == []


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_no_catalogue_has_strings_that_no_page_uses(language: str) -> None:
    entries = polib.pofile(str(catalogues.source(language)))
    used = {(message.context, message.text) for message in in_package()}

    unused = [
        entry.msgid
        for entry in entries
        if not entry.comment and (entry.msgctxt, entry.msgid) not in used
    ]

    assert unused == []


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_what_django_reads_is_what_people_edit(language: str) -> None:
    fresh = polib.pofile(str(catalogues.source(language))).to_binary()

    assert catalogues.compiled(language).read_bytes() == fresh, (
        "run `python -m tests.review_ui.catalogues` after editing a catalogue"
    )


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_translation_is_not_the_english_text(language: str) -> None:
    same = [
        message.text
        for message, translations in _catalogue(language).items()
        if any(text in {message.text, message.plural} for text in translations)
    ]

    assert same == []


def test_kazakh_and_russian_are_two_languages() -> None:
    kazakh, russian = _catalogue("kk"), _catalogue("ru")

    same = {message.text for message in russian if kazakh[message] == russian[message]}

    assert same <= SAME_IN_RUSSIAN_AND_KAZAKH


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_placeholders_survive_translation(language: str) -> None:
    named = re.compile(r"%\(\w+\)[sd]|%[sd]")
    for message, translations in _catalogue(language).items():
        for text in translations:
            assert sorted(named.findall(text)) == sorted(named.findall(message.text)), text


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("ru", ["Всего ждёт 1 дело", "Всего ждут 3 дела", "Всего ждут 11 дел"]),
        ("kk", ["Барлығы 1 іс күтуде", "Барлығы 3 іс күтуде", "Барлығы 11 іс күтуде"]),
    ],
)
def test_numbers_take_the_right_form(language: str, forms: list[str]) -> None:
    with catalogues.compiled(language).open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    one, many = "%(waiting)s case waits in all", "%(waiting)s cases wait in all"

    assert [catalogue.ngettext(one, many, n) % {"waiting": n} for n in (1, 3, 11)] == forms


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_djangos_own_sentences_are_translated(language: str) -> None:
    from django.utils.translation import gettext as translate  # noqa: PLC0415  # beside its use

    with override(language):
        left = [text for text in OF_DJANGO if translate(text) == text]
        from django.contrib.auth.password_validation import (  # noqa: PLC0415  # needs Django set up
            password_validators_help_texts,
        )

        left += [text for text in password_validators_help_texts() if re.search("[a-z]{3}", text)]

    assert left == []


@pytest.mark.usefixtures("site")
def test_every_word_of_the_vocabularies_has_a_name() -> None:
    from review_ui import list_wording, wording  # noqa: PLC0415  # needs Django set up

    assert set(wording.CATEGORIES) == set(Category)
    assert set(wording.STANCES) == set(Stance)
    assert set(wording.MOVES) == set(Move)
    assert set(wording.VERDICTS) == set(Verdict)
    assert set(wording.STATES) == set(CaseState)
    assert set(wording.SCOPES) == set(Scope)
    assert set(wording.ROLES) == set(Role)
    assert set(wording.PROBLEMS) == set(Problem)
    assert set(wording.CRAWL_STATES) == set(CrawlState)
    assert set(wording.OUTCOMES) == set(Outcome)
    assert set(wording.UNREAD) == set(REASONS)
    assert set(wording.FINDINGS) == {NOTHING, *Category}
    for names in (list_wording.NAMES, list_wording.CUTS, list_wording.SCOPES):
        assert set(names) == set(Scope)
    assert set(list_wording.NOT_OFFERED) == set(Scope)
    assert set(list_wording.KINDS) == set(Kind)
    assert set(list_wording.GUARDS) == set(list_wording.PROTECTS) == set(Guard)
    assert set(list_wording.STANDINGS) == set(Standing)
    assert set(list_wording.LIFT_REASONS) == set(LiftReason)
    assert set(list_wording.RECHECKS) == set(Found)
    assert set(list_wording.RECEIPTS) == set(Received)


# what needs cases of its own to be answered
_WITH_A_CASE = {
    "people have judged help.example protective",
    "people have judged help.example, which lies below it, protective",
    "people have judged help.example, which is known there, protective",
    "one.kz is known there: it is on the list of what is never blocked",
}


@pytest.mark.usefixtures("site")
def test_what_the_guards_answer_is_translated(store: Store) -> None:
    from review_ui import refusals, wording  # noqa: PLC0415  # needs Django set up

    judge = judge_of(store)
    names = (
        *("github.io", "com.kz", "kz", "32.4.3.2.1.rpz-ip", "192.0.2.1", "..", "one.kz"),
        *("egov.kz", "findahelpline.com", "google.com", "188.114.97.7"),
        *("https://github.io/", "https://com.kz/", "gov.kz", "www.google.com", "One.kz"),
        *("http://a;b.kz/", "http://one.kz/#a", "93.0.0.0/7", "[::ffff:102:304]"),
    )
    found = [judge.refusal(scope, name) for scope in Scope for name in names]

    answers = {each.message for each in found if each} | _WITH_A_CASE
    with override("kk"):
        told = {answer: refusals.told(answer) for answer in answers}

    assert set(wording.REFUSALS) <= answers
    assert len(answers - set(wording.REFUSALS)) >= len(_WITH_A_CASE) + 4
    english = re.compile(r"\b(?:it|is|people|there|below)\b")
    assert [one for one, text in told.items() if not text or english.search(text)] == []


class Words(HTMLParser):
    """The words of a page that are neither code nor a stranger's text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.skipping: list[str] = []
        self.words: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quiet = tag in {"bdi", "code", "title", "kbd"} or given.get("lang") == "en"
        quiet = (
            quiet
            or "hostile" in (given.get("class") or "")
            or "ref" in (given.get("class") or "").split()
        )
        if self.skipping or quiet:
            if tag not in {"input", "meta", "link", "img", "br"}:
                self.skipping.append(tag)
            return
        for name in ("aria-label", "data-label", "alt", "placeholder"):
            self._note(given.get(name) or "")

    def handle_endtag(self, tag: str) -> None:
        if self.skipping and self.skipping[-1] == tag:
            self.skipping.pop()

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self._note(data)

    def _note(self, text: str) -> None:
        self.words |= set(re.findall(r"[A-Za-z]{3,}", text))


LATIN_ON_PURPOSE = {
    "one", "example", "forum", "https",
    "Qalqan", "English", "Asia", "Almaty", "SHA", "DNS", "RPZ",
    "json", "robots", "text", "html", "WARC", "CDN", "com", "qalqan", "providers",
    "SAMPLE", "test", "Ctrl", "Enter", "Supervisor", "supervisor", "undefined",
}  # fmt: skip
# formats and their files have one name in every language
LATIN_ON_PURPOSE |= {
    word
    for form in FORMATS.values()
    for file in (form.name, form.skipped_name, *form.files)
    for word in re.findall(r"[A-Za-z]{3,}", file)
}


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_english_is_left_on_the_pages(language: str, store: Store, signed_in: SignedIn) -> None:
    review = a_waiting_case(store, "one.example", lang="ru")
    referral = a_waiting_case(store, "two.example", category=Category.DISTRESS, lang="ru")
    client = signed_in(Role.SUPERVISOR)
    client.post("/language/", {"language": language})
    cards = [f"/case/{review.ref}/", f"/case/{referral.ref}/"]
    unread = [an_unread_page(store, f"{reason}.example", reason=reason) for reason in REASONS]
    crawls = [
        a_crawl(store, errors={"dns": 3, "http_404": 2}),
        a_crawl(store, readings=0, policy={}),
    ]
    cards += ["/unread/", *(f"/unread/{number}/" for number in unread)]
    cards += ["/crawls/", *(f"/crawls/{number}/" for number in crawls)]

    cards += list_pages(store)

    for page in ("/queue/", "/referrals/", *cards, "/export/", "/audit/", "/account/", "/nowhere"):
        words = Words()
        words.feed(client.get(page).content.decode())
        assert words.words <= LATIN_ON_PURPOSE, page
    for page, form in (
        (cards[0], {"verdict": "violates"}),
        (f"/unread/{unread[0]}/", {}),
        ("/account/", {"old_password": "x"}),
        ("/export/", {}),
        ("/overrides/", {"scope": "ip", "name": "x"}),
        ("/entries/new/", {"renew": "1"}),
    ):
        words = Words()
        words.feed(client.post(page, form).content.decode())
        assert words.words <= LATIN_ON_PURPOSE, page


def test_the_policies_are_read_in_the_language_of_the_person(
    store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.REVIEWER)
    titles = {
        "kk": "Зорлық-зомбылыққа үгіттеу",
        "ru": "Пропаганда насилия",
        "en": "Promotes or calls for violence",
    }
    for language, title in titles.items():
        client.post("/language/", {"language": language})
        assert title in client.get(f"/case/{case.ref}/").content.decode()


@pytest.mark.usefixtures("site")
def test_the_messages_script_finds_what_gettext_would() -> None:
    texts = {message.text for message in in_package()}

    assert {"Sign in", "Risk", "promotes", "Your decision on %(ref)s is recorded."} <= texts
    assert json.dumps(sorted(texts))
    assert Path(catalogues.LOCALE).is_dir()
