"""Entries taken over from an older registry: a file in the schema of entries.jsonl, every field of every row checked.

A bad row is told with its line and left out. The rows are never all in memory: a million take no more than a thousand.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from blocklist.canonical import SCHEMA, BadEntryError, granularity_of
from blocklist.judging import Judge
from review_queue import imports
from review_queue.blocks import unicode_of
from review_queue.categories import HARMS, Category, Scope
from review_queue.clock import iso
from review_queue.errors import BadHostError, BadUrlError, UnreadableInputError
from review_queue.records import BadRow, Entry, Reviewer
from review_queue.store import Store

_LONGEST_LINE: Final = 65_536  # bytes; a URL has 2,048 characters at the most
_LONGEST_TEXT: Final = 4_096
_LONGEST_PAPER: Final = 300
_MOST_PAPERS: Final = 50
_KEYS: Final = frozenset(
    {
        *("schema", "id", "granularity", "name", "unicode_name", "category", "reason", "legal_ground"),
        *("case", "decisions", "papers", "people", "overrides", "listed_at", "review_at", "expires_at", "appeal"),
    }
)  # fmt: skip
_TEXTS: Final = (
    "id", "name", "unicode_name", "category", "case", "listed_at", "review_at", "expires_at", "appeal",
)  # fmt: skip
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CODE: Final = re.compile(r"[!-~]{1,64}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,6})?(?:Z|\+00:00)")
_CATEGORIES: Final = {category.value: category for category in HARMS}
# what other registries write where they know no date, 0001-01-01 and 9999-12-31, is none: a time zone away there is no
# such day, and one line of a MISP feed with such a date fails the whole list
_EARLIEST: Final = "1970"
_MOST_YEARS: Final = 100
_TOLD: Final = 1000
_T = TypeVar("_T")
_BOM: Final = b"\xef\xbb\xbf"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: its import, which waits for a second person, and how many rows it has and left out."""

    import_id: int
    rows: int
    left_out: int
    sha256: str


def take_over(
    store: Store,
    path: Path,
    *,
    source: str,
    person: Reviewer,
    judge: Judge,
    on_bad: Callable[[BadRow], None],
    on_lines: Callable[[int], None] = lambda _: None,
) -> Taken:
    """The entries of the file wait for a second person's signature; `person` has signed for them.

    `on_lines` is told, now and then, how many lines more were looked at.

    Raises:
        UnreadableInputError: it is no file, cannot be read, or changed while it was.
        RefusedError: it was imported before, no row of it is left, or the source is not one line of text.
        StoreBusyError: another import is being prepared.
    """
    try:
        with _opened(path) as file:
            digest = _digest(file)
            imports.check_new(store, digest)  # before anybody waits for a million rows
            file.seek(0)
            number = imports.prepare(
                store,
                source=source,
                file_sha256=digest,
                rows=_told(_unchanged(file, digest, path, judge, store.now()), on_lines),
                person=person,
                file_name=ascii(path.name)[1:-1],
                on_bad=on_bad,
            )
    except OSError as error:
        raise UnreadableInputError(f"cannot read {path} ({error.strerror})") from None
    made = imports.get(store, number)
    return Taken(number, made.rows, made.left_out, digest)


def rows_of(
    lines: Iterator[tuple[int, bytes]], judge: Judge, now: str
) -> Iterator[tuple[int, Entry] | BadRow]:
    """Each line as the entry it is, or as a bad row; a line with nothing in it is no row."""
    for number, line in lines:
        if not line.strip():
            continue
        try:
            entry = entry_of_row(line, now)
            refusal = judge.refusal(entry.scope, entry.name)
        except BadEntryError as error:
            yield BadRow(number, str(error))
            continue
        if refusal is None:
            yield number, entry
        else:
            # without the name, which a stranger wrote: a URL may hold what a shell would run
            ask = f"qalqan overrides ask --guard {refusal.guard} --scope {entry.scope} --name NAME"
            ask += " --reason WHY --as USER"
            way_out = f"; two people can override it: {ask}" if refusal.can_override else ""
            yield BadRow(number, f"the guard {refusal.guard} stops it: {refusal.message}{way_out}")


def entry_of_row(line: bytes, now: str) -> Entry:
    """The entry that stands in a line of another registry; what it says of cases and people there is not taken over.

    Raises:
        BadEntryError: a field is missing, unknown or not what it has to be; the message says which.
    """
    row = _object_of(line)
    if row["schema"] != SCHEMA:
        raise BadEntryError(f"its schema is {row['schema']!a}, known here is {SCHEMA}")
    for key in _TEXTS:
        text = row[key]
        if type(text) is not str or len(text) > _LONGEST_TEXT or not text.isprintable():
            raise BadEntryError(f"its {key} is not a text of one line")
    if not _ID.fullmatch(row["id"]):
        raise BadEntryError(
            "its id has other characters than Latin letters, digits and . _ -, or over 64"
        )
    scope, name = granularity_of(row["granularity"]), row["name"]
    listed_at, review_at, expires_at = _dates(row, now)
    policy_code, policy_version = _version_of(row, "reason")
    ground_code, ground_version = _version_of(row, "legal_ground")
    _check_elsewhere(row)
    return Entry(
        row["id"],
        scope,
        name,
        _unicode_name(scope, name, row["unicode_name"]),
        _category(row["category"]),
        "",
        (),
        0,
        policy_code,
        policy_version,
        ground_code,
        ground_version,
        listed_at,
        review_at,
        expires_at,
        _papers(row["papers"]),
    )


def _opened(path: Path) -> BinaryIO:
    # not waiting for a pipe nobody writes to; a file of a million rows is read twice
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise UnreadableInputError(f"{path} is not a file; save what is to be imported as one")
    return file


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _unchanged(
    file: BinaryIO, digest: str, path: Path, judge: Judge, now: str
) -> Iterator[tuple[int, Entry] | BadRow]:
    """The rows of the file, which is the one that was hashed before."""
    found = hashlib.sha256()
    yield from rows_of(_lines(file, found.update), judge, now)
    if found.hexdigest() != digest:
        raise UnreadableInputError(f"{path} was changed while it was read; import it anew")


def _told(rows: Iterator[_T], on_lines: Callable[[int], None]) -> Iterator[_T]:
    while some := list(islice(rows, _TOLD)):
        yield from some
        on_lines(len(some))


def _lines(file: BinaryIO, seen: Callable[[bytes], None]) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers; of one that is too long only so much that it is found to be."""
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        seen(line)
        number += 1
        rest = line
        while len(rest) > _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(_LONGEST_LINE + 1)
            seen(rest)
        yield number, line.removeprefix(_BOM) if number == 1 else line


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadEntryError("it has a field twice")
    return found


_decode: Final = json.JSONDecoder(object_pairs_hook=_object).decode


def _object_of(line: bytes) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE:
        raise BadEntryError(f"it has more than {_LONGEST_LINE} bytes")
    try:
        row = _decode(line.decode())
    except (ValueError, RecursionError):
        raise BadEntryError("it is not JSON in UTF-8, one object on one line") from None
    if type(row) is not dict:
        raise BadEntryError("it is not a JSON object")
    if row.keys() != _KEYS:
        missing, unknown = sorted(_KEYS - row.keys()), sorted(row.keys() - _KEYS)
        which = (
            f"it has no {missing[0]!a}" if missing else f"no field is called {unknown[0][:40]!a}"
        )
        raise BadEntryError(which)
    return row


def _category(text: str) -> Category:
    try:
        return _CATEGORIES[text]
    except KeyError:
        raise BadEntryError(
            f"its category {text[:40]!a} is none of {', '.join(_CATEGORIES)}"
        ) from None


def _unicode_name(scope: Scope, name: str, given: str) -> str:
    """The name as people write it, which the row may leave empty."""
    if scope in (Scope.HOST, Scope.DOMAIN) and "xn--" in name:
        try:
            shown = unicode_of(scope, name)
        except (BadHostError, BadUrlError):
            raise BadEntryError("its name is not a host name the DNS can hold") from None
    else:
        shown = name
    if given not in ("", shown):
        raise BadEntryError("its unicode_name is not its name as people write it")
    return shown


def _dates(row: dict[str, Any], now: str) -> tuple[str, str, str]:
    listed_at = _moment("listed_at", row["listed_at"])
    review_at = row["review_at"] and _moment("review_at", row["review_at"])
    expires_at = row["expires_at"] and _moment("expires_at", row["expires_at"])
    if listed_at > now:
        raise BadEntryError(f"its listed_at, {listed_at}, is yet to come")
    if listed_at < _EARLIEST:
        raise BadEntryError(
            f"its listed_at, {listed_at}, is before there were web sites; write the day it was decided"
        )
    latest = f"{int(now[:4]) + _MOST_YEARS:04}{now[4:]}"
    if max(review_at, expires_at) > latest:
        raise BadEntryError(
            f"its review_at or expires_at is more than {_MOST_YEARS} years away; leave it empty for the term of the"
            " category"
        )
    if review_at and review_at < listed_at:
        raise BadEntryError("its review_at is before its listed_at")
    if expires_at and expires_at <= now:
        raise BadEntryError(f"it ended at {expires_at}")
    return listed_at, review_at, expires_at


@lru_cache(maxsize=4096)
def _moment(field: str, text: str) -> str:
    """The moment as the store writes it, to the millisecond."""
    if _MOMENT.fullmatch(text):
        try:
            return iso(datetime.fromisoformat(text))
        except ValueError:
            pass
    raise BadEntryError(f"its {field} is not a moment in UTC such as 2026-01-31T09:00:00.000Z")


def _version_of(row: dict[str, Any], field: str) -> tuple[str, int]:
    found = row[field]
    if type(found) is dict and found.keys() == {"code", "version"}:
        code, version = found["code"], found["version"]
        if (
            type(code) is str
            and _CODE.fullmatch(code)
            and type(version) is int
            and 0 < version < 2**31
        ):
            return code, version
    raise BadEntryError(f"its {field} is not a code with a version")


def _papers(found: Any) -> tuple[str, ...]:  # noqa: ANN401  # what a stranger's file holds
    """The decisions on paper that the entry rests on."""
    if not found or not _is_list(found, most=_MOST_PAPERS):
        raise BadEntryError(
            "its papers are not a list of the decisions it rests on, each named in one line"
        )
    papers = tuple(paper.strip() for paper in found)
    if not all(papers):
        raise BadEntryError("one of its papers has no name")
    return papers


def _check_elsewhere(row: dict[str, Any]) -> None:
    """What the row says of the other registry is well-formed; none of it counts here."""
    for key in ("decisions", "overrides"):
        if not _is_list(row[key], most=_LONGEST_TEXT):
            raise BadEntryError(f"its {key} are not a list of ids")
    if type(row["people"]) is not int or not 0 <= row["people"] < 2**31:
        raise BadEntryError("its people are not a number")


def _is_list(found: Any, *, most: int) -> bool:  # noqa: ANN401  # what a stranger's file holds
    return (
        type(found) is list
        and len(found) <= most
        and all(
            type(each) is str and len(each) <= _LONGEST_PAPER and each.isprintable()
            for each in found
        )
    )
