"""The table, read by Python's csv, by the sqlite3 program and by the grammar of RFC 4180."""

import csv
import io
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from blocklist import canonical, lint, lint_lines
from blocklist.canonical import granularity_of
from blocklist.consumers import programs
from blocklist.formats import FORMATS
from blocklist.lint_known import Known
from review_queue.categories import Category, Scope
from review_queue.errors import ExportError
from review_queue.records import Entry
from tests.blocklist import records, samples
from tests.blocklist.samples import HEADING, entry

# RFC 4180, section 2, its ABNF word for word
TEXTDATA = r"[\x20-\x21\x23-\x2b\x2d-\x7e]"
FIELD = rf'(?:"(?:{TEXTDATA}|,|\r|\n|"")*"|{TEXTDATA}*)'
RECORD = rf"{FIELD}(?:,{FIELD})*"
FILE = re.compile(rf"{RECORD}(?:\r\n{RECORD})*(?:\r\n)?")


def written(entries: list[Entry]) -> str:
    """The file, its last check passed."""
    lines = [f"{line}\n" for line in samples.lines_of("csv", entries)]
    assert lint.check("csv", "csv-entries.csv", lines, serial=HEADING.serial) == len(entries)
    return "".join(lines)


def plain(field: str) -> str:
    """What a field says, by the rules in the docs."""
    text = field.removeprefix("'").replace('"', '\\"')
    return str(json.loads(f'"{text}"'))


def entry_of(row: dict[str, str]) -> Entry:
    many = ("decisions", "papers", "overrides")
    said = {name: plain(field) for name, field in row.items() if name not in many}
    return Entry(
        id=said["id"],
        scope=granularity_of(said["granularity"]),
        name=said["name"],
        unicode_name=said["unicode_name"],
        category=Category(said["category"]),
        case_ref=said["case"],
        decision_ids=tuple(json.loads(row["decisions"])),
        people=int(said["people"]),
        policy_code=said["reason_code"],
        policy_version=int(said["reason_version"]),
        legal_ground_code=said["legal_ground_code"],
        legal_ground_version=int(said["legal_ground_version"]),
        listed_at=said["listed_at"],
        review_at=said["review_at"],
        expires_at=said["expires_at"],
        papers=tuple(json.loads(row["papers"])),
        overrides=tuple(json.loads(row["overrides"])),
    )


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@settings(max_examples=150, deadline=None)
@given(records.entries())
def test_every_entry_is_read_back_as_it_was(entries: list[Entry]) -> None:
    text = written(entries)

    assert [entry_of(row) for row in read(text)] == entries


def read_by_sqlite(path: Path) -> list[dict[str, str]]:
    """The rows as the sqlite3 program imports them, by a reader of CSV of its own."""
    done = subprocess.run(
        [programs.path_of("sqlite3"), ":memory:", f".import --csv {path} list",
         ".mode json", "SELECT * FROM list"],
        capture_output=True, check=False, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    return [*json.loads(done.stdout or "[]")]


@settings(max_examples=40, deadline=None)
@given(entries=records.entries())
def test_sqlite_imports_every_entry_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]
) -> None:
    if reason := programs.missing("sqlite3", "sqlite3"):
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("table") / "list.csv"
    path.write_bytes(written(entries).encode("ascii"))

    assert [entry_of(row) for row in read_by_sqlite(path)] == entries


@settings(max_examples=100, deadline=None)
@given(records.entries())
def test_the_file_is_of_the_grammar_and_one_line_an_entry(entries: list[Entry]) -> None:
    text = written(entries)

    assert FILE.fullmatch(text)
    assert text.count("\r\n") == text.count("\n") == text.count("\r") == len(entries) + 1


@settings(max_examples=100, deadline=None)
@given(records.entries())
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_field_is_a_formula_wherever_a_spreadsheet_parts_columns(
    delimiter: str, entries: list[Entry]
) -> None:
    rows = csv.reader(io.StringIO(written(entries), newline=""), delimiter=delimiter)

    assert not [cell for row in rows for cell in row if cell.strip(' "')[:1] in tuple("=+-@\t\r")]


@pytest.mark.parametrize(
    ("case", "field"),
    [("=1+1", "'=1+1"), ("-1", "'-1"), ("'a", "''a"), (" @a", "' @a"), ("a;=1", "a\\u003b=1")],
)
def test_a_formula_is_made_text_in_sight(case: str, field: str) -> None:
    (row,) = read(written([entry("bad.example", case_ref=case)]))

    assert row["case"] == field
    assert plain(row["case"]) == case


def test_the_columns_are_those_of_the_canonical_list() -> None:
    (row,) = read(written([entry("bad.example", Scope.DOMAIN)]))
    known = json.loads(canonical.line_of(entry("bad.example")))

    assert {name.partition("_code")[0] for name in row if "_version" not in name} == (
        known.keys() - {"schema"}
    )
    assert row["granularity"] == "subtree"


GOOD = samples.lines_of("csv", [entry("bad.example")])


@pytest.mark.parametrize("known", [None, samples.KNOWN], ids=["asked", "known"])
@pytest.mark.parametrize(
    ("line", "why"),
    [
        (GOOD[1], "repeats"),
        (GOOD[1].replace("bad.example", "kz"), "must not be listed"),
        (GOOD[1].replace("bad.example", "zoo.example").replace('"host"', '"site"'), "granularity"),
        (GOOD[1].replace("bad.example", "a.example"), "out of order"),
        (GOOD[1].replace("bad.example", "zoo.example").replace('"KZ', '"=KZ'), "formula"),
        (GOOD[1].replace("bad.example", "zoo.example").replace('"KZ', '"a; @KZ'), "formula"),
        (GOOD[1].replace("bad.example", "zoo.example").replace('"KZ', '" =KZ'), "formula"),
        (GOOD[1].replace("bad.example", "zoo.example")[:-1], "CR LF"),
        (GOOD[1].replace("bad.example", "zoo.example").replace('"KZ', '"K"Z'), "18 quoted"),
        (GOOD[1].replace("bad.example", "zoo.example").replace("E-host", "E\\host"), "escape"),
        (GOOD[0], "granularity"),
        ("zoo.example\r", "18 quoted"),
        ("\r", "blank"),
        ("<html>\r", "18 quoted"),
    ],
)
def test_one_bad_row_keeps_the_table_from_being_published(
    line: str, why: str, known: Known | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_lines, "_BATCH", 1)
    lines = [f"{each}\n" for each in [*GOOD, line]]

    with pytest.raises(ExportError, match=f"line 3 .*{why}"):
        lint.check("csv", FORMATS["csv"].file_name, lines, serial=7, known=known)


@pytest.mark.parametrize("lines", [[], [f"{GOOD[1]}\n"]])
def test_a_table_without_its_header_is_not_published(lines: list[str]) -> None:
    with pytest.raises(ExportError, match="header"):
        lint.check("csv", FORMATS["csv"].file_name, lines, serial=7)


def test_an_entry_listed_twice_for_two_cases_stands_twice() -> None:
    first = entry("bad.example")

    assert len(read(written([first, replace(first, id="E-z", case_ref="KZ-2")]))) == 2
