"""The last check of a long list goes on beside its writing, in a process of its own: `checker`.

It shares nothing with the process that writes but the bytes on the disk and the names that the guards have let in.
"""

import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from blocklist.consumers.programs import tied
from review_queue.categories import Scope
from review_queue.errors import ExportError

LONG: Final = 20_000  # entries: their check takes 0.4 s, and the process 0.3 s to start
_PIPE: Final = 1 << 20  # bytes


class CheckEndedError(ExportError):
    """The process that does the last check ended before it was done."""

    def __init__(self, code: int) -> None:
        what = "please report this fault"
        if code < 0:  # a signal
            what = "a machine short of memory does this to it: run the same command again"
        super().__init__(
            f"nothing was published, the last good list stays: the process that checks the new list ended with {code};"
            f" {what}"
        )


class CheckNotBegunError(ExportError):
    """The process that does the last check could not be started."""


class Checks:
    """The checks of the files of one list, in the process that does them."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._begun: set[str] = set()

    def learn(self, names: Mapping[Scope, Sequence[str]]) -> None:
        """The names, which the guards have let into the list, are known to the checks."""
        if names:
            self._say("names", names)

    def begin(self, form: str, file: str) -> None:
        """The file, of which nothing is written yet, is being checked."""
        self._begun.add(file)
        self._say("file", form, file)

    def grown(self, file: str, size: int) -> None:
        """So many bytes of the file may be read, if it is one to check."""
        if file in self._begun:
            self._say("size", file, size)

    def whole(self, file: str) -> None:
        """The whole file may be read."""
        self._say("whole", file)

    def wait(self) -> None:
        """All files have passed.

        Raises:
            ExportError: one has not; of several the one that was begun first.
            CheckEndedError: nobody knows.
        """
        self._say("end")
        assert self._process.stdout is not None  # noqa: S101  # a pipe
        answer = self._process.stdout.read()
        if code := self._process.wait():
            raise CheckEndedError(code)
        for fault in json.loads(answer).values():
            if fault:
                raise ExportError(fault)

    def _say(self, *what: object) -> None:
        assert self._process.stdin is not None  # noqa: S101  # a pipe
        try:
            self._process.stdin.write(json.dumps(what).encode("ascii") + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise CheckEndedError(self._process.wait()) from None


@contextmanager
def beside(folder: Path, serial: int) -> Iterator[Checks]:
    """The files that are being written into the folder are checked meanwhile; the process is gone after the block.

    Raises:
        CheckNotBegunError: it could not be started.
    """
    # -P: whatever stands in the folder it is started from is not taken for a module of ours
    command = [sys.executable, "-P", "-m", "blocklist.checker", str(folder), str(serial)]
    try:
        started = subprocess.Popen(tied(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
    except OSError as error:
        raise CheckNotBegunError(
            "nothing was published, the last good list stays: the process that checks the new list could not be"
            f" started ({error.strerror}); free some memory and run the same command again"
        ) from error
    with started as process:
        assert process.stdin is not None  # noqa: S101  # a pipe
        _widen(process.stdin)
        try:
            yield Checks(process)
        finally:
            process.kill()
            with suppress(BrokenPipeError):  # it ended before it was told all
                process.stdin.close()


def _widen(pipe: IO[bytes]) -> None:
    """What the process has not taken yet keeps nobody from writing on, where the system has room for it."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
