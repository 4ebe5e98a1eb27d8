"""`qalqan serve` as typed: what it hands to the pages reaches the people who read them."""

import http.cookiejar
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from qalqan.cli.serve import serve
from qalqan.settings import SettingsError
from review_queue import unread
from review_queue.store import open_store
from review_ui.accounts import add_user
from review_ui.config import ServeConfig
from tests.builders import a_page, fetch
from tests.review_ui.sites import PASSWORD, close_accounts

ROUNDS = """
[[rounds]]
name = "nightly"
cron = "30 3 * * *"
seeds = "seeds.txt"
data = "data"
grace-hours = 0
"""


@contextmanager
def _signed_in(data: Path, *options: str) -> Iterator[tuple[str, urllib.request.OpenerDirector]]:
    """The pages as the command serves them, and a supervisor's browser."""
    command = [sys.executable, "-m", "qalqan", "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip().removeprefix("serving at ")
            browser = urllib.request.build_opener(
                urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
                urllib.request.ProxyHandler({}),
            )
            form = browser.open(f"{url}login/").read().decode()
            token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[-1]
            said = {"csrfmiddlewaretoken": token, "username": "boss", "password": PASSWORD}
            browser.open(f"{url}login/", urllib.parse.urlencode(said).encode()).read()
            yield url, browser
        finally:
            process.terminate()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a supervisor."""
    config = ServeConfig(tmp_path / "data")
    add_user(config, "boss", PASSWORD, role="supervisor", language="en")
    close_accounts()
    return config.data_dir


def test_a_missed_round_and_the_beginning_of_an_unread_page_reach_the_supervisor(
    data: Path,
) -> None:
    config = data.parent / "qalqan.toml"
    config.write_text(ROUNDS, encoding="utf-8")
    body = "<p>Что-то о щите</p>".encode("cp1251")
    with open_store(data) as store:
        page = replace(a_page(), body=body, text="", content_type="text/html; charset=cp1251")
        (number,) = fetch(store, page)
        unread.add(store, number, "time")

    with _signed_in(data, "--config", str(config)) as (url, browser):
        queue = browser.open(f"{url}queue/").read().decode()
        shown = browser.open(f"{url}unread/{number}/").read().decode()

    assert "The round nightly should have been carried out on" in queue
    assert "1 page could not be read" in queue
    assert "&lt;p&gt;Что-то о щите&lt;/p&gt;" in shown


def test_a_file_that_is_named_and_not_there_is_told_at_once(tmp_path: Path, data: Path) -> None:
    missing = ["--data", str(data), "--port", "0", "--config", str(tmp_path / "no.toml")]

    result = CliRunner().invoke(serve, missing)

    assert isinstance(result.exception, SettingsError)
    assert "name another file with --config" in str(result.exception)


def test_a_broken_file_in_the_usual_place_does_not_keep_people_from_their_cases(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = data.parent / "qalqan.toml"
    broken.write_text("[[rounds]]", encoding="utf-8")
    monkeypatch.setenv("QALQAN_CONFIG", str(broken))

    with _signed_in(data) as (url, browser):
        queue = browser.open(f"{url}queue/").read().decode()

    assert "What is planned cannot be read" in queue
    assert "Nothing is left to do here." in queue
