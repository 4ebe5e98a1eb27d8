"""Two `qalqan crawl` on one store: together they ask no host more often than one may, and share the work."""

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from review_queue import progress
from review_queue.store import open_store
from tests.crawler.conftest import stored_urls
from tests.site.web import Web

PAGES = 30  # more than any of these crawls takes


class Timed(list[tuple[str, str]]):
    """The requests of a web, and when each came in."""

    def __init__(self) -> None:
        super().__init__()
        self.times: defaultdict[str, list[float]] = defaultdict(list)

    def append(self, request: tuple[str, str]) -> None:
        host, path = request
        if path != "/robots.txt":
            self.times[host].append(time.monotonic())
        super().append(request)


def fill(web: Web, hosts: int, pages: int = PAGES) -> Timed:
    web.requests = Timed()
    for host in range(hosts):
        for page in range(pages):
            links = "".join(f'<a href="/{n}">x</a>' for n in range(pages))
            web.put(f"http://h{host}.test/{page}", f"<title>{host} {page}</title>{links}")
    return web.requests


def start(web: Web, data: Path, hosts: int, *words: str) -> subprocess.Popen[bytes]:
    seeds = data.parent / "seeds.txt"
    seeds.write_text("".join(f"http://h{host}.test:{web.port}/0\n" for host in range(hosts)))
    command = [sys.executable, "-m", "qalqan", "crawl", str(seeds), "--no-score"]
    command += ["--data", str(data), *words]
    command += ["--resolve", "*.test:127.0.0.1", "--allow-address", f"127.0.0.1/32:{web.port}"]
    return subprocess.Popen(
        [*command, "--json", "--no-score"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(running: subprocess.Popen[Any]) -> None:
    _, errors = running.communicate(timeout=200)
    assert running.returncode == 0, errors


def opened_rounds(data: Path) -> int:
    with open_store(data) as store:
        return len(progress.rounds(store, limit=9))


def test_two_crawls_at_once_keep_the_pause_of_each_host_and_fetch_every_page_once(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with Web() as web:
        requests = fill(web, 3)

        # whichever takes a site's first page, the other goes on with it when that one's pages are used up
        both = [start(web, data, 3, "--delay", "3", "--max-pages", most) for most in ("1", "2")]
        for running in both:
            ended(running)

    asked = web.pages_asked()
    assert len(asked) == len(set(asked)) == len(stored_urls(data))
    assert sorted(requests.times) == ["h0.test", "h1.test", "h2.test"]
    for host, times in requests.times.items():
        # one where the other crawl had ended before this site was free: the rest waits for the next round
        assert len(times) in (1, 2, 3), host
        # 3 s give or take a quarter; on a busy machine a request may be seen most of a second late
        assert all(b - a > 1.5 for a, b in pairwise(times)), (host, times)
    assert max(map(len, requests.times.values())) > 1


def test_the_pause_of_a_host_outlives_the_crawl_that_was_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Web(pause_s=0.3) as web:
        requests = fill(web, 1)
        killed = start(web, data, 1, "--delay", "6")
        while not requests.times["h0.test"]:
            time.sleep(0.01)
        killed.kill()
        killed.communicate(timeout=200)

        ended(start(web, data, 1, "--delay", "6", "--max-pages", "1"))

    first, second = requests.times["h0.test"]
    assert second - first >= 6


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[tuple[Web, Path, subprocess.Popen[bytes]]]:
    """A web of one site, a store, and a crawl that is at this site for several minutes."""
    data = tmp_path / "data"
    with Web() as web:
        requests = fill(web, 1, pages=150)
        running = start(web, data, 1, "--delay", "3", "--max-pages", "150")
        while len(requests.times["h0.test"]) < 2:
            time.sleep(0.01)
        yield web, data, running
        running.kill()
        running.communicate(timeout=200)


def waiting(web: Web, data: Path) -> subprocess.Popen[bytes]:
    """A second crawl of the same site, which has begun."""
    second = start(web, data, 1, "--delay", "0.1", "--max-pages", "40")
    while opened_rounds(data) < 2:
        time.sleep(0.01)
    return second


def test_a_crawl_that_waits_for_another_ends_when_it_is_told_to(
    at_work: tuple[Web, Path, subprocess.Popen[bytes]],
) -> None:
    web, data, first = at_work
    second = waiting(web, data)

    second.send_signal(signal.SIGINT)
    output, errors = second.communicate(timeout=200)

    assert second.returncode == 130, errors
    assert json.loads(output.splitlines()[-1])["pages"] == 0
    assert first.poll() is None


def test_a_crawl_waits_for_sites_that_another_one_is_at_and_takes_over_when_that_dies(
    at_work: tuple[Web, Path, subprocess.Popen[bytes]],
) -> None:
    web, data, first = at_work
    second = waiting(web, data)
    assert first.poll() is None

    first.kill()
    output, errors = second.communicate(timeout=200)

    assert second.returncode == 0, errors
    assert json.loads(output.splitlines()[-1])["pages"] > 0
    asked = web.pages_asked()
    assert len(set(asked)) == len(stored_urls(data))
    assert len(asked) - len(set(asked)) <= 2  # what the killed one was fetching
