"""A program of the tests that runs something in a child of its own and has it killed as it is told."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


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
