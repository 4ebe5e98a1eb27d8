"""Readers that have a browser: a page with scripts and hardly any text is opened in it and read again as built.

A page that the browser cannot open, or that has no more text there, stays what it was without a browser.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from crawler.browser import CrawlBrowser, Turn, Visit
from crawler.browser_job import Rendered
from crawler.exchange import Exchange
from crawler.readers import Readers, ReadLimits
from crawler.reading import Answer, ReadingJob, Task
from crawler.warc import with_original
from review_queue.clock import iso, system_clock
from review_queue.errors import BadUrlError
from review_queue.hosts import parse_url

_TYPE: Final = "text/html; charset=utf-8"
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
logger: Final = logging.getLogger(__name__)


class BrowsingReaders(Readers):
    """Asks the browser for what the readers alone cannot see; `reserve` keeps to the pauses of a host."""

    def __init__(
        self,
        job: ReadingJob,
        limits: ReadLimits,
        count: int,
        *,
        browser: CrawlBrowser,
        bytes_left: Callable[[str], int],
    ) -> None:
        super().__init__(job, limits, count)
        self._browser = browser
        self._bytes_left = bytes_left
        self._visits: set[asyncio.Task[None]] = set()
        self._started: asyncio.Task[None] | None = None
        self._ends = False
        self.reserve: Callable[[str], float] = lambda _: 0.0

    @property
    def busy(self) -> bool:
        """Whether any task has no answer yet, or waits for the browser."""
        return bool(self._visits) or super().busy

    def begin(self) -> None:
        """Tasks are read from now on; the browser starts with the first page that needs it."""
        super().begin()
        self._started = asyncio.ensure_future(self._browser.start())

    def submit(self, site: str, task: Task, payload: bytes, done: Callable[[Answer], None]) -> None:
        """`done` will be called with the answer to `task`, after the browser has had its turn where it should."""
        super().submit(site, task, payload, partial(self._read, site, task, done))

    async def drained(self, limit_s: float) -> bool:
        """All tasks are answered; what still waits for the browser is not waited for."""
        self._ends = True
        for visit in self._visits:
            visit.cancel()
        return await super().drained(limit_s)

    async def close(self) -> None:
        """No reader is left, and no browser."""
        self._ends = True
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        if self._started is not None:
            await asyncio.gather(self._started, return_exceptions=True)
            await self._browser.close()
        await super().close()

    def _read(self, site: str, task: Task, done: Callable[[Answer], None], answer: Answer) -> None:
        if not answer.scripted or answer.capture is None or self._ends:
            done(answer)
            return
        visit = asyncio.ensure_future(self._build(site, task, answer, done))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _build(
        self, site: str, task: Task, answer: Answer, done: Callable[[Answer], None]
    ) -> None:
        """The page is open in the browser when its turn comes, and then read once more."""
        visit = Visit(Rendered(error="not visited"))
        try:
            if self._started is not None:
                await asyncio.shield(self._started)
            visit = await self._browser.visit(
                task.exchange.url, partial(self._turn, site, answer, task)
            )
        except asyncio.CancelledError:
            pass  # the crawl ends: the page stays as it was read
        except Exception:
            logger.exception("a page could not be opened in the browser: %s", task.exchange.url)
        answer = replace(answer, size_bytes=answer.size_bytes + visit.bytes)
        if visit.rendered.error or not _is_of(site, visit.rendered.url):
            logger.info("%s in the browser: %s", task.exchange.url, visit.rendered.error)
            self._deliver_one(done, answer)
            return
        built = replace(
            task,
            exchange=_exchange(task.exchange.url),
            content_type=_TYPE,
            encodings="",
            made_from=answer.capture.response_id if answer.capture else "",
            navigations=visit.rendered.navigations,
        )
        super().submit(site, built, visit.rendered.html, partial(self._built, answer, visit, done))

    def _turn(self, site: str, answer: Answer, task: Task) -> Turn:
        left = self._bytes_left(site) - answer.size_bytes
        if left <= 0:
            return Turn(0.0, 0)
        return Turn(self.reserve(parse_url(task.exchange.url).host.name), left)

    def _built(
        self, answer: Answer, visit: Visit, done: Callable[[Answer], None], built: Answer
    ) -> None:
        """Of the two readings of a page, the one with more text is its answer."""
        before, after = answer.page, built.page
        if (
            before is None
            or after is None
            or answer.capture is None
            or built.capture is None
            or built.unread
            or len(after.text) <= len(before.text)
        ):
            self._deliver_one(done, answer)
            return
        merged = replace(
            built,
            links=tuple(dict.fromkeys(answer.links + built.links)),
            offsite=tuple(dict.fromkeys(answer.offsite + built.offsite)),
            capture=with_original(built.capture, answer.capture, visit.rendered.sharp),
            size_bytes=answer.size_bytes,
            screenshot=visit.rendered.blurred,
        )
        self._deliver_one(done, merged)

    def _deliver_one(self, done: Callable[[Answer], None], answer: Answer) -> None:
        done(answer)
        self.on_answers()


def _exchange(url: str) -> Exchange:
    """The page as the browser has built it, in the form that readers take; it is sealed as what it is."""
    return Exchange(
        url=url,
        method="GET",
        request_head=b"",
        status=200,
        response_head=_HEAD,
        payload=b"",
        fetched_at=iso(system_clock()),
    )


def _is_of(site: str, url: str) -> bool:
    try:
        return parse_url(url).host.site == site
    except BadUrlError:
        return False
