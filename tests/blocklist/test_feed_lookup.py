"""The owner of a site is told of their own address, and nobody is told more than they asked for."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from blocklist.feed import notices
from blocklist.feed.answers import Request
from blocklist.feed.app import FeedConfig, Limits
from blocklist.feed.lookup import looked_up
from blocklist.feed.notices import Notices
from blocklist.feed.wording import WORDS, day
from review_queue import entries, imports, lifts
from review_queue.categories import Category, Scope
from review_queue.lifts import LiftReason
from review_queue.records import Entry
from review_queue.store import Store, open_store
from tests.blocklist.approvals import PEOPLE, agree, case_of
from tests.blocklist.feeding import Reply, Site, running
from tests.builders import captured

NOTICES = """
[authority]
kk = "Үлгі орган"
ru = "Орган <для> примера"
en = "A sample authority"
[appeal]
kk = "appeals@unit.example"
ru = "appeals@unit.example"
en = "appeals@unit.example"
[how]
kk = "Жазыңыз."
ru = "Напишите."
en = "Write to us."
"""
LISTED = {
    "casino.example": Scope.DOMAIN,
    "shop.example": Scope.HOST,
    "http://platform.example/users/evil.html": Scope.URL,
    "203.0.114.66": Scope.IP,
    "198.51.101.0/24": Scope.CIDR,
    "2001:db9::/32": Scope.CIDR,
    "xn--80aodfsg.example": Scope.HOST,
    "lifted.example": Scope.HOST,
}


def _fill(store: Store) -> None:
    for number, (name, scope) in enumerate(LISTED.items()):
        host = re.sub(r"https?://|/.*", "", name)
        site = host if scope in (Scope.HOST, Scope.DOMAIN, Scope.URL) else f"n{number}.example"
        agree(
            store, case_of(store, site), name, scope, 2 if scope in (Scope.HOST, Scope.URL) else 3
        )
    for block in entries.approved(store):
        entries.add(store, block)
    gone = next(one for one in entries.live(store) if one.name == "lifted.example")
    lifts.lift(store, gone.id, PEOPLE[0], LiftReason.APPEAL, "The page is another one now.")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("lookup")
    made = Site(folder / "data", folder / "lists")
    (folder / "notices.toml").write_text(NOTICES)
    with open_store(made.data) as store:
        _fill(store)
    config = FeedConfig(
        made.data,
        made.lists,
        notices=notices.read(folder / "notices.toml"),
        limits=Limits(*[1e9] * 6),
    )
    with running(made, config):
        yield made


def _page(site: Site, text: str, language: str = "en") -> Reply:
    return site.ask(f"/lookup?name={quote(text)}&lang={language}")


def _asked(site: Site, text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        site.ask(f"/lookup?name={quote(text)}", Accept="application/json").body
    )
    return found


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("shop.example", "this name"),
        ("SHOP.example.", "this name"),
        ("casino.example", "this name"),
        ("a.b.casino.example", "a wider name"),
        ("https://casino.example/any?page", "a wider name"),
        ("shop.example/page", "a wider name"),
        ("http://platform.example/users/evil.html", "this name"),
        ("platform.example/users/evil.html", "this name"),
        ("203.0.114.66", "this name"),
        ("0xcb.0.29250", "this name"),
        (str(203 * 2**24 + 114 * 2**8 + 66), "this name"),
        ("http://203.0.114.66/x", "a wider name"),
        ("198.51.101.9", "a wider name"),
        ("2001:db9:1::5", "a wider name"),
        ("[2001:db9:1::5]", "a wider name"),
        ("\u043a\u0430\u0437\u0438\u043d\u043e.example", "this name"),
    ],
)
def test_a_listed_address_is_said_to_be_listed(site: Site, text: str, about: str) -> None:
    found = _asked(site, text)

    assert (found["state"], found["entries"][0]["about"]) == ("listed", about)


@pytest.mark.parametrize(
    "text",
    ["casino", "example", "asino.example", "asino.exampl", "casino.example.kz", "www.shop.example",
     "platform.example", "http://platform.example/users/", "https://platform.example/users/evil.html",
     "http://platform.example/users/evil.html?x", "203.0.114.67", "198.51.102.1", "nobody.example", "egov.kz",
     "%", "*", "*.example"],
)  # fmt: skip
def test_what_is_not_that_very_name_is_not_listed(site: Site, text: str) -> None:
    reply = site.ask(f"/lookup?name={quote(text)}", Accept="application/json")
    found = json.loads(reply.body)

    assert found.get("state", "not_listed") == "not_listed"
    assert not found.get("entries")


@pytest.mark.parametrize(
    ("language", "written"),
    [("kk", "2026 ж. 3 қараша"), ("ru", "3 ноября 2026 г."), ("en", "2026-11-03")],
)
def test_a_day_is_written_as_its_reader_writes_it(language: str, written: str) -> None:
    assert day(language, "2026-11-03T20:00:00.000Z") == written
    assert day(language, "") == ""


def test_every_word_of_the_public_pages_is_there_in_each_language() -> None:
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}


def test_a_page_says_since_when_why_by_what_law_and_how_to_appeal(site: Site) -> None:
    (entry,) = _asked(site, "shop.example")["entries"]
    for language, words in {
        "en": (
            "On the list.",
            "Promotes or calls for violence",
            "A sample authority",
            "Write to us.",
        ),
        "ru": ("Есть в списке.", "Пропаганда насилия", "Орган &lt;для&gt; примера", "Напишите."),
        "kk": ("Тізімде бар.", "Зорлық-зомбылыққа", "Үлгі орган", "Жазыңыз."),
    }.items():
        page = _page(site, "shop.example", language)
        assert page.status == 200
        assert all(text in page.text for text in words), language
        assert f'lang="{language}"' in page.text
        days = (day(language, entry[of]) for of in ("listed_at", "review_at", "expires_at"))
        for value in (entry["id"], *days, "VI-1", "appeals@unit.example"):
            assert value in page.text


def test_a_lifted_block_is_said_to_be_lifted_and_when(site: Site) -> None:
    found = _asked(site, "lifted.example")
    (entry,) = found["entries"]

    assert (found["state"], entry["is_over"]) == ("lifted", True)
    assert entry["lifted_at"] >= entry["listed_at"]
    assert f"<dd>{entry['lifted_at'][:10]}</dd>" in _page(site, "lifted.example").text
    with site.opened() as store:
        (lift,) = lifts.since(store, "")
        assert lift.note not in _page(site, "lifted.example").text


def test_an_answer_is_as_long_whatever_it_says(site: Site) -> None:
    for language in ("kk", "ru", "en"):
        pages = [
            _page(site, text, language)
            for text in ("shop.example", "nope.example", "lifted.example")
        ]
        assert len({(page.status, len(page.body)) for page in pages[:2]}) == 1
        assert len({len(page.body) for page in pages}) == 1
        assert "Content-Encoding" not in pages[0].headers
    asked = [site.ask(f"/lookup?name={name}.example", Accept="application/json, gzip", Accept_Encoding="gzip")
             for name in ("shop", "nope")]  # fmt: skip
    assert len({(one.status, len(one.body)) for one in asked}) == 1


@pytest.mark.parametrize("accepted", ["text/html", "application/json"])
def test_an_answer_is_as_long_however_long_the_notices_are(site: Site, accepted: str) -> None:
    with site.opened() as store:
        for length in range(1, 2000, 100):
            texts = {"kk": "x" * length, "ru": "x" * length, "en": "x"}
            told = Notices(texts, texts, texts)
            sizes = {
                len(looked_up(store, _request(f"name={name}.example", accepted), told).body)
                for name in ("shop", "nope")
            }
            assert len(sizes) == 1, length


def _request(query: str, accepted: str) -> Request:
    headers = {"Accept": accepted}
    return Request("GET", "/lookup", query, "192.0.2.1", "", headers, lambda _size: b"")


def test_a_site_is_told_of_a_block_of_the_address_it_is_known_at(site: Site) -> None:
    with open_store(site.data) as store:
        assert _asked(site, "neighbour.example")["state"] == "not_listed"
        captured(store, "198.51.101.9", "neighbour.example")

    told = [_asked(site, text) for text in ("neighbour.example", "http://neighbour.example/a")]

    assert [one["state"] for one in told] == ["listed", "listed"]
    for one in told:
        (entry,) = one["entries"]
        assert "198.51" not in json.dumps(entry)


def test_the_wider_name_that_covers_an_address_is_not_said(site: Site) -> None:
    for text, hidden in (
        ("198.51.101.9", "198.51.101.0"),
        ("http://203.0.114.66/x", ">203.0.114.66<"),
    ):
        assert hidden not in _page(site, text).text
        assert "/24" not in _page(site, text).text
        assert "A wider name" not in _page(site, text).text
        assert "An entry about a wider name covers it." in _page(site, text).text
    (entry,) = _asked(site, "a.casino.example")["entries"]
    assert "name" not in entry
    assert '"casino.example"' not in json.dumps(entry)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><a href=//evil.example>x</a>',
    "javascript:alert(1)",
    "http://shop.example/\"onmouseover='x'",
    "\u202eelpmaxe.pohs",
    "a\0b",
    "x" * 5000,
    "${7*7}{{7*7}}%s%n",
    "http://[::1",
    "\ud83d\ude00.example",
    "&amp;<!--",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_stranger_types_is_shown_as_text_and_never_a_link(site: Site, text: str) -> None:
    page = site.ask(f"/lookup?lang=en&name={quote(text, errors='surrogatepass')}")

    assert page.status in (200, 400)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert set(re.findall(r'href="([^"]*)"', page.text)) == {"?lang=kk", "?lang=ru", "?lang=en"}
    assert "<script" not in page.text
    assert "<a href=//" not in page.text
    assert "\u202e" not in page.text
    assert "\0" not in page.text
    assert len(page.body) < 40_000


def test_an_empty_form_and_an_odd_question_are_answered(site: Site) -> None:
    assert site.ask("/lookup").status == 200
    assert site.ask("/lookup?name=").status == 200
    assert site.ask("/lookup?" + "a=1&" * 50).status == 200
    assert site.ask("/lookup?name=%ff%fe").status == 400
    assert site.ask("/lookup", method="POST", body=b"name=shop.example").status == 405
    assert site.ask("/lookup/").status == 404
    assert site.ask("/lookup?name=not+a+name", Accept="application/json").status == 400


def test_a_browser_gets_its_language(site: Site) -> None:
    for accepted, language in (
        ("ru-RU,ru;q=0.9", "ru"),
        ("de, en;q=0.5", "en"),
        ("de", "kk"),
        ("", "kk"),
    ):
        page = site.ask("/lookup", Accept_Language=accepted)
        assert f'<html lang="{language}">' in page.text


def test_why_an_entry_is_there_is_told_by_its_id_without_the_name(site: Site) -> None:
    (entry,) = _asked(site, "shop.example")["entries"]

    page = site.ask(f"/why/{entry['id']}?lang=en")

    assert "Promotes or calls for violence" in page.text
    assert "Write to us." in page.text
    assert "On the list." in page.text
    assert "shop" not in page.text
    assert "name" not in page.text.partition("<h1>")[2]
    found = json.loads(site.ask(f"/why/{entry['id']}", Accept="application/json").body)
    assert (found["state"], found["entries"][0]["id"]) == ("listed", entry["id"])
    assert "name" not in json.dumps(found)


def test_an_id_that_is_none_has_the_same_page_whatever_it_is(site: Site) -> None:
    with site.opened() as store:
        known = next(entries.live(store)).id
    pages = [
        site.ask(f"/why/{text}?lang=en")
        for text in ("0" * 24, "1", known[:-1], known.upper() + "x")
    ]

    assert len({page.body for page in pages}) == 1
    assert "There is no such entry." in pages[0].text
    assert len(site.ask(f"/why/{known}?lang=en").body) == len(pages[0].body)
    assert site.ask("/why/").status == 404
    assert site.ask("/why/a/b").status == 404


def test_ids_do_not_follow_from_one_another(store: Store) -> None:
    for number in range(40):
        agree(store, case_of(store, f"n{number}.example"), f"n{number}.example", Scope.HOST, 2)
    ids = [entries.add(store, block).id for block in entries.approved(store)]

    tails = sorted(int(entry_id[-12:], 16) for entry_id in ids)
    assert min(after - before for before, after in itertools.pairwise(tails)) > 2**20
    assert max(tails) > 2**46


def test_an_import_is_not_spoken_of_before_two_people_signed_it(site: Site) -> None:
    with site.opened() as store:
        row = next(one for one in entries.live(store) if one.name == "shop.example")
        taken = Entry(
            "OLD-1", Scope.HOST, "n0001.zz-qalqan.kz", "n0001.zz-qalqan.kz", Category.VIOLENCE, "", (), 2,
            row.policy_code, row.policy_version, row.legal_ground_code, row.legal_ground_version,
            "2025-01-01T00:00:00.000Z", papers=("No. 5 of 2025",),
        )  # fmt: skip
        number = imports.prepare(
            store, source="registry", file_sha256="a" * 64, rows=[(1, taken)], person=PEOPLE[0]
        )
        assert _asked(site, taken.name)["state"] == "not_listed"
        assert json.loads(site.ask("/why/OLD-1", Accept="application/json").body)["entries"] == []
        imports.sign(store, number, PEOPLE[1])
        assert _asked(site, taken.name)["state"] == "listed"
        imports.withdraw(store, number, PEOPLE[1], "Not ours to block.")
        found = _asked(site, taken.name)
        assert (found["state"], found["entries"][0]["lifted_at"] > "2026") == ("lifted", True)


def test_one_address_asks_only_so_often(site: Site, tmp_path: Path) -> None:
    config = FeedConfig(
        site.data, tmp_path, trusted=frozenset({"127.0.0.1"}), limits=Limits(lookups_an_hour=3)
    )
    with running(Site(site.data, tmp_path), config) as slow:

        def status(address: str, path: str = "/lookup?name=shop.example") -> int:
            return slow.ask(path, X_Forwarded_For=address).status

        assert [status("192.0.2.1") for _ in range(5)] == [200, 200, 200, 429, 429]
        assert status("192.0.2.2") == 200
        assert status("192.0.2.1", "/lookup") == 200  # the empty form asks nothing
        late = slow.ask("/lookup?name=a.example", X_Forwarded_For="192.0.2.1")
        assert int(late.headers["Retry-After"]) > 1000
        # a customer has a whole network of IPv6
        assert [status(f"2001:db8::{n}") for n in range(4)] == [200, 200, 200, 429]


def test_notices_nobody_filled_in_say_so(tmp_path: Path) -> None:
    assert notices.unfilled().has_placeholders
    path = tmp_path / "notices.toml"
    path.write_text(NOTICES)
    assert not notices.read(path).has_placeholders
    for broken, words in (
        (NOTICES.replace('en = "Write to us."', ""), "each of kk, ru, en"),
        (NOTICES.replace('"Write to us."', '""'), "how.en"),
        (NOTICES + "[other]\n", "not known"),
        ("= [", "not TOML"),
    ):
        path.write_text(broken)
        with pytest.raises(notices.NoticesError, match=words):
            notices.read(path)
    with pytest.raises(notices.NoticesError, match="cannot read"):
        notices.read(tmp_path / "none.toml")


def test_the_notices_the_docs_show_would_be_taken(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/feed.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    path = tmp_path / "notices.toml"
    path.write_text(shown, encoding="utf-8")

    assert notices.read(path).has_placeholders
