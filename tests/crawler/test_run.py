"""Whole crawls of a real web on loopback, judged by what the store holds afterwards."""

import gzip
from dataclasses import replace
from pathlib import Path

from crawler.guard import AddressPolicy, Allowance
from crawler.plan import Budget, Network, Pace, Progress
from crawler.run import crawl
from review_queue import seeds as stored_seeds
from review_queue.records import Seed
from review_queue.store import open_store
from tests.crawler.conftest import Crawl, no_language, plan_for, seeds_of, stored_urls
from tests.site.web import Answer, Web


def site(web: Web, host: str, pages: int) -> list[str]:
    """A site whose front page links to all its other pages."""
    links = "".join(f'<a href="/p{i}">page {i}</a> ' for i in range(1, pages))
    web.put(f"http://{host}/", f"<title>{host}</title><p>front</p>{links}")
    for i in range(1, pages):
        web.put(f"http://{host}/p{i}", f"<title>{i}</title><p>text {i}</p><a href='/'>back</a>")
    return [f"http://{host}:{web.port}/"] + [
        f"http://{host}:{web.port}/p{i}" for i in range(1, pages)
    ]


def test_a_site_is_taken_page_by_page_with_title_text_and_body(
    web: Web, run: Crawl, data: Path
) -> None:
    expected = site(web, "a.test", 5)

    report = run("http://a.test/")

    assert stored_urls(data) == sorted(expected)
    assert (report.pages, report.errors, report.sites) == (5, {}, 1)
    with open_store(data) as store:
        row = store.row("SELECT title, text, site, host, lang FROM pages WHERE url LIKE '%/p3'")
        assert row == {
            "title": "3",
            "text": "text 3\nback",
            "site": "a.test",
            "host": "a.test",
            "lang": "",
        }


def test_a_second_run_fetches_nothing_that_is_not_due(web: Web, run: Crawl, data: Path) -> None:
    expected = site(web, "a.test", 4)
    run("http://a.test/")
    web.requests.clear()

    report = run("http://a.test/")

    assert (report.pages, report.errors, web.requests) == (0, {}, [])
    assert stored_urls(data) == sorted(expected)


def test_a_page_that_is_due_again_is_fetched_again_and_not_doubled(
    web: Web, run: Crawl, data: Path
) -> None:
    expected = site(web, "a.test", 3)
    at_once = plan_for(web, budget=Budget(max_pages=10, revisit_s=0.0))
    run("http://a.test/", plan=at_once)

    report = run("http://a.test/", plan=at_once)

    assert report.pages == 3
    assert stored_urls(data) == sorted(expected)


def test_the_page_budget_counts_for_each_site(web: Web, run: Crawl, data: Path) -> None:
    site(web, "a.test", 20)
    site(web, "b.test", 20)

    report = run("http://a.test/", "http://b.test/", plan=plan_for(web, budget=Budget(max_pages=7)))

    urls = stored_urls(data)
    assert report.pages == 14
    assert sum("a.test" in url for url in urls) == sum("b.test" in url for url in urls) == 7


def test_links_are_followed_as_deep_as_the_budget_says(web: Web, run: Crawl, data: Path) -> None:
    for i in range(6):
        web.put(f"http://a.test/{i}", f'<a href="/{i + 1}">next</a>')

    run("http://a.test/0", plan=plan_for(web, budget=Budget(max_depth=2)))

    assert [url[-1] for url in stored_urls(data)] == ["0", "1", "2"]


def test_a_site_that_has_used_up_its_bytes_is_left(web: Web, run: Crawl) -> None:
    site(web, "a.test", 30)
    for i in range(1, 30):
        web.put(f"http://a.test/p{i}", "x" * 50_000)

    report = run("http://a.test/", plan=plan_for(web, budget=Budget(max_bytes=200_000)))

    assert 4 <= report.pages < 15


def test_a_site_that_has_used_up_its_seconds_is_left_and_others_go_on(
    web: Web, run: Crawl, data: Path
) -> None:
    site(web, "slow.test", 40)
    site(web, "b.test", 5)
    plan = plan_for(web, budget=Budget(max_seconds=1.0), pace=Pace(delay_s=0.3, timeout_s=3.0))

    run(
        "http://slow.test/",
        "http://b.test/",
        plan=replace(plan, pace=replace(plan.pace, delay_s=0.2)),
    )

    urls = stored_urls(data)
    assert 2 <= sum("slow.test" in url for url in urls) < 20


def test_links_to_other_sites_become_candidates_with_their_words(
    web: Web, run: Crawl, data: Path
) -> None:
    web.put(
        "http://a.test/",
        '<a href="http://other.example/x">Another site</a><a href="mailto:a@b">m</a>',
    )

    run("http://a.test/")

    with open_store(data) as store:
        [candidate] = stored_seeds.candidates(store)
    assert (candidate.site, candidate.url, candidate.anchor) == (
        "other.example",
        "http://other.example/x",
        "Another site",
    )
    assert candidate.found_on == f"http://a.test:{web.port}/"


def test_discovery_follows_at_most_so_many_new_sites(web: Web, run: Crawl) -> None:
    links = "".join(f'<a href="http://n{i}.test:{web.port}/">n{i}</a>' for i in range(5))
    web.put("http://a.test/", links)
    for i in range(5):
        web.put(f"http://n{i}.test/", f"<p>site {i}</p>")

    report = run("http://a.test/", plan=plan_for(web, discover=2))

    assert (report.discovered, report.pages) == (2, 3)


def test_robots_txt_is_obeyed_unless_the_order_says_otherwise_and_either_is_recorded(
    web: Web, run: Crawl, data: Path, tmp_path: Path
) -> None:
    site(web, "a.test", 3)
    web.put("http://a.test/robots.txt", "User-agent: *\nDisallow: /p1\n", content_type="text/plain")

    obeyed = run("http://a.test/")
    ignored = crawl(
        tmp_path / "other",
        seeds_of(web, "http://a.test/"),
        plan_for(web, obey_robots=False),
        detect_language=no_language,
    )

    assert (obeyed.pages, obeyed.errors) == (2, {"robots": 1})
    assert (ignored.pages, ignored.errors) == (3, {})
    with open_store(data) as store:
        assert store.value("SELECT json_extract(policy, '$.robots') FROM rounds") == "obey"


def test_a_robots_txt_that_fails_stops_nothing(web: Web, run: Crawl) -> None:
    for host, answer in {
        "broken.test": Answer(raw=b"garbage\r\n\r\n"),
        "error.test": Answer(503, b"User-agent: *\nDisallow: /"),
        "page.test": Answer(404, b"User-agent: *\nDisallow: /"),
        "away.test": Answer(302, headers={"Location": "http://elsewhere.example/robots.txt"}),
    }.items():
        web.answer(f"http://{host}/robots.txt", answer)
        web.put(f"http://{host}/", "<p>page</p>")

    report = run(
        "http://broken.test/", "http://error.test/", "http://page.test/", "http://away.test/"
    )

    assert (report.pages, report.errors) == (4, {})


def test_each_error_has_its_kind_and_the_good_page_is_stored(web: Web, run: Crawl) -> None:
    web.put("http://good.test/", "<p>good</p>")
    web.put("http://gone.test/", "gone", status=404)
    web.put("http://busy.test/", "busy", status=503)
    web.put("http://picture.test/", b"\x89PNG\r\n", content_type="image/png")
    web.put("http://untyped.test/", b"\x00\x01\x02\x03", content_type="")
    web.put("http://damaged.test/", b"no gzip", Content_Encoding="gzip")
    web.put("http://odd.test/", b"??", Content_Encoding="compress")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    web.answer("http://mute.test/", Answer(pause_s=4.0))
    web.answer("http://drip.test/", Answer(chunks=(head + b"\r\n", *[b"x"] * 12), pause_s=0.4))
    web.answer("http://slow.test/", Answer(chunks=(head, *[b"X-A: b\r\n"] * 12), pause_s=0.4))
    web.answer("http://garbage.test/", Answer(raw=b"\x00\x01garbage\r\n\r\n"))
    web.answer("http://broken.test/", Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Len"))
    web.put("http://huge.test/", b"x" * 700_000)
    web.put("http://bomb.test/", gzip.compress(b"\0" * 5_000_000), Content_Encoding="gzip")
    web.put("http://away.test/", "", status=302, Location="http://elsewhere.example/x")
    web.put("http://loop.test/", "", status=302, Location="/")
    web.put("http://nowhere.test/", "", status=302, Location="ftp://nowhere.test/")
    hosts = {host for host, _ in web.answers} | {"private.test"}
    plan = plan_for(web, pace=Pace(delay_s=0.0, timeout_s=1.5, max_body_bytes=500_000))

    report = run(*(f"http://{host}/" for host in sorted(hosts)), plan=plan)

    assert report.errors == {
        "http_404": 2,  # private.test leads to the same web, which knows no such page
        "http_503": 1,
        "not_html": 2,
        "bad_encoding": 1,
        "timeout": 2,
        "bad_response": 1,
        "connection_lost": 1,
        "redirect_offsite": 1,
        "redirect_loop": 1,
        "bad_redirect": 1,
    }
    # the good one, one in an encoding no browser knows and so shows as it is, and what came of one that drips, one
    # that is huge, and a bomb
    assert report.pages == 5


def test_hosts_that_cannot_be_reached_are_told_apart(web: Web, data: Path) -> None:
    with Web() as closed:
        pass
    plan = plan_for(web)
    anywhere_here = AddressPolicy((Allowance.parse("127.0.0.1"),))
    plan = replace(plan, network=replace(plan.network, addresses=anywhere_here))
    label = "x" * 64  # does not fit the DNS, so nobody is asked
    seeds = (
        *seeds_of(web, "http://10.0.0.1/"),
        *seeds_of(closed, "http://down.test/"),
        Seed(f"http://{label}.example/"),
        Seed(f"https://plain.test:{web.port}/"),
    )

    report = crawl(data, seeds, plan, detect_language=no_language)

    assert report.errors == {"address_refused": 1, "refused": 1, "dns": 1, "tls": 1}


def test_a_redirect_inside_the_site_is_followed_and_stored_under_its_end(
    web: Web, run: Crawl, data: Path
) -> None:
    web.put("http://a.test/", "", status=301, Location=f"http://www.a.test:{web.port}/home")
    web.put("http://www.a.test/home", "<title>home</title>")

    report = run("http://a.test/", "http://www.a.test/home")

    assert stored_urls(data) == [f"http://www.a.test:{web.port}/home"]
    assert report.errors == {}


def test_a_page_cut_short_or_empty_is_still_a_page(web: Web, run: Crawl) -> None:
    web.answer(
        "http://short.test/",
        Answer(
            raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 999\r\n\r\n<p>half a pa"
        ),
    )
    web.put("http://empty.test/", "")

    report = run("http://short.test/", "http://empty.test/")

    assert (report.pages, report.errors) == (2, {})


def test_through_a_proxy_the_proxy_looks_names_up_and_private_hosts_are_refused(
    web: Web, data: Path
) -> None:
    web.put("http://s1.example/", "<p>one</p>")
    web.put("http://s2.example/", '<a href="/in">in</a>')
    web.put("http://s2.example/in", "", status=302, Location="http://s2.example/end")
    web.put("http://s2.example/end", "<p>end</p>")
    private = (
        "http://127.0.0.1",
        "http://2130706433/x",
        "http://[::ffff:10.0.0.1]",
        "http://localhost",
    )
    seeds = tuple(map(Seed, ("http://s1.example", "http://s2.example", *private)))
    plan = replace(plan_for(web), network=Network(proxy=web.proxy))

    report = crawl(data, seeds, plan, detect_language=no_language)

    assert stored_urls(data) == [
        "http://s1.example/",
        "http://s2.example/",
        "http://s2.example/end",
    ]
    assert report.errors == {"address_refused": 4}
    assert {host for host, _ in web.requests} == {"s1.example", "s2.example"}


def test_progress_is_told_while_the_crawl_runs(web: Web, data: Path) -> None:
    site(web, "a.test", 6)
    web.pause_s = 0.2
    told: list[Progress] = []

    report = crawl(
        data,
        seeds_of(web, "http://a.test/"),
        plan_for(web),
        detect_language=no_language,
        on_progress=told.append,
    )

    assert told
    assert told[-1].pages <= report.pages == 6
    assert report.peak_memory_mb > 20


def test_the_language_comes_from_the_function_passed_in_and_else_from_the_page(
    web: Web, run: Crawl, data: Path
) -> None:
    web.put("http://a.test/", '<html lang="kk-KZ"><p>text</p>')

    run("http://a.test/")

    with open_store(data) as store:
        assert store.value("SELECT lang FROM pages") == "kk"


def test_requests_to_one_host_keep_their_distance(web: Web, run: Crawl) -> None:
    site(web, "a.test", 6)
    plan = plan_for(web)

    report = run("http://a.test/", plan=replace(plan, pace=replace(plan.pace, delay_s=0.2)))

    # five gaps of at least three quarters of the delay: a lower bound, which a slow machine cannot break
    assert report.pages == 6
    assert report.seconds >= 5 * 0.15
