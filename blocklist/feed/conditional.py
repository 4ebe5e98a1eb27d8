"""Conditions of a request (RFC 9110, section 13) and the one range it may ask for (section 14)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum
from typing import Final

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_RANGE: Final = re.compile(r"bytes\s*=\s*([0-9]{0,19})-([0-9]{0,19})", re.ASCII)


class Outcome(Enum):
    """What the conditions of a request come to."""

    SEND = "send"
    NOT_MODIFIED = "not modified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a reader tells the present file from an older one.

    Attributes:
        etag: the strong entity tag of what would be sent, in its quotes.
        others: the tags of the same file in other codings, each as current.
        modified: when the list was put in its place, in seconds; None while that cannot be told from the next one.
    """

    etag: str
    others: tuple[str, ...] = ()
    modified: int | None = None


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `first` to `last`, both of them included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many bytes that are."""
        return self.last - self.first + 1


class UnsatisfiableError(Exception):
    """The range begins after the end of the file."""


def outcome(headers: Mapping[str, str], known: Validators) -> Outcome:
    """What the conditions come to for GET and HEAD, in the order of RFC 9110, section 13.2.2."""
    if (wanted := headers.get("If-Match")) is not None:
        if not _matches(wanted, known, is_weak_enough=False):
            return Outcome.FAILED
    elif (until := _seconds(headers.get("If-Unmodified-Since"))) is not None and (
        known.modified is not None and known.modified > until
    ):
        return Outcome.FAILED
    if (seen := headers.get("If-None-Match")) is not None:
        return Outcome.NOT_MODIFIED if _matches(seen, known) else Outcome.SEND
    # Only the very date we sent: by a reader's own clock that is ahead, a lifted block would stay for as long.
    since = _seconds(headers.get("If-Modified-Since"))
    is_same = since is not None and since == known.modified
    return Outcome.NOT_MODIFIED if is_same else Outcome.SEND


def matched(headers: Mapping[str, str], known: Validators) -> str:
    """The current tag that If-None-Match names: the one to answer with."""
    for tag in (known.etag, *known.others):
        if tag in headers.get("If-None-Match", ""):
            return tag
    return known.etag


def wanted_range(headers: Mapping[str, str], known: Validators, size: int) -> ByteRange | None:
    """The one range to send; None for the whole file, where none is asked for, several are, or it is no range.

    Raises:
        UnsatisfiableError: it begins after the end.
    """
    asked = _RANGE.fullmatch(headers.get("Range", "").strip())
    if asked is None or not (asked[1] or asked[2]) or not _still_holds(headers, known):
        return None
    if not asked[1]:
        length = min(int(asked[2]), size)
        if length == 0:
            raise UnsatisfiableError
        return ByteRange(size - length, size - 1)
    first = int(asked[1])
    last = min(int(asked[2]), size - 1) if asked[2] else size - 1
    if asked[2] and int(asked[2]) < first:
        return None
    if first >= size:
        raise UnsatisfiableError
    return ByteRange(first, last)


def http_date(seconds: int) -> str:
    """The moment as HTTP writes it."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def _still_holds(headers: Mapping[str, str], known: Validators) -> bool:
    """Whether If-Range, where there is one, names exactly what would be sent."""
    condition = headers.get("If-Range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition.strip() == known.etag
    seconds = _seconds(condition)
    return seconds is not None and seconds == known.modified


def _matches(text: str, known: Validators, *, is_weak_enough: bool = True) -> bool:
    if text.strip() == "*":
        return True
    current = {tag.strip('"') for tag in (known.etag, *known.others)}
    return any(tag in current and (is_weak_enough or not weak) for weak, tag in _TAG.findall(text))


def _seconds(text: str | None) -> int | None:
    """The moment a date header names; None where it names none."""
    try:
        found = parsedate_to_datetime(text) if text else None
        return int(found.replace(tzinfo=found.tzinfo or UTC).timestamp()) if found else None
    except (ValueError, TypeError, OverflowError):
        return None
