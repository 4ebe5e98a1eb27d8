"""The rules for AdGuard Home, read back by what its library urlfilter makes of a rule: no program to load them here."""

import re

import pytest

from blocklist import lint
from blocklist.formats import FORMATS
from review_queue.categories import Scope
from review_queue.errors import ExportError
from review_queue.records import Entry
from tests.blocklist import samples
from tests.blocklist.canaries import ENTRIES, EXPECTED
from tests.blocklist.samples import domain, entry, left_out

ADDRESSES = (entry("192.88.99.66", Scope.IP), entry("2620:4f:8000::66", Scope.IP))


def lines_of(*entries: Entry) -> list[str]:
    """The list, its last check passed."""
    return samples.passed("adguard", samples.lines_of("adguard", entries))


def regex(rule: str) -> re.Pattern[str]:
    """What urlfilter matches a host name or an address against (its patternToRegexp)."""
    text = re.escape(rule.lstrip("|").rstrip("|^"))
    start = r"^([a-z0-9-_.]+\.)?" if rule.startswith("||") else "^"
    end = "$" if rule.endswith("|") else r"([^ a-zA-Z0-9.%_-]|$)"
    return re.compile(start + text + end)


def is_blocked(lines: list[str], name: str) -> bool:
    return any(regex(line).search(name) for line in lines if not line.startswith("!"))


def test_a_domain_has_two_bars_and_a_host_or_an_address_one() -> None:
    found = lines_of(domain("bad.example"), entry("shop.mixed.example"), *ADDRESSES)

    assert found[1:] == [
        "||bad.example^",
        "|shop.mixed.example^",
        "|192.88.99.66^",
        "|2620:4f:8000::66|",
    ]


def test_the_rules_match_what_the_entries_say() -> None:
    lines = lines_of(*ENTRIES, *ADDRESSES)

    assert {name: is_blocked(lines, name.lower()) for name in EXPECTED} == {
        name: state == "blocked" for name, state in EXPECTED.items()
    }
    assert is_blocked(lines, "192.88.99.66")
    assert is_blocked(lines, "2620:4f:8000::66")


@pytest.mark.parametrize(
    "address",
    ["192.88.99.6", "192.88.99.67", "192.88.99.166", "2620:4f:8000::66:1", "2620:4f:8000::6"],
)
def test_a_rule_for_an_address_matches_no_other(address: str) -> None:
    assert not is_blocked(lines_of(*ADDRESSES), address)


def test_a_network_is_left_out() -> None:
    network = entry("192.88.99.0/24", Scope.CIDR)

    assert "cannot say the scope cidr" in left_out("adguard", [network])["192.88.99.0/24"]
    assert lines_of(network)[1:] == []


@pytest.mark.parametrize(
    "line",
    [
        "zoo.example",
        "||zoo.example",
        "||zoo.example^$important",
        "@@||zoo.example^",
        "||*.zoo.example^",
        "||kz^",
        "||^",
        "|^",
        "*",
        "/zoo/",
        "! comment",
        "||zoo.example^|",
        "|10.0.0.1^",
        "||192.88.99.67^",
        "|192.88.99^",
        "|2620:4f:8000::67^",
        "|2620:4F:8000::67|",
    ],
)
def test_one_bad_line_keeps_the_rules_from_being_published(line: str) -> None:
    lines = [*samples.lines_of("adguard", ENTRIES), line]

    with pytest.raises(ExportError, match=f"line {len(lines)} "):
        lint.check(
            "adguard", FORMATS["adguard"].file_name, (f"{each}\n" for each in lines), serial=7
        )


@pytest.mark.parametrize("line", ["||zoo.example^", "|192.88.99.66^", "|192.88.99.10^"])
def test_a_rule_out_of_its_place_is_refused(line: str) -> None:
    lines = [*samples.lines_of("adguard", ADDRESSES[:1]), line]

    with pytest.raises(ExportError, match="line 3 "):
        lint.check("adguard", "adguard.txt", (f"{each}\n" for each in lines), serial=7)
