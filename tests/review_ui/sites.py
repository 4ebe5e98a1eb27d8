"""Sites, pages and cases for the tests of the pages, and a person of every role."""

import time
from dataclasses import replace

from django.conf import settings
from django.db import connections

from review_queue import cases, frontier, progress, scores, unread
from review_queue.categories import Category, Lane, Scope, Stance, Verdict
from review_queue.records import Case, Evidence, Page, PageScore, Surroundings
from review_queue.store import Store
from review_ui import accounts
from review_ui.config import ServeConfig
from review_ui.deciding import DecisionForm
from review_ui.roles import Role
from tests.builders import MODEL, a_page, fetch

PASSWORD = "calm-river-under-nine-bridges"
_TEXTS = {
    "en": (
        "Notes from the back room",
        (
            "We are back after the long break.\nPeople like {group} deserve {act}, and it is good that it happens."
            " Whoever disagrees has not understood anything.\nNext week we talk about the choir and the new roof."
        ),
    ),
    "ru": (
        "Заметки из подсобки",
        (
            "Мы снова здесь после долгого перерыва.\nТакие, как {group}, заслужили {act}, и хорошо, что так бывает."
            " Кто не согласен, тот ничего не понял.\nНа следующей неделе поговорим о хоре и новой крыше."
        ),
    ),
    "kk": (
        "Артқы бөлмеден жазбалар",
        (
            "Ұзақ үзілістен кейін қайта оралдық.\n{group} сияқтылар {act} дегенге лайық, солай болғаны жақсы."
            " Келіспеген адам ештеңе түсінбеген.\nКелесі аптада хор мен жаңа шатыр туралы сөйлесеміз."
        ),
    ),
}


def a_site_page(
    host: str, path: str = "/", *, lang: str = "ru", title: str = "", text: str = ""
) -> Page:
    """A page as a crawl would bring it."""
    usual_title, usual_text = _TEXTS[lang]
    page = a_page(f"https://{host}{path}", text or usual_text)
    return replace(page, title=title or usual_title, lang=lang)


def scored(page: Page, risk: float, category: Category = Category.VIOLENCE) -> PageScore:
    """A score whose evidence is the second line of the page, or all of a page of one line."""
    start = page.text.find("\n") + 1
    end = page.text.find("\n", start) if "\n" in page.text[start:] else len(page.text)
    harm = Category.VIOLENCE if category is Category.DISTRESS else category
    other = Category.SELF_HARM if harm is Category.VIOLENCE else Category.VIOLENCE
    stance = Stance.DISTRESS if category is Category.DISTRESS else Stance.PROMOTES
    rest = dict.fromkeys(Stance, (1 - risk) / 4)
    return PageScore(
        lang=page.lang,
        scores={harm: risk, other: 0.04},
        stance={**rest, stance: risk},
        risk=risk,
        evidence=(Evidence(page.text[start:end], start, end, harm, 0.62),),
    )


def a_waiting_case(
    store: Store,
    host: str = "one.example",
    *,
    category: Category = Category.VIOLENCE,
    risk: float = 0.9,
    lang: str = "ru",
    title: str = "",
    text: str = "",
    path: str = "/",
) -> Case:
    """A case with two pages on two hosts of its site."""
    main = a_site_page(host, path, lang=lang, title=title, text=text)
    other = a_site_page(f"forum.{host}", "/about?a=1", lang=lang, title=title)
    ids = fetch(store, main, other)
    scores.save(
        store,
        MODEL,
        [(ids[0], scored(main, risk, category)), (ids[1], scored(other, risk / 2, category))],
    )
    cases.save_surroundings(
        store,
        ids[0],
        Surroundings((main.title,), tuple(main.text.split("\n")), ("Хор", "Контакты")),
    )
    lane = Lane.REFERRAL if category is Category.DISTRESS else Lane.REVIEW
    case, _ = cases.open_case(
        store, site=main.site, category=category, lane=lane, page_id=ids[0], risk=risk
    )
    return case


# one grey dot
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6368000000820081dd436af40000000049454e44ae426082"
)


def a_block(case: Case, **changes: object) -> DecisionForm:
    """What a person fills in to have the host of the case blocked."""
    form = DecisionForm(
        case.ref,
        Verdict.VIOLATES,
        "It calls for it in the second line.",
        scope=Scope.HOST,
        name=case.site,
        policy="VI-1",
        legal_ground="SAMPLE-1",
    )
    return replace(form, **changes)  # type: ignore[arg-type]  # each test names fields of the form


def an_unread_page(
    store: Store, host: str = "one.example", *, path: str = "/broken", reason: str = "time"
) -> int:
    """A page that no program could read; returns its number."""
    page = replace(a_page(f"https://{host}{path}", "x"), text="", title="", lang="")
    (page_id,) = fetch(store, page)
    unread.add(store, page_id, reason)
    return page_id


def a_policy() -> dict[str, object]:
    """The rules of a crawl as a crawl records them."""
    return {
        "robots": "obey",
        "discover": 0,
        "focus": "soft",
        "model": "topic-stance v6",
        "cuts": {"self_harm": 0.5, "violence": 0.6, "distress": 0.7},
        "browser": {"pages": 1},
        "budget": {"max_pages": 20, "max_depth": 3, "max_bytes": 52_428_800, "max_seconds": 600.0,
                   "revisit_s": 604_800.0},
        "pace": {"concurrency": 64, "per_host": 2, "delay_s": 0.5, "timeout_s": 20.0,
                 "max_body_bytes": 5_242_880, "max_redirects": 5},
        "user_agent": "Qalqan/0.1 (website triage)",
        "proxy": "",
        "allowed_addresses": [],
        "resolved": [],
    }  # fmt: skip


def a_crawl(
    store: Store,
    *,
    readings: int = 3,
    policy: dict[str, object] | None = None,
    errors: dict[str, int] | None = None,
) -> int:
    """A crawl that is at work: one reading for every ten seconds so far; returns its number."""
    number = frontier.open_round(
        store, sites=["one.example"], policy=a_policy() if policy is None else policy, max_pages=9
    )
    for n in range(readings):
        kinds = errors or {"dns": n, "http_404": n}
        reading = progress.Reading(n * 10, kinds, n * 1_000_000, 300 - n * 10, 12, n, n * 10.0)
        progress.note(store, number, reading)
        time.sleep(0.002)  # readings are told apart by their millisecond
    return number


def people(config: ServeConfig, language: str = "en") -> dict[Role, accounts.Person]:
    """One person of every role, and all may sign in with PASSWORD."""
    return {
        role: accounts.add_user(
            config,
            role.value,
            PASSWORD,
            role=role,
            full_name=f"Ms {role.title()}",
            language=language,
        )
        for role in Role
    }


def close_accounts() -> None:
    """The accounts file of the last site is let go."""
    if settings.configured:
        connections["default"].close()
