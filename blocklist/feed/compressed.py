"""Files of the lists as gzip, made once each and kept in a folder of the feed's own, never among the lists."""

import os
import zlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Final

from blocklist.feed.answers import Told

SMALLEST: Final = 1024  # of less, the headers are as much
_CHUNK: Final = 256 * 1024
_LEVEL: Final = 6
_GZIP: Final = 31  # zlib's window of 32 KB, with the head and tail of gzip; the head has no time, so bytes are the same
MOST_BYTES: Final = 512 * 1024 * 1024
MOST_FILES: Final = 200


class Compressed:
    """The gzip of files by the digest of what they hold; safe among threads."""

    def __init__(
        self, folder: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_files = most_files
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()
        self._at_work = Lock()

    def of(self, file: Told, sha256: str) -> Told | None:
        """The gzip of `file`, open; None where another file is being compressed, for which nobody waits, or no room.

        `file` is closed where there is one.
        """
        path = self._folder / f"{sha256}.gz"
        with self._lock:
            if sha256 in self._sizes:
                self._sizes.move_to_end(sha256)
                return _swapped(file, path)
        if not self._at_work.acquire(blocking=False):
            return None
        try:
            size = _write(file, path)
            with self._lock:
                found = _swapped(file, path)
                self._sizes[sha256] = size
                self._drop()
        except OSError:
            path.with_suffix(".part").unlink(missing_ok=True)
            return None
        else:
            return found
        finally:
            self._at_work.release()

    def _drop(self) -> None:
        """What was not asked for longest is gone; whoever reads it has it open."""
        while len(self._sizes) > self._most_files or (
            sum(self._sizes.values()) > self._most_bytes and len(self._sizes) > 1
        ):
            old, _ = self._sizes.popitem(last=False)
            (self._folder / f"{old}.gz").unlink(missing_ok=True)


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


def _write(file: Told, path: Path) -> int:
    coder = zlib.compressobj(_LEVEL, wbits=_GZIP)
    waiting = path.with_suffix(".part")
    with waiting.open("wb") as out:
        while data := file.read(_CHUNK):
            out.write(coder.compress(data))
        out.write(coder.flush())
        size = out.tell()
    waiting.replace(path)
    return size


def _swapped(file: Told, path: Path) -> Told:
    file.close()
    return Told(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
