"""One file of a list as an answer: with validators, in a range or compressed, or not sent again."""

import os
import time
from http import HTTPStatus
from typing import Final

from blocklist import canonical
from blocklist.feed.answers import TEXT, Answer, Request, Told, plain
from blocklist.feed.compressed import SMALLEST, Compressed, is_wanted
from blocklist.feed.conditional import (
    Outcome,
    UnsatisfiableError,
    Validators,
    http_date,
    matched,
    outcome,
    wanted_range,
)
from blocklist.feed.shelves import SIGNATURE, Opened, Shelf
from blocklist.formats import FORMATS
from blocklist.manifest import FILE_NAME
from review_queue.tokens import ENTRIES, Token

LATEST: Final = "private, no-cache"
FOR_GOOD: Final = "private, max-age=31536000, immutable"
_TYPES: Final = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".xml": "application/xml",
    ".csv": "text/csv; charset=utf-8",
    ".p7s": "application/pkcs7-signature",
    ".p7m": "application/pkcs7-mime",
}
_SETTLED_S: Final = 1  # HTTP's dates have whole seconds


def formats_of_files() -> dict[str, str]:
    """The format each file of a list belongs to; of files about the whole list there is none."""
    found = {canonical.FILE_NAME: ENTRIES}
    for form in FORMATS.values():
        found |= dict.fromkeys((*form.files, form.skipped_name), form.name)
    return found


def is_open_to(token: Token, name: str, formats: dict[str, str]) -> bool:
    """Whether the token reads this file; one that belongs to no format known here is among whole entries."""
    if name == FILE_NAME or SIGNATURE.fullmatch(name):
        return True
    return formats.get(name, ENTRIES) in token.formats


def answered(
    request: Request, shelf: Shelf, name: str, compressed: Compressed, cache: str
) -> Answer:
    """The file of that name in the list, as the request wants it."""
    opened = shelf.open(name)
    try:
        answer = _answer(request, shelf, name, opened, compressed, cache)
    except BaseException:
        opened.file.close()
        raise
    if answer.file is None:
        opened.file.close()
    return answer


def _answer(
    request: Request, shelf: Shelf, name: str, opened: Opened, compressed: Compressed, cache: str
) -> Answer:
    digest, headers = opened.digest, request.headers
    plain_tag, gzip_tag = f'"{digest.sha256}"', f'"{digest.sha256}-gzip"'
    # a date in the present second could be that of the next list as well
    is_dated = opened.is_fixed and time.time() >= shelf.modified + _SETTLED_S
    modified = shelf.modified if is_dated else None
    known = Validators(plain_tag, (gzip_tag,), modified)
    common = _common(name, shelf, known, cache if opened.is_fixed else LATEST)
    match outcome(headers, known):
        case Outcome.FAILED:
            return plain(HTTPStatus.PRECONDITION_FAILED, "the file is another one by now")
        case Outcome.NOT_MODIFIED:
            tag = ("ETag", matched(headers, known))
            return Answer(HTTPStatus.NOT_MODIFIED, (*common, tag), serial=shelf.serial)
    # of HEAD no range is served (RFC 9110, 14.2)
    asks_range = "Range" in headers and request.method == "GET"
    if not asks_range and digest.size_bytes >= SMALLEST:
        if is_wanted(headers.get("Accept-Encoding", "")) and (
            packed := compressed.of(opened.file, digest.sha256)
        ):
            more = (("ETag", gzip_tag), ("Content-Encoding", "gzip"))
            return _whole(packed, os.fstat(packed.fileno()).st_size, (*common, *more), shelf)
        opened.file.seek(0)
    more = (("ETag", plain_tag), ("Accept-Ranges", "bytes"))
    try:
        part = wanted_range(headers, known, digest.size_bytes) if asks_range else None
    except UnsatisfiableError:
        return plain(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"the file has {digest.size_bytes} bytes",
            ("Content-Range", f"bytes */{digest.size_bytes}"),
        )
    if part is None:
        return _whole(opened.file, digest.size_bytes, (*common, *more), shelf)
    span = f"bytes {part.first}-{part.last}/{digest.size_bytes}"
    size = (("Content-Range", span), ("Content-Length", str(part.size)))
    return Answer(
        HTTPStatus.PARTIAL_CONTENT,
        (*common, *more, *size),
        file=opened.file,
        offset=part.first,
        size=part.size,
        is_to_end=part.last == digest.size_bytes - 1,
        serial=shelf.serial,
    )


def _common(name: str, shelf: Shelf, known: Validators, cache: str) -> tuple[tuple[str, str], ...]:
    dated = (("Last-Modified", http_date(known.modified)),) if known.modified is not None else ()
    return (
        ("Content-Type", _TYPES.get(f".{name.rpartition('.')[2]}", TEXT)),
        ("Cache-Control", cache),
        ("Vary", "Accept-Encoding, Authorization"),
        ("X-Qalqan-Serial", str(shelf.serial)),
        *dated,
    )


def _whole(file: Told, size: int, headers: tuple[tuple[str, str], ...], shelf: Shelf) -> Answer:
    return Answer(
        HTTPStatus.OK,
        (*headers, ("Content-Length", str(size))),
        file=file,
        size=size,
        serial=shelf.serial,
    )
