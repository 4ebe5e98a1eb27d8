"""The snapshots as the feed hands them out: each is opened once for a request, and only whole ones are.

All that is read is opened below the folder of one snapshot, by one plain name, without following links: no path can
lead out of it, and a new export in the middle of a request changes nothing of what the request sees.
"""

import hashlib
import json
import logging
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from blocklist.feed.answers import Told
from blocklist.manifest import FILE_NAME, FileDigest
from blocklist.snapshots import CURRENT, FOLDER
from review_queue.errors import QalqanError

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
# beside the manifest, which cannot name them; a heartbeat is replaced while nothing changes
SIGNATURE: Final = re.compile(r"(?:manifest\.json|manifest|heartbeat)\.[a-z0-9]{1,12}", re.ASCII)
PART: Final = "part-"
_KEPT_MANIFESTS: Final = 64
_LARGEST_MANIFEST: Final = 4 * 1024 * 1024
_LOG: Final = logging.getLogger(__name__)


class NothingServedError(QalqanError):
    """There is no list to hand out now; the message says why."""


class NoPartError(QalqanError):
    """The list of one category is not in this snapshot."""


class NoSuchFileError(QalqanError):
    """A snapshot has no file of this name."""


class GoneError(QalqanError):
    """A snapshot that was published and is no longer kept."""


class NotYetError(QalqanError):
    """A serial that is higher than that of the list which holds."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file of a snapshot; one that is fixed stays as it is as long as the snapshot is there."""

    file: Told
    digest: FileDigest
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a manifest says, known to agree with the sizes of the files beside it."""

    serial: int
    files: Mapping[str, FileDigest]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The list of one snapshot, whole or of one category; open until the request is done."""

    handle: int
    contents: _Contents
    modified: int

    @property
    def serial(self) -> int:
        """The serial of the list."""
        return self.contents.serial

    def open(self, name: str) -> Opened:
        """The file of that name, which the manifest names, or which is the manifest or a signature of it.

        Raises:
            NoSuchFileError: there is none.
            NothingServedError: it is not as the manifest says.
        """
        listed = self.contents.files.get(name)
        is_about_all = name == FILE_NAME or SIGNATURE.fullmatch(name)
        if not NAME.fullmatch(name) or not (listed or is_about_all):
            raise NoSuchFileError(f"the list {self.serial} has no file of this name")
        try:
            file = Told(_opened(name, self.handle))
        except OSError:
            if listed:
                raise NothingServedError(f"the list {self.serial} is not whole") from None
            raise NoSuchFileError(f"the list {self.serial} has no file of this name") from None
        size = os.fstat(file.fileno()).st_size
        if listed is None:
            return Opened(file, _digest(file, size), is_fixed=False)
        if size != listed.size_bytes:
            file.close()
            raise NothingServedError(f"the list {self.serial} is not whole")
        return Opened(file, listed, is_fixed=True)


class Shelves:
    """The folder of the lists; safe among threads."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._known: OrderedDict[tuple[int, ...], _Contents] = OrderedDict()
        self._last_good = ""
        self._told = ""
        self._lock = Lock()

    @contextmanager
    def current(self, part: str = "") -> Iterator[Shelf]:
        """The list that holds, whole or of one category; the last good one where that is not whole.

        Raises:
            NothingServedError: there is none.
            NoPartError: the snapshot has no list of this category.
        """
        handle, modified = self._holding(part)
        try:
            with self._shelf(handle, modified, part) as shelf:
                yield shelf
        finally:
            os.close(handle)

    @contextmanager
    def of_serial(self, serial: int, part: str = "") -> Iterator[Shelf]:
        """The list of this serial, which holds or once did.

        Raises:
            NotYetError, GoneError: it did not yet, or is no longer kept.
            NothingServedError: there is none at all.
            NoPartError: the snapshot has no list of this category.
        """
        holding, _ = self._holding()
        try:
            newest = self._contents(holding).serial
        finally:
            os.close(holding)
        if serial > newest:
            raise NotYetError(f"the list that holds is {newest}; {serial} is of the future")
        try:
            handle = _folder(self.out / FOLDER / f"{serial:010}")
        except OSError:
            raise GoneError(
                f"the list {serial} is no longer kept; take the one that holds"
            ) from None
        try:
            with self._shelf(handle, int(os.fstat(handle).st_mtime), part) as shelf:
                yield shelf
        except NothingServedError:
            raise GoneError(
                f"the list {serial} is no longer kept; take the one that holds"
            ) from None
        finally:
            os.close(handle)

    def _holding(self, part: str = "") -> tuple[int, int]:
        """The open folder of the snapshot that holds, or held last where that one is not whole, and since when."""
        link = self.out / CURRENT
        name = ""
        try:
            # Made when this list was put in its place, so later than any answer from the one before. Looked at first:
            # a date that is too old only costs a transfer, one that is too new would keep a reader on the older list.
            modified = int(link.lstat().st_mtime)
            name = link.readlink().name
            handle = self._whole(name, part)
        except (OSError, NothingServedError) as error:
            return self._fall_back(name, part, str(error))
        self._last_good, self._told = name, ""
        return handle, modified

    def _fall_back(self, broken: str, part: str, reason: str) -> tuple[int, int]:
        """The newest whole snapshot that held before the broken one."""
        folder = self.out / FOLDER
        names = [self._last_good]
        with suppress(OSError):
            found = (path.name for path in folder.iterdir() if path.name.isdigit())
            names += sorted((name for name in found if name < broken), reverse=True)
        for name in filter(None, names):
            with suppress(OSError, NothingServedError):
                handle = self._whole(name, part)
                if self._told != reason:
                    _LOG.error("%s; the last good list, %s, stays served", reason, name)
                    self._told = reason
                return handle, int(os.fstat(handle).st_mtime)
        raise NothingServedError("no list is published here, or it is not whole")

    def _whole(self, name: str, part: str) -> int:
        """The open folder of that snapshot, known to hold all its manifest names, and all that of the part does."""
        handle = _folder(self.out / FOLDER / name)
        try:
            self._contents(handle)
            with suppress(NoPartError), self._shelf(handle, 0, part):
                pass
        except BaseException:
            os.close(handle)
            raise
        return handle

    @contextmanager
    def _shelf(self, handle: int, modified: int, part: str) -> Iterator[Shelf]:
        if not part:
            yield Shelf(handle, self._contents(handle), modified)
            return
        try:
            inner = _opened(f"{PART}{part}", handle, os.O_DIRECTORY)
        except OSError:
            raise NoPartError(
                f"the list of {part} alone is made with the next publication"
            ) from None
        try:
            yield Shelf(inner, self._contents(inner), modified)
        finally:
            os.close(inner)

    def _contents(self, handle: int) -> _Contents:
        """What the manifest in the open folder says; looked at anew only where it is another file.

        Raises:
            NothingServedError: there is none, or the files beside it are not those it names.
        """
        try:
            manifest = _opened(FILE_NAME, handle)
        except OSError:
            raise NothingServedError("a list without a manifest is served") from None
        with os.fdopen(manifest, "rb") as file:
            about = os.fstat(file.fileno())
            key = (about.st_dev, about.st_ino, about.st_mtime_ns, about.st_size)
            with self._lock:
                if key in self._known:
                    self._known.move_to_end(key)
                    return self._known[key]
            found = _read(file.read(_LARGEST_MANIFEST), handle)
        with self._lock:
            self._known[key] = found
            while len(self._known) > _KEPT_MANIFESTS:
                self._known.popitem(last=False)
        return found


def _read(text: bytes, handle: int) -> _Contents:
    try:
        found = json.loads(text)
        files = {
            str(name): FileDigest(str(each["sha256"]), int(each["size_bytes"]))
            for name, each in found["files"].items()
        }
        contents = _Contents(int(found["serial"]), files)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NothingServedError("a list is served whose manifest cannot be read") from None
    for name, digest in files.items():
        try:
            size = os.stat(name, dir_fd=handle, follow_symlinks=False).st_size
        except OSError:
            size = -1
        if size != digest.size_bytes:
            raise NothingServedError(f"{name[:100]!a} of the list {contents.serial} is not whole")
    return contents


def _folder(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _opened(name: str, folder: int, flags: int = 0) -> int:
    """An open handle of the plain file, or folder, of that name inside the open folder."""
    handle = os.open(
        name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | flags, dir_fd=folder
    )
    if not flags and not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{name!a} is no plain file")
    return handle


def _digest(file: Told, size: int) -> FileDigest:
    """The digest of a small file that no manifest names."""
    found = hashlib.sha256(file.read(_LARGEST_MANIFEST)).hexdigest()
    file.seek(0)
    return FileDigest(found, size)
