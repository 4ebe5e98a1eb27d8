"""`qalqan feed` as typed: a server of its own process, asked with curl, ended by a signal."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from blocklist.feed.notices import NoticesError
from blocklist.feed.server import ListenError
from qalqan.cli.feed import feed
from review_queue import providers, pulls
from review_queue.errors import StoreMissingError
from tests.blocklist.feeding import Site, a_site, a_text

WAIT_S = 20.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return a_site(tmp_path_factory.mktemp("feed"))


@contextmanager
def _served(site: Site, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """The command, which has told where it listens."""
    command = [sys.executable, "-m", "qalqan", "feed", "--data", str(site.data)]
    command += ["--lists", str(site.lists), "--listen", "0", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip().removeprefix("serving at ")
            site.port = int(url.rstrip("/").rpartition(":")[2])
            yield process
        finally:
            process.kill()


def _count(site: Site, name: str) -> int:
    with site.opened() as store:
        return len(pulls.of_provider(store, providers.find(store, name).id))


def test_curl_takes_a_list_and_the_pull_is_on_record_when_the_service_is_stopped(
    site: Site, tmp_path: Path
) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    header = f"Authorization: Bearer {a_text(site, name='stopped')}"
    with _served(site) as process:
        url = f"http://127.0.0.1:{site.port}/v1/rpz.zone"
        command = [
            "curl",
            "-q",
            "-sS",
            "--fail",
            "--noproxy",
            "*",
            "-H",
            header,
            "-o",
            str(tmp_path / "rpz.zone"),
            url,
        ]
        subprocess.run(command, check=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=WAIT_S) == 0
        assert process.stderr
        assert "Traceback" not in process.stderr.read()

    assert (tmp_path / "rpz.zone").read_bytes() == (site.lists / "current/rpz.zone").read_bytes()
    assert _count(site, "stopped") == 1


def test_a_feed_that_is_killed_has_on_record_what_it_gave_before(site: Site) -> None:
    token = a_text(site, name="killed")
    with _served(site) as process:
        assert site.ask("/v1/rpz.zone", token).status == 200
        end = time.monotonic() + WAIT_S
        while not _count(site, "killed") and time.monotonic() < end:
            time.sleep(0.1)
        process.kill()

    assert _count(site, "killed") == 1


def test_a_feed_may_open_as_many_files_as_it_may_need(site: Site) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with _served(site) as process:
            limits = Path(f"/proc/{process.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    (now,) = re.findall(r"^Max open files +(\d+)", limits, re.MULTILINE)
    assert int(now) >= min(4096, hard if hard != resource.RLIM_INFINITY else 4096)


def test_what_is_not_filled_in_or_not_protected_is_warned_of(site: Site) -> None:
    with _served(site) as process:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=WAIT_S)
        assert process.stderr
        told = process.stderr.read()
        assert "the public pages have placeholders" in told
        assert "readers get 503" not in told


def test_a_folder_without_a_list_is_warned_of_and_how_to_make_one(
    site: Site, tmp_path: Path
) -> None:
    with _served(replace(site, lists=tmp_path / "none")) as process:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=WAIT_S)
        assert process.stderr
        assert "none has no list, so readers get 503" in process.stderr.read()


def test_what_keeps_a_feed_from_starting_is_named(site: Site, tmp_path: Path) -> None:
    def fails(*words: str) -> BaseException | None:
        return CliRunner().invoke(feed, words).exception

    assert isinstance(fails("--data", str(tmp_path), "--lists", "x"), StoreMissingError)
    here = ("--data", str(site.data), "--lists", str(site.lists))
    assert isinstance(fails(*here, "--notices", str(tmp_path / "none.toml")), NoticesError)
    assert CliRunner().invoke(feed, [*here, "--listen", "example.kz:80"]).exit_code == 2
    assert CliRunner().invoke(feed, [*here, "--trusted-proxy", "proxy"]).exit_code == 2
    if os.getuid():
        assert isinstance(fails(*here, "--listen", "1"), ListenError)
    with _served(site):
        taken = fails(*here, "--listen", str(site.port))
    assert isinstance(taken, ListenError)
    assert "--listen" in str(taken)
