"""What changed since a serial, for a reader who holds the list of it."""

import hashlib
import json
import os
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import IO, Final

from blocklist import canonical, deltas
from blocklist.feed.answers import Answer, Request, Told, plain, unavailable
from blocklist.feed.compressed import SMALLEST, Compressed, is_wanted, opened_anew
from blocklist.feed.conditional import Outcome, Validators, matched, outcome
from blocklist.feed.files import LATEST
from blocklist.feed.shelves import PART, NoPartError, NothingServedError, Shelf, Shelves
from review_queue.errors import QalqanError
from review_queue.tokens import ENTRIES, Token

WHOLE: Final = "take the whole list: /v1/manifest.json names its files"
MOST_FILES: Final = 64  # the serials of a month, for the whole list or some category
MOST_BYTES: Final = 1024 * 1024 * 1024  # two or three of the largest
WAIT_S: Final = 1.0  # with changes of a few thousand lines nobody waits as long
Key = tuple[str, int, int, str]  # of the part, since, to, SHA-256 of what they lead to


class AtWorkError(QalqanError):
    """Other changes are being put together."""


@dataclass(frozen=True, slots=True)
class Made:
    """Changes in a file that no folder has, its digest, and the serial of the list they lead to."""

    file: IO[bytes]
    sha256: str
    to: int


class Changes:
    """Changes between two lists, each put together once and one at a time; safe among threads.

    A million changed lines take 20 seconds, 400 MB of memory and as much in a file: as often as they are asked for, by
    readers who take them slowly, they would take the machine. Kept are those to the newest list alone, and of them so
    many files and bytes; one that is larger is kept alone.
    """

    def __init__(
        self, *, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES, wait_s: float = WAIT_S
    ) -> None:
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._wait_s = wait_s
        self._kept: OrderedDict[Key, Made] = OrderedDict()
        self._lock = Lock()
        self._at_work = Lock()

    def close(self) -> None:
        """Nothing is there any more; whoever reads a file has it open."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].file.close()

    def of(self, key: Key, lines: Callable[[], Iterable[str]]) -> tuple[Told, str, int]:
        """The file of the changes, open for one reader, its digest, and the serial they lead to.

        Raises:
            AtWorkError: others are being put together, and not done soon.
        """
        if found := self._found(key):
            return found
        if not self._at_work.acquire(timeout=self._wait_s):
            raise AtWorkError("changes are being put together for somebody else")
        try:
            if found := self._found(key):
                return found
            made = _made(lines())
            told = opened_anew(made.file), made.sha256, made.to
            if made.to != key[2]:  # a list was published meanwhile
                made.file.close()
                return told
            with self._lock:
                self._kept[key] = made
                self._drop(made.to)
            return told
        finally:
            self._at_work.release()

    def _drop(self, newest: int) -> None:
        """What leads to another list than the newest is gone, and what was not asked for longest."""
        # a store that was begun anew has lower serials
        for key in [key for key, made in self._kept.items() if made.to != newest]:
            self._kept.pop(key).file.close()
        while len(self._kept) > self._most_files or (
            sum(_size(made.file) for made in self._kept.values()) > self._most_bytes
            and len(self._kept) > 1
        ):
            self._kept.popitem(last=False)[1].file.close()

    def _found(self, key: Key) -> tuple[Told, str, int] | None:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            made = self._kept[key]
            return opened_anew(made.file), made.sha256, made.to


def changed(
    request: Request,
    shelves: Shelves,
    token: Token,
    serial: int,
    kept: tuple[Changes, Compressed],
) -> Answer:
    """The changes that lead from the list of `serial` to the one that holds, of the token's categories alone."""
    if ENTRIES not in token.formats:
        return plain(HTTPStatus.FORBIDDEN, f"this token does not read whole {ENTRIES}")
    try:
        with shelves.current(token.part) as shelf:
            newest, key = shelf.serial, _key(shelf, token.part, serial)
    except (NothingServedError, NoPartError) as error:
        return unavailable(f"{error}; come again later")
    if serial > newest:
        text = f"the list that holds is {newest}; {serial} is of the future: {WHOLE}"
        return plain(HTTPStatus.CONFLICT, text)
    part = f"{PART}{token.part}" if token.part else ""
    try:
        made = kept[0].of(key, lambda: deltas.since(shelves.out, serial, part))
    except AtWorkError as error:
        return unavailable(f"{error}; come again later")
    except QalqanError:  # too long ago, or a file of changes is broken: for the reader the same
        return plain(HTTPStatus.GONE, f"no changes are kept from {serial} to {newest}: {WHOLE}")
    return _sent(request, made, kept[1])


def _key(shelf: Shelf, part: str, serial: int) -> Key:
    whole = shelf.contents.files.get(canonical.FILE_NAME)
    return part, serial, shelf.serial, whole.sha256 if whole else ""


def _sent(request: Request, made: tuple[Told, str, int], compressed: Compressed) -> Answer:
    """The changes as one file, so that a slow reader holds no thread and no memory."""
    file, sha256, to = made
    size = _size(file)
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
    takes_gzip = size >= SMALLEST and is_wanted(request.headers.get("Accept-Encoding", ""))
    if takes_gzip and (packed := compressed.of(file, sha256)):
        file, size = packed, _size(packed)
        coding = (("ETag", known.others[0]), ("Content-Encoding", "gzip"))
    length = ("Content-Length", str(size))
    return Answer(HTTPStatus.OK, (*headers, *coding, length), file=file, size=size, serial=to)


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _made(lines: Iterable[str]) -> Made:
    digest, to = hashlib.sha256(), 0
    out = tempfile.TemporaryFile("w+b")  # noqa: SIM115  # it is kept
    try:
        for line in lines:
            data = line.encode("ascii")
            to = to or int(json.loads(data)["to"])  # the first line is the head
            digest.update(data)
            out.write(data)
        out.flush()
    except BaseException:
        out.close()
        raise
    return Made(out, digest.hexdigest(), to)
