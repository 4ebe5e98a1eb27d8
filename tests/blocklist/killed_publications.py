"""A program that publishes in a child process and kills it, once for each line of its input.

`step N KIND` lets a publication die before its Nth file operation in the folder, `moment SECONDS KIND` after that time.
`KIND` is how it proves: `none`, or the consumers with a comma between. It answers with the child's exit code, which is
3 where the full list was held. One process forks all the children, so that a kill costs 10 ms and not the start of an
interpreter.
"""

import os
import signal
import sys
import time
from pathlib import Path

from blocklist.consumers import CONSUMERS
from blocklist.gate import Gate
from blocklist.publication import Outcome, Verify, Wanted, publish
from blocklist.signers import Signers, load
from review_queue.categories import Category
from review_queue.store import open_store

FORMATS = ("rpz", "hosts")
PARTS = (Category.VIOLENCE,)
HELD = 3
_STEPS = frozenset({"open", "os.rename", "os.remove", "os.symlink", "os.mkdir"})


def signers_of(data: Path) -> Signers:
    """The signers of the key beside the store."""
    return load(data.parent / "list.key", None, None)


def published(data: Path, out: Path, kind: str) -> Outcome:
    """What one publication came to."""
    keys = () if kind == "none" else tuple(kind.split(","))
    wanted = Wanted(FORMATS, PARTS, Verify.LOCAL if keys else Verify.NONE)
    gate = Gate({key: CONSUMERS[key] for key in keys})
    with open_store(data) as store:
        return publish(
            store, out, wanted, actor="test", signers=signers_of(data), gate=gate
        ).outcome


def _die_at_step(out: Path, step: int) -> None:
    seen = 0

    def look(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _STEPS and any(str(each).startswith(str(out)) for each in args[:2]):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def _answer(data: Path, out: Path, how: str, value: str, kind: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            if how == "step":
                _die_at_step(out, int(value))
            is_held = published(data, out, kind) in (Outcome.REMOVALS, Outcome.HELD)
        except BaseException:  # noqa: BLE001  # the child must never run the parent's loop
            os._exit(1)
        os._exit(HELD if is_held else 0)
    if how == "moment":
        time.sleep(float(value))
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for line in sys.stdin:
        code = _answer(Path(sys.argv[1]), Path(sys.argv[2]), *line.split())
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()
