"""A program of the tests that runs something in children of its own and has each killed as it is told.

One process forks all the children, so that a kill costs 10 ms and not the start of an interpreter.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_STEPS: Final = frozenset({"open", "os.rename", "os.remove", "os.symlink", "os.mkdir", "os.link"})


@contextmanager
def killer(module: str, *words: str) -> Iterator[Callable[[str], int]]:
    """A function that has what `module` runs killed as told, and gives its exit code."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as program:  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None
        ask, answers = program.stdin, program.stdout

        def kill(how: str) -> int:
            ask.write(f"{how}\n")
            ask.flush()
            return int(answers.readline())

        yield kill
        ask.close()


def code_of(work: Callable[[], int], out: Path, how: str, value: str) -> int:
    """The exit code of a child at `work`, killed at a `step` of it in the folder `out` or after a `moment`."""
    child = os.fork()
    if child == 0:
        try:
            if how == "step":
                _die_at_step(out, int(value))
            code = work()
        except BaseException:  # noqa: BLE001  # the child must never run the parent's loop
            os._exit(1)
        os._exit(code)
    if how == "moment":
        time.sleep(float(value))
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def answer(code: int) -> None:
    """Whoever told the program to kill has the code."""
    sys.stdout.write(f"{code}\n")
    sys.stdout.flush()


def _die_at_step(out: Path, step: int) -> None:
    seen = 0

    def look(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _STEPS and any(str(each).startswith(str(out)) for each in args[:2]):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)
