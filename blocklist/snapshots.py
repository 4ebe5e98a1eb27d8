"""The folder providers read: whole snapshots, one folder a serial, and a link to the one that holds.

    LISTS/snapshots/0000000007/...     every file of one export, never changed afterwards
    LISTS/current -> snapshots/0000000007
    LISTS/rpz.zone -> current/rpz.zone, and so on for every file

A snapshot is written beside the others under another name, brought to the disk, renamed, and only then does `current`
lead to it, by one rename. So whoever reads through `current` sees all of one export or all of the next, and a process
that is killed at any moment leaves the last good one served.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, NoReturn

from blocklist.manifest import FileDigest
from review_queue.errors import NO_ROOM, DiskFullError, ExportError

FOLDER: Final = "snapshots"
CURRENT: Final = "current"
KEPT: Final = 12  # snapshots that stay for those who read in one; who is behind takes the changes
_LOCK: Final = ".export.lock"
_NEXT: Final = ".next"
# lines encoded and written at once: what fits the cache takes a fifth less time
_BATCH: Final = 512
Grown = Callable[
    [str, int], None
]  # what is told of a file that is being written: its name, its size


class Snapshot:
    """A snapshot that is being written; nobody reads it yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, FileDigest] = {}

    def write(self, name: str, lines: Iterator[str], grown: Grown | None = None) -> FileDigest:
        """`lines` are the file `name`, each with a line end, on the disk; returns their digest."""
        self.write_together({name: lines}, grown)
        return self.files[name]

    def write_together(self, files: dict[str, Iterator[str]], grown: Grown | None = None) -> None:
        """The files, of so many lines each, are on the disk, and `files` is empty.

        They are written a batch of each at a time, so that what they all read goes by once and is never held whole.
        After each batch `grown` is told how many bytes of the file others may read.
        """
        written: dict[str, _Written] = {}
        with ExitStack() as opened:  # on a full disk each of them may fail to close
            for name in files:
                written[name] = _Written(self.path / name)
                opened.callback(written[name].close)
            while files:
                for name in tuple(files):
                    if batch := list(islice(files[name], _BATCH)):
                        written[name].add(batch)
                        if grown:
                            grown(name, written[name].shown())
                    else:
                        del files[name]  # and with it its place in what it reads
                        self.files[name] = written[name].end()

    @contextmanager
    def part(self, name: str) -> "Iterator[Snapshot]":
        """A folder of the snapshot, which holds a list of its own."""
        folder = self.path / name
        folder.mkdir()
        yield Snapshot(folder)
        sync(folder)

    def put(self, name: str, data: bytes) -> FileDigest:
        """The file `name`, which is not one of those a manifest names, is on the disk; returns its digest."""
        with (self.path / name).open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return FileDigest(hashlib.sha256(data).hexdigest(), len(data))


class _Written:
    """A file that is being written, and its digest."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._file = path.open("xb")
        self._digest = hashlib.sha256()
        self._size = 0

    def add(self, batch: Iterable[str]) -> None:
        data = _encoded(self._name, batch)
        self._digest.update(data)
        self._size += len(data)
        self._file.write(data)

    def shown(self) -> int:
        """How many bytes there are, all of which others can read."""
        self._file.flush()
        return self._size

    def end(self) -> FileDigest:
        """The file is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        return FileDigest(self._digest.hexdigest(), self._size)

    def close(self) -> None:
        self._file.close()


def _encoded(name: str, batch: Iterable[str]) -> bytes:
    try:
        # a byte outside ASCII, which a proxy's URL may need, comes as the surrogate of PEP 383
        return "\n".join((*batch, "")).encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        raise ExportError(
            f"nothing was published: {name} would have had characters outside ASCII;"
            " the last good list stays, please report this fault"
        ) from None


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """`out` exists and is this process's alone; nothing half-written is left in it.

    Raises:
        ExportError: another export is at work in it, or it cannot be written.
        DiskFullError: no room. Either way the last good snapshot stays.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with (out / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clear(out)
            yield
    except BlockingIOError:
        raise ExportError(f"another export is writing {out}; wait for it to end") from None
    except OSError as error:
        _explain(out, error)


@contextmanager
def new_snapshot(out: Path, serial: int) -> Iterator[Snapshot]:
    """A snapshot to write into; whole in its place after the block, or gone where the block failed.

    Raises:
        ExportError: it cannot be written.
        DiskFullError: no room.
    """
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    place = folder / f"{serial:010}"
    building = folder / f"{place.name}{_NEXT}"
    building.mkdir()
    try:
        yield Snapshot(building)
        sync(building)
        _make_room(out, place)
        building.rename(place)
        sync(folder)
    except BaseException as error:
        shutil.rmtree(building, ignore_errors=True)
        if isinstance(error, OSError):
            _explain(out, error)
        raise


def place_of(out: Path, serial: int) -> Path:
    """Where the snapshot of this serial stands."""
    return out / FOLDER / f"{serial:010}"


def serve(out: Path, serial: int) -> None:
    """Whoever reads in `out` reads the snapshot of this serial; older ones stay for a while."""
    place = Path(FOLDER, f"{serial:010}")
    for name in sorted(path.name for path in (out / place).iterdir()):
        _lead(out, name, Path(CURRENT, name))
    _lead(out, CURRENT, place)
    sync(out)
    _prune(out, serial)


def check_places(out: Path, names: Iterator[str]) -> None:
    """Nothing stands in the way of the links to the files of a snapshot.

    Raises:
        ExportError: something does.
    """
    for name in (CURRENT, *names):
        place = out / name
        # plain files are those of exports before there were snapshots
        if not place.is_symlink() and place.exists() and (name == CURRENT or not place.is_file()):
            raise ExportError(f"{place} is not a file; move it away, the list is written there")


def current(out: Path) -> Path | None:
    """The snapshot that is served, None before the first."""
    link = out / CURRENT
    return link.resolve() if link.is_symlink() and link.exists() else None


def _make_room(out: Path, place: Path) -> None:
    """Nothing stands at `place`; what did was left by an export that was killed, and nobody was led to it."""
    if not place.exists():
        return
    if current(out) == place.resolve():
        raise ExportError(
            f"another export took the serial {int(place.name)} meanwhile; nothing was published, run the same"
            " command again"
        )
    shutil.rmtree(place)


def _lead(out: Path, name: str, target: Path) -> None:
    """`out/name` is a link to `target`, by one rename."""
    place = out / name
    if place.is_symlink() and place.readlink() == target:
        return
    waiting = out / f".{name}{_NEXT}"
    waiting.unlink(missing_ok=True)
    waiting.symlink_to(target)
    waiting.replace(place)


def _prune(out: Path, serial: int) -> None:
    """Of the snapshots, the newest ones are left, and no link to a file that no longer is."""
    names = sorted(path.name for path in (out / FOLDER).iterdir())
    for name in names[:-KEPT]:
        if name != f"{serial:010}":
            shutil.rmtree(out / FOLDER / name, ignore_errors=True)
    for path in out.iterdir():
        if path.is_symlink() and not path.exists():
            path.unlink(missing_ok=True)


def _clear(out: Path) -> None:
    for path in (out / FOLDER).glob(f"*{_NEXT}"):
        shutil.rmtree(path)
    for path in out.glob(f".*{_NEXT}"):
        path.unlink()


def put_into(out: Path, folder: Path, name: str, data: bytes) -> None:
    """`data` is the file of that name in the snapshot, by one rename; what is half-written stays beside the lists."""
    waiting = out / f".{name}{_NEXT}"
    with waiting.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(folder / name)
    sync(folder)


def sync(folder: Path) -> None:
    """What stands in the folder stands there after a power cut too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explain(out: Path, error: OSError) -> NoReturn:
    if error.errno in NO_ROOM:
        raise DiskFullError(
            f"no room left to write the list in {out}; the last good one stays:"
            " free some space and run the same command again"
        ) from error
    raise ExportError(
        f"cannot write the list in {out} ({error.strerror}); the last good one stays:"
        " check the folder and its rights"
    ) from error
