"""How far our URLs agree with the WHATWG's vectors and with Safe Browsing's, and where they differ by intent.

The vectors are read where they are, never copied: an exception names a vector only as far as it must.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_queue.errors import BadHostError, BadUrlError
from review_queue.hosts import Url, parse_host, parse_url

SUITES = Path(__file__).parents[2].parent / "shared" / "suites"
WPT = SUITES / "wpt-url" / "tests" / "wpt"
GSB = SUITES / "gsb-canonicalize" / "gsb_vectors.json"

needs_wpt = pytest.mark.skipif(not WPT.exists(), reason="../shared/suites/wpt-url is not here")
needs_gsb = pytest.mark.skipif(
    not GSB.exists(), reason="../shared/suites/gsb-canonicalize is not here"
)

# Why we differ from the WHATWG's vectors
WPT_REASONS = {
    "scheme": "a scheme other than http and https: the crawler has no handler for it, so it is refused",
    "surrogate": "half a character: a script can hold one, the text of a page cannot, so it is refused",
    "nothing": "the empty name: the standard's function returns it, but no URL has it for its host",
}
# file -> vectors, of which agree, the others by reason
WPT_AGREEMENT = {
    "urltestdata.json": (891, 514, {"scheme": 377}),
    "urltestdata-javascript-only.json": (1, 0, {"surrogate": 1}),
    "ada_extra_urltestdata.json": (28, 18, {"scheme": 10}),
    "ada_long_urltestdata.json": (1, 1, {}),
    "toascii.json": (87, 87, {}),
    "IdnaTestV2.json": (2671, 2670, {"nothing": 1}),
    "IdnaTestV2-removed.json": (20, 20, {}),
}

# Why we differ from Safe Browsing's vectors
GSB_REASONS = {
    "query": "the query is dropped there for looking up; pages of one path and many queries are many pages here",
    "port": "the port is dropped there; another port is another server here",
    "slashes": "a run of slashes is one there; servers may tell them apart and browsers do not fold them",
    "dots": "empty labels are dropped there; no browser would look such a name up",
    "escapes": "escapes are undone there until none is left, and some written anew; once, and only of letters, digits "
    "and -._~, is what no server tells apart",
    "no host": "escapes, spaces and signs that no browser takes in a host are kept there; refused here",
    "mapped": "the last four bytes of an IPv6 address stay decimal there; hexadecimal in the WHATWG's spelling",
    "overflow": "a part above 255 wraps around there, as in old C libraries; no browser takes it",
    "trailing": "what stands behind an address and a space is dropped there; refused here",
    "missing scheme": "a name without a scheme is taken for http there; parse_url wants one, the seeds' reader adds it",
    "scheme": "ftp is taken there; only http and https are crawled",
    "no authority": "http:/// is refused there; browsers skip the extra slashes, and so do we",
}
# group -> vectors, and those we differ from (by their place in the group) by reason
GSB_AGREEMENT: dict[str, tuple[int, dict[str, set[int]]]] = {
    "TestParseIPAddress": (11, {"overflow": {3}, "trailing": {9}}),
    "TestCanonicalHost": (10, {"dots": {3, 4}, "mapped": {6}}),
    "TestCanonicalPath": (10, {"slashes": {5}, "no host": {8}}),
    "TestCanonicalURL": (
        52,
        {
            "no host": {2, 20, 24, 25, 29, 35},
            "escapes": {3, 4, 5, 6, 7},
            "dots": {12},
            "query": {15, 16, 19, 31},
            "port": {22},
            "missing scheme": {26, 34},
            "scheme": {28},
            "no authority": {46, 48, 49, 50},
        },
    ),
}


def read(text: str, base: str | None = None) -> Url | None:
    """The URL we read; None where we refuse."""
    try:
        return parse_url(text, base)
    except BadUrlError:
        return None


def without_last_dot(name: str) -> str:
    """The name as we keep it: one of a root dot is the same name."""
    return name.removesuffix(".") or name


def reason_of_the_wpt(case: dict[str, Any]) -> str | None:
    """Why we differ from `case`; "" where we agree, None where there is no reason."""
    if "output" in case:
        wanted = None if case["output"] is None else without_last_dot(case["output"])
        url = read(f"https://{case['input']}")
        if wanted == (url and url.host.name):
            return ""
        return "nothing" if wanted == "" else None
    url = read(case["input"], case.get("base"))
    wanted = None if case.get("failure") else case["href"]
    if wanted == (url and url.href):
        return ""
    if url is None and wanted and case["protocol"] not in ("http:", "https:"):
        return "scheme"
    halves = any("\ud800" <= char <= "\udfff" for char in case["input"])
    return "surrogate" if url is None and halves else None


@needs_wpt
@pytest.mark.parametrize("name", WPT_AGREEMENT)
def test_every_difference_from_the_whatwg_vectors_has_its_reason(name: str) -> None:
    found = json.loads((WPT / name).read_text("utf-8"))
    cases = [each for each in found if isinstance(each, dict)]
    reasons = [reason_of_the_wpt(each) for each in cases]
    total, agreeing, others = WPT_AGREEMENT[name]

    assert [c["input"] for c, reason in zip(cases, reasons, strict=True) if reason is None] == []
    assert (len(cases), reasons.count("")) == (total, agreeing)
    assert {key: reasons.count(key) for key in WPT_REASONS if key in reasons} == others


@needs_wpt
def test_every_length_of_a_name_is_judged_as_the_dns_vectors_say() -> None:
    cases = json.loads((WPT / "verifydnslength_tests.json").read_text("utf-8"))[1:]
    differ = []
    for each in cases:
        url = read(each["input"])
        if (url is not None and url.host.is_dns_name) == each["failure"]:
            differ.append(each["input"])

    assert len(cases) == 17
    assert differ == []


@needs_wpt
def test_queries_are_escaped_as_those_of_utf8_pages_whatever_the_page_is_in() -> None:
    """9 of the vectors' 16 are for other encodings: links of such pages ask for their queries in UTF-8 here."""
    cases = json.loads((WPT / "percent-encoding.json").read_text("utf-8"))
    outputs = [each["output"] for each in cases if isinstance(each, dict)]
    inputs = [each["input"] for each in cases if isinstance(each, dict)]
    hrefs = [url and url.href for url in map(read, (f"http://a.kz/?{text}" for text in inputs))]

    assert sum(map(len, outputs)) == 16
    assert hrefs == [f"http://a.kz/?{each['utf-8']}" for each in outputs]


def ours(group: str, text: str) -> str:
    """What we make of a vector of Safe Browsing's, "" where we refuse."""
    if group == "TestParseIPAddress":
        try:
            host = parse_host(text)
        except BadHostError:
            return ""
        return host.name if host.is_ip else ""
    url = read(text)
    if url is None:
        return ""
    parts = {"TestCanonicalHost": url.host.name, "TestCanonicalPath": urlsplit(url.canonical).path}
    return parts.get(group, url.canonical)


@needs_gsb
@pytest.mark.parametrize("group", GSB_AGREEMENT)
def test_every_difference_from_safe_browsing_has_its_reason(group: str) -> None:
    cases = json.loads(GSB.read_text("utf-8"))[group]
    texts = [bytes.fromhex(each["in_hex"]).decode("utf-8", "surrogateescape") for each in cases]
    differ = {at for at, each in enumerate(cases) if ours(group, texts[at]) != each["out"]}
    total, reasons = GSB_AGREEMENT[group]

    assert len(cases) == total
    assert differ == set().union(*reasons.values())
    assert reasons.keys() <= GSB_REASONS.keys()


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("http://a.kz/%7Euser/%2Ehidden/%61%2d%5F", "http://a.kz/~user/.hidden/a-_"),
        ("http://a.kz/?%75tm_source=1&%61=1", "http://a.kz/?a=1"),
        ("http://a.kz/p;%6asessionid=1", "http://a.kz/p"),
        ("http://a.kz/%2561", "http://a.kz/%2561"),
        ("http://a.kz/a%2Fb%3F?x=%26%3d%2B", "http://a.kz/a%2Fb%3F?x=%26%3d%2B"),
        ("http://a.kz/%%36%31", "http://a.kz/%%36%31"),
        ("http://a.kz/x/..;jsessionid=1/b", "http://a.kz/x/..;jsessionid=1/b"),
    ],
)
def test_needless_escapes_make_no_second_key_and_needed_ones_stay(
    written: str, canonical: str
) -> None:
    assert parse_url(written).canonical == canonical


@given(st.lists(st.sampled_from([*"%/.;?&=#26aA5e", "%2e", "%25", ";jsessionid="]), max_size=30))
def test_a_canonical_url_full_of_escapes_is_its_own(pieces: list[str]) -> None:
    once = parse_url("http://a.kz/" + "".join(pieces)).canonical

    assert parse_url(once).canonical == once
