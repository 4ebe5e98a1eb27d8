r"""The bundle, held against the MUSTs of STIX 2.1 by a reader of our own that evaluates the patterns.

What those who made the standard say of it is in `test_stix_oasis.py`.
"""

import ipaddress
import json
import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from blocklist import lint, lint_lines
from blocklist.formats import FORMATS
from blocklist.formats.stix_bundle import pattern_of
from blocklist.lint_known import Known
from review_queue.categories import Category, Scope
from review_queue.errors import ExportError
from review_queue.records import Entry
from tests.blocklist import records, samples
from tests.blocklist.canaries import ENTRIES, EXPECTED
from tests.blocklist.samples import HEADING, domain, entry, left_out

STRING = r"'((?:[^'\\]|\\['\\])*)'"
COMPARISON = re.compile(rf"([a-z0-9-]+):value (=|LIKE|MATCHES|ISSUBSET) {STRING}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def written(entries: list[Entry]) -> str:
    """The file, its last check passed."""
    lines = [f"{line}\n" for line in samples.lines_of("stix", entries)]
    said = [each for each in entries if each.name not in left_out("stix", entries)]
    assert lint.check("stix", "stix-bundle.json", lines, serial=HEADING.serial) == len(said)
    return "".join(lines)


def comparisons(pattern: str) -> list[tuple[str, str, str]]:
    """The comparisons of a pattern of one observation: object, operator, constant."""
    found = []
    rest = pattern.removeprefix("[")
    while rest:
        match = COMPARISON.match(rest)
        assert match, rest
        found.append((match[1], match[2], re.sub(r"\\(.)", r"\1", match[3])))
        rest = rest[match.end() :]
        assert rest == "]" or rest.startswith(" OR ")
        rest = rest.removeprefix(" OR ") if rest != "]" else ""
    return found


def is_true(pattern: str, kind: str, value: str) -> bool:
    """Whether an object of this kind and value satisfies the pattern, by part 9.6 of the standard."""
    return any(
        kind == asked and _compares(operator, constant, value)
        for asked, operator, constant in comparisons(pattern)
    )


def _compares(operator: str, constant: str, value: str) -> bool:
    match operator:
        case "=":
            return value == constant
        case "LIKE":
            wild = re.escape(constant).replace("%", ".*").replace("_", ".")
            return re.fullmatch(wild, value, re.DOTALL) is not None
        case "MATCHES":
            return re.search(constant, value) is not None
        case _:
            network = ipaddress.ip_network(value)
            return network.subnet_of(ipaddress.ip_network(constant))  # type: ignore[arg-type]


def scope_of(pattern: str) -> tuple[Scope, str]:
    kinds = {
        ("url", "="): Scope.URL,
        ("ipv4-addr", "="): Scope.IP,
        ("ipv6-addr", "="): Scope.IP,
        ("ipv4-addr", "ISSUBSET"): Scope.CIDR,
        ("ipv6-addr", "ISSUBSET"): Scope.CIDR,
        ("domain-name", "="): Scope.HOST,
    }
    first, *more = comparisons(pattern)
    return (Scope.DOMAIN if more else kinds[first[:2]]), first[2]


def entry_of(found: dict[str, Any]) -> Entry:
    scope, name = scope_of(found["pattern"])
    references = found["external_references"]

    def ids(source: str) -> tuple[str, ...]:
        return tuple(each["external_id"] for each in references if each["source_name"] == source)

    def version(source: str) -> int:
        (text,) = (each["description"] for each in references if each["source_name"] == source)
        return int(text.removeprefix("version "))

    by_whom, _, review = found["description"].partition(" people.")
    people = by_whom.rpartition(" ")[2]
    return Entry(
        id=ids("qalqan entry")[0],
        scope=scope,
        name=name,
        unicode_name=found["name"],
        category=Category(found["labels"][0]),
        case_ref="".join(ids("qalqan case")),
        decision_ids=ids("qalqan decision"),
        people=int(people),
        policy_code=ids("qalqan reason")[0],
        policy_version=version("qalqan reason"),
        legal_ground_code=ids("qalqan legal ground")[0],
        legal_ground_version=version("qalqan legal ground"),
        listed_at=found["valid_from"],
        review_at=review.removeprefix(" To be looked at again at ").removesuffix("."),
        expires_at=found.get("valid_until", ""),
        papers=ids("decision on paper"),
        overrides=ids("qalqan override"),
    )


def unicode_text(value: Any) -> Any:
    """The value as JSON for others can hold it: half a surrogate pair is U+FFFD."""
    if isinstance(value, str):
        return value.replace("\ud800", "\ufffd")
    return tuple(map(unicode_text, value)) if isinstance(value, tuple) else value


@settings(max_examples=150, deadline=None)
@given(records.entries())
def test_every_entry_is_read_back_as_it_was(entries: list[Entry]) -> None:
    _, *indicators = json.loads(written(entries))["objects"]
    kept = [each for each in entries if each.name not in left_out("stix", entries)]

    assert [entry_of(each) for each in indicators] == [
        replace(
            each,
            **{name: unicode_text(getattr(each, name)) for name in Entry.__dataclass_fields__},
        )
        for each in kept
    ]


@settings(max_examples=100, deadline=None)
@given(records.entries())
def test_the_bundle_keeps_the_musts_of_the_standard(entries: list[Entry]) -> None:
    bundle = json.loads(written(entries))
    ids = [each["id"] for each in bundle["objects"]]

    assert (bundle["type"], list(bundle)) == ("bundle", ["type", "id", "objects"])
    assert len(set(ids)) == len(ids)
    for each in [bundle, *bundle["objects"]]:
        kind, _, text = each["id"].partition("--")
        assert (kind, uuid.UUID(text).version) == (each["type"], 5)
        assert [key for key, value in each.items() if value in ([], None, {})] == []
    for each in bundle["objects"]:
        assert each["spec_version"] == "2.1"
        assert TIME.fullmatch(each["created"])
        assert each["modified"] >= each["created"]
        assert each.get("created_by_ref", ids[0]) == ids[0]
        assert each.get("valid_until", "9") > each.get("valid_from", "")
        for reference in each.get("external_references", []):
            assert reference["source_name"]
            assert reference.keys() & {"external_id", "description", "url"}


def test_an_object_is_a_line_of_its_own() -> None:
    lines = samples.lines_of("stix", [entry("bad.example"), domain("bad.example")])

    assert [json.loads(line.removesuffix(","))["type"] for line in lines[1:-1]] == [
        "identity",
        "indicator",
        "indicator",
    ]


def test_an_entry_has_the_same_indicator_in_every_bundle() -> None:
    one = json.loads(written([entry("bad.example")]))["objects"][1]
    many = json.loads(written(samples.ordered([domain("a.example"), entry("bad.example")])))

    assert many["objects"][2] == one
    assert one["id"] == "indicator--99ea3783-119f-5493-9696-cc4ff1e8e45a"


def test_the_patterns_match_what_the_entries_say() -> None:
    kept = [each for each in ENTRIES if each.name not in left_out("stix", ENTRIES)]
    patterns = [pattern_of(each.scope, each.name) for each in kept]

    assert {
        name: any(is_true(each, "domain-name", name.lower()) for each in patterns)
        for name in EXPECTED
    } == {name: state == "blocked" for name, state in EXPECTED.items()}


@pytest.mark.parametrize("name", ["axb.example", "www.axb.example", "wwwxa_b.example", "b.example"])
def test_an_underscore_in_a_subtree_stands_for_itself(name: str) -> None:
    pattern = pattern_of(Scope.DOMAIN, "a_b.example")

    assert not is_true(pattern, "domain-name", name)
    assert is_true(pattern, "domain-name", "a_b.example")
    assert is_true(pattern, "domain-name", "x.y.a_b.example")


def test_a_network_holds_its_addresses_alone() -> None:
    pattern = pattern_of(Scope.CIDR, "192.88.99.0/24")

    assert is_true(pattern, "ipv4-addr", "192.88.99.66")
    assert not is_true(pattern, "ipv4-addr", "192.88.98.66")


def test_a_host_that_is_an_address_is_left_out() -> None:
    assert "not a DNS name" in left_out("stix", [entry("203.0.113.66")])["203.0.113.66"]


GOOD = samples.lines_of("stix", [entry("bad.example")])
NEXT = GOOD[2].replace("bad.example", "zoo.example")
WIDE = pattern_of(Scope.DOMAIN, "zoo.example")
OVER = '"valid_until":"2020-01-01T00:00:00.000Z"'
EQUALS = "domain-name:value = '"
NARROW = "'zoo_.example' OR domain-name:value LIKE '"  # where an underscore is any character


@pytest.mark.parametrize("known", [None, samples.KNOWN], ids=["asked", "known"])
@pytest.mark.parametrize(
    ("line", "why"),
    [
        (GOOD[2], "repeats"),
        (NEXT.replace("zoo.example", "a.example"), "out of order"),
        (NEXT.replace("'zoo.example'", "'kz'"), "must not be listed"),
        (NEXT.replace("[domain-name:value = 'zoo.example'", WIDE[:-1].replace("%.", "%")), "five"),
        (
            NEXT.replace("[domain-name:value = 'zoo.example'", WIDE[:-1].replace("%.z", "%.o")),
            "five",
        ),
        (NEXT.replace("= 'zoo.example'", "LIKE '%'"), "five"),
        (NEXT.replace("= 'zoo.example'", "!= 'zoo.example'"), "five"),
        (NEXT.replace("'zoo.example'", "'zoo.example' OR url:value LIKE '%'"), "five"),
        (NEXT.replace("'zoo.example'", "'zoo'.example'"), "five"),
        (NEXT.replace('"stix"', '"yara"'), "whole indicator"),
        (NEXT.replace('"spec_version":"2.1"', '"spec_version":"2.0"'), "whole indicator"),
        (NEXT.replace('"pattern_version":"2.1"', '"pattern_version":"2"'), "whole indicator"),
        (NEXT.replace("identity--", "identity--0"), "whole indicator"),
        (NEXT.replace('"labels"', f'{OVER},"labels"'), "whole"),
        (NEXT.replace('"valid_from"', f'{OVER},"valid_from"'), "whole"),
        (NEXT.replace(".000Z", "+05:00"), "whole indicator"),
        (NEXT.replace('"modified"', '"revoked":true,"modified"'), "whole indicator"),
        (NEXT[:-1], "whole indicator"),
        (NEXT.replace("'zoo.example'", f"{NARROW}%.zoo_.example'"), "five"),
        (NEXT.replace(f"[{EQUALS}zoo.example", "[ipv4-addr:value = 'fe80::1"), "five"),
        (NEXT.replace(f"[{EQUALS}zoo.example", "[ipv4-addr:value ISSUBSET 'fe80::/64"), "five"),
        ("<!DOCTYPE html>", "whole indicator"),
    ],
)
def test_one_bad_line_keeps_the_bundle_from_being_published(
    line: str, why: str, known: Known | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_lines, "_BATCH", 1)
    lines = [*GOOD[:2], f"{GOOD[2]},", f"{line},", GOOD[2], GOOD[-1]]

    with pytest.raises(ExportError, match=f"line 4 .*{why}"):
        lint.check(
            "stix",
            FORMATS["stix"].file_name,
            (f"{each}\n" for each in lines),
            serial=7,
            known=known,
        )


@pytest.mark.parametrize(
    "lines",
    [[], GOOD[:1], GOOD[1:], GOOD[:-1], [*GOOD, GOOD[-1]], [GOOD[0], *GOOD[2:]], [GOOD[0], "]}"],
     [GOOD[0], GOOD[1], GOOD[-1]], [*GOOD[:2], GOOD[2], GOOD[2], GOOD[-1]],
     [*GOOD[:2], f"{GOOD[2]},", GOOD[-1]]],
)  # fmt: skip
def test_a_bundle_without_its_head_end_or_a_comma_is_not_published(lines: list[str]) -> None:
    with pytest.raises(ExportError):
        lint.check("stix", FORMATS["stix"].file_name, (f"{line}\n" for line in lines), serial=7)


def test_an_entry_that_was_taken_over_names_its_papers_and_no_case() -> None:
    listed = replace(entry("bad.example", case_ref=""), papers=("Order 7",))
    _, found = json.loads(written([listed]))["objects"]

    sources = [each["source_name"] for each in found["external_references"]]
    assert "decision on paper" in sources
    assert "qalqan case" not in sources
    assert found["description"].startswith("Taken over from an older registry, signed by 3 people.")
