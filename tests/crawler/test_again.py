"""The same crawl again: what was refused by a setting is tried at once when the setting changes, the rest waits."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.guard import AddressPolicy
from crawler.plan import Network
from crawler.run import crawl
from review_queue import seeds as stored_seeds
from review_queue.records import Seed
from review_queue.store import open_store
from tests.crawler.conftest import Crawl, no_language, plan_for
from tests.site.web import Answer, Web


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port on which connections are neither taken nor refused: its queue is full."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def closed_port() -> int:
    with Web() as closed:
        return closed.port


def test_what_robots_txt_forbade_is_fetched_as_soon_as_it_is_ignored(web: Web, run: Crawl) -> None:
    web.put("http://a.test/robots.txt", "User-agent: *\nDisallow: /\n", content_type="text/plain")
    web.put("http://a.test/", "<p>page</p>")

    first = run("http://a.test/")
    same = run("http://a.test/")
    ignored = run("http://a.test/", plan=plan_for(web, obey_robots=False))

    assert (first.errors, first.is_fruitless) == ({"robots": 1}, True)
    assert [(f.kind, f.count) for f in same.idle.failed] == [("robots", 1)]
    assert (same.errors, same.is_fruitless) == ({}, True)
    assert ignored.pages == 1


def test_a_refused_address_is_fetched_as_soon_as_it_is_allowed(web: Web, run: Crawl) -> None:
    web.put("http://a.test/", "<p>page</p>")
    plan = plan_for(web)
    closed = replace(plan, network=replace(plan.network, addresses=AddressPolicy()))

    first = run("http://a.test/", plan=closed)
    second = run("http://a.test/", plan=plan)

    assert (first.errors, first.is_fruitless) == ({"address_refused": 1}, True)
    assert second.pages == 1


def test_a_proxy_that_is_not_there_is_told_and_a_corrected_one_is_used_at_once(
    web: Web, data: Path, mute_port: int
) -> None:
    web.put("http://s1.example/", "<p>page</p>")
    web.answer("http://s2.example/", Answer(407, b"who are you?"))
    web.answer("http://mute.example/", Answer(pause_s=4.0))
    seeds = tuple(map(Seed, ("http://s1.example/", "https://s3.example/")))
    plan = plan_for(web)

    def through(proxy: str, *more: Seed) -> tuple[int, dict[str, int]]:
        with_proxy = replace(plan, network=Network(proxy=proxy))
        report = crawl(data, (*seeds, *more), with_proxy, detect_language=no_language)
        return report.pages, dict(report.errors)

    assert through(f"http://127.0.0.1:{closed_port()}") == (0, {"proxy": 2})
    assert through(f"http://127.0.0.1:{mute_port}") == (0, {"proxy": 2})
    more = map(Seed, ("http://s2.example/", "http://mute.example/"))
    assert through(web.proxy, *more) == (1, {"proxy": 2, "timeout": 1})


def test_what_failed_for_another_reason_waits_and_the_report_says_how_long(
    web: Web, run: Crawl
) -> None:
    web.put("http://busy.test/", "busy", status=503)
    web.put("http://good.test/", "<p>page</p>")

    first = run("http://busy.test/")
    again = run("http://busy.test/")
    run("http://good.test/")
    both = run("http://busy.test/", "http://good.test/")

    assert (first.errors, first.is_fruitless) == ({"http_503": 1}, True)
    assert (again.errors, again.idle.fresh, again.is_fruitless) == ({}, 0, True)
    [failed] = again.idle.failed
    assert (failed.kind, failed.count) == ("http_503", 1)
    assert failed.due_at
    assert (both.idle.fresh, len(both.idle.failed), both.is_fruitless) == (1, 1, False)


def test_a_site_that_gave_nothing_does_not_keep_the_next_run_from_discovering(
    web: Web, run: Crawl
) -> None:
    links = (
        f"<a href=http://down.test:{closed_port()}/>x</a><a href=http://n.test:{web.port}/>n</a>"
    )
    web.put("http://a.test/", links)
    web.put("http://n.test/", "<p>new</p>")
    plan = plan_for(web, discover=1)

    first = run("http://a.test/", plan=plan)
    second = run("http://a.test/", plan=plan)
    third = run("http://a.test/", plan=plan)

    assert (first.pages, first.discovered) == (1, 1)
    assert (second.pages, second.discovered) == (1, 1)
    assert (third.pages, third.discovered, third.errors) == (0, 0, {})


def test_private_addresses_take_no_place_among_the_discovered(
    web: Web, run: Crawl, data: Path
) -> None:
    private = "".join(f"<a href=http://10.0.0.{i}/>x</a>" for i in range(9))
    web.put(
        "http://a.test/", f"{private}<a href=/away>w</a><a href=http://n.test:{web.port}/>n</a>"
    )
    web.put("http://a.test/away", "", status=302, Location="http://169.254.169.254/latest")
    web.put("http://n.test/", "<p>new</p>")

    report = run("http://a.test/", plan=plan_for(web, discover=1))

    assert (report.pages, report.errors) == (2, {"redirect_offsite": 1})
    with open_store(data) as store:
        assert stored_seeds.candidates(store) == []


def test_private_candidates_of_an_older_store_are_not_followed(
    web: Web, run: Crawl, data: Path
) -> None:
    web.put("http://a.test/", "<p>page</p>")
    run("http://a.test/")
    with open_store(data) as store:
        store.run(
            "INSERT INTO candidates SELECT '10.0.0.1', 'http://10.0.0.1/', url, '', due_at FROM frontier"
        )

    report = run("http://a.test/", plan=plan_for(web, discover=1))

    assert (report.discovered, report.errors) == (0, {})


def test_the_stored_report_has_the_memory_that_is_told(web: Web, run: Crawl, data: Path) -> None:
    web.put("http://a.test/", "<p>page</p>")

    report = run("http://a.test/")

    with open_store(data) as store:
        stored = store.value("SELECT json_extract(report, '$.peak_memory_mb') FROM rounds")
    assert stored == report.summary()["peak_memory_mb"]
    assert stored > 20
