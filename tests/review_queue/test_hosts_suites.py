"""Hosts against the test vectors of the standards they follow; read where they are, never copied."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from review_queue.errors import BadHostError, BadUrlError
from review_queue.hosts import parse_host, parse_url

SUITES = Path(__file__).parents[2].parent / "shared" / "suites"
WPT = SUITES / "wpt-url" / "tests" / "wpt"
PSL = SUITES / "psl" / "tests" / "tests.txt"

needs_wpt = pytest.mark.skipif(not WPT.exists(), reason="../shared/suites/wpt-url is not here")
needs_psl = pytest.mark.skipif(not PSL.exists(), reason="../shared/suites/psl is not here")


def cases(name: str) -> list[dict[str, Any]]:
    """The test cases of one of the standard's files, without its comments."""
    return [each for each in json.loads((WPT / name).read_text("utf-8")) if isinstance(each, dict)]


def without_last_dot(name: str | None) -> str | None:
    """The name as we keep it: one of a root dot is the same name."""
    return (name.removesuffix(".") or name) if name else None


def parsed(text: str, base: str | None = None) -> tuple[str, str | None] | None:
    """The href and host we read; None where we refuse."""
    try:
        url = parse_url(text, base)
    except BadUrlError:
        return None
    return url.href, url.host.name


@needs_wpt
def test_every_absolute_http_url_of_the_standard_has_its_host() -> None:
    found = [
        each
        for each in cases("urltestdata.json")
        if re.match("https?:", each["input"], re.IGNORECASE)
        and each["base"] in (None, "about:blank")
    ]
    differ = [
        each["input"]
        for each in found
        if parsed(each["input"])
        != (None if each.get("failure") else (each["href"], without_last_dot(each["hostname"])))
    ]

    assert len(found) == 278
    assert differ == []


@needs_wpt
def test_relative_urls_of_the_standard_are_resolved_as_it_says() -> None:
    found = [
        each
        for each in cases("urltestdata.json")
        if each.get("protocol") in ("http:", "https:") and each["base"]
    ]
    differ = [
        each["input"]
        for each in found
        if parsed(each["input"], each["base"]) != (each["href"], without_last_dot(each["hostname"]))
    ]

    assert len(found) > 100
    assert differ == []


@needs_wpt
@pytest.mark.parametrize("name", ["toascii.json", "IdnaTestV2.json"])
def test_international_names_become_the_standards_a_labels(name: str) -> None:
    found = cases(name)
    differ = []
    for each in found:
        got = parsed(f"https://{each['input']}")
        if (got and got[1]) != without_last_dot(each["output"]):
            differ.append(each["input"])

    assert len(found) == {"toascii.json": 87, "IdnaTestV2.json": 2671}[name]
    assert differ == []


@needs_psl
def test_registrable_domains_are_those_of_the_public_suffix_list() -> None:
    rows = [
        line.split()
        for line in PSL.read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("//")
    ]
    differ = []
    for name, expected in rows:
        try:
            host = parse_host(name)
            site = None if host.is_public_suffix else host.site
        except BadHostError:
            site = None
        if site != (None if expected == "null" else parse_host(expected).name):
            differ.append((name, expected, site))

    assert len(rows) == 78
    assert differ == []
