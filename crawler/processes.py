"""What a crawl has to know of processes: who holds a lease, is he alive, and how a child ends with its parent."""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_START_TIME_FIELD: Final = 19  # of /proc/PID/stat, counted after the command's closing bracket
_USER_TICKS_FIELD: Final = 11  # likewise; the system's are the next one
_OPEN_FILES: Final = 65_536


def owner_of(pid: int) -> str:
    """A name for the process with this id that no later process of the same id will have."""
    return f"{pid}:{_started(pid)}"


def is_alive(owner: str) -> bool:
    """Whether the process that `owner_of` named is still running."""
    pid, _, started = owner.partition(":")
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    now = _started(int(pid))
    return now == started and bool(now or sys.platform != "linux")


def die_with_parent(parent_pid: int) -> None:
    """This process is killed when its parent ends, however that ends; at once if it has already.

    Only Linux can be told so; elsewhere the end of the pipe to the parent does it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def adopt_orphans() -> None:
    """What outlives its parent below this process becomes this process's child, and so stays in sight."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def allow_many_files() -> None:
    """This process may hold as many sockets as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def cpu_seconds(pid: int) -> float:
    """How many seconds the process has computed; 0 where that cannot be seen."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    ticks = int(fields[_USER_TICKS_FIELD]) + int(fields[_USER_TICKS_FIELD + 1])
    return ticks / os.sysconf("SC_CLK_TCK")


def queued_seconds(pid: int) -> float:
    """How many seconds the process was ready to compute and had no processor; 0 where that cannot be seen."""
    try:
        stat = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii", errors="replace")
        return int(stat.split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def resident_mb(pid: int) -> float:
    """What the process holds in memory now; 0 where that cannot be seen."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii", errors="replace").split()[1]
    except (OSError, IndexError):
        return 0.0
    return int(pages) * resource.getpagesize() / 2**20


def peak_memory_mb() -> float:
    """The most memory this process has held so far."""
    try:
        # not getrusage: its figure is carried over from the process this one was started by
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return next(
            int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")
        )
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_held_mb(pid: int) -> float:
    """What the process and all it started hold in memory now; 0 where that cannot be seen.

    Pages that two of them share count twice.
    """
    held, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            status = Path(f"/proc/{one}/status").read_text(encoding="ascii", errors="replace")
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text(encoding="ascii").split())
        except OSError:  # it ended meanwhile, or there is no such folder
            continue
        held += sum(
            int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")
        )
    return held


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    # a zombie only waits for its parent to take note
    return "" if fields[0] in "ZX" else fields[_START_TIME_FIELD]
