r"""A table for spreadsheets and scripts: a header row, then one row an entry with all it rests on.

The grammar is RFC 4180 in its strict form: CR LF after each row, every field in double quotes, printable ASCII only. A
character outside it stands as a JSON escape (`\n`, `\u049b`) and a backslash as two, so a row is always one line. The
three columns of several values are JSON arrays.

A spreadsheet takes a field that starts with = + - or @ for a formula and runs it. Such a field gets a leading
apostrophe, as spreadsheets themselves write text, and so does one that has an apostrophe there already: one apostrophe
is always ours. Where a semicolon parts columns (as in Russian and Kazakh settings) a formula could also start after a
semicolon inside a field; that semicolon is written as its escape.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from blocklist.canonical import GRANULARITIES
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope
from review_queue.records import Entry

CAPABILITY: Final = Capability(
    scopes=frozenset(Scope),
    addresses=True,
    a_line_means="a row is one entry; its granularity says how much it blocks",
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:/_?&%#~*=+@()!$'-]*")
_FORMULA: Final = re.compile(r" *[=+\-@']")
_AFTER_SEMICOLON: Final = re.compile(r';(?=[ "]*[=+\-@\'])')

_COLUMNS: Final[dict[str, Callable[[Entry], str | int | Sequence[str]]]] = {
    "id": lambda entry: entry.id,
    "granularity": lambda entry: GRANULARITIES[entry.scope],
    "name": lambda entry: entry.name,
    "unicode_name": lambda entry: entry.unicode_name,
    "category": lambda entry: entry.category,
    "reason_code": lambda entry: entry.policy_code,
    "reason_version": lambda entry: entry.policy_version,
    "legal_ground_code": lambda entry: entry.legal_ground_code,
    "legal_ground_version": lambda entry: entry.legal_ground_version,
    "case": lambda entry: entry.case_ref,
    "decisions": lambda entry: entry.decision_ids,
    "papers": lambda entry: entry.papers,
    "people": lambda entry: entry.people,
    "overrides": lambda entry: entry.overrides,
    "listed_at": lambda entry: entry.listed_at,
    "review_at": lambda entry: entry.review_at,
    "expires_at": lambda entry: entry.expires_at,
}


def _field(value: str | int | Sequence[str]) -> str:
    if isinstance(value, int):
        return f'"{value}"'
    if isinstance(value, str):
        if _PLAIN.fullmatch(value):
            return f'"{value}"'
        text = json.dumps(value)[1:-1].replace('\\"', '"')
    elif all(map(_PLAIN.fullmatch, value)):
        inside = '"", ""'.join(value)
        return f'"[""{inside}""]"' if value else '"[]"'
    else:
        text = json.dumps(value)
    text = _AFTER_SEMICOLON.sub(r"\\u003b", text)
    mark = "'" if _FORMULA.match(text) else ""
    return f'"{mark}{text}"'.replace('"', '""')[1:-1]


def _row(values: Sequence[str | int | Sequence[str]]) -> str:
    return ",".join(map(_field, values)) + "\r"  # the writer of files adds the LF


def _plain_row(entry: Entry, appeal: str) -> str:
    """The row of an entry whose texts are all plain."""
    unicode_name = entry.unicode_name
    shown = f'"{unicode_name}"' if unicode_name == entry.name else _field(unicode_name)
    return (
        f'"{entry.id}","{GRANULARITIES[entry.scope]}","{entry.name}",{shown},'
        f'"{entry.category}","{entry.policy_code}","{entry.policy_version}",'
        f'"{entry.legal_ground_code}","{entry.legal_ground_version}","{entry.case_ref}",'
        f"{_array(entry.decision_ids)},{_array(entry.papers)},"
        f'"{entry.people}",{_array(entry.overrides)},"{entry.listed_at}","{entry.review_at}",'
        f'"{entry.expires_at}",{appeal}\r'
    )


def _array(plain: Sequence[str]) -> str:
    inside = '"", ""'.join(plain)
    return f'"[""{inside}""]"' if plain else '"[]"'


def _lines(view: View) -> Iterator[str]:
    yield _row((*_COLUMNS, "appeal"))
    getters = tuple(_COLUMNS.values())
    appeal = _field(view.heading.appeal)
    for entry, is_plain in view.records():
        yield (
            _plain_row(entry, appeal)
            if is_plain
            else f"{','.join(_field(value(entry)) for value in getters)},{appeal}\r"
        )


FORMAT: Final = Format("csv", {"csv-entries.csv": _lines}, CAPABILITY, whole_entries=True)
