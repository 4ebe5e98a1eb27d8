"""Crawls with a browser: shells are read as built, hostile pages stay what they were, nothing outlives the crawl."""

import gzip
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.archive import body_of, folder_of
from crawler.browser_job import Browsing
from crawler.plan import Pace
from review_queue import captures, screenshots
from review_queue.store import open_store
from tests.crawler.browsing import SANDBOX, browsers, needs_chromium, wait_until_gone
from tests.crawler.conftest import Crawl, plan_for
from tests.crawler.test_archive import check_all
from tests.site.web import Web

pytestmark = needs_chromium

SHELL = """<html><head><title>shell</title></head><body><noscript>switch JavaScript on</noscript><div id="a"></div>
<script>fetch('/data').then(r => r.text()).then(t => {
  document.getElementById('a').innerHTML = '<p>' + t + '</p><a href="/next">next</a>';
  location.href = '/gone-to';
})</script></body></html>"""
PLAIN = f"<html><body><p>{'Words of a page that needs no browser. ' * 10}</p><script>1</script></body></html>"
STATIC = "<html><body><p>Short, and no script.</p></body></html>"
LOOP = "<html><body>loops<script>for (;;);</script></body></html>"
MEMORY = """<html><body>grows<script>const kept = []; setInterval(() => {
  for (let i = 0; i < 8; i++) kept.push(new Uint8Array(16 * 1024 * 1024).fill(1)) }, 1)</script></body></html>"""
BUILT = "built by a script " * 3
BROWSING = Browsing(sandbox=SANDBOX, page_s=60.0)


def test_a_shell_is_stored_as_its_scripts_built_it_and_its_links_are_followed(
    web: Web, run: Crawl, data: Path
) -> None:
    web.put("http://a.test/", SHELL)
    web.put("http://a.test/data", BUILT)
    web.put("http://a.test/next", PLAIN)
    web.put("http://a.test/gone-to", STATIC)

    report = run("http://a.test/", plan=plan_for(web, browsing=BROWSING))

    assert report.pages == 3
    assert report.errors == {}
    with open_store(data) as store:
        rows = {row["url"].rpartition("/")[2]: row for row in store.rows("SELECT * FROM pages")}
        assert rows.keys() == {"", "next", "gone-to"}
        assert rows[""]["text"].startswith("built by a script")
        page_id = rows[""]["id"]
        assert b"<p>built by a script" in body_of(store, page_id)
        assert SHELL.encode() in _unpacked(store.path.parent)
        picture = screenshots.get(store, page_id)
        assert picture is not None
        assert screenshots.get(store, rows["next"]["id"]) is None
        [row] = captures.of_page(store, page_id)
        assert row.refers_to is None
        check_all(store)
    assert web.pages_asked().count("http://a.test/next") == 1
    assert browsers(os.getpid()) == []


def _unpacked(data: Path) -> bytes:
    """All records of all WARC files."""
    found = b""
    for path in (data / "warc").glob("*/*.warc.gz"):
        found += gzip.decompress(path.read_bytes())
    return found


def test_without_a_browser_the_shell_is_stored_as_it_came(web: Web, run: Crawl, data: Path) -> None:
    web.put("http://a.test/", SHELL)

    report = run("http://a.test/")

    assert report.pages == 1
    assert web.pages_asked() == ["http://a.test/"]
    with open_store(data) as store:
        assert store.value("SELECT text FROM pages") == ""


def test_a_page_that_kills_the_browser_is_kept_as_it_was_and_the_others_are_built(
    web: Web, run: Crawl, data: Path
) -> None:
    web.put("http://bad.test/", MEMORY)
    web.put("http://a.test/", SHELL)
    web.put("http://a.test/data", BUILT)

    report = run("http://bad.test/", "http://a.test/", plan=plan_for(web, browsing=BROWSING))

    assert report.errors == {"http_404": 2}  # what the good page leads to
    with open_store(data) as store:
        texts = {row["host"]: row["text"] for row in store.rows("SELECT host, text FROM pages")}
        assert texts["bad.test"] == "grows"
        assert texts["a.test"].startswith("built by a script")
        check_all(store)


def test_the_sharp_picture_lies_in_the_evidence_alone(web: Web, run: Crawl, data: Path) -> None:
    web.put("http://a.test/", SHELL)
    web.put("http://a.test/data", BUILT)

    run("http://a.test/", plan=plan_for(web, browsing=replace(BROWSING, screenshots="sharp")))

    with open_store(data) as store:
        kept = _unpacked(folder_of(store).parent)
        assert b"WARC-Target-URI: urn:view:http://a.test" in kept
        picture = screenshots.get(store, store.value("SELECT page_id FROM screenshots"))
        assert picture is not None
        assert picture.png not in kept
        check_all(store)


def test_the_browser_counts_in_a_sites_bytes_and_keeps_to_the_pause_between_requests(
    web: Web, run: Crawl
) -> None:
    web.put("http://a.test/", SHELL)
    web.put("http://a.test/data", BUILT)
    plan = plan_for(web, browsing=BROWSING, pace=Pace(delay_s=1.0, timeout_s=5.0))

    report = run("http://a.test/", plan=replace(plan, budget=replace(plan.budget, max_pages=1)))

    assert report.bytes > len(SHELL) * 2 + len(BUILT)
    first, second = web.times["a.test", "/"]
    assert second - first > 0.7


def test_a_site_whose_budget_is_used_up_is_not_opened_in_the_browser(web: Web, run: Crawl) -> None:
    web.put("http://a.test/", SHELL)
    plan = plan_for(web, browsing=BROWSING)

    report = run("http://a.test/", plan=replace(plan, budget=replace(plan.budget, max_bytes=10)))

    assert report.pages == 1
    assert web.pages_asked() == ["http://a.test/"]


_CRAWL = """
import sys
from pathlib import Path
from crawler.browser_job import Browsing
from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import CrawlPlan, Network, Pace
from crawler.run import crawl
from review_queue.records import Seed
if __name__ == "__main__":
    port = int(sys.argv[1])
    network = Network(addresses=AddressPolicy((Allowance.parse(f"127.0.0.1/32:{port}"),)),
                      overrides=(Override.parse("*.test:127.0.0.1"),))
    plan = CrawlPlan(network=network, pace=Pace(delay_s=0.0),
                     browsing=Browsing(sandbox=sys.argv[3] == "1", page_s=60.0))
    crawl(Path(sys.argv[2]), (Seed(f"http://bad.test:{port}/"),), plan, detect_language="".format)
"""


def _begun(web: Web, data: Path, tmp_path: Path) -> "subprocess.Popen[bytes]":
    """A crawl in a process of its own, whose browser has just opened a page that never ends."""
    web.put("http://bad.test/", LOOP)
    script = tmp_path / "crawl.py"
    script.write_text(_CRAWL, encoding="utf-8")
    command = subprocess.Popen(
        [sys.executable, str(script), str(web.port), str(data), str(int(SANDBOX))],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    until = time.monotonic() + 60
    while web.pages_asked().count("http://bad.test/") < 2 and time.monotonic() < until:
        time.sleep(0.05)
    return command


@pytest.mark.parametrize("whom", ["the command", "the crawl"])
def test_no_browser_outlives_a_crawl_that_is_killed(
    web: Web, data: Path, tmp_path: Path, whom: str
) -> None:
    command = _begun(web, data, tmp_path)
    [crawl_pid] = _crawls(command.pid)

    os.kill(command.pid if whom == "the command" else crawl_pid, signal.SIGKILL)
    command.wait()

    assert wait_until_gone(crawl_pid) == []


def test_a_crawl_that_is_stopped_does_not_wait_for_the_browser(
    web: Web, data: Path, tmp_path: Path
) -> None:
    command = _begun(web, data, tmp_path)
    [crawl_pid] = _crawls(command.pid)

    command.send_signal(signal.SIGINT)

    assert command.wait(timeout=200) == 0
    assert wait_until_gone(crawl_pid) == []
    with open_store(data) as store:
        assert store.value("SELECT text FROM pages") == "loops"


def _crawls(command: int) -> list[int]:
    """The process below the command that has a browser."""
    children = Path(f"/proc/{command}/task/{command}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children if browsers(int(child))]
