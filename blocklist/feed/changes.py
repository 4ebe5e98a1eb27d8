"""What changed since a serial, for a reader who holds the list of it."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from blocklist import deltas
from blocklist.feed.answers import Answer, Request, Told, plain, unavailable
from blocklist.feed.compressed import SMALLEST, Compressed, is_wanted
from blocklist.feed.conditional import Outcome, Validators, matched, outcome
from blocklist.feed.files import ENTRIES, LATEST
from blocklist.feed.shelves import PART, NoPartError, NothingServedError, Shelves
from review_queue.errors import QalqanError
from review_queue.tokens import Token

WHOLE: Final = "take the whole list: /v1/manifest.json names its files"


def changed(
    request: Request, shelves: Shelves, token: Token, serial: int, compressed: Compressed
) -> Answer:
    """The changes that lead from the list of `serial` to the one that holds, of the token's categories alone."""
    if ENTRIES not in token.formats:
        return plain(HTTPStatus.FORBIDDEN, f"this token does not read whole {ENTRIES}")
    try:
        with shelves.current(token.part) as shelf:
            newest = shelf.serial
    except (NothingServedError, NoPartError) as error:
        return unavailable(f"{error}; come again later")
    if serial > newest:
        text = f"the list that holds is {newest}; {serial} is of the future: {WHOLE}"
        return plain(HTTPStatus.CONFLICT, text)
    try:
        lines = deltas.since(shelves.out, serial, f"{PART}{token.part}" if token.part else "")
        return _sent(request, lines, compressed)
    except QalqanError:  # too long ago, or a file of changes is broken: for the reader the same
        return plain(HTTPStatus.GONE, f"no changes are kept from {serial} to {newest}: {WHOLE}")


def _sent(request: Request, lines: Iterable[str], compressed: Compressed) -> Answer:
    """The lines as one file that is gone when it is sent, so that a slow reader holds no thread and no memory."""
    file, sha256, to = _written(lines)
    size = os.fstat(file.fileno()).st_size
    known = Validators(f'"{sha256}"', (f'"{sha256}-gzip"',))
    headers = (
        ("Content-Type", "application/jsonl"),
        ("Cache-Control", LATEST),
        ("Vary", "Accept-Encoding, Authorization"),
        ("X-Qalqan-Serial", str(to)),
    )
    if outcome(request.headers, known) is Outcome.NOT_MODIFIED:
        file.close()
        tag = ("ETag", matched(request.headers, known))
        return Answer(HTTPStatus.NOT_MODIFIED, (*headers, tag), serial=to)
    coding: tuple[tuple[str, str], ...] = (("ETag", known.etag),)
    if size >= SMALLEST and is_wanted(request.headers.get("Accept-Encoding", "")):
        file.seek(0)
        if packed := compressed.of(file, sha256):
            file, size = packed, os.fstat(packed.fileno()).st_size
            coding = (("ETag", known.others[0]), ("Content-Encoding", "gzip"))
    length = ("Content-Length", str(size))
    return Answer(HTTPStatus.OK, (*headers, *coding, length), file=file, size=size, serial=to)


def _written(lines: Iterable[str]) -> tuple[Told, str, int]:
    """An open file of the lines that no folder has, its digest, and the serial the changes lead to."""
    digest, to = hashlib.sha256(), 0
    with tempfile.TemporaryFile("w+b") as out:
        for line in lines:
            data = line.encode("ascii")
            to = to or int(json.loads(data)["to"])  # the first line is the head
            digest.update(data)
            out.write(data)
        out.flush()
        return Told(os.dup(out.fileno())), digest.hexdigest(), to
