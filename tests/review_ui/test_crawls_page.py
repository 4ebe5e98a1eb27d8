"""The pages of crawls: the one at work, those before it, and what the clock says is missing."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.utils.translation import override

from crawler import advice
from review_queue import audit, frontier
from review_queue.errors import QalqanError
from review_queue.rounds import BEGUN, ENDED, Planned
from review_queue.store import Store, open_store
from review_ui.config import Lent, ServeConfig
from review_ui.roles import Role
from tests.conftest import TickingClock
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_crawl, a_policy

Plan = Callable[..., None]


class Text(HTMLParser):
    """The words of a page, as a person reads them."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.words = ""
        self.feed(page.decode())
        self.words = re.sub(r"\s+", " ", self.words)

    def handle_data(self, data: str) -> None:
        self.words += data + " "


def _text(page: bytes) -> str:
    return Text(page).words


def _old(store: Store, *, at: str, report: dict[str, object] | None = None) -> int:
    """A crawl of before readings were kept, closed where it has a report."""
    clock = TickingClock()
    clock.moment = datetime.fromisoformat(at)
    with open_store(store.path.parent, clock=clock) as then:
        number = frontier.open_round(then, sites=["a.example"], policy=a_policy(), max_pages=1)
        if report is not None:
            frontier.close_round(then, number, report)
    return number


@pytest.fixture
def plan(site: ServeConfig) -> Plan:
    """Lends the pages a plan, and the word on whether processes live."""

    def lend(*planned: Planned, alive: bool = False, trouble: str = "") -> None:
        def asked() -> tuple[Planned, ...]:
            if trouble:
                raise QalqanError(trouble)
            return planned

        lent = Lent(planned=asked, is_alive=lambda _: alive)
        settings.QALQAN = replace(site, lent=lent)

    return lend


def _nightly(late: timedelta) -> Planned:
    now = datetime.now(UTC)
    return Planned("nightly", now + timedelta(hours=4), now - late, now - late)


def _begin(store: Store) -> None:
    audit.append(store, actor="timer", action=BEGUN, subject="nightly", detail={"process": "1:1"})


def _end(store: Store, outcome: str, error: str = "") -> None:
    counts = {
        "crawl": {"pages": 31, "errors": {"dns": 4, "tls": 3}},
        "score": {"pages": 29, "cases_opened": 2},
    }
    detail = {"outcome": outcome, "counts": counts, "error": error}
    audit.append(store, actor="timer", action=ENDED, subject="nightly", detail=detail)


def test_nothing_crawled_is_said_so(signed_in: SignedIn) -> None:
    page = _text(signed_in(Role.SUPERVISOR).get("/crawls/").content)

    assert "Nothing has been crawled yet." in page
    assert "No round is planned here" in page
    assert "At work" not in page


def test_a_crawl_at_work_shows_its_newest_figures(store: Store, signed_in: SignedIn) -> None:
    a_crawl(store, readings=12)

    page = _text(signed_in(Role.SUPERVISOR).get("/crawls/").content)

    assert "At work since" in page
    assert "Pages 110 Errors 22 Sites 12 Reached a threshold 11" in page
    assert "10.0 %" in page
    # in the last minute 60 pages and 12 errors in 60 s, and 190 addresses are left
    assert "Addresses a second 1.2 Left to fetch 190 Time left, about 0:02:38" in page
    assert "unknown host 11, answer 404 11" in page
    assert "robots.txt obeyed, likely pages first" in page


def test_a_crawl_that_has_just_begun_has_no_figures_yet(store: Store, signed_in: SignedIn) -> None:
    a_crawl(store, readings=0)

    page = signed_in(Role.SUPERVISOR).get("/crawls/").content

    assert "At work since" not in _text(page)
    assert "at work" in _text(page)
    assert b"?until=" in page


@pytest.mark.parametrize(
    ("report", "state"),
    [
        ({"pages": 7, "errors": {"dns": 2}, "bytes": 3_000_000, "seconds": 61.2}, "finished"),
        ({"pages": 7, "errors": {"dns": 2}, "stopped": True}, "stopped by a person"),
        (None, "broke off"),
    ],
)
def test_a_crawl_of_before_readings_were_kept_shows_its_report(
    store: Store, signed_in: SignedIn, report: dict[str, object] | None, state: str
) -> None:
    number = _old(store, at="2026-11-01T09:00:00+00:00", report=report)
    client = signed_in(Role.SUPERVISOR)

    listed = _text(client.get("/crawls/").content)
    single = _text(client.get(f"/crawls/{number}/").content)

    assert state in listed
    assert state in single
    if report and "bytes" in report:
        assert "7 2 unknown host 2 — 3.0 0:01:01" in listed
        assert "were not scored while they came" in single


def test_the_newest_crawl_comes_first_and_a_long_list_is_paged(
    store: Store, signed_in: SignedIn
) -> None:
    numbers = [
        _old(store, at=f"2026-11-01T09:{n:02}:00+00:00", report={"pages": 1}) for n in range(25)
    ]
    client = signed_in(Role.AUDITOR)

    found = []
    for start in (0, 20):
        page = client.get(f"/crawls/?from={start}").content.decode()
        found += [int(n) for n in re.findall(r'class="ref" href="/crawls/(\d+)/"', page)]

    assert found == numbers[::-1]


def test_a_page_reloads_itself_only_where_a_person_wished_so_and_while_something_runs(
    store: Store, signed_in: SignedIn
) -> None:
    client = signed_in(Role.SUPERVISOR)
    soon = int(time.time()) + 1000
    assert "Refresh" not in client.get(f"/crawls/?until={soon}").headers

    number = a_crawl(store)
    for address in ("/crawls/", f"/crawls/{number}/"):
        still = client.get(address)
        assert "Refresh" not in still.headers
        (link,) = re.findall(r'href="(\?until=\d+)"', still.content.decode())
        live = client.get(address + link)
        assert live.headers["Refresh"] == "10"
        assert "http-equiv" not in live.content.decode()
        assert f'href="{address}">Stop that</a>' in live.content.decode()

    for odd in ("0", str(soon - 2000), str(soon + 9_000_000), "x", "9" * 40, "²"):
        assert "Refresh" not in client.get("/crawls/", {"until": odd}).headers


def test_the_harvest_is_drawn_and_stands_in_a_table_too(store: Store, signed_in: SignedIn) -> None:
    number = a_crawl(store, readings=6)

    response = signed_in(Role.SUPERVISOR).get(f"/crawls/{number}/")
    page = response.content.decode()

    assert '<polyline class="line" points="0.0,200.0 ' in page
    assert "600.0,0.0" in page
    assert "5 of 50 pages reached a threshold" in page
    table = _text(page.split("<details>")[1].encode())
    assert "0:00:50 50 5 10" in table


def test_errors_and_rules_are_told_in_words(store: Store, signed_in: SignedIn) -> None:
    number = a_crawl(store, policy={**a_policy(), "robots": "ignore", "proxy": "10.0.0.1:3128"})

    page = _text(signed_in(Role.SUPERVISOR).get(f"/crawls/{number}/").content)

    assert "unknown host 2 The name is not known." in page
    assert "answer 404 2 The server has no such page." in page
    assert "robots.txt ignored, by order" in page
    assert "20 pages, 3 links deep, 52 MB, 10 min" in page
    assert "7 d" in page
    assert "64 in all, 2 of one host, 0.5 s apart" in page
    assert "10[.]0[.]0[.]1:3128" in page


def test_a_crawl_leads_to_the_pages_it_could_not_read(store: Store, signed_in: SignedIn) -> None:
    number = _old(store, at="2026-11-01T09:00:00+00:00", report={"unread": {"time": 2, "died": 1}})

    page = signed_in(Role.SUPERVISOR).get(f"/crawls/{number}/").content.decode()

    assert '<a href="/unread/">3 pages could not be read</a>' in page


def test_a_policy_of_which_nothing_is_known_breaks_nothing(
    store: Store, signed_in: SignedIn
) -> None:
    number = a_crawl(store, policy={}, errors={"<b>odd</b>": 3, "http_999": 1})

    page = signed_in(Role.SUPERVISOR).get(f"/crawls/{number}/").content.decode()

    assert "&lt;b&gt;odd&lt;/b&gt;" in page
    assert "The server answered with this number instead of a page." in page


def test_a_number_that_is_no_crawl_is_not_found(signed_in: SignedIn) -> None:
    client = signed_in(Role.SUPERVISOR)

    for number in ("1", "9" * 40):
        assert client.get(f"/crawls/{number}/").status_code == 404


def test_runs_by_the_clock_are_shown_with_what_they_counted(
    store: Store, signed_in: SignedIn, plan: Plan
) -> None:
    _begin(store)
    _end(store, "done")
    plan(_nightly(timedelta(0)), alive=True)

    page = _text(signed_in(Role.SUPERVISOR).get("/crawls/").content)

    assert "nightly Next planned for" in page
    assert "31 7 29 2" in page
    assert "done" in page


@pytest.mark.parametrize("address", ["/queue/", "/crawls/"])
def test_a_round_that_was_missed_is_an_alert_that_says_how_late_it_is(
    store: Store, signed_in: SignedIn, plan: Plan, address: str
) -> None:
    plan(_nightly(timedelta(hours=7, minutes=5)))
    client = signed_in(Role.SUPERVISOR)

    page = _text(client.get(address).content)
    assert "The round nightly should have been carried out on" in page
    assert "That was 7 hours ago" in page
    assert "It has not run in the last 30 days." in page

    _begin(store)
    _end(store, "failed", "no page could be fetched")
    page = _text(client.get(address).content)
    assert "That was 7 hours ago" in page  # a run in vain makes up for nothing
    assert "failed. no page could be fetched" in page

    _begin(store)
    _end(store, "done")
    assert "Needs attention" not in client.get(address).content.decode()


def test_a_run_that_died_is_an_alert_until_it_is_made_up_for(
    store: Store, signed_in: SignedIn, plan: Plan
) -> None:
    _begin(store)
    plan(alive=False)
    client = signed_in(Role.SUPERVISOR)
    assert "broke off: it was killed" in _text(client.get("/queue/").content)

    plan(alive=True)
    assert "Needs attention" not in client.get("/queue/").content.decode()


def test_a_round_that_has_been_given_up_worries_nobody(
    store: Store, signed_in: SignedIn, plan: Plan
) -> None:
    _begin(store)
    _end(store, "failed")
    now = datetime.now(UTC)
    plan(Planned("other", now, now + timedelta(hours=1), now + timedelta(hours=1)))

    assert "begun on" not in _text(signed_in(Role.SUPERVISOR).get("/queue/").content)


def test_a_plan_that_cannot_be_read_is_an_alert(
    signed_in: SignedIn, plan: Plan, store: Store
) -> None:
    plan(trouble="qalqan.toml is not TOML")
    a_crawl(store)

    page = _text(signed_in(Role.SUPERVISOR).get("/crawls/").content)

    assert "What is planned cannot be read" in page
    assert "qalqan[.]toml is not TOML" in page
    assert "At work since" in page


def test_a_crawl_that_broke_off_is_an_alert_until_the_next_one(
    store: Store, signed_in: SignedIn
) -> None:
    _old(store, at="2026-11-01T09:00:00+00:00")
    client = signed_in(Role.SUPERVISOR)
    assert "The crawl begun on 2026-11-01 14:00 broke off" in _text(client.get("/queue/").content)

    a_crawl(store)
    assert "Needs attention" not in client.get("/queue/").content.decode()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.SENIOR])
def test_people_who_judge_cases_are_not_troubled_with_rounds(
    role: Role, store: Store, signed_in: SignedIn
) -> None:
    _old(store, at="2026-11-01T09:00:00+00:00")

    page = signed_in(role).get("/queue/").content.decode()

    assert "Needs attention" not in page
    assert "/crawls/" not in page


@pytest.mark.usefixtures("site")
def test_every_kind_of_error_a_crawl_knows_has_words_here() -> None:
    from review_ui import wording  # noqa: PLC0415  # needs Django set up

    kinds = {kind for kind in vars(advice)["_ADVICE"] if not kind.startswith("http_")}

    assert kinds <= set(wording.FAULTS)


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("late", "words"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(minutes=121), "2 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(hours=49), "2 days"),
    ],
)
def test_how_late_is_told_in_the_largest_fitting_unit(late: timedelta, words: str) -> None:
    from review_ui import wording  # noqa: PLC0415  # needs Django set up

    with override("en"):
        assert wording.lateness(late) == words
