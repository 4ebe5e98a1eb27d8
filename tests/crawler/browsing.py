"""A browser on a loopback web, for the tests that open hostile pages in a real Chromium."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from crawler.browser import CrawlBrowser, Visit
from crawler.browser_job import Browsing
from crawler.plan import Network
from tests.site.web import Web

CHROMIUM = Path("/usr/bin/chromium")
# containers of tests run as root, where Chromium has no sandbox; a crawl has to be told so
SANDBOX = os.geteuid() != 0
needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists() or find_spec("playwright") is None,
    reason="no /usr/bin/chromium, or the extra [browser] is not installed",
)
_GONE_S = 60.0


def browse(
    network: Network,
    work: Callable[[CrawlBrowser], Awaitable[None]],
    browsing: Browsing | None = None,
) -> None:
    """`work` has been done with a browser, which is closed afterwards."""

    async def run() -> None:
        browser = CrawlBrowser(
            network, browsing or Browsing(sandbox=SANDBOX, page_s=60.0), max_chars=1_000_000
        )
        await browser.start()
        try:
            await work(browser)
        finally:
            await browser.close()

    asyncio.run(run())


def visits(
    web: Web, network: Network, *paths: str, browsing: Browsing | None = None
) -> list[Visit]:
    """What one browser makes of these pages of a.test, one after the other."""
    found: list[Visit] = []

    async def work(browser: CrawlBrowser) -> None:
        for path in paths:
            found.append(await browser.visit(f"http://a.test:{web.port}{path}"))  # noqa: PERF401

    browse(network, work, browsing)
    return found


def browsers(owner: int) -> list[str]:
    """The command lines of all processes that belong to the browser of the process `owner`."""
    mark = f"qalqan-browser-{owner}-"
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
            except OSError:
                continue
            if mark in command:
                found.append(command)
    return found


def wait_until_gone(owner: int) -> list[str]:
    """What is left of the browser of `owner` after at most a minute."""
    until = time.monotonic() + _GONE_S
    while (left := browsers(owner)) and time.monotonic() < until:
        time.sleep(0.1)
    return left
