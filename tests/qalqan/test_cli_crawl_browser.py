"""`qalqan crawl --browser` as it is typed."""

import os

import pytest
from click.testing import CliRunner

from crawler.browser_job import Browsing
from qalqan.cli.crawl import crawl
from qalqan.cli.crawl_browser import browsing
from tests.crawler.browsing import needs_chromium


def test_without_the_option_there_is_no_browser() -> None:
    assert browsing(browser=False, sandbox=True, screenshots="blurred") is None


@needs_chromium
def test_the_options_make_the_browser_of_the_plan() -> None:
    assert browsing(browser=True, sandbox=False, screenshots="sharp") == Browsing(
        sandbox=False, screenshots="sharp"
    )


@pytest.mark.parametrize(
    ("what", "value", "told"),
    [
        ("find_spec", lambda _: None, "qalqan[browser]"),
        ("_PLACES", (), "apt-get install chromium"),
    ],
)
def test_a_missing_part_is_named_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, what: str, value: object, told: str
) -> None:
    monkeypatch.setattr(f"crawler.browser_job.{what}", value)

    done = CliRunner().invoke(crawl, ["-", "--browser"], input="http://a.test/")

    assert done.exit_code != 0
    assert told in str(done.exception)


@needs_chromium
def test_root_is_told_to_be_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    done = CliRunner().invoke(crawl, ["-", "--browser"], input="http://a.test/")

    assert "run the crawl as an unprivileged user" in str(done.exception)


def test_screenshots_are_of_three_kinds() -> None:
    done = CliRunner().invoke(crawl, ["-", "--screenshots", "full"], input="http://a.test/")

    assert done.exit_code == 2
    assert "'blurred', 'sharp', 'none'" in done.output
