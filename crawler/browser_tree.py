"""A process with all that it has started: how much memory that takes, and how it is ended to the last one."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_PARENT_FIELD: Final = 1  # of /proc/PID/stat, counted after the command's closing bracket
_TRIES: Final = 200
_PAUSE_S: Final = 0.01


def below(pid: int) -> list[int]:
    """The living processes below `pid`, each after its parent."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)):
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found[1:]


def memory_mb(pid: int) -> float:
    """What the processes below `pid` hold for themselves; the program's own pages, which they share, do not count."""
    return sum(map(_own_kb, below(pid))) / 1024


def end(pid: int) -> None:
    """`pid` and everything below it is killed: what is below first, for `pid` may adopt what it has lost sight of."""
    for _ in range(_TRIES):
        left = below(pid)
        if not left:
            break
        for one in left:
            _kill(one)
        time.sleep(_PAUSE_S)
    _kill(pid)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _parent(process: Path) -> int:
    """The process this one is below of, 0 where it has ended."""
    try:
        stat = (process / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[_PARENT_FIELD])


def _own_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return sum(
        int(line.split()[1])
        for line in status.splitlines()
        if line.startswith(("RssAnon:", "RssShmem:"))
    )
