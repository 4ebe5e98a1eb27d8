"""The program that does the last check of a long list: it reads each file from the disk while that is still written.

`checking` starts it with the folder and the serial, and says on its standard input, a JSON array a line, what it needs:
`["names", {SCOPE: [NAME, ...]}]` what the guards have let in, `["file", FORM, FILE]` a file that is begun,
`["size", FILE, BYTES]` how much of it is written, `["whole", FILE]` that no more comes, `["end"]` that no more files
come. Then it answers with one JSON object: by file, what is wrong with it. Where its input ends before, whoever started
it is gone, and so is it.
"""

import gc
import io
import json
import os
import signal
import sys
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Final

from blocklist import lint
from blocklist.lint_known import Known
from review_queue.categories import Scope
from review_queue.errors import ExportError

_BUFFER: Final = 1 << 17


class Growing(io.RawIOBase):
    """The bytes of a file that is being written: reading waits for those that are not there yet."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._news = Condition()
        self._at = self._size = 0
        self._is_whole = False
        self._file: io.FileIO | None = None

    def grow(self, size: int) -> None:
        """So many bytes are on the disk."""
        with self._news:
            self._size = size
            self._news.notify()

    def end(self) -> None:
        """All bytes are on the disk."""
        with self._news:
            self._is_whole = True
            self._news.notify()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # what io.RawIOBase says
        """As many bytes as are there, at least one; 0 at the end of the whole file."""
        with self._news:
            self._news.wait_for(lambda: self._is_whole or self._size > self._at)
            room = len(buffer) if self._is_whole else self._size - self._at
        if self._file is None:  # it was begun before there was a file
            self._file = io.FileIO(self._path)
        found = self._file.readinto(memoryview(buffer)[:room])
        self._at += found
        return found

    def close(self) -> None:
        """The file is closed, too."""
        if self._file:
            self._file.close()
        super().close()


class _Checks:
    """The checks of all files that were begun, each in a thread that goes as far as its file is written."""

    def __init__(self, folder: Path, serial: int) -> None:
        self._folder = folder
        self._serial = serial
        self._known = Known({})
        self._files: dict[str, Growing] = {}
        self._threads: list[Thread] = []
        self._found: dict[str, str] = {}

    def take(self, *said: Any) -> None:  # noqa: ANN401  # as JSON comes
        """What was said is done."""
        match said:
            case "names", names:
                self._known.learn({Scope(scope): found for scope, found in names.items()})
            case "file", form, file:
                self._files[file] = Growing(self._folder / file)
                # as a daemon it keeps no process alive that has lost its way
                self._threads.append(Thread(target=self._check, args=(form, file), daemon=True))
                self._threads[-1].start()
            case "size", file, size:
                self._files[file].grow(size)
            case "whole", file:
                self._files[file].end()

    def faults(self) -> dict[str, str]:
        """By file, what is wrong with it, once all of them are checked."""
        for thread in self._threads:
            thread.join()
        return {file: self._found[file] for file in self._files}

    def _check(self, form: str, file: str) -> None:
        fault = ""
        try:
            with lint.opened(io.BufferedReader(self._files[file], _BUFFER)) as lines:
                lint.check(form, file, lines, serial=self._serial, known=self._known)
        except ExportError as error:
            fault = str(error)
        self._found[file] = fault


def main(folder: str, serial: str) -> None:
    """The files are checked, and what is wrong with them is said."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this one ends it
    gc.disable()  # nothing here makes circles, and it would look through all the names again and again
    checks = _Checks(Path(folder), int(serial))
    for line in sys.stdin.buffer:
        said = json.loads(line)
        if said == ["end"]:
            json.dump(checks.faults(), sys.stdout)
            return
        checks.take(*said)
    os._exit(1)  # the threads wait for what nobody writes


if __name__ == "__main__":
    main(*sys.argv[1:])
