"""Pages that only a script builds, read by a real Chromium; hostile ones end alone and leave nothing behind."""

import asyncio
import os
import signal
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from crawler import browser_tree
from crawler.browser import CrawlBrowser, Turn
from crawler.browser_job import Browsing, NoBrowserError, Rendered, find_chromium
from tests.crawler.browsing import (
    SANDBOX,
    browse,
    browsers,
    needs_chromium,
    visits,
    wait_until_gone,
)
from tests.crawler.conftest import plan_for
from tests.site.web import Web

BRIEF = Browsing(sandbox=SANDBOX, page_s=5.0)
CALM = Browsing(sandbox=SANDBOX, page_s=60.0)
GOOD = "<body><p id=a></p><script>document.getElementById('a').textContent='it '+'works'</script>"
BUILT = """<!DOCTYPE html><html lang="kk"><head><title>t</title></head><body><div id="a"></div>
<img src="/picture.png"><video src="/film.mp4"></video><script>
fetch('/data').then(r => r.text()).then(text => {
  document.getElementById('a').innerHTML = '<h1>' + text + '</h1><a href="/next">next</a>';
  const host = document.createElement('div');
  document.body.append(host);
  host.attachShadow({mode: 'open'}).innerHTML = '<p>in the shadow</p>';
  location.href = '/away';
});
</script></body></html>"""
ENDLESS = "<body><p>a</p><script>setTimeout(() => { for (;;); }, 100)</script>"
AT_ONCE_ENDLESS = "<body><script>for (;;);</script>"
ALERTS = "<body><script>for (let i = 0; i < 50; i++) { alert(i); confirm(i); prompt(i) }</script><p>after all</p>"
WINDOWS = """<body><p id=a>x</p><script>
let opened = 0;
for (let i = 0; i < 1000; i++) { if (window.open('/window' + i)) opened++; }
document.getElementById('a').textContent = 'opened ' + opened;
</script>"""
DOWNLOADS = """<body><a id=a href="/file.bin" download>x</a><iframe src="/file.bin"></iframe><p>here</p>
<script>document.getElementById('a').click()</script>"""
MEMORY = """<body><script>
const kept = [];
function more() { for (let i = 0; i < 8; i++) kept.push(new Uint8Array(16 * 1024 * 1024).fill(1)); setTimeout(more, 1) }
more();
</script>"""
HUGE = "<body><script>document.body.append('x'.repeat(60 * 1024 * 1024))</script>"
RELOADS = "<body><p>again</p><script>location.reload()</script>"
ASKS = """<body><p id=a></p><script>
navigator.geolocation.getCurrentPosition(() => 0, error => {
  document.getElementById('a').textContent = 'denied ' + error.code; });
</script>"""


@needs_chromium
def test_a_page_that_scripts_build_is_read_with_its_links_and_its_pictures_are_not_fetched(
    web: Web,
) -> None:
    web.put("http://a.test/", BUILT)
    web.put("http://a.test/data", "built by a script")

    [visit] = visits(web, plan_for(web).network, "/")

    rendered = visit.rendered
    assert rendered.error == ""
    assert rendered.blurred.startswith(b"\x89PNG")
    assert rendered.sharp == b""
    assert (rendered.status, rendered.url) == (200, f"http://a.test:{web.port}/")
    html = rendered.html.decode()
    assert "<h1>built by a script</h1>" in html
    assert 'href="/next"' in html
    assert "<p>in the shadow</p>" in html
    assert rendered.navigations == (f"http://a.test:{web.port}/away",)
    assert [path for _, path in web.requests] == ["/", "/data"]
    assert visit.bytes > len(BUILT)
    assert browsers(os.getpid()) == []


@needs_chromium
def test_the_screenshot_is_small_and_blurred_and_a_sharp_one_is_made_only_when_wanted(
    web: Web,
) -> None:
    stripes = (
        "<body style='margin:0;background:repeating-linear-gradient(#000 0 4px,#fff 4px 8px)'>"
    )
    web.put("http://a.test/", stripes)
    network = plan_for(web).network

    [both] = visits(web, network, "/", browsing=replace(CALM, screenshots="sharp"))
    [none] = visits(web, network, "/", browsing=replace(CALM, screenshots="none"))

    assert struct.unpack(">II", both.rendered.blurred[16:24]) == (480, 360)
    assert struct.unpack(">II", both.rendered.sharp[16:24]) == (640, 480)
    # stripes of black and white are one grey once they are blurred
    assert _greys(both.rendered.blurred) <= 16
    assert (none.rendered.blurred, none.rendered.sharp) == (b"", b"")


def _greys(png: bytes) -> int:
    """How far apart the lightest and the darkest spot in the middle of the picture are."""
    from zlib import decompress  # noqa: PLC0415

    width, height, _, color = struct.unpack(">IIBB", png[16:26])
    data, at = b"", 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    channels = {2: 3, 6: 4}[color]
    rows = _unfiltered(decompress(data), width * channels, height, channels)
    middle = [row[width // 2 * channels] for row in rows[height // 4 : -height // 4]]
    return int(max(middle) - min(middle))


def _unfiltered(raw: bytes, stride: int, height: int, step: int) -> list[bytearray]:
    rows: list[bytearray] = []
    above = bytearray(stride)
    for y in range(height):
        kind, row = (
            raw[y * (stride + 1)],
            bytearray(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)]),
        )
        for x in range(stride):
            left = row[x - step] if x >= step else 0
            corner = above[x - step] if x >= step else 0
            paeth = min((left, above[x], corner), key=lambda c: abs(left + above[x] - corner - c))
            row[x] = (row[x] + (0, left, above[x], (left + above[x]) // 2, paeth)[kind]) & 255
        rows.append(row)
        above = row
    return rows


@needs_chromium
@pytest.mark.parametrize(
    ("page", "error"),
    [(ENDLESS, "time"), (AT_ONCE_ENDLESS, "time"), (MEMORY, "memory")],
    ids=["loops later", "loops at once", "takes 2 GB"],
)
def test_a_page_that_hangs_or_takes_all_memory_is_killed_and_the_next_one_is_fine(
    web: Web, page: str, error: str
) -> None:
    web.put("http://a.test/bad", page)
    web.put("http://a.test/good", GOOD)

    found: list[Rendered] = []

    async def work(browser: CrawlBrowser) -> None:
        found.append((await browser.visit(f"http://a.test:{web.port}/bad")).rendered)
        browser._browsing = CALM  # noqa: SLF001  # only the bad one is to run out of time
        found.append((await browser.visit(f"http://a.test:{web.port}/good")).rendered)

    browse(plan_for(web).network, work, CALM if error == "memory" else BRIEF)
    bad, good = found
    assert bad.error == error
    assert bad.html == b""
    assert "it works" in good.html.decode()
    assert browsers(os.getpid()) == []


@needs_chromium
def test_dialogs_windows_downloads_and_prompts_neither_hold_a_page_nor_open_anything(
    web: Web,
) -> None:
    pages = {
        "/alerts": ALERTS,
        "/windows": WINDOWS,
        "/asks": ASKS,
        "/good": GOOD,
    }
    for path, html in pages.items():
        web.put(f"http://a.test{path}", html)

    found = visits(web, plan_for(web).network, *pages, browsing=CALM)

    alerts, windows, asks, good = (visit.rendered.html.decode() for visit in found)
    assert "after all" in alerts
    assert "opened 0" in windows
    assert "denied 1" in asks
    assert "it works" in good
    assert [path for _, path in web.requests] == list(pages)


@needs_chromium
def test_a_page_that_loads_itself_over_and_over_is_read_once(web: Web) -> None:
    web.put("http://a.test/", RELOADS)

    [visit] = visits(web, plan_for(web).network, "/", browsing=replace(CALM, page_s=12.0))

    assert "again" in visit.rendered.html.decode()
    assert web.pages_asked() == ["http://a.test/"]


@needs_chromium
def test_a_download_is_refused_and_a_huge_page_is_cut(web: Web) -> None:
    web.put("http://a.test/downloads", DOWNLOADS)
    web.put("http://a.test/file.bin", b"\0" * 100_000, content_type="application/octet-stream")
    web.put("http://a.test/huge", HUGE)
    seen: list[list[Path]] = []

    async def work(browser: CrawlBrowser) -> None:
        visit = await browser.visit(f"http://a.test:{web.port}/downloads")
        assert "here" in visit.rendered.html.decode()
        folder = browser._folder  # noqa: SLF001  # where it may write
        seen.append(
            [
                path
                for path in folder.rglob("*")
                if path.is_file() and path.stat().st_size == 100_000
            ]
        )
        huge = await browser.visit(f"http://a.test:{web.port}/huge")
        assert len(huge.rendered.html) <= 1_000_000

    browse(plan_for(web).network, work, CALM)
    assert seen == [[]]


@needs_chromium
def test_a_page_gets_no_more_bytes_than_the_site_has_left(web: Web) -> None:
    web.put("http://a.test/", "<body><script>fetch('/big')</script><p>x</p>")
    web.put("http://a.test/big", "x" * 3_000_000)
    taken: list[int] = []

    async def work(browser: CrawlBrowser) -> None:
        visit = await browser.visit(f"http://a.test:{web.port}/", lambda: Turn(0.0, 200_000))
        taken.append(visit.bytes)

    browse(plan_for(web).network, work, CALM)
    assert taken[0] < 300_000


@needs_chromium
def test_another_answer_than_a_page_is_told(web: Web) -> None:
    web.put("http://a.test/gone", "no", status=404)

    gone, mute = visits(web, plan_for(web).network, "/gone", "//", browsing=CALM)

    assert (gone.rendered.error, gone.rendered.status) == ("status", 404)
    assert mute.rendered.error
    assert mute.rendered.html == b""


_OWNER = """
import asyncio, sys
from crawler.browser import CrawlBrowser
from crawler.browser_job import Browsing
from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import Network
async def run():
    port = int(sys.argv[1])
    network = Network(addresses=AddressPolicy((Allowance.parse(f"127.0.0.1/32:{port}"),)),
                      overrides=(Override.parse("*.test:127.0.0.1"),))
    browser = CrawlBrowser(network, Browsing(sandbox=sys.argv[2] == "1", page_s=60.0), max_chars=1000)
    await browser.start()
    await browser.visit(f"http://a.test:{port}/")
asyncio.run(run())
"""


@needs_chromium
def test_a_browser_does_not_outlive_a_crawl_that_is_killed(web: Web) -> None:
    web.put("http://a.test/", AT_ONCE_ENDLESS)
    owner = subprocess.Popen([sys.executable, "-c", _OWNER, str(web.port), str(int(SANDBOX))])
    until = time.monotonic() + 30
    while not web.requests and time.monotonic() < until:
        time.sleep(0.05)
    assert len(browsers(owner.pid)) >= 4

    owner.send_signal(signal.SIGKILL)
    owner.wait()

    assert wait_until_gone(owner.pid) == []


@needs_chromium
def test_folders_of_killed_crawls_are_swept_away(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in (f"qalqan-browser-{gone.pid}-x", f"qalqan-browser-{os.getppid()}-x", "other"):
        (tmp_path / name).mkdir()

    async def nothing(_: CrawlBrowser) -> None:
        await asyncio.sleep(0)

    browse(plan_for(web).network, nothing, CALM)

    assert {path.name for path in tmp_path.iterdir()} == {
        f"qalqan-browser-{os.getppid()}-x",
        "other",
    }


def test_a_browser_that_does_not_start_costs_the_pages_nothing_but_the_browser(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/bin/false").exists():
        pytest.skip("no /bin/false")
    monkeypatch.setattr("crawler.browser.find_chromium", lambda **_: "/bin/false")

    found = visits(web, plan_for(web).network, "/", "/", "/", "/")

    assert [visit.rendered.error for visit in found] == ["no browser"] * 4


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoBrowserError, match="apt-get install chromium"):
        find_chromium(("/nowhere/chromium",), sandbox=False)
    monkeypatch.setattr("crawler.browser_job.find_spec", lambda _: None)
    with pytest.raises(NoBrowserError, match=r"qalqan\[browser\]"):
        find_chromium((sys.executable,), sandbox=False)


def test_root_has_to_say_that_chromium_runs_without_its_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)

    with pytest.raises(NoBrowserError, match="--no-browser-sandbox"):
        find_chromium((sys.executable,), sandbox=True)

    assert find_chromium((sys.executable,), sandbox=False) == sys.executable


def test_a_process_is_ended_with_all_that_it_has_started() -> None:
    tree = subprocess.Popen(["sh", "-c", "(sleep 60 & sleep 60) & sleep 60"])
    until = time.monotonic() + 10
    while len(browser_tree.below(tree.pid)) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    below = browser_tree.below(tree.pid)
    assert len(below) >= 3
    assert browser_tree.memory_mb(tree.pid) > 0

    browser_tree.end(tree.pid)
    tree.wait()

    assert not [pid for pid in below if browser_tree._parent(Path(f"/proc/{pid}"))]  # noqa: SLF001
