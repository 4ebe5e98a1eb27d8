"""The STIX bundle, read by the validator and the pattern matcher of OASIS, which defines the standard."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pytest
from hypothesis import given, settings
from stix2matcher.matcher import MatcherException, Pattern
from stix2patterns.validator import run_validator
from stix2validator import ValidationOptions, validate_string

from blocklist.consumers.questions import NETWORKS
from review_queue.categories import Scope
from review_queue.records import Entry
from tests.blocklist import records, samples
from tests.blocklist.canaries import ENTRIES, EXPECTED
from tests.blocklist.samples import entry, left_out
from tests.blocklist.test_stix import written

PAGE: Final = "http://platform.example/a?c=%27d%27&e=\\f_%25"
OTHERS: Final = (
    entry(PAGE, Scope.URL),
    entry("192.88.99.66", Scope.IP),
    entry("2620:4f:8000::66", Scope.IP),
    entry("192.31.196.0/24", Scope.CIDR),
)
NETWORK: Final = entry("2620:4f:8000:8::/64", Scope.CIDR)
# by type of the object that is looked at: what is said of it, and whether it is listed
LISTED: Final = {
    "domain-name": {name.lower(): state == "blocked" for name, state in EXPECTED.items()},
    "url": {
        PAGE: True,
        f"{PAGE}x": False,
        PAGE.replace("_", "x"): False,
        PAGE.replace("\\", "/"): False,
        "http://platform.example/": False,
    },
    "ipv4-addr": {
        "192.88.99.66": True,
        "192.88.99.67": False,
        "192.31.196.0": True,
        "192.31.196.255": True,
        "192.31.197.0": False,
        "192.31.196.128/25": True,
        "192.31.0.0/16": False,
    },
    "ipv6-addr": {
        "2620:4f:8000::66": True,
        "2620:4f:8000::67": False,
    },
}
# a best practice, not a rule: ids by chance. Ours are made from the ids of entries (2.9 of the standard allows it)
IDS_BY_CHANCE: Final = "103"
NUMBER: Final = "00000000-0000-4000-8000-000000000000"
MOMENT: Final = "2026-01-31T09:00:00.000Z"


def faults(bundle: str) -> list[str]:
    """What the validator finds against a bundle, best practices counted as rules."""
    how = ValidationOptions(version="2.1", strict=True, disabled=IDS_BY_CHANCE)
    found = validate_string(bundle, how)
    return [] if found.is_valid else [str(each) for each in found.errors]


def patterns_of(entries: Sequence[Entry]) -> list[str]:
    """The patterns of the bundle of these entries, as text."""
    objects = json.loads(written(samples.ordered(entries)))["objects"]
    return [each["pattern"] for each in objects[1:]]


def seen(kind: str, value: str) -> dict[str, Any]:
    """What a sensor says that has seen this value once."""
    about = {"spec_version": "2.1", "created": MOMENT, "modified": MOMENT}
    sighting = {
        "type": "observed-data",
        "id": f"observed-data--{NUMBER}",
        "first_observed": MOMENT,
        "last_observed": MOMENT,
        "number_observed": 1,
        "object_refs": [f"{kind}--{NUMBER}"],
        **about,
    }
    value_seen = {"type": kind, "id": f"{kind}--{NUMBER}", "spec_version": "2.1", "value": value}
    return {"type": "bundle", "id": f"bundle--{NUMBER}", "objects": [sighting, value_seen]}


def is_matched(patterns: Iterable[Pattern], kind: str, value: str) -> bool:
    return any(each.match([seen(kind, value)]) for each in patterns)


@settings(max_examples=20, deadline=None)
@given(records.entries())
def test_the_validator_finds_nothing_against_a_bundle(entries: list[Entry]) -> None:
    assert faults(written(entries)) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("[domain-name:value = 'shop", "[domain-name.value = 'shop"),
        ('"valid_from":', '"valid_form":'),
        ('"indicator--', '"indicator-'),
        (".000Z", "+05:00"),
        ('"identity_class"', '"class"'),
    ],
)
def test_the_validator_sees_a_bundle_that_is_none(good: str, bad: str) -> None:
    bundle = written(samples.ordered(ENTRIES[:3]))

    assert good in bundle
    assert faults(bundle.replace(good, bad)) != []


@settings(max_examples=20, deadline=None)
@given(records.entries())
def test_every_pattern_is_one_to_the_validator_of_patterns(entries: list[Entry]) -> None:
    for each in patterns_of(entries):
        assert [str(fault) for fault in run_validator(each, stix_version="2.1")] == []


@pytest.mark.parametrize("kind", LISTED)
def test_the_matcher_finds_what_is_listed_and_nothing_beside(kind: str) -> None:
    entries = [each for each in ENTRIES if each.name not in left_out("stix", ENTRIES)]
    patterns = [Pattern(each, stix_version="2.1") for each in patterns_of([*entries, *OTHERS])]

    assert len(patterns) == len(ENTRIES) + len(OTHERS)
    assert {value: is_matched(patterns, kind, value) for value in LISTED[kind]} == LISTED[kind]


def test_the_matcher_knows_networks_of_ipv4_alone() -> None:
    """So the pattern of a network of IPv6 is known to be one, and read by our own reader alone."""
    (pattern,) = patterns_of([NETWORK])

    assert run_validator(pattern, stix_version="2.1") == []
    with pytest.raises(MatcherException, match="Invalid IPv4 address"):
        is_matched([Pattern(pattern, stix_version="2.1")], "ipv6-addr", "2620:4f:8000:8::1")


@settings(max_examples=20, deadline=None)
@given(records.entries())
def test_the_matcher_finds_every_hostile_name_by_its_own_pattern(entries: list[Entry]) -> None:
    out = left_out("stix", entries)
    kept = [each for each in entries if each.name not in out and each.scope not in NETWORKS]

    for each, pattern in zip(samples.ordered(kept), patterns_of(kept), strict=True):
        matcher = [Pattern(pattern, stix_version="2.1")]
        kind = "url" if each.scope is Scope.URL else "domain-name"
        assert is_matched(matcher, kind, each.name)
        assert not is_matched(matcher, kind, f"x{each.name}")
