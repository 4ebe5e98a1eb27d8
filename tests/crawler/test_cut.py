"""A body that stalls or does not end is cut and what came is read: nothing hides behind a pause or padding."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.archive import body_of
from crawler.encodings import MOST_BYTES
from crawler.plan import Pace
from crawler.run import crawl
from review_queue import captures
from review_queue.store import open_store
from tests.crawler.conftest import Crawl, no_language, plan_for, seeds_of
from tests.site.web import Answer, Web

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
TEXT = "<title>t</title><p>мәтін</p>".encode()
LIMIT = 1024 * 1024
Stored = dict[str, tuple[tuple[str, str], str, bytes]]
PAD = b"<!-- -->" * (LIMIT // 4)


def chunked(*parts: bytes) -> tuple[bytes, ...]:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    return (head, *(b"%x\r\n%b\r\n" % (len(part), part) for part in parts))


CASES: dict[str, tuple[Callable[[], Answer], str]] = {
    "stalled": (lambda: Answer(chunks=(HEAD + b"\r\n" + TEXT, b""), pause_s=4.0), "time"),
    "stalled-length": (
        lambda: Answer(chunks=(HEAD + b"Content-Length: 9999\r\n\r\n" + TEXT, b""), pause_s=4.0),
        "time",
    ),
    "stalled-chunk": (lambda: Answer(chunks=(b"".join(chunked(TEXT)), b""), pause_s=4.0), "time"),
    "dripping": (
        lambda: Answer(chunks=(*chunked(TEXT), *[b"1\r\nx\r\n"] * 20), pause_s=0.3),
        "time",
    ),
    "padded": (lambda: Answer(raw=HEAD + b"\r\n" + TEXT + PAD), "length"),
    "padded-length": (lambda: Answer(200, TEXT + PAD, {"Content-Type": "text/html"}), "length"),
    "padded-chunk": (lambda: Answer(raw=b"".join(chunked(TEXT, PAD, b"x"))), "length"),
    "broken-off": (
        lambda: Answer(raw=HEAD + b"Content-Length: 9999\r\n\r\n" + TEXT),
        "disconnect",
    ),
    "bad-chunk": (lambda: Answer(raw=b"".join(chunked(TEXT)) + b"zz\r\n"), "disconnect"),
    "bomb": (
        lambda: Answer(
            200,
            gzip.compress(TEXT + b" " * (8 * MOST_BYTES)),
            {"Content-Type": "text/html", "Content-Encoding": "gzip"},
        ),
        "",
    ),
    "whole": (lambda: Answer(200, TEXT, {"Content-Type": "text/html"}), ""),
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """Title and text of each case's page, why its payload ends early, and its body as the evidence has it."""
    data: Path = tmp_path_factory.mktemp("cut") / "data"
    with Web() as web:
        for name, (answer, _) in CASES.items():
            web.answer(f"http://{name}.test/", answer())
        pace = Pace(delay_s=0.0, timeout_s=2.0, max_body_bytes=LIMIT)
        seeds = seeds_of(web, *(f"http://{name}.test/" for name in CASES))
        crawl(data, seeds, replace(plan_for(web), pace=pace), detect_language=no_language)
    found: Stored = {}
    with open_store(data) as store:
        for row in store.rows("SELECT id, host, title, text FROM pages"):
            (capture,) = captures.of_page(store, row["id"])
            shown = (row["title"], row["text"])
            found[row["host"].removesuffix(".test")] = (
                shown,
                capture.truncated,
                body_of(store, row["id"]),
            )
    return found


@pytest.mark.parametrize("name", CASES)
def test_what_came_of_a_page_is_stored_with_why_there_is_no_more(stored: Stored, name: str) -> None:
    shown, truncated, body = stored[name]

    assert shown[0] == "t"
    assert shown[1].startswith("мәтін")
    assert truncated == CASES[name][1]
    assert body.startswith(TEXT)
    assert len(body) <= MOST_BYTES


def test_a_page_of_which_nothing_came_in_time_is_tried_again(web: Web, run: Crawl) -> None:
    web.answer("http://mute.test/", Answer(chunks=(HEAD + b"\r\n", b""), pause_s=3.0))
    plan = replace(plan_for(web), pace=Pace(delay_s=0.0, timeout_s=1.0))

    assert run("http://mute.test/", plan=plan).errors == {"timeout": 1}


def test_a_redirect_is_followed_though_its_body_has_no_end(web: Web, run: Crawl) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /in\r\nContent-Type: text/html\r\n\r\n"
    web.answer("http://a.test/", Answer(raw=head + PAD))
    web.put("http://a.test/in", "text")
    plan = replace(plan_for(web), pace=Pace(delay_s=0.0, timeout_s=3.0, max_body_bytes=LIMIT))

    assert run("http://a.test/", plan=plan).pages == 1


def test_rules_before_endless_padding_hold(web: Web, run: Crawl) -> None:
    web.put("http://a.test/", "text")
    rules = b"User-agent: *\nDisallow: /\n" + b"#" * 6_000_000
    web.put("http://a.test/robots.txt", rules, content_type="text/plain")

    assert run("http://a.test/").errors == {"robots": 1}
