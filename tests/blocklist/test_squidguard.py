"""The domains for squidGuard: read back, asked of the real program, and what one bad line would do there."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklist import guards, lint
from blocklist.consumers import squidguard
from blocklist.consumers.questions import Run
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError, ExportError
from review_queue.records import Entry
from tests.blocklist import samples
from tests.blocklist.canaries import DOMAINS, ENTRIES, HOSTS, LONG, MUST_RESOLVE
from tests.blocklist.consumers_proxy import path_of
from tests.blocklist.samples import domain, entry, left_out

LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 53, "example"])


def lines_of(*entries: Entry) -> list[str]:
    """The file, its last check passed."""
    return samples.passed("squidguard", samples.lines_of("squidguard", entries))


def states(
    folder: Path, lines: Sequence[str], *asked: str, kind: str = "domainlist"
) -> dict[str, str]:
    """What squidGuard answers for each address, once it has built its database from the lines."""
    path_of(squidguard.BINARY, squidguard.PACKAGE)
    (folder / "lines").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    run = Run(folder, time.monotonic() + 60)
    return dict(squidguard.states(folder / "lines", asked, run, kind))


def test_a_line_is_a_domain_and_what_it_covers_is_gone() -> None:
    assert lines_of(domain("b.example"), domain("a.b.example"), domain("a.example"))[1:] == [
        "a.example",
        "b.example",
    ]


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (entry("shop.mixed.example"), "everything below it"),
        (entry("http://platform.example/page", Scope.URL), "everything that begins with it"),
        (entry("192.88.99.66", Scope.IP), "cannot say the scope ip"),
        (entry("203.0.113.66"), "not a DNS name"),
    ],
)
def test_what_would_be_widened_is_left_out(listed: Entry, why: str) -> None:
    assert why in left_out("squidguard", [listed])[listed.name]
    assert lines_of(listed)[1:] == []


NAMES = st.text(max_size=40) | st.sampled_from(
    [
        "*",
        ".",
        "kz",
        ".kz",
        "a.example.",
        "a\n.example",
        "қазақ.example",
        "b.a.example",
        "a.example",
    ]
)


@given(st.lists(NAMES, max_size=10))
def test_the_names_read_back_as_the_domains_that_no_other_covers(found: list[str]) -> None:
    names = set()
    for text in found:
        try:
            name = normal(Scope.DOMAIN, text)
        except BadHostError:
            continue
        if not guards.refusal(Scope.DOMAIN, name):
            names.add(name)

    lines = lines_of(*map(domain, names))[1:]

    assert set(lines) <= names
    assert all(any(f".{name}".endswith(f".{line}") for line in lines) for name in names)


@pytest.mark.parametrize(
    "line",
    [
        "kz",
        ".",
        ".zoo.example",
        "zoo.example.",
        "*.zoo.example",
        "Zoo.example",
        "a.casino.example",
        "zoo.example other.example",
        "http://zoo.example/",
        "zoo.example/page",
        "<!DOCTYPE html>",
        "# comment",
        "",
        "203.0.113.66",
        "қазақ.example",
    ],
)
def test_one_bad_line_keeps_the_file_from_being_published(line: str) -> None:
    lines = [*samples.lines_of("squidguard", ENTRIES), line]

    with pytest.raises(ExportError, match="nothing was published"):
        lint.check("squidguard", "squidguard-domains.txt", (f"{x}\n" for x in lines), serial=7)


def test_squidguard_blocks_domains_and_all_below_them_and_nothing_else(tmp_path: Path) -> None:
    lines = lines_of(*ENTRIES, domain(LONGEST))
    blocked = [
        f"http://{prefix}{name}/"
        for name in (*DOMAINS, LONG)
        for prefix in ("", "a.", "www.", "b.c.")
    ]
    blocked += [
        f"http://{LONGEST}/",
        "http://CASINO.example:8080/page?q",
        "http://casino.example./",
        "casino.example:443",
    ]
    passing = [f"http://{name}/" for name in (*MUST_RESOLVE, *HOSTS, "apart.example")]
    passing += [
        "http://other.example/casino.example",
        "http://other.example/?u=http://casino.example/",
    ]

    found = states(tmp_path, lines, *blocked, *passing)

    assert len(MUST_RESOLVE) == 20
    assert found == {**dict.fromkeys(blocked, "blocked"), **dict.fromkeys(passing, "open")}


def test_squidguard_takes_an_empty_list_and_blocks_nothing(tmp_path: Path) -> None:
    asked = [f"http://{name}/" for name in MUST_RESOLVE]

    assert set(states(tmp_path, lines_of(), *asked).values()) == {"open"}


# why URLs are left out and what the last check keeps away: measured with squidGuard 1.6.0
@pytest.mark.parametrize(
    ("kind", "line", "hit"),
    [
        ("urllist", "platform.example/page", "http://platform.example/pages"),
        ("urllist", "platform.example/page", "http://platform.example/page?other"),
        ("urllist", "platform.example/page", "https://www.platform.example:8443/PAGE"),
        ("expressionlist", r"^platform\.example/Page$", "http://platform.example/page"),
        ("expressionlist", r"^platform\.example/page$", "https://platform.example/page"),
        ("domainlist", "kz", "http://egov.kz/"),
    ],
)
def test_without_the_last_check_a_line_blocks_more_than_was_decided(
    tmp_path: Path, kind: str, line: str, hit: str
) -> None:
    assert states(tmp_path, [line], hit, kind=kind) == {hit: "blocked"}
