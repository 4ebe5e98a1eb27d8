"""The WARC files of a crawl: written before the store tells of what is in them, and read when it is asked for.

A batch is in the file, and on the disk, before the transaction that stores its pages begins. What a crash leaves at a
file's end without a row in the store is cut off when the next crawl begins; what has a row is never touched.
"""

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from crawler import warc
from crawler.encodings import BadEncodingError, undo
from review_queue import captures, pages
from review_queue.errors import NO_ROOM, DiskFullError, QalqanError
from review_queue.records import Capture, Outcome, Page, Place
from review_queue.store import Store

FOLDER: Final = "warc"
MOST_BYTES: Final = 1024**3  # a file is ended where the next batch begins after this
MOST_BODY_BYTES: Final = 64 * 1024 * 1024  # more than any crawl takes
MOST_TAIL: Final = 128 * 1024 * 1024  # several times what a batch of the ledger holds
_MOST_BEGUN: Final = (
    64 * 1024
)  # a file the store is not told of yet has a warcinfo record and no more
_SUFFIX: Final = ".warc.gz"
_FULL: Final = NO_ROOM | {errno.EIO}


class ArchiveError(QalqanError):
    """A WARC file that cannot be written or read."""


class Archive:
    """The WARC file a crawl writes to; it is made when there is something to write."""

    def __init__(self, store: Store, round_id: int, *, most_bytes: int = MOST_BYTES) -> None:
        self._store = store
        self._round_id = round_id
        self._most_bytes = most_bytes
        self._folder = folder_of(store)
        self._path = self._folder
        self._file = -1
        self._file_id = 0
        self._end = 0

    def append(self, outcomes: Sequence[Outcome]) -> Mapping[int, Place]:
        """The captures of stored pages are on the disk; returns where, by the ids of their claims.

        Raises:
            DiskFullError: there is no room; the file ends where it did before.
            ArchiveError: the file cannot be written.
        """
        wanted = [
            (outcome.claim.id, outcome.page, outcome.capture)
            for outcome in outcomes
            if outcome.page is not None and outcome.capture is not None
        ]
        if not wanted:
            return {}
        try:
            if self._file < 0 or self._end >= self._most_bytes:
                self._begin()
            places, parts, end = {}, [], self._end
            for claim_id, page, capture in wanted:
                place, data = self._placed(page, capture, end)
                places[claim_id] = place
                parts.append(data)
                end += place.length
            self._write(b"".join(parts))
        except OSError as error:
            raise _explained(self._path, error) from error
        self._end = end
        return places

    def close(self) -> None:
        """The file is closed; the next crawl writes another."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _placed(self, page: Page, capture: Capture, offset: int) -> tuple[Place, bytes]:
        # what a browser made has no head of HTTP, and is kept whole each time
        original = (
            captures.original(self._store, page.url, page.body_sha256, capture.payload_sha256)
            if capture.response_head
            else None
        )
        if original and not capture.truncated:
            capture = warc.revisit(
                capture, original_id=original.response_id, original_date=original.fetched_at
            )
        data = capture.response + capture.request
        refers_to = original.id if original and not capture.truncated else None
        place = Place(
            self._file_id, offset, len(data), len(capture.response), capture.sha256, refers_to
        )
        return place, data

    def _begin(self) -> None:
        """A new file is there, locked, begins with its warcinfo record, and is known to the store; or none is."""
        self.close()
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        now = self._store.now()
        stamp = "".join(letter for letter in now[:19] if letter.isalnum())
        year = self._folder / now[:4]
        year.mkdir(parents=True, exist_ok=True)
        self._file = -1
        while self._file < 0:
            self._path = year / f"round{self._round_id}-{stamp}-{secrets.token_hex(4)}{_SUFFIX}"
            self._file = _locked(self._path)
        info = warc.warcinfo(
            self._path.name,
            now,
            {
                "software": f"Qalqan/{version('qalqan')}",
                "format": "WARC File Format 1.1",
                "isPartOf": f"round {self._round_id}",
            },
        )
        self._end = 0
        self._write(info)
        for folder in (year, self._folder, self._folder.parent):
            _sync_folder(folder)
        self._file_id = captures.add_file(
            self._store,
            str(self._path.relative_to(self._folder)),
            info_length=len(info),
            info_sha256=hashlib.sha256(info).hexdigest(),
        )
        self._end = len(info)

    def _write(self, data: bytes) -> None:
        """`data` is at the file's end and on the disk, or the file ends where it did."""
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._file, left) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._end)
            raise


def _locked(path: Path) -> int:
    """The new file, locked; -1 where another crawl's `recover` took it for a dead one's before it was.

    The lock is held as long as this process lives: who finds a file unlocked knows that nobody will write to it.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return -1
    if not os.fstat(file).st_nlink:
        os.close(file)
        return -1
    return file


def folder_of(store: Store) -> Path:
    """Where the WARC files of this store lie."""
    return store.path.parent / FOLDER


def is_being_written(path: Path) -> bool:
    """Whether a crawl that is at work holds the file."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(file)


def recover(store: Store, *, most_tail: int = MOST_TAIL) -> int:
    """What a crash left in WARC files without a row in the store is gone; returns how many bytes that were.

    A file that another crawl is writing to is left alone, and none is ever made shorter than the store says it is.
    More than a crash can leave, which is `most_tail` bytes, was written before somebody put an older store in this
    one's place: it is left alone too.
    """
    folder = folder_of(store)
    try:
        return sum(
            _cut(store, path, str(path.relative_to(folder)), most_tail)
            for path in sorted(folder.glob(f"*/*{_SUFFIX}"))
        )
    except OSError as error:
        raise _explained(folder, error) from error


def _cut(store: Store, path: Path, name: str, most_tail: int) -> int:
    size = captures.size_of(store, name)
    if size is not None and path.stat().st_size <= size:
        return 0
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        there = os.fstat(file).st_size
        # read again: whoever held the lock has stored his last batch by now
        size = captures.size_of(store, name)
        if there - (size or 0) > (_MOST_BEGUN if size is None else most_tail):
            return 0
        if size is None:
            path.unlink()
            return there
        if there > size:
            os.ftruncate(file, size)
            os.fdatasync(file)
        return max(0, there - size)
    except BlockingIOError:
        return 0
    finally:
        os.close(file)


def body_of(store: Store, page_id: int) -> bytes:
    """The body of a page, from its WARC file or, for one kept without a capture, from the store; empty where none is.

    Raises:
        ArchiveError: the WARC file cannot be read, or what is in it is not what was written.
    """
    rows = [row for row in captures.of_page(store, page_id) if row.refers_to is None]
    if not rows:
        return pages.body(store, page_id)
    path = folder_of(store) / rows[0].file
    try:
        with path.open("rb") as file:
            file.seek(rows[0].offset)
            return checked(rows[0], file.read(rows[0].length))
    except OSError as error:
        raise ArchiveError(
            f"cannot read {path} ({error.strerror}); restore it from a backup"
        ) from None
    except warc.BrokenRecordError as error:
        raise ArchiveError(
            f"the records of page {page_id} in {path} were changed: {error}; restore the file from a backup"
        ) from None


def checked(row: captures.CaptureRow, data: bytes) -> bytes:
    """The body in `data`, which are the records of the capture, unchanged; empty for a body that came before.

    Raises:
        BrokenRecordError: they are not what the store says of them; the message says in what.
    """
    if len(data) != row.length:
        raise warc.BrokenRecordError("the file ends before it")
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise warc.BrokenRecordError("its digest does not match")
    response = warc.read_record(data[: row.response_length], MOST_BODY_BYTES)
    if response.headers.get("warc-type") == "conversion":
        return _checked_conversion(row, response, data[row.response_length :])
    request = warc.read_record(data[row.response_length :], MOST_BODY_BYTES)
    _check_headers(row, response, request)
    if row.refers_to is not None:
        return b""
    payload = response.payload
    encodings = ",".join(warc.header_values(response.head, "Content-Encoding"))
    try:
        body = undo(payload, encodings)
    except BadEncodingError:
        body = payload
    if hashlib.sha256(body).hexdigest() == row.body_sha256:
        return body
    if (
        hashlib.sha256(payload).hexdigest() == row.body_sha256
    ):  # nobody could undo its encoding then
        return payload
    raise warc.BrokenRecordError("its body is not that of the page")


def _checked_conversion(row: captures.CaptureRow, made: warc.Record, behind: bytes) -> bytes:
    """The page as a browser built it, with the exchange it was made from right behind it, unchanged as well."""
    records = [
        warc.read_record(member, MOST_BODY_BYTES)
        for member in warc.members(behind, MOST_BODY_BYTES)
    ]
    if len(records) < 2:  # noqa: PLR2004  # a response and its request
        raise warc.BrokenRecordError("the exchange it was made from is not there")
    *pictures, response, request = records
    wanted = (
        (made, "warc-record-id", f"<{row.response_id}>"),
        (made, "warc-refers-to", response.headers.get("warc-record-id", "")),
        (made, "warc-payload-digest", f"sha256:{row.payload_sha256}"),
        (response, "warc-type", "response"),
        (response, "warc-date", row.fetched_at),
        (response, "warc-ip-address", row.ip),
        (response, "x-archive-tls", row.tls),
        (response, "warc-truncated", row.truncated),
        (request, "warc-type", "request"),
        (request, "warc-record-id", f"<{row.request_id}>"),
        *((picture, "warc-type", "resource") for picture in pictures),
    )
    for record, name, value in wanted:
        if record.headers.get(name, "") != value:
            raise warc.BrokenRecordError(f"its {name} is not what the store says")
    if hashlib.sha256(made.block).hexdigest() != row.body_sha256:
        raise warc.BrokenRecordError("its body is not that of the page")
    return made.block


def _check_headers(row: captures.CaptureRow, response: warc.Record, request: warc.Record) -> None:
    """The records say of themselves what the store says of them."""
    again = row.refers_to is not None
    expected = {
        "warc-type": "revisit" if again else "response",
        "warc-record-id": f"<{row.response_id}>",
        "warc-concurrent-to": f"<{row.request_id}>",
        "warc-date": row.fetched_at,
        "warc-ip-address": row.ip,
        "x-archive-tls": row.tls,
        "warc-truncated": row.truncated or ("length" if again else ""),
        "warc-payload-digest": f"sha256:{row.payload_sha256}",
        "warc-refers-to": f"<{row.refers_to_id}>" if again else "",
    }
    of_request = {
        "warc-type": "request",
        "warc-record-id": f"<{row.request_id}>",
        "warc-concurrent-to": f"<{row.response_id}>",
        "warc-date": row.fetched_at,
    }
    for record, wanted in ((response, expected), (request, of_request)):
        for name, value in wanted.items():
            if record.headers.get(name, "") != value:
                raise warc.BrokenRecordError(f"its {name} is not what the store says")


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _explained(path: Path, error: OSError) -> QalqanError:
    if error.errno in _FULL:
        return DiskFullError(
            f"no room left to write {path}; free some space and run the same command again"
        )
    return ArchiveError(f"cannot write {path} ({error.strerror}); check the folder and its rights")
