"""Listed sites are looked at again on a loopback web: what each of them has become, and what a kill leaves."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.plan import CrawlPlan, Scoring
from crawler.run import crawl
from qalqan.recheck import NoNetworkError, RecheckReport, recheck
from qalqan.schedule import RoundRunningError, alone
from review_queue import cases, decisions, entries, rechecks
from review_queue.categories import Category, Lane, Scope
from review_queue.rechecks import Found
from review_queue.records import ModelId
from review_queue.store import Store, open_store
from tests.builders import a_draft
from tests.crawler.conftest import no_language, plan_for, seeds_of
from tests.crawler.test_live import CUTS, by_the_word
from tests.review_queue.lives import an_import, taken_over
from tests.site.web import Answer, Web

BAD = "<title>bad</title><p>A recipe for bread with flour, for those who like it.</p>"
GOOD = "<title>good</title><p>A walk along the river, with all that grows there in May.</p>"
MODEL = ModelId("by-the-word", "1", "d" * 64)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


def plan_of(web: Web) -> CrawlPlan:
    plan = plan_for(web, scoring=Scoring(by_the_word, MODEL, CUTS))
    return replace(plan, budget=replace(plan.budget, max_pages=3))


def listed(data: Path, web: Web, *urls: str, scope: Scope = Scope.HOST) -> None:
    """The pages were crawled, and three people decided on each site's worst to list it."""
    for url in urls:
        web.put(url, BAD)
    crawl(data, seeds_of(web, *urls), plan_of(web), detect_language=no_language)
    with open_store(data) as store:
        for row in list(store.rows("SELECT id, site, url FROM pages ORDER BY id")):
            case, _ = cases.open_case(
                store, site=row["site"], category=Category.VIOLENCE, lane=Lane.REVIEW,
                page_id=row["id"], risk=1.0,
            )  # fmt: skip
            for person in ("aliya", "berik", "dana"):
                name = row["url"] if scope is Scope.URL else row["site"]
                decisions.decide(store, a_draft(case, person, scope=scope, name=name))
        for block in entries.approved(store):
            entries.add(store, block)


def look(
    data: Path, web: Web, *, is_absent: Callable[[str], bool] = lambda _: False, **options: object
) -> RecheckReport:
    return recheck(
        data, plan_of(web), detect_language=no_language, is_absent=is_absent, **options  # type: ignore[arg-type]
    )  # fmt: skip


def outcomes(report: RecheckReport) -> dict[str, tuple[Found, str]]:
    return {one.entry.name: (one.check.outcome, one.check.error) for one in report.checked}


def recorded(data: Path) -> list[str]:
    with open_store(data) as store:
        return [row["outcome"] for row in store.rows("SELECT outcome FROM rechecks ORDER BY id")]


def test_each_site_is_what_it_has_become(tmp_path: Path, web: Web) -> None:
    sites = ("still", "same", "moved", "clean", "empty", "parked", "gone", "down", "built", "away")
    listed(tmp_path, web, *[f"http://{site}.test/bad" for site in sites])
    asked_before = len(web.pages_asked())
    web.put("http://still.test/bad", f"{BAD}<p>and more of it, with flour</p>")
    for site in ("moved", "clean", "gone"):
        web.put(f"http://{site}.test/bad", "not here", status=404)
    web.put("http://moved.test/", f"{GOOD}<a href='/elsewhere'>on</a>")
    web.put("http://moved.test/elsewhere", BAD)
    web.put("http://clean.test/", GOOD)
    for site, html in (
        ("empty", "<html><body> </body></html>"),
        ("parked", "<p>The domain is for sale. Make an offer to its owner today.</p>"),
        ("built", "<div id=app></div><script src=/app.js></script>"),
    ):
        web.put(f"http://{site}.test/bad", html)
        web.put(f"http://{site}.test/", html)
    web.put("http://down.test/bad", "busy", status=503)
    web.put("http://away.test/bad", "", status=302, Location="http://other.test/")
    web.put("http://away.test/", "", status=302, Location="http://other.test/")

    report = look(tmp_path, web)

    assert outcomes(report) == {
        "still.test": (Found.STILL_THERE, ""),
        "same.test": (Found.STILL_THERE, ""),
        "moved.test": (Found.STILL_THERE, ""),
        "clean.test": (Found.CHANGED, ""),
        "empty.test": (Found.GONE, "empty"),
        "parked.test": (Found.GONE, "parked"),
        "gone.test": (Found.GONE, "http_404"),
        "down.test": (Found.UNREACHABLE, "http_503"),
        "built.test": (Found.UNREACHABLE, "scripted"),
        "away.test": (Found.CHANGED, "redirect_offsite"),
    }
    assert not any(host == "other.test" for host, _ in web.requests)
    assert len(web.pages_asked()) - asked_before <= 3 * len(sites)
    assert (report.left, report.stopped) == ((), False)
    assert outcomes(look(tmp_path, web)) == {}  # nothing of it is due again


def test_a_listed_url_is_asked_alone_and_its_page_as_decided_on_is_still_there(
    tmp_path: Path, web: Web
) -> None:
    web.put("http://url.test/", GOOD)
    listed(tmp_path, web, "http://url.test/bad", scope=Scope.URL)
    asked_before = len(web.pages_asked())
    cuts = dict.fromkeys(Category, 2.0)  # no page reaches any threshold now
    plan = replace(plan_of(web), scoring=Scoring(by_the_word, MODEL, cuts))

    report = recheck(tmp_path, plan, detect_language=no_language)

    assert [one.check.outcome for one in report.checked] == [Found.STILL_THERE]
    assert web.pages_asked()[asked_before:] == ["http://url.test/bad"]


@pytest.mark.parametrize("scope", [Scope.URL, Scope.HOST])
def test_what_leads_away_is_not_still_there_because_another_entry_of_its_site_is(
    tmp_path: Path, web: Web, scope: Scope
) -> None:
    urls = ("http://big.test/one", "http://big.test/two")
    if scope is Scope.HOST:
        urls = ("http://one.big.test/", "http://two.big.test/")
    for url in urls:
        web.put(url, BAD)
    crawl(tmp_path, seeds_of(web, *urls), plan_of(web), detect_language=no_language)
    names = [seed.url for seed in seeds_of(web, *urls)]
    if scope is Scope.HOST:
        names = ["one.big.test", "two.big.test"]
    with open_store(tmp_path) as store:
        an_import(store, *(taken_over(name, scope=scope) for name in names))
    web.put("http://big.test/", GOOD)
    web.put(urls[1], "", status=302, Location=f"http://big.test:{web.port}/")

    report = look(tmp_path, web)

    assert outcomes(report) == {
        names[0]: (Found.STILL_THERE, ""),
        names[1]: (Found.CHANGED, ""),
    }


def test_a_name_that_the_dns_does_not_know_is_gone_and_one_it_cannot_tell_of_is_not(
    tmp_path: Path, web: Web
) -> None:
    listed(tmp_path, web, "http://one.test/bad", "http://two.test/bad")
    plan = plan_of(web)
    nowhere = replace(plan, network=replace(plan.network, overrides=()))

    report = recheck(
        tmp_path, nowhere, detect_language=no_language, is_absent=lambda name: name == "one.test"
    )

    assert outcomes(report) == {
        "one.test": (Found.GONE, "dns"),
        "two.test": (Found.UNREACHABLE, "dns"),
    }


def test_a_machine_without_a_network_finds_nothing_gone(tmp_path: Path, web: Web) -> None:
    listed(tmp_path, web, *[f"http://s{n}.test/bad" for n in range(3)])
    plan = plan_of(web)
    nowhere = replace(plan, network=replace(plan.network, overrides=()))

    with pytest.raises(NoNetworkError, match="3 listed sites"):
        recheck(tmp_path, nowhere, detect_language=no_language, is_absent=lambda _: True)
    assert recorded(tmp_path) == []
    assert len(outcomes(look(tmp_path, web))) == 3


def test_a_limit_leaves_the_others_due_and_robots_keep_a_look_from_telling(
    tmp_path: Path, web: Web
) -> None:
    listed(tmp_path, web, "http://one.test/bad", "http://two.test/bad")
    rules = "User-agent: *\nDisallow: /"
    web.put("http://one.test/robots.txt", rules, content_type="text/plain")

    first = outcomes(look(tmp_path, web, limit=1))
    rest = outcomes(look(tmp_path, web))

    assert (len(first), len(rest)) == (1, 1)
    assert first | rest == {
        "one.test": (Found.UNREACHABLE, "robots"),
        "two.test": (Found.STILL_THERE, ""),
    }
    with open_store(tmp_path) as store:
        due = rechecks.due(store, within=timedelta(days=8))
    assert [one.entry.name for one in due] == ["one.test"]


def test_a_proxy_that_is_down_says_nothing_of_the_site(tmp_path: Path, web: Web) -> None:
    listed(tmp_path, web, "http://one.test/bad")
    plan = plan_of(web)
    down = replace(plan, network=replace(plan.network, proxy="http://127.0.0.1:1"))

    report = recheck(tmp_path, down, detect_language=no_language)

    assert report.checked == ()
    assert [entry.name for entry in report.left] == ["one.test"]
    assert recorded(tmp_path) == []


def test_two_runs_never_look_at_once(tmp_path: Path, web: Web) -> None:
    open_store(tmp_path).close()
    with (
        alone(tmp_path, "recheck.lock", "another run of re-checks"),
        pytest.raises(RoundRunningError, match="re-checks"),
    ):
        look(tmp_path, web)


def _looking(data: Path, plan: CrawlPlan) -> None:
    recheck(data, plan, detect_language=no_language)


def _rows(store: Store) -> list[str]:
    return [row["entry_id"] for row in store.rows("SELECT entry_id FROM rechecks ORDER BY id")]


def test_what_was_looked_at_before_a_kill_is_kept_and_the_rest_is_due(
    tmp_path: Path, web: Web
) -> None:
    names = [f"s{n}.test" for n in range(4)]
    listed(tmp_path, web, *[f"http://{name}/bad" for name in names])
    for name in names[2:]:
        web.answer(f"http://{name}/bad", Answer(200, BAD.encode(), pause_s=40.0))
    patient = replace(plan_of(web), pace=replace(plan_of(web).pace, timeout_s=60.0))
    child = multiprocessing.get_context("spawn").Process(target=_looking, args=(tmp_path, patient))
    child.start()
    with open_store(tmp_path) as store:
        while len(_rows(store)) < 2:
            assert child.is_alive(), "ended before it could be killed"
            time.sleep(0.01)
    child.kill()
    child.join(200)
    for name in names[2:]:
        web.put(f"http://{name}/bad", BAD)

    with open_store(tmp_path) as store:
        kept = _rows(store)
        waiting = [one.entry.id for one in rechecks.due(store)]
    assert (len(kept), len(waiting)) == (2, 2)
    assert not set(kept) & set(waiting)
    report = look(tmp_path, web)
    assert len(report.checked) == len(waiting)
    assert {found for found, _ in outcomes(report).values()} == {Found.STILL_THERE}
