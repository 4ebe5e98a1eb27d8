"""kill -9 at any moment of the command or its child: what runs next goes on, nothing is lost or doubled."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawler.archive import body_of
from crawler.processes import is_alive, owner_of
from review_queue import captures, frontier
from review_queue.store import open_store
from tests.crawler.conftest import stored_urls
from tests.site.web import Web

HOSTS = 6
PAGES = 20
WARCINFO_BYTES = 1_000  # at most, of a file that holds no page yet


def fill(web: Web) -> list[str]:
    """Six sites of twenty pages that link in a chain and crosswise; returns all their URLs."""
    for host in range(HOSTS):
        for page in range(PAGES):
            links = "".join(
                f'<a href="/{n}">x</a>' for n in {(page + 1) % PAGES, (page * 7 + 3) % PAGES}
            )
            web.put(
                f"http://h{host}.test/{page}", f"<title>{host} {page}</title><p>text</p>{links}"
            )
    return sorted(
        f"http://h{host}.test:{web.port}/{page}" for host in range(HOSTS) for page in range(PAGES)
    )


def start(web: Web, data: Path) -> subprocess.Popen[bytes]:
    seeds = data.parent / "seeds.txt"
    seeds.write_text("".join(f"http://h{host}.test:{web.port}/0\n" for host in range(HOSTS)))
    command = [
        sys.executable,
        "-m",
        "qalqan",
        "crawl",
        str(seeds),
        "--data",
        str(data),
        "--delay",
        "0",
    ]
    command += ["--resolve", "*.test:127.0.0.1", "--allow-address", f"127.0.0.1/32:{web.port}"]
    command += ["--max-depth", "99", "--json", "--no-score"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def child_of(pid: int) -> int:
    """The process that a command has started for its crawl, or a crawl for reading its pages."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
    raise AssertionError("no such process")


def warc_bytes(data: Path) -> int:
    """How many bytes the WARC files have."""
    return sum(path.stat().st_size for path in (data / "warc").rglob("*.warc.gz"))


def assert_whole(data: Path) -> None:
    """Every page has its one capture, which holds the very body, and no byte of a WARC file is without a row."""
    with open_store(data) as store:
        found = list(store.rows("SELECT id, body_sha256 FROM pages"))
        for row in found:
            body = body_of(store, row["id"])
            assert hashlib.sha256(body).hexdigest() == row["body_sha256"]
        assert store.value("SELECT count(*) FROM captures") == len(found)
        accounted = sum(file.size for file in captures.files(store))
        assert store.value("SELECT count(*) FROM unread") == 0
    assert warc_bytes(data) == accounted


def kill_after(web: Web, data: Path, requests: int, *, kill_child: bool) -> None:
    """A run was killed once the web had been asked so many times."""
    web.requests.clear()
    running = start(web, data)
    while len(web.requests) < requests:
        assert running.poll() is None, "ended before it could be killed"
        time.sleep(0.002)
    child = child_of(running.pid)
    owner = owner_of(child)
    os.kill(child if kill_child else running.pid, signal.SIGKILL)
    _, errors = running.communicate(timeout=200)
    if kill_child:
        assert running.returncode == 1
        assert b"run the same command again" in errors
    while is_alive(owner):
        time.sleep(0.01)


def test_killed_again_and_again_the_crawl_ends_with_every_page_stored_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Web(pause_s=0.02) as web:
        expected = fill(web)
        for requests, kill_child in ((1, False), (15, True), (40, False), (25, True)):
            kill_after(web, data, requests, kill_child=kill_child)

        output, errors = start(web, data).communicate(timeout=200)

        assert stored_urls(data) == expected, errors
        assert b'"pages"' in output.splitlines()[-1]
        with open_store(data) as store:
            assert store.value("SELECT count(*) FROM frontier WHERE state <> 'done'") == 0
            assert frontier.release(store, is_alive) == 0
        assert_whole(data)


def test_killed_between_a_warc_file_and_the_store_the_crawl_cuts_off_what_no_row_accounts_for(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with Web(pause_s=0.02) as web:
        expected = fill(web)
        tails = 0
        for _ in range(12):
            running = start(web, data)
            size = grown = warc_bytes(data)
            while grown <= size + WARCINFO_BYTES and running.poll() is None:
                grown = warc_bytes(data)
            running_child = child_of(running.pid)
            owner = owner_of(running_child)
            os.kill(running_child, signal.SIGKILL)
            running.communicate(timeout=200)
            while is_alive(owner):
                time.sleep(0.01)
            with open_store(data) as store:
                tails += warc_bytes(data) > sum(file.size for file in captures.files(store))
            if tails:
                break

        start(web, data).communicate(timeout=200)

        assert tails
        assert stored_urls(data) == expected
        assert_whole(data)


def test_a_reader_that_is_killed_costs_no_page_and_marks_none_as_unread(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Web(pause_s=0.03) as web:
        expected = fill(web)
        running = start(web, data)
        kills = 0
        for requests in (10, 30, 50, 70):
            while len(web.requests) < requests:
                assert running.poll() is None, "ended before it could be killed"
                time.sleep(0.002)
            try:
                os.kill(child_of(child_of(running.pid)), signal.SIGKILL)
                kills += 1
            except AssertionError:  # the one killed before has no successor yet
                continue

        output, errors = running.communicate(timeout=200)

        assert kills > 1
        assert running.returncode == 0, errors
        assert stored_urls(data) == expected, output
        assert_whole(data)


def test_the_crawls_process_does_not_outlive_a_command_that_was_killed(tmp_path: Path) -> None:
    with Web(pause_s=0.5) as web:
        fill(web)
        running = start(web, tmp_path / "data")
        while not web.requests:
            time.sleep(0.01)
        child = owner_of(child_of(running.pid))

        running.kill()
        running.communicate(timeout=200)

        for _ in range(500):
            if not is_alive(child):
                return
            time.sleep(0.01)
        pytest.fail("the child still runs")


def test_ctrl_c_ends_the_crawl_after_the_running_downloads_and_it_goes_on_later(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with Web(pause_s=0.05) as web:
        expected = fill(web)
        running = start(web, data)
        while len(web.requests) < 30:
            time.sleep(0.005)

        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=200)

        assert running.returncode == 130, errors
        assert b"Stopped" in errors
        assert b'"pages"' in output
        assert 0 < len(stored_urls(data)) < len(expected)
        start(web, data).communicate(timeout=200)
        assert stored_urls(data) == expected


def test_ctrl_c_before_the_first_request_ends_the_crawl_too(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Web(pause_s=0.05) as web:
        expected = fill(web)
        running = start(web, data)
        while not (data / "crawl.log").exists():  # the child is up, its engine is not
            time.sleep(0.005)

        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=200)

        assert running.returncode == 130, errors
        assert len(stored_urls(data)) < len(expected)
