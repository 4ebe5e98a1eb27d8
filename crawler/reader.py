"""The process in which hostile pages are read: whatever a page does to it, the crawl goes on with another one."""

import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
from ctypes import CDLL
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from crawler.frames import Frame, receive, send, widen
from crawler.processes import die_with_parent, peak_memory_mb

# numpy's libraries would start a thread and a buffer for each core; set before anything imports them
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_TRIM_BYTES: Final = 1024 * 1024  # after larger pages what they took is given back to the system
_RETIRE_SHARE: Final = 0.4  # of the memory for reading, kept from page to page
# libxml2 leaves out text without a word when it is refused memory, so it is refused only long after what it took has
# been seen from outside, or afterwards from here
_LAST_RESORT: Final = 4
TOO_MUCH_MEMORY: Final = 77  # exit code
READY: Final = "ready"
BROKEN: Final = "broken"


def run_reader(connection: Connection, parent_pid: int) -> None:
    """Tasks were answered until the other end of the connection was closed."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the parent decides
    die_with_parent(parent_pid)
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.raiseExceptions = False
    with socket.socket(fileno=os.dup(connection.fileno())) as channel:
        connection.close()
        channel.setblocking(True)
        widen(channel)
        try:
            _serve(channel)
        except (EOFError, OSError):
            os._exit(0)  # nobody is left to answer to


def _serve(channel: socket.socket) -> None:
    try:
        job, _ = receive(channel)
        answer = job.open()
        arrived = _received_ahead(channel)
        held_kb, peak_mb = _data_kb(), peak_memory_mb()
        _limit_memory(held_kb, _LAST_RESORT * job.memory_mb)
    except EOFError:
        raise
    except Exception as error:
        logging.getLogger(__name__).exception("the reader cannot work")
        send(channel, (BROKEN, f"{error}"))
        return
    send(channel, (READY, (*_used(), False)))
    while (frame := arrived.get()) is not None:
        head, bodies = frame
        size = sum(map(len, bodies))
        answers = answer(head, bodies)
        del frame, bodies, head
        if peak_memory_mb() - peak_mb > job.memory_mb:
            os._exit(TOO_MUCH_MEMORY)
        if size > _TRIM_BYTES:
            _trim()
        # lxml keeps every name of a tag or attribute for good: what is left may be too little for the next page
        retires = _data_kb() - held_kb > job.memory_mb * 1024 * _RETIRE_SHARE
        send(channel, (answers, (*_used(), retires)))
        if retires:
            return
        del answers
    raise EOFError


def _received_ahead(channel: socket.socket) -> "SimpleQueue[Frame | None]":
    """A queue of the messages that arrive, None when no more will: the next one is here before it is asked for.

    The other end is busy with much else, and what the system holds between the two is a third of a message: reading
    began only when it had got round to sending the rest.
    """
    arrived: SimpleQueue[Frame | None] = SimpleQueue()

    def receive_all() -> None:
        try:
            while True:
                arrived.put(receive(channel))
        except (EOFError, OSError):
            arrived.put(None)

    threading.Thread(target=receive_all, daemon=True).start()
    return arrived


def _used() -> tuple[float, float]:
    return time.process_time(), peak_memory_mb()


def _limit_memory(held_kb: int, more_mb: int) -> None:
    """From now on this process cannot take more than `more_mb` above what it holds: asking for it raises an error."""
    if sys.platform == "linux":
        limit = held_kb * 1024 + more_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _data_kb() -> int:
    """What the process has asked the system for, but for what it shares with others; 0 where nobody tells."""
    if sys.platform != "linux":
        return 0
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData"))


def _trim() -> None:
    trim = getattr(CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
