"""The sample web: what it holds, what it never holds, and that it answers like a web."""

import http.client
import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from qalqan.sample_web.composing import MAX_FRAGMENT_WORDS, fillers, fragments, needle_sites
from qalqan.sample_web.rendering import html_of
from qalqan.sample_web.server import SampleWeb, serve_sample_web
from qalqan.sample_web.sites import (
    HARD_KINDS,
    LANGUAGES,
    LINK,
    NEEDLES,
    SamplePage,
    Truth,
    read_site,
    written_sites,
)
from review_queue.hosts import parse_host

SITES = written_sites()
CELLS = [(truth, language) for truth in sorted(NEEDLES) for language in LANGUAGES]
PHONE = re.compile(r"\+?\d[\d \-()]{4,}\d")
EACH_HARM = 4


def answer(web: SampleWeb, host: str, path: str = "/", method: str = "GET") -> tuple[int, str, str]:
    """Status, content type and body of one request over loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        connection.request(method, path, headers={"Host": f"{host}:{web.port}"})
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with serve_sample_web() as served:
        yield served


def test_at_least_sixty_sites_are_written_about_a_third_in_each_language() -> None:
    counts = Counter(site.language for site in SITES)

    assert len(SITES) >= 60
    assert set(counts) == set(LANGUAGES)
    assert all(len(SITES) / 4 <= count <= len(SITES) * 5 / 12 for count in counts.values())


def test_no_written_site_is_a_needle_and_some_are_people_in_distress() -> None:
    truths = Counter(site.truth for site in SITES)

    assert set(truths) == {Truth.HARMLESS, Truth.DISTRESS}
    assert truths[Truth.DISTRESS] >= 4


def test_every_kind_of_hard_neighbour_is_there() -> None:
    assert {site.kind for site in SITES} >= HARD_KINDS
    assert all(site.truth is Truth.HARMLESS for site in SITES if site.is_hard)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_ordinary_sites_hard_neighbours_and_distress(language: str) -> None:
    mine = [site for site in SITES if site.language == language]

    assert sum(site.truth is Truth.DISTRESS for site in mine) >= 1
    assert sum(site.is_hard for site in mine) >= 7
    assert sum(site.truth is Truth.HARMLESS and not site.is_hard for site in mine) >= 10


def test_host_names_are_unique_and_stand_under_the_reserved_domain() -> None:
    hosts = [site.host for site in (*SITES, *needle_sites())]

    assert len({host.name for host in hosts}) == len(hosts)
    assert all(host.name.endswith(".example") and host.site == host.name for host in hosts)
    assert any(host.name != host.unicode for host in hosts)


def test_front_pages_are_neither_stubs_nor_essays() -> None:
    lengths = {s.host.unicode: len(re.findall(r"\w+", s.pages[0].text)) for s in SITES}

    assert {host: n for host, n in lengths.items() if not 80 <= n <= 250} == {}
    assert sum(len(site.pages) > 1 for site in SITES) >= 6


def test_telephone_numbers_are_placeholders() -> None:
    texts = [p.text for s in (*SITES, *needle_sites()) for p in s.pages]

    numbers = [found for text in texts for found in PHONE.findall(text)]

    assert numbers
    assert all(set(number) <= set("0-") for number in numbers)


def test_every_link_leads_to_a_page_that_is_there() -> None:
    pages = {(s.host.name, p.path) for s in SITES for p in s.pages}
    targets = [
        (site.host.name, "/" + target[1:])
        if target.startswith("/")
        else (parse_host(target.partition("/")[0]).name, "/" + target.partition("/")[2])
        for site in SITES
        for page in site.pages
        for _, target in LINK.findall(page.text)
    ]

    assert len(targets) >= 15
    assert set(targets) <= pages


@pytest.mark.parametrize(("truth", "language"), CELLS)
def test_fragments_are_short_and_name_nothing(truth: Truth, language: str) -> None:
    for fragment in fragments(truth, language):
        assert len(fragment.split()) <= MAX_FRAGMENT_WORDS, fragment
        assert not re.search(r"\d|https?:|\w\.\w", fragment), fragment
        assert set(re.findall(r"\{(\w+)\}", fragment)) <= {"act", "group"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_filler_is_ordinary_talk_without_slots(language: str) -> None:
    assert len(fillers(language)) >= 8
    assert not any("{" in line for line in fillers(language))


def test_there_are_eight_needles_in_every_language_and_harm() -> None:
    needles = needle_sites()

    assert len(needles) == 2 * EACH_HARM
    assert {(n.truth, n.language) for n in needles} == set(CELLS)
    assert Counter(n.truth for n in needles) == dict.fromkeys(sorted(NEEDLES), EACH_HARM)
    assert len({n.pages[0].text for n in needles}) == len(needles)


def test_needles_are_the_same_for_the_same_seed_only() -> None:
    assert needle_sites(3) == needle_sites(3)
    assert needle_sites(3) != needle_sites(4)


def test_composed_pages_leave_no_slot_open_and_no_sentence_long() -> None:
    for needle in needle_sites():
        for post in needle.pages[0].text.split("\n\n"):
            said = post.partition("\n")[2]
            assert "{" not in said
            assert 0 < len(said.split()) <= MAX_FRAGMENT_WORDS


def test_no_composed_page_stands_in_a_file_of_the_package() -> None:
    folder = Path(str(files("qalqan.sample_web")))
    stored = "\n".join(
        f.read_text(encoding="utf-8") for f in folder.rglob("*") if f.suffix in {".txt", ".py"}
    )

    for needle in needle_sites():
        posts = [post.partition("\n")[2] for post in needle.pages[0].text.split("\n\n")]
        slotted = [said for said in posts if said not in fillers(needle.language)]
        assert sum(said in stored for said in slotted) < len(slotted)
        assert needle.pages[0].text not in stored


def test_a_site_file_without_pages_is_a_site_without_pages() -> None:
    site = read_site("host: Алма.example\nlang: kk\nkind: shop\ntruth: harmless\nname: Алма\n")

    assert site.host.unicode == "алма.example"
    assert site.pages == ()


def test_every_page_is_served_under_its_host(web: SampleWeb) -> None:
    for site in web.sites:
        for page in site.pages:
            status, content_type, body = answer(web, site.host.name, page.path)
            assert (status, content_type) == (200, "text/html; charset=utf-8")
            assert f'<html lang="{site.lang}">' in body


def test_unknown_paths_and_hosts_are_not_found(web: SampleWeb) -> None:
    host = SITES[0].host.name

    assert answer(web, host, "/nothing")[:2] == (404, "text/html; charset=utf-8")
    assert answer(web, "unknown.example")[0] == 404
    assert answer(web, "not a host", "/")[0] == 404


def test_robots_are_told_what_to_leave_and_a_query_changes_no_page(web: SampleWeb) -> None:
    host = SITES[0].host.name

    assert answer(web, host, "/robots.txt")[2].startswith("User-agent: *")
    assert answer(web, host, "/?from=search") == answer(web, host, "/")


def test_a_head_request_gets_no_body(web: SampleWeb) -> None:
    assert answer(web, SITES[0].host.name, method="HEAD")[2] == ""


def test_the_server_is_gone_after_the_block() -> None:
    with serve_sample_web() as web:
        port = web.port

    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=2).request("GET", "/")


def test_html_has_the_parts_of_a_page_and_no_markup_of_the_text() -> None:
    site = SITES[0]
    text = "# Head\n- one <b>\n- two\n\n@nick\nhello & welcome\n\nSee [there](other.example/a)\nand [here](/b)"

    html = html_of(site, SamplePage("/", 'A "title"', text), 8080).decode()

    assert "<h2>Head</h2>" in html
    assert "<li>one &lt;b&gt;</li><li>two</li>" in html
    assert "<h3>nick</h3><p>hello &amp; welcome</p>" in html
    assert '<a href="http://other.example:8080/a">there</a><br>and <a href="/b">here</a>' in html
    assert all(f"<{part}" in html for part in ("nav", "article", "footer", 'meta charset="utf-8"'))
