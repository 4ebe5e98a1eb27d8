"""A row of an older registry: every field of it is looked at, and what is wrong is named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklist.canonical import BadEntryError
from blocklist.guard_data import load
from blocklist.importing import entry_of_row
from blocklist.judging import Judge
from review_queue.store import Store
from tests.blocklist.importer import NOW, a_line, a_row

ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "another schema": ({"schema": 1}, "its schema is 1"),
    "a schema that is text": ({"schema": "2"}, "its schema is '2'"),
    "an unknown field": ({"note": ""}, "no field is called 'note'"),
    "an id that is a path": ({"id": "../x"}, "its id"),
    "an empty id": ({"id": ""}, "its id"),
    "an id that is a number": ({"id": 7}, "its id"),
    "an unknown granularity": ({"granularity": "domain"}, "granularity"),
    "a granularity that is a list": ({"granularity": []}, "granularity"),
    "a name with a line end": ({"name": "a.kz\n* CNAME ."}, "its name"),
    "a name in capitals": ({"name": "N1.zz-qalqan.kz", "unicode_name": ""}, "form stops it"),
    "a name as people write it": ({"name": "қала.kz", "unicode_name": ""}, "form stops it"),
    "a name that is none": ({"name": "a b", "unicode_name": ""}, "form stops it"),
    "a top-level name": ({"name": "kz", "unicode_name": ""}, "stops it"),
    "a public suffix": ({"name": "com.kz", "unicode_name": ""}, "public_suffix stops it"),
    "a shared platform": ({"name": "github.io", "unicode_name": ""}, "can override it"),
    "a reserved name": ({"name": "a.example", "unicode_name": ""}, "reserved stops it"),
    "a URL as a host": ({"name": "http://a.kz/", "unicode_name": ""}, "form stops it"),
    "a host as a URL": ({"granularity": "url"}, "form stops it"),
    "a private address": (
        {"granularity": "ip", "name": "10.0.0.1", "unicode_name": ""},
        "form stops it",
    ),
    "a wide network": (
        {"granularity": "cidr", "name": "93.0.0.0/8", "unicode_name": ""},
        "form stops it",
    ),
    "another name for people": ({"unicode_name": "bank.kz"}, "its unicode_name"),
    "a cry for help": ({"category": "distress"}, "its category"),
    "an unknown category": ({"category": "gambling"}, "its category"),
    "a reason without a version": ({"reason": {"code": "VI-1"}}, "its reason"),
    "a version that is true": ({"reason": {"code": "VI-1", "version": True}}, "its reason"),
    "a legal ground of text": ({"legal_ground": "SAMPLE-1"}, "its legal_ground"),
    "no papers": ({"papers": []}, "its papers"),
    "papers that are text": ({"papers": "Order 7"}, "its papers"),
    "a paper without a name": ({"papers": ["Order 7", " "]}, "no name"),
    "a paper of two lines": ({"papers": ["Order\n7"]}, "its papers"),
    "a paper that is half a letter": ({"papers": ["\ud800"]}, "its papers"),
    "decisions that are numbers": ({"decisions": [1]}, "its decisions"),
    "overrides that are text": ({"overrides": "o"}, "its overrides"),
    "people that are none": ({"people": -1}, "its people"),
    "people that are true": ({"people": True}, "its people"),
    "a case of two lines": ({"case": "a\nb"}, "its case"),
    "an appeal that is null": ({"appeal": None}, "its appeal"),
    "listed some day": ({"listed_at": ""}, "its listed_at"),
    "listed in local time": ({"listed_at": "2026-01-31T08:00:00.000+05:00"}, "its listed_at"),
    "listed on a day that is none": ({"listed_at": "2026-02-30T08:00:00.000Z"}, "its listed_at"),
    "listed at a time that is none": ({"listed_at": "2026-02-03T99:00:00.000Z"}, "its listed_at"),
    "listed on no known day": ({"listed_at": "0001-01-01T00:00:00.000Z"}, "before there were"),
    "looked at on no day": ({"review_at": "9999-12-31T23:59:59.999Z"}, "leave it empty"),
    "ending on no day": ({"expires_at": "9999-12-31T23:59:59.999Z"}, "leave it empty"),
    "listed tomorrow": ({"listed_at": "2026-11-02T09:00:00.000Z"}, "yet to come"),
    "looked at before it was listed": ({"review_at": "2026-01-30T08:00:00.000Z"}, "review_at"),
    "ended": ({"expires_at": "2026-10-31T08:00:00.000Z"}, "it ended at"),
    "an end that is a day": ({"expires_at": "2027-10-31"}, "its expires_at"),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_bad_field_is_named(store: Store, what: str) -> None:
    changes, words = ROWS[what]
    judge = Judge(store, load(None))
    try:
        entry = entry_of_row(a_line(**changes), NOW)
    except BadEntryError as error:
        told = str(error)
    else:
        refusal = judge.refusal(entry.scope, entry.name)
        assert refusal, f"nothing stops {what}"
        told = f"{refusal.guard} stops it{' can override it' * refusal.can_override}"

    assert words in told
    assert told.isprintable()
    assert "\n" not in told


@pytest.mark.parametrize("field", a_row())
def test_no_field_may_be_missing(field: str) -> None:
    row = a_row()
    del row[field]
    with pytest.raises(BadEntryError, match=f"it has no '{field}'"):
        entry_of_row(json.dumps(row).encode(), NOW)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b"<html>", b"[" * 60_000, b"1" * 60_000,
        a_line()[:-1], a_line() + b"x", a_line().replace(b": 3", b": NaN"),
        a_line().replace(b'"case"', b'"id": "b", "case"'), a_line(appeal="x" * 70_000),
        a_line().replace(b'"version": 1}', b'"version": 1, "version": 1}'),
    ],
)  # fmt: skip
def test_what_is_no_row_is_one_line_of_complaint(line: bytes) -> None:
    with pytest.raises(BadEntryError) as caught:
        entry_of_row(line, NOW)

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@given(
    st.binary(max_size=300)
    | st.builds(a_line, appeal=st.text(max_size=20), id=st.text(max_size=20))
)
def test_no_line_of_bytes_does_harm(line: bytes) -> None:
    told = ""
    try:
        entry_of_row(line, NOW)
    except BadEntryError as error:
        told = str(error)
    assert told.isprintable()
