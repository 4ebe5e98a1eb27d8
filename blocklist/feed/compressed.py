"""Files of the lists as gzip, made once each and kept in files without a name, so that nothing is left of them."""

import os
import tempfile
import zlib
from collections import OrderedDict
from threading import Lock
from typing import IO, Final

from blocklist.feed.answers import Told

SMALLEST: Final = 1024  # of less, the headers are as much
_CHUNK: Final = 256 * 1024
_LEVEL: Final = 6
_GZIP: Final = 31  # zlib's window of 32 KB, with the head and tail of gzip; the head has no time, so bytes are the same
MOST_BYTES: Final = 512 * 1024 * 1024
MOST_FILES: Final = 200


class Compressed:
    """The gzip of files by the digest of what they hold; safe among threads."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> None:
        self._most_bytes = most_bytes
        self._most_files = most_files
        self._kept: OrderedDict[str, IO[bytes]] = OrderedDict()
        self._lock = Lock()
        self._at_work = Lock()

    @property
    def kept(self) -> tuple[str, ...]:
        """The digests of what is there, the one last asked for last."""
        with self._lock:
            return tuple(self._kept)

    def close(self) -> None:
        """Nothing is there any more; whoever reads a file has it open."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()

    def of(self, file: Told, sha256: str) -> Told | None:
        """The gzip of `file`, open; None where another file is being compressed, for which nobody waits, or no room.

        `file` is closed where there is one.
        """
        with self._lock:
            if sha256 in self._kept:
                self._kept.move_to_end(sha256)
                return _swapped(file, self._kept[sha256])
        if not self._at_work.acquire(blocking=False):
            return None
        try:
            packed = _packed(file)
            with self._lock:
                self._kept[sha256] = packed
                found = _swapped(file, packed)
                self._drop()
        except OSError:
            return None
        else:
            return found
        finally:
            self._at_work.release()

    def _drop(self) -> None:
        """What was not asked for longest is gone; whoever reads it has it open."""
        while len(self._kept) > self._most_files or (
            sum(map(_size, self._kept.values())) > self._most_bytes and len(self._kept) > 1
        ):
            self._kept.popitem(last=False)[1].close()


def is_wanted(accepted: str) -> bool:
    """Whether an Accept-Encoding header takes gzip."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        key, _, value = parameters.strip().partition("=")
        try:
            weights[name.strip()] = float(value) if key.strip() == "q" else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _packed(file: Told) -> IO[bytes]:
    coder = zlib.compressobj(_LEVEL, wbits=_GZIP)
    out = tempfile.TemporaryFile("w+b")  # noqa: SIM115  # it is kept
    try:
        while data := file.read(_CHUNK):
            out.write(coder.compress(data))
        out.write(coder.flush())
        out.flush()
    except BaseException:
        out.close()
        raise
    return out


def opened_anew(file: IO[bytes]) -> Told:
    """The file once more, and not a duplicate of its handle: each reader is at a place of their own in it."""
    return Told(os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY | os.O_CLOEXEC))


def _swapped(file: Told, packed: IO[bytes]) -> Told:
    file.close()
    return opened_anew(packed)


def _size(packed: IO[bytes]) -> int:
    return os.fstat(packed.fileno()).st_size
