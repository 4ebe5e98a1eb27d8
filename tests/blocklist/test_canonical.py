"""The canonical list: what one line of it says, and what is no line of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from blocklist import canonical
from blocklist.canonical import BadEntryError
from blocklist.rendering import marked
from review_queue.categories import Scope
from review_queue.records import Entry
from tests.blocklist import records
from tests.blocklist.samples import entry

FULL = replace(
    entry("xn--80aodfsg.example", Scope.DOMAIN),
    unicode_name="пример.example",
    review_at="2026-07-31T08:00:00.000Z",
    expires_at="2027-01-31T08:00:00.000Z",
    papers=("No 12/7 of 2026-01-30",),
    overrides=("O-1",),
)


def test_a_line_says_everything_an_entry_rests_on() -> None:
    line = canonical.line_of(FULL, appeal="https://unit.example/appeal")

    assert json.loads(line) == {
        "schema": 2,
        "id": "E-domain-xn--80aodfsg.example",
        "granularity": "subtree",
        "name": "xn--80aodfsg.example",
        "unicode_name": "пример.example",
        "category": "violence",
        "reason": {"code": "P-1", "version": 1},
        "legal_ground": {"code": "G-1", "version": 1},
        "case": "KZ-0000-0001",
        "decisions": ["D-1", "D-2", "D-3"],
        "papers": ["No 12/7 of 2026-01-30"],
        "people": 3,
        "overrides": ["O-1"],
        "listed_at": "2026-01-31T08:00:00.000Z",
        "review_at": "2026-07-31T08:00:00.000Z",
        "expires_at": "2027-01-31T08:00:00.000Z",
        "appeal": "https://unit.example/appeal",
    }
    assert line.isascii()


@settings(deadline=None)  # nothing here is about time
@given(found=records.entries(), appeal=records.WORDS)
def test_lines_are_what_json_itself_writes_however_odd_the_entry(
    found: list[Entry], appeal: str
) -> None:
    lines = list(canonical.lines_of(marked(found), appeal=appeal))

    assert lines == [canonical.line_of(each, appeal=appeal) for each in found]
    assert lines == [json.dumps(json.loads(line)) for line in lines]
    assert [canonical.entry_of(line) for line in lines] == found


@pytest.mark.parametrize(
    ("change", "is_plain"),
    [
        ({}, True),
        ({"unicode_name": "қ"}, True),  # each format looks at this one by itself
        ({"review_at": ""}, True),
        ({"papers": ("No 12/7 of 2026-01-30",)}, True),
        ({"id": "E-1\n"}, False),
        ({"id": "E\nE"}, False),
        ({"case_ref": "=1+1"}, False),
        ({"case_ref": "a;=1"}, False),
        ({"papers": ("a", 'b"')}, False),
        ({"overrides": ("<",)}, False),
        ({"decision_ids": ("a&b",)}, False),
        ({"policy_code": "a\\b"}, False),
        ({"legal_ground_code": "a'b"}, False),
        ({"name": "http://platform.example/қ"}, False),
        ({"expires_at": "\x7f"}, False),
    ],
)
def test_an_entry_is_plain_where_no_format_has_to_escape_it(
    change: dict[str, Any], *, is_plain: bool
) -> None:
    found = replace(entry("shop.mixed.example"), **change)

    assert list(marked([found])) == [(found, is_plain)]


@pytest.mark.parametrize("scope", list(Scope))
def test_a_line_is_read_back_as_the_same_entry(scope: Scope) -> None:
    found = replace(FULL, scope=scope)

    assert canonical.entry_of(canonical.line_of(found)) == found
    assert canonical.granularity_of(canonical.GRANULARITIES[scope]) is scope


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 1}, "schema is 1"),
        ({"schema": None}, "schema is None"),
        ({"granularity": "world"}, "world"),
        ({"category": "weather"}, "weather"),
        ({"reason": "P-1"}, "not an entry"),
        ({"decisions": 7}, "not an entry"),
    ],
)
def test_a_line_of_another_shape_is_named(change: dict[str, Any], words: str) -> None:
    found = json.loads(canonical.line_of(FULL)) | change

    with pytest.raises(BadEntryError, match=words):
        canonical.entry_of(json.dumps(found))


@pytest.mark.parametrize("line", ["", "{", "[]", "7", "null"])
def test_what_is_no_object_is_no_entry(line: str) -> None:
    with pytest.raises(BadEntryError):
        canonical.entry_of(line)


def test_a_bad_line_is_told_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "entries.jsonl"
    path.write_text(f"{canonical.line_of(FULL)}\n{{}}\n")

    with pytest.raises(BadEntryError, match="line 2"):
        list(canonical.read(path))


@pytest.mark.parametrize("text", ["domain", "", None, [], 7])
def test_an_unknown_granularity_is_refused(text: object) -> None:
    with pytest.raises(BadEntryError, match="granularity"):
        canonical.granularity_of(text)
