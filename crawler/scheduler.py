"""Scrapy's scheduler over the store's frontier: nothing that is still to be done lives in memory alone."""

import random
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Self, cast

from scrapy.core.scheduler import BaseScheduler
from scrapy.utils.asyncio import call_later

from crawler.browser_readers import BrowsingReaders
from crawler.ledger import Ledger
from crawler.politeness import HostQueue
from crawler.room import Charge

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler

    from crawler.spiders.site import SiteSpider

_WINDOW: Final = (
    8  # claims held for each running request: hosts pause between pages, others fill in
)
_REFILL_S: Final = 0.2  # while requests wait or run, the store is asked for more at most this often
_REFILL_EMPTY_S: Final = 0.02  # likewise while none waits
_WAIT_S: Final = 0.5  # likewise while all that is left is another crawl's turn
_REFILL_SHARE: Final = 5  # claiming from a large frontier may take this part of the time
_JITTER: Final = 0.25


class FrontierScheduler(BaseScheduler):
    """Claims URLs from the frontier and releases each when its host may be asked again."""

    def __init__(self, crawler: "Crawler", spider: "SiteSpider") -> None:
        self._crawler = crawler
        self._spider = spider
        self._ledger: Ledger = spider.ledger
        pace = spider.plan.pace
        rng = random.Random()  # noqa: S311  # spreads requests in time, guards nothing
        self._queue: HostQueue[Request] = HostQueue(
            delay_s=pace.delay_s,
            per_host=pace.per_host,
            jitter=lambda: 1 + rng.uniform(-_JITTER, _JITTER),
        )
        self._window = pace.concurrency * _WINDOW
        self._refill_at = 0.0
        self._wake_at = 0.0
        self._postponed: deque[Request] = deque()
        self._gated = False
        self._dry_at = -1  # how much was recorded when the store last had nothing to give

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """The scheduler of a crawl whose spider is a SiteSpider."""
        spider = cast("SiteSpider", crawler.spider)  # settings and spider are made together
        scheduler = cls(crawler, spider)
        spider.on_end = scheduler.ended
        spider.on_postponed = scheduler.postponed
        spider.readers.on_answers = scheduler.nudge
        if isinstance(spider.readers, BrowsingReaders):
            spider.readers.reserve = scheduler.reserve
        spider.room.on_free = scheduler.freed
        return scheduler

    def has_pending_requests(self) -> bool:
        """Whether anything may still come: False only after the store had nothing while nothing ran."""
        return not self._ledger.failure and (
            len(self._queue) > 0
            or bool(self._postponed)
            or self._spider.readers.busy
            or not self._is_dry()
        )

    def reserve(self, host: str) -> float:
        """The browser may ask `host` after so many seconds, and its other pages wait for that."""
        return self._queue.reserve(host, time.monotonic())

    def enqueue_request(self, request: "Request") -> bool:
        """`request` waits for its host."""
        self._queue.add(host_of(request), request)
        return True

    def next_request(self) -> "Request | None":
        """A request whose host may be asked now, or None."""
        now = time.monotonic()
        self._refill(now)
        if self._postponed and self._has_room(self._postponed[0]):
            return self._postponed.popleft()
        self._gated = self._spider.room.is_tight or bool(self._postponed)
        if self._gated:
            return None
        while (request := self._queue.take(now)) is not None:
            site = request.cb_kwargs["claim"].site
            if not self._ledger.is_exhausted(site):
                # not when it was claimed: a site that waits behind slow ones would lose its time without a request
                self._ledger.begins(site)
                return request
            self._queue.done(host_of(request), now)
        self._wake(now)
        return None

    def postponed(self, request: "Request") -> None:
        """A request that `next_request` gave found no room: it waits until there is room for all it may bring."""
        again = self._spider.request_for(request.cb_kwargs["claim"])
        self._postponed.append(again)
        self.nudge()

    def _has_room(self, request: "Request") -> bool:
        charge: Charge = request.meta["charge"]
        return charge.grow(self._spider.plan.pace.max_body_bytes)

    def freed(self) -> None:
        """There is more room: what waited for it may go on."""
        if self._gated:
            self.nudge()

    def ended(self, request: "Request") -> None:
        """A request that `next_request` gave has had its outcome."""
        self._queue.done(host_of(request), time.monotonic())

    def _is_dry(self) -> bool:
        return self._dry_at == self._ledger.recorded

    def _refill(self, now: float) -> None:
        idle = not self._queue.running and not self._spider.readers.busy
        if (
            self._is_dry()
            or len(self._queue) > self._window // 2
            or (now < self._refill_at and not idle)
        ):
            return
        claims = self._ledger.claims(self._window - len(self._queue))
        for claim in claims:
            self.enqueue_request(self._spider.request_for(claim))
        pause = _REFILL_S if len(self._queue) else _REFILL_EMPTY_S
        if idle and not claims and not len(self._queue):
            if self._ledger.must_wait():
                pause = _WAIT_S
            else:
                self._dry_at = self._ledger.recorded
        after = time.monotonic()
        self._refill_at = after + max(pause, _REFILL_SHARE * (after - now))

    def _wake(self, now: float) -> None:
        """The engine asks again when the next host is free, or when the store may be asked."""
        moments = [self._refill_at]
        if (next_at := self._queue.next_at()) is not None:
            moments = [next_at, *moments] if len(self._queue) <= self._window // 2 else [next_at]
        moment = max(min(moments), now)
        if self._is_dry() or (self._wake_at > now and self._wake_at <= moment):
            return
        self._wake_at = moment
        call_later(moment - now + 0.001, self.nudge)

    def nudge(self) -> None:
        """The engine asks for a request soon."""
        slot = self._crawler.engine._slot  # noqa: SLF001  # the engine has no public way to be woken
        if slot is not None and slot.closing is None:
            slot.nextcall.schedule()

    def open(self, spider: "Spider") -> None:
        """Nothing to open: the ledger is."""

    def close(self, reason: str) -> None:
        """Nothing to close: unused claims are given back when the round is closed."""


def host_of(request: "Request") -> str:
    """The host whose turn a request waits for."""
    host: str = request.meta["host"]
    return host
