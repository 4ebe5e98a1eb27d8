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
from blocklist.feed.conditional import Outcome, Validators, outcome
from blocklist.feed.files import ENTRIES, LATEST
from blocklist.feed.shelves import PART, NoPartError, NothingServedError, Shelves
from review_queue.errors import QalqanError
from review_queue.tokens import Token

WHOLE: Final = "take the whole list: /v1/manifest.json names its files"


def changed(request: Request, shelves: Shelves, token: Token, serial: int) -> Answer:
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
        return _sent(request, lines)
    except QalqanError:  # too long ago, or a file of changes is broken: for the reader the same
        return plain(HTTPStatus.GONE, f"no changes are kept from {serial} to {newest}: {WHOLE}")


def _sent(request: Request, lines: Iterable[str]) -> Answer:
    """The lines as one file that is gone when it is sent, so that a slow reader holds no thread and no memory."""
    digest, to = hashlib.sha256(), 0
    with tempfile.TemporaryFile("w+b") as out:
        for line in lines:
            data = line.encode("ascii")
            to = to or int(json.loads(data)["to"])  # the first line is the head
            digest.update(data)
            out.write(data)
        out.flush()
        size = out.tell()
        file = Told(os.dup(out.fileno()))
    tag = f'"{digest.hexdigest()}"'
    headers = (
        ("Content-Type", "application/jsonl"),
        ("Cache-Control", LATEST),
        ("Vary", "Authorization"),
        ("ETag", tag),
        ("X-Qalqan-Serial", str(to)),
    )
    if outcome(request.headers, Validators(tag)) is Outcome.NOT_MODIFIED:
        file.close()
        return Answer(HTTPStatus.NOT_MODIFIED, headers, serial=to)
    more = (("Content-Length", str(size)),)
    return Answer(HTTPStatus.OK, (*headers, *more), file=file, size=size, serial=to)
