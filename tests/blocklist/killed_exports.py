"""A program that exports in a child process and kills it, once for each line of its input.

`step N` lets an export die before its Nth file operation in the folder, `moment SECONDS` lets one of
a row of exports die after that time. It answers with the child's exit code. One process forks all the
children, so that a kill costs 10 ms and not the start of an interpreter.
"""

import hashlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from blocklist.manifest import Manifest
from blocklist.publish import export
from review_queue.categories import Category
from review_queue.store import open_store

# one and more files, of names and of whole entries
OF_EVERY_KIND = ("hosts", "misp", "rpz", "squid")
_STEPS = frozenset({"open", "os.rename", "os.remove", "os.symlink", "os.mkdir", "os.link"})


def signature(manifest: bytes) -> dict[str, bytes]:
    """What stands for a signature of the manifest."""
    return {"manifest.json.sig": hashlib.sha256(manifest).digest()}


def signed_export(data: Path, out: Path, *, in_parts: bool) -> Manifest:
    """An export of formats of every kind, or of two formats with a part."""
    formats, parts = (("domains", "csv"), (Category.VIOLENCE,)) if in_parts else (OF_EVERY_KIND, ())
    with open_store(data) as store:
        return export(store, out, formats, actor="test", sign=signature, parts=parts)


def _die_at_step(out: Path, step: int) -> None:
    seen = 0

    def look(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        touches = any(str(each).startswith(str(out)) for each in args[:2])
        if touches and event in _STEPS:
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def _child(data: Path, out: Path, kind: str, value: str, *, in_parts: bool) -> None:
    if kind == "step":
        _die_at_step(out, int(value))
        signed_export(data, out, in_parts=in_parts)
        return
    while True:
        signed_export(data, out, in_parts=in_parts)


def _answer(data: Path, out: Path, kind: str, value: str, *, in_parts: bool) -> int:
    child = os.fork()
    if child == 0:
        try:
            _child(data, out, kind, value, in_parts=in_parts)
        except BaseException:  # noqa: BLE001  # the child must never run the parent's loop
            os._exit(1)
        os._exit(0)
    if kind == "moment":
        time.sleep(float(value))
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    data, out, in_parts = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "parts"
    with (
        tempfile.TemporaryDirectory() as spare
    ):  # what is read and kept once is there for all children
        signed_export(Path(spare, "data"), Path(spare, "lists"), in_parts=in_parts)
    for line in sys.stdin:
        kind, value = line.split()
        sys.stdout.write(f"{_answer(data, out, kind, value, in_parts=in_parts)}\n")
        sys.stdout.flush()
