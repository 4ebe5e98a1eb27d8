"""One process that reads pages, as the crawl sees it: started, spoken to, timed and killed."""

import asyncio
import contextlib
import multiprocessing
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

from crawler.frames import PREFIX_BYTES, Frame, count_of, lengths_of, opened, packed, send, widen
from crawler.processes import cpu_seconds, queued_seconds, resident_mb
from crawler.reader import BROKEN, TOO_MUCH_MEMORY, run_reader

_START_S: Final = (
    300.0  # loading a model takes three seconds, and one of ours took 50 on a very busy machine
)
_JOIN_S: Final = 5.0


class WorkerGoneError(Exception):
    """The process is dead, or does not speak."""


class BrokenWorkerError(Exception):
    """The process cannot do what it was started for, and says why."""


@dataclass(frozen=True, slots=True)
class Used:
    """What a process has taken since it began."""

    cpu_s: float = 0.0
    peak_mb: float = 0.0
    retires: bool = False  # it answers no more


class Worker:
    """A process that gets ready for its job at once, and anew with the next `opened` after it was killed."""

    def __init__(self, job: object) -> None:
        self._job = job
        self.used = Used()
        self.killed_for = ""
        self.is_ready = False
        self._ready_mb = 0.0
        self._channel: socket.socket | None = None
        self._process: BaseProcess | None = None
        self._start()

    @property
    def pid(self) -> int:
        """The process's id, 0 where there is none."""
        return (self._process.pid or 0) if self._process else 0

    async def opened(self) -> Used:
        """The process is there and ready for work.

        Raises:
            WorkerGoneError: it died before.
            BrokenWorkerError: it cannot do its job.
        """
        if self._process is None:
            self._start()
        try:
            async with asyncio.timeout(_START_S):
                head, _ = await self._frame()
        except TimeoutError:
            raise WorkerGoneError from None
        word, used = head
        if word == BROKEN:
            raise BrokenWorkerError(used)
        self.used = Used(*used)
        self.is_ready = True
        self._ready_mb = self.used.peak_mb
        return self.used

    async def send(self, head: object, bodies: Sequence[bytes] = ()) -> None:
        """The message is on its way."""
        loop = asyncio.get_running_loop()
        try:
            for part in packed(head, bodies):
                await loop.sock_sendall(self._open_channel(), part)
        except OSError:
            raise WorkerGoneError from None

    async def received(self) -> tuple[Any, Used]:
        """The next answer, and what the process has taken so far."""
        (answers, used), _ = await self._frame()
        return answers, Used(*used)

    def computed_s(self) -> float:
        """How many seconds the process has computed since its last answer."""
        return cpu_seconds(self.pid) - self.used.cpu_s

    def clock(self) -> float:
        """Seconds that go by while the process computes or waits, and not while others have its processor."""
        return time.monotonic() - queued_seconds(self.pid)

    def takes_too_much(self, memory_mb: int) -> bool:
        """Whether the process holds so much more than when it was ready."""
        return resident_mb(self.pid) - self._ready_mb > memory_mb

    def kill_for(self, reason: str) -> None:
        """The process is killed; whoever waits for it is told that it is gone, and may ask for the reason."""
        self.killed_for = reason
        if self._process is not None:
            self._process.kill()

    def kill(self) -> None:
        """There is no process."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.kill()
            self._process.join(_JOIN_S)
            self._process.close()
            self._process = None

    def _start(self) -> None:
        self.killed_for = ""
        self.is_ready = False
        self.used = Used()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=run_reader, args=(theirs, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        self._channel = _as_socket(ours)
        with contextlib.suppress(OSError):  # who asks for its answer is told that it is gone
            send(self._channel, self._job)  # small: it need not wait for anybody to take it

    def _open_channel(self) -> socket.socket:
        if self._channel is None:
            raise WorkerGoneError
        return self._channel

    async def _frame(self) -> Frame:
        lengths = await self._exactly(count_of(await self._exactly(PREFIX_BYTES)))
        return opened([await self._exactly(length) for length in lengths_of(lengths)])

    async def _exactly(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        held = bytearray(size)
        view = memoryview(held)
        while view:
            try:
                received = await loop.sock_recv_into(self._open_channel(), view)
            except OSError:
                received = 0
            if not received:
                self._look_why()
                raise WorkerGoneError
            view = view[received:]
        return bytes(held)

    def _look_why(self) -> None:
        if self._process is not None and not self.killed_for:
            self._process.join(_JOIN_S)
            if self._process.exitcode == TOO_MUCH_MEMORY:
                self.killed_for = "memory"


def _as_socket(connection: Connection) -> socket.socket:
    channel = socket.socket(fileno=os.dup(connection.fileno()))
    connection.close()
    channel.setblocking(False)
    widen(channel)
    return channel
