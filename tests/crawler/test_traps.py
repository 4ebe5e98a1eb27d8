"""Traps on a real web: whatever a site has without end gets a part of its budget, and its pages get theirs."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.links import shape_of
from crawler.plan import Budget, FocusMode
from tests.crawler.conftest import Crawl, plan_for, stored_urls
from tests.site.web import Web

MAX_PAGES = 80
PAGES = 25
ENDLESS = 90


def calendar(web: Web, host: str) -> str:
    """Each month links to the next, for more months than anybody would fetch."""
    for month in range(ENDLESS):
        url = f"/calendar?month={month % 12 + 1}&year={2020 + month // 12}"
        after = f"/calendar?month={(month + 1) % 12 + 1}&year={2020 + (month + 1) // 12}"
        web.put(f"http://{host}{url}", f"<p>{month}</p><a href='{after}'>next</a>")
    return "/calendar?month=1&year=2020"


def sorted_lists(web: Web, host: str) -> str:
    """One list in ninety orders, each of which links to all others."""
    orders = [f"/list?order={i % 2}&sort={i}" for i in range(ENDLESS)]
    links = "".join(f"<a href='{order}'>sort</a>" for order in orders)
    for i, order in enumerate(orders):
        web.put(f"http://{host}{order}", f"<p>{i}</p>{links}")
    return orders[0]


def dated_paths(web: Web, host: str) -> str:
    """A calendar whose days stand in the path."""
    days = [f"/archive/{2000 + i}/{i % 12 + 1}/" for i in range(ENDLESS)]
    for day, after in pairwise(days):
        web.put(f"http://{host}{day}", f"<p>{day}</p><a href='{after}'>next</a>")
    return days[0]


def growing_paths(web: Web, host: str) -> str:
    """Paths that grow by new words, so that no part of them is ever repeated."""
    path = "/tree/"
    for depth in range(15):
        below = [f"{path}w{depth}{'x' * i}/" for i in range(3)]
        links = "".join(f"<a href='{url}'>on</a>" for url in below)
        web.put(f"http://{host}{path}", f"<p>{depth}</p>{links}")
        for url in below[1:]:
            web.put(f"http://{host}{url}", f"<p>{url}</p>")
        path = below[0]
    return "/tree/"


# how many pages of its own each trap may have
TRAPS: dict[str, tuple[Callable[[Web, str], str], int]] = {
    "calendar.test": (calendar, MAX_PAGES // 4),
    "lists.test": (sorted_lists, MAX_PAGES // 4),
    "dates.test": (dated_paths, MAX_PAGES // 2),
    # the first six levels are as deep as any site
    "tree.test": (growing_paths, MAX_PAGES // 4 + 6 * 3),
}


@pytest.mark.parametrize("focus", [FocusMode.OFF, FocusMode.SOFT])
def test_a_trap_gets_its_part_and_leaves_the_rest_to_the_sites_pages(
    web: Web, run: Crawl, data: Path, focus: FocusMode
) -> None:
    menu = "".join(f"<a href='/good{'g' * i}'>good</a>" for i in range(PAGES))
    for host, (trap, _) in TRAPS.items():
        web.put(f"http://{host}/", f"<a href='{trap(web, host)}'>first</a>{menu}")
        for i in range(PAGES):
            web.put(f"http://{host}/good{'g' * i}", f"<p>page {i}</p>")
    plan = plan_for(web, budget=Budget(max_pages=MAX_PAGES, max_depth=200), focus=focus)

    run(*(f"http://{host}/" for host in TRAPS), plan=plan)

    parts = [urlsplit(url) for url in stored_urls(data)]
    for host, (_, most) in TRAPS.items():
        paths = [part.path for part in parts if part.hostname == host]
        good = [path for path in paths if path.startswith("/good")]
        assert len(good) == PAGES
        # its front page is neither, and the address that began the trap may not look like one
        assert most // 2 <= len(paths) - PAGES - 1 <= most + 1, host


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/", ""),
        ("/news/tuesday", ""),
        ("/p/123", ""),  # pages are numbered everywhere
        ("/topic?id=7", "2 /topic?"),
        ("/list?order=up&sort=7", "4 /list?"),
        ("/2026/11/", "2 /0/0/"),
        ("/2026/11/a-day", "2 /0/0/a-day"),
        ("/%D2%9B%D0%B0%D0%B7%D0%B0%D2%9B", ""),  # the digits of escapes are no numbers
        ("/a/b/c/d/e/f/g", "4 /a//"),
    ],
)
def test_addresses_have_a_shape_where_there_may_be_any_number_of_them(
    path: str, shape: str
) -> None:
    assert shape_of(f"http://a.kz{path}") == shape
