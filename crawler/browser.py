"""The browser of a crawl: pages that only a script builds, opened one at a time in a process that can be killed.

Playwright's own interface in a process of its own, not scrapy-playwright's download handler: with that handler
(0.0.48) a page that looped after it had loaded was still waited for after 30 s, past a navigation time-out and a
DOWNLOAD_TIMEOUT of 8 s; a page of 120 MB kept the crawl's process busy for 14 s; and a download was read into its
memory whole, whatever its size.
"""

import asyncio
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from crawler import browser_tree
from crawler.browser_job import BrowserStart, Browsing, Rendered, RenderJob, find_chromium
from crawler.egress import Egress, PassLimits
from crawler.plan import Network

_START_S: Final = 60.0
_CLOSE_S: Final = 5.0  # for a page that is done with
_WATCH_S: Final = 0.2
_PAGES_EACH: Final = 100  # what a browser leaks ends with it
_GIVE_UP_AFTER: Final = 3  # browsers that did not even start
_FOLDER: Final = "qalqan-browser-"
logger: Final = logging.getLogger(__name__)


class _EndedError(Exception):
    """The browser's process is of no more use; the text is one word saying why."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a page may have when its turn has come: after so many seconds, so many bytes; none if it is too late."""

    wait_s: float
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A page as the browser made it, and what that took."""

    rendered: Rendered
    bytes: int = 0
    refused: tuple[str, ...] = ()  # "host:port" that the guard kept back


class CrawlBrowser:
    """Opens pages through a guarded way out of its own; `start` it before, `close` it after."""

    def __init__(self, network: Network, browsing: Browsing, *, max_chars: int) -> None:
        self._network = network
        self._browsing = browsing
        self._max_chars = max_chars
        self._chromium = find_chromium(sandbox=browsing.sandbox)
        self._egress = Egress(network)
        self._folder = Path()
        self._free: asyncio.Queue[_Worker] = asyncio.Queue()
        self._workers: list[_Worker] = []
        self._failed_starts = 0

    async def start(self) -> None:
        """Pages may be opened; the first one starts the browser."""
        _sweep()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))
        await self._egress.start()
        for number in range(self._browsing.at_once):
            start = BrowserStart(
                self._chromium,
                self._folder / str(number),
                self._egress.port,
                os.getpid(),
                self._browsing.sandbox,
            )
            worker = _Worker(start, self._browsing.memory_mb)
            self._workers.append(worker)
            self._free.put_nowait(worker)

    async def visit(self, url: str, turn: Callable[[], Turn] | None = None) -> Visit:
        """What the browser makes of `url`; `turn` is asked when it is free. An error is told, never raised."""
        worker = await self._free.get()
        try:
            given = turn() if turn else Turn(0.0, self._browsing.max_bytes)
            if given.max_bytes <= 0:
                return Visit(Rendered(error="no budget"))
            limits = PassLimits(
                min(given.max_bytes, self._browsing.max_bytes), self._browsing.page_s + _CLOSE_S
            )
            if self._failed_starts >= _GIVE_UP_AFTER:
                return Visit(Rendered(error="no browser"))
            if not await self._is_up(worker):
                return Visit(Rendered(error="no browser"))
            await asyncio.sleep(given.wait_s)
            taken = self._egress.open(limits)
            job = RenderJob(
                url,
                taken.user,
                taken.password,
                self._network.user_agent,
                self._browsing.page_s,
                self._max_chars,
                self._browsing.screenshots,
            )
            try:
                rendered = await worker.render(job)
            finally:
                self._egress.shut(taken)
            return Visit(rendered, taken.bytes, tuple(dict.fromkeys(taken.refused)))
        finally:
            self._free.put_nowait(worker)

    async def close(self) -> None:
        """The browser and its way out are gone, and all it has written."""
        for worker in self._workers:
            await worker.end()
        await self._egress.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _is_up(self, worker: "_Worker") -> bool:
        try:
            await worker.begin()
        except (_EndedError, OSError) as error:
            self._failed_starts += 1
            logger.warning("the browser could not be started (%s)", error)
            await worker.end()
            return False
        self._failed_starts = 0
        return True


class _Worker:
    """One browser's process, begun anew where it ended."""

    def __init__(self, start: BrowserStart, memory_mb: int) -> None:
        self._start = start
        self._memory_mb = memory_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._pages = 0

    async def begin(self) -> None:
        """The browser waits for a page.

        Raises:
            _EndedError: it does not, in time.
        """
        if self._process is not None and self._pages < _PAGES_EACH:
            return
        await self.end()
        self._process, self._pipe = _spawned()
        self._pages = 0
        self._pipe.send(self._start)
        await self._answer(_START_S)

    async def render(self, job: RenderJob) -> Rendered:
        """The page as the browser made it; one that hung it or took its memory is told by the error."""
        assert self._pipe is not None  # noqa: S101  # begun before
        self._pages += 1
        try:
            self._pipe.send(job)
            rendered = await self._answer(job.seconds)
        except (_EndedError, OSError) as error:
            await self.end()
            return Rendered(error=str(error) if isinstance(error, _EndedError) else "died")
        except asyncio.CancelledError:
            await self.end()
            raise
        try:
            await self._answer(_CLOSE_S)
        except (_EndedError, OSError):
            await self.end()  # the page was had; what hangs is its end
        return rendered if isinstance(rendered, Rendered) else Rendered(error="died")

    async def end(self) -> None:
        """The process and all below it are gone."""
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        if process is None or pipe is None:
            return
        await asyncio.shield(asyncio.to_thread(_ended, process))
        pipe.close()
        shutil.rmtree(self._start.folder, ignore_errors=True)

    async def _answer(self, seconds: float) -> object:
        """What the process says next.

        Raises:
            _EndedError: it says nothing in time, takes too much memory, or is gone.
        """
        assert self._pipe is not None  # noqa: S101  # only asked while it runs
        assert self._process is not None  # noqa: S101
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not await _readable(self._pipe.fileno(), _WATCH_S):
            if loop.time() >= deadline:
                raise _EndedError("time")
            used_mb = await asyncio.to_thread(browser_tree.memory_mb, self._process.pid)
            if used_mb > self._memory_mb:
                raise _EndedError("memory")
        try:
            message: object = self._pipe.recv()
        except (EOFError, OSError):
            raise _EndedError("died") from None
        return message


def _spawned() -> tuple["subprocess.Popen[bytes]", Connection]:
    """A browser's process and our end of the pipe to it.

    Not in a thread of its own: the process is killed when the thread that made it ends.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-P", "-m", "crawler.browser_worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
    return process, Connection(ours.detach())


def _ended(process: "subprocess.Popen[bytes]") -> None:
    browser_tree.end(process.pid)
    process.wait()


async def _readable(descriptor: int, seconds: float) -> bool:
    """Whether something came to `descriptor` in time."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not came.done():
            came.set_result(None)

    loop.add_reader(descriptor, tell)
    try:
        await asyncio.wait([came], timeout=seconds)
        return came.done()
    finally:
        loop.remove_reader(descriptor)


def _sweep() -> None:
    """Folders of crawls that were killed are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        pid = folder.name.removeprefix(_FOLDER).partition("-")[0]
        with suppress(OSError, ValueError):
            if folder.stat().st_uid == os.geteuid() and not Path(f"/proc/{int(pid)}").exists():
                shutil.rmtree(folder, ignore_errors=True)
