"""Reads the list of addresses a crawl starts from: text, CSV or JSONL; bad rows are told, good ones go on."""

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crawler.charsets import decode
from review_queue.errors import BadUrlError, UnreadableInputError
from review_queue.hosts import parse_url
from review_queue.records import BadRow, Seed

MAX_PRIORITY: Final = 1_000_000
_TEXT_CHARS: Final = 1_000  # of a source or note
_BARE: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?([/?#]\S*)?")
_DELIMITERS: Final = ",;\t"
_JOINED_LINES: Final = 20  # a quoted note may run over this many lines
_COLUMNS: Final = ("url", "source", "priority", "note")
_BINARY_SHARE: Final = (
    0.3  # more NUL characters than this, and it is no text with a few damaged rows
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN: Final = re.compile(r"[\x00\ud800-\udfff]")  # what the store cannot keep as text
_ARCHIVES: Final = (b"PK\x03\x04", b"\x1f\x8b", b"%PDF", b"BZh", b"\xfd7zXZ", b"SQLite format 3")


@dataclass(frozen=True, slots=True)
class SeedList:
    """What a seed file holds; `notes` are remarks about the file as a whole."""

    seeds: tuple[Seed, ...]
    bad_rows: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = ()


class _BadRowError(Exception):
    """This row is left out; the message says why."""


def read_seeds(path: Path) -> SeedList:
    """The seeds in the file at `path`, its format told by its extension, else by what stands in it.

    Raises:
        UnreadableInputError: the file cannot be opened, or is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read seeds from {path}: {error.strerror}; name a readable file"
        ) from None
    return parse_seeds(data, name=str(path))


def parse_seeds(data: bytes, *, name: str = "standard input") -> SeedList:
    """The seeds in `data`; `name` gives the format by its extension and is used in messages.

    Raises:
        UnreadableInputError: the data is no text, or a CSV without a url column.
    """
    lines, notes = _lines(data, name)
    suffix = Path(name).suffix.lower()
    rows: Iterator[tuple[int, Seed | str]]
    if suffix in (".jsonl", ".ndjson") or (suffix != ".csv" and _first(lines).startswith("{")):
        rows = _jsonl(lines)
    elif suffix in (".csv", ".tsv") or "url" in _fields(_first(lines)):
        rows = _csv(lines, name)
        notes = (*notes, *_unused(_fields(_first(lines)), name))
    else:
        rows = _text(lines)
    seeds: dict[str, Seed] = {}
    bad: list[BadRow] = []
    for number, row in rows:
        if isinstance(row, str):
            bad.append(BadRow(number, row))
        elif row.url not in seeds or row.priority > seeds[row.url].priority:
            seeds[row.url] = row
    if not seeds and any("\x00" in line for line in lines):
        raise _no_text(name)
    return SeedList(tuple(seeds.values()), tuple(bad), notes)


def _unused(header: list[str], name: str) -> tuple[str, ...]:
    others = [column for column in header if column and column not in _COLUMNS]
    if "url" not in header or not others:
        return ()
    return (
        f"{name}: columns not used: {', '.join(others)[:80]}; those read are {', '.join(_COLUMNS)}",
    )


def _lines(data: bytes, name: str) -> tuple[list[str], tuple[str, ...]]:
    if data.startswith(_ARCHIVES):
        raise _no_text(name)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(data).splitlines(), (f"{name} is UTF-16; it was read, but save it as UTF-8",)
    try:
        text, note = data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        text = decode(data)
        note = f"{name} is not UTF-8; it was read as an older code page: check the notes, or save it as UTF-8"
    if text.count("\x00") > _BINARY_SHARE * len(text):
        raise _no_text(name)
    # not splitlines(): a form feed or U+2028 inside a note does not end a row
    return re.split(r"\r\n|\n|\r", text), (note,) if note else ()


def _no_text(name: str) -> UnreadableInputError:
    return UnreadableInputError(
        f"{name} is not a text file; save the list as text, CSV or JSONL in UTF-8"
    )


def _first(lines: Iterable[str]) -> str:
    return next(
        (stripped for line in lines if (stripped := line.strip()) and not stripped.startswith("#")),
        "",
    )


def _text(lines: Iterable[str]) -> Iterator[tuple[int, Seed | str]]:
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            url, _, note = stripped.partition(" #")
            yield number, _row(url.strip(), "", 0, note.strip())


def _csv(lines: list[str], name: str) -> Iterator[tuple[int, Seed | str]]:
    header: list[str] = []
    delimiter = ","
    for number, line in _csv_rows(lines):
        if not header:
            header, delimiter = _fields(line), _delimiter(line)
            if "url" not in header:
                raise UnreadableInputError(
                    f"{name} has no url column; its first line must be url,source,priority,note"
                )
            continue
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error as error:
            yield number, f"cannot be read as CSV ({error})"
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            reason = f"has {len(cells)} columns where the first line has {len(header)}"
            yield number, f'{reason}; put "quotes" around a text that holds the delimiter'
            continue
        row = dict(zip(header, cells, strict=False))
        yield (
            number,
            _row(
                row.get("url", ""),
                row.get("source", ""),
                row.get("priority", ""),
                row.get("note", ""),
            ),
        )


def _csv_rows(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Each row with its line number; a row with an open quote takes in what follows until it is closed."""
    index = 0
    while index < len(lines):
        number, row = index + 1, lines[index]
        index += 1
        if row.count('"') % 2:
            for extra in range(1, min(_JOINED_LINES, len(lines) - index) + 1):
                joined = "\n".join([row, *lines[index : index + extra]])
                if joined.count('"') % 2 == 0 and _is_one_row(joined, _delimiter(lines[0])):
                    row, index = joined, index + extra
                    break
        if row.strip():
            yield number, row


def _is_one_row(text: str, delimiter: str) -> bool:
    try:
        return len(list(csv.reader([text], delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _fields(header: str) -> list[str]:
    return [cell.strip(' "').lower() for cell in header.split(_delimiter(header))]


def _jsonl(lines: Iterable[str]) -> Iterator[tuple[int, Seed | str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            yield number, "is not JSON"
            continue
        if not isinstance(row, dict):
            yield number, 'is not a JSON object such as {"url": "http://name.kz/"}'
            continue
        if "url" not in row and (near := [key for key in row if key.strip().lower() == "url"]):
            yield number, f"has no URL: the key is url in small letters, not {near[0][:20]!r}"
            continue
        yield (
            number,
            _row(
                row.get("url"), row.get("source", ""), row.get("priority", 0), row.get("note", "")
            ),
        )


def _row(url: object, source: object, priority: object, note: object) -> Seed | str:
    """The seed these cells make, or why they make none."""
    try:
        return Seed(
            _url(url), _text_cell(source, "source"), _priority(priority), _text_cell(note, "note")
        )
    except (_BadRowError, BadUrlError) as error:
        return str(error)


def _url(cell: object) -> str:
    if not isinstance(cell, str) or not cell.strip():
        raise _BadRowError("has no URL")
    # lists pass from hand to hand defanged: hxxp://name[.]kz
    text = re.sub(r"(?i)^hxxp", "http", cell.strip()).replace("[.]", ".")
    if "\ufffd" in text or re.search(r"\s", text) or _CONTROL.search(text):
        raise _BadRowError(f"{text[:80]!r} is not one URL: it holds spaces or broken characters")
    if "://" not in text:
        bare = _BARE.fullmatch(text)
        if not bare or (
            "." not in bare.group(1) and ":" not in bare.group(1) and bare.group(1) != "localhost"
        ):
            raise _BadRowError(f"{text[:80]!r} is neither a URL nor a host name")
        text = f"http://{text}"
    url = parse_url(text)
    if not (url.host.is_ip or url.host.is_dns_name):
        raise _BadRowError(f"{text[:80]!r} has a host name that cannot exist")
    return url.canonical


def _priority(cell: object) -> int:
    if cell in (None, ""):
        return 0
    if (
        isinstance(cell, (str, int))
        and not isinstance(cell, bool)
        and re.fullmatch(r"\s*-?\d{1,7}\s*", str(cell))
    ):
        value = int(cell)
        if abs(value) <= MAX_PRIORITY:
            return value
    raise _BadRowError(f"priority {str(cell)[:20]!r} is not a whole number up to {MAX_PRIORITY}")


def _text_cell(cell: object, column: str) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        raise _BadRowError(f"{column} is not text")
    text = " ".join(cell.split())
    if broken := _BROKEN.search(text):
        raise _BadRowError(f"{column} holds the broken character {broken.group()!r}")
    return text[:_TEXT_CHARS]
