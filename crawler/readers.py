"""The crawl's side of reading: hands responses to processes that can be killed, and replaces those that are.

A response is read together with others. When its reader is killed or dies, each of them is read again alone; the one
that brings a reader down alone is a page that cannot be read, and is stored as such. What was read, or could not be,
is sealed here, so that there is evidence of it whatever becomes of a reader.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from crawler.exchange import Exchange
from crawler.reading import Answer, ReadingJob, Task, unread_answer
from crawler.warc import conversion, seal
from crawler.worker import BrokenWorkerError, Used, Worker, WorkerGoneError
from review_queue.errors import QalqanError
from review_queue.records import Capture

BATCH: Final = 8  # as many as the model scores together
_BATCH_BYTES: Final = 1024 * 1024
_AHEAD: Final = 4  # batches a reader has, so that it need not wait for the next one
_WATCH_S: Final = 0.1
_UNWATCHED_S: Final = 1.0  # no batch is looked at before
_TRIES: Final = 2  # of a page that was alone when its reader died of something else than its limits
_MOST_KILLS: Final = 3  # of readers by one site, before its pages are no longer read
_PATIENCE_S: Final = 30.0  # so long the pages that may bring a reader down let others go before
_MOST_STARTS: Final = 3  # in a row that do not get as far as reading
logger: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    """A task on its way through the readers."""

    site: str
    task: Task
    payload: bytes = field(repr=False)
    done: Callable[[Answer], None]
    since: float
    tries: int = 0


@dataclass(slots=True)
class _Batch:
    items: list[_Waiting]
    began: float = 0.0  # 0 until the reader has come to it


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What a batch may take, and then a page alone: seconds by the clock and of computing."""

    wall_s: float
    cpu_s: float


class Line:
    """Who is read next: site by site, one page of each in turn; those that may bring a reader down go last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sites: dict[str, deque[_Waiting]] = {}
        self._alone: deque[_Waiting] = deque()
        self._fresh = 0

    def __len__(self) -> int:
        return self._fresh + len(self._alone)

    @property
    def full(self) -> bool:
        """Whether a whole batch waits."""
        return self._fresh >= BATCH

    def add(self, item: _Waiting) -> None:
        """`item` waits for its site's turn."""
        self._sites.setdefault(item.site, deque()).append(item)
        self._fresh += 1

    def put_back(self, items: list[_Waiting]) -> None:
        """Items that were never begun are the next ones of their sites."""
        for item in reversed(items):
            self._sites.setdefault(item.site, deque()).appendleft(item)
        self._fresh += len(items)

    def put_alone(self, items: list[_Waiting]) -> None:
        """Each of `items` is read with no other beside it."""
        now = self._clock()
        for item in items:
            item.since = now
        self._alone.extend(items)

    def take(self) -> list[_Waiting]:
        """The next batch; empty where nobody waits."""
        if self._alone and (not self._fresh or self._clock() - self._alone[0].since > _PATIENCE_S):
            return [self._alone.popleft()]
        batch: list[_Waiting] = []
        size = 0
        while self._sites and len(batch) < BATCH:
            site = next(iter(self._sites))
            waiting = self._sites.pop(site)
            size += len(waiting[0].payload)
            if batch and size > _BATCH_BYTES:
                self._sites = {site: waiting, **self._sites}
                break
            batch.append(waiting.popleft())
            if waiting:
                self._sites[site] = waiting
        self._fresh -= len(batch)
        return batch


class Readers:
    """The readers of one crawl; made before its loop runs, so that they load their models meanwhile."""

    def __init__(self, job: ReadingJob, limits: ReadLimits, count: int = 1) -> None:
        self._job = job
        self._limits = limits
        self._line = Line()
        self._workers = [Worker(job) for _ in range(count)]
        self._tasks: list[asyncio.Task[None]] = []
        self._wakes: list[asyncio.Event] = []
        self._kills: Counter[str] = Counter()
        self._unanswered = 0
        self._peaks: dict[int, float] = {}
        self.on_answers: Callable[[], None] = lambda: None
        self.on_hostile: Callable[[str], None] = lambda _: None
        self.on_failure: Callable[[QalqanError], None] = lambda _: None

    @property
    def busy(self) -> bool:
        """Whether any task has no answer yet."""
        return self._unanswered > 0

    def pids(self) -> list[int]:
        """The ids of the processes, 0 for one that is not there."""
        return [worker.pid for worker in self._workers]

    def peak_memory_mb(self) -> float:
        """The most that readers which worked side by side have held."""
        return sum(self._peaks.values())

    def begin(self) -> None:
        """Tasks are read from now on; to be called in the loop."""
        for index, worker in enumerate(self._workers):
            wake = asyncio.Event()
            self._wakes.append(wake)
            self._tasks.append(asyncio.ensure_future(self._run(index, worker, wake)))

    def submit(self, site: str, task: Task, payload: bytes, done: Callable[[Answer], None]) -> None:
        """`done` will be called with the answer to `task`, whose exchange has its payload here."""
        self._unanswered += 1
        item = _Waiting(site, task, payload, done, time.monotonic())
        if self._kills[site] >= _MOST_KILLS:
            item.task = replace(task, unread="time")
        self._line.add(item)
        for wake in self._wakes:
            wake.set()

    async def drained(self, limit_s: float) -> bool:
        """All tasks are answered; False where that took longer than the limit."""
        until = time.monotonic() + limit_s
        while self.busy and any(not task.done() for task in self._tasks):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_WATCH_S / 5)
        return not self.busy

    async def close(self) -> None:
        """No reader is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.kill()

    def kill(self) -> None:
        """No reader is left, whether or not the loop still runs."""
        for worker in self._workers:
            worker.kill()

    async def _run(self, index: int, worker: Worker, wake: asyncio.Event) -> None:
        starts = 0
        while True:
            batches: deque[_Batch] = deque()
            try:
                used = await worker.opened()
                starts = 0
                await self._work(index, worker, wake, batches, used)
            except BrokenWorkerError as error:
                return self._give_up(f"pages cannot be read: {error}")
            except WorkerGoneError:
                starts += not worker.is_ready
                self._after_death(batches, worker.killed_for)
            except Exception as error:
                logger.exception("a reader was misunderstood")
                return self._give_up(f"pages cannot be read: {error!r}")
            finally:
                worker.kill()
            if starts >= _MOST_STARTS:
                return self._give_up(
                    "the process that reads pages ends before it reads any; see crawl.log"
                )

    def _give_up(self, reason: str) -> None:
        self.on_failure(QalqanError(reason))

    async def _work(
        self,
        index: int,
        worker: Worker,
        wake: asyncio.Event,
        batches: deque[_Batch],
        used: Used,
    ) -> None:
        """Batches are read until the reader is gone."""
        sending = asyncio.ensure_future(self._send(worker, wake, batches))
        watching = asyncio.ensure_future(self._watch(worker, batches))
        sending.add_done_callback(lambda _: worker.kill_for(worker.killed_for))
        try:
            while True:
                answers, used = await worker.received()
                self._peaks[index] = max(used.peak_mb, self._peaks.get(index, 0.0))
                worker.used = used
                batch = batches.popleft()
                if batches:
                    batches[0].began = worker.clock()
                wake.set()
                self._deliver(batch, answers)
                if used.retires:
                    self._line.put_back([item for batch in batches for item in batch.items])
                    batches.clear()
                    raise WorkerGoneError
        finally:
            for task in (sending, watching):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError, WorkerGoneError):
                await sending

    async def _send(self, worker: Worker, wake: asyncio.Event, batches: deque[_Batch]) -> None:
        while True:
            if len(batches) < _AHEAD and len(self._line) and (not batches or self._line.full):
                batch = _Batch(self._line.take())
                if not batches:
                    batch.began = worker.clock()
                batches.append(batch)
                await worker.send(
                    [item.task for item in batch.items], [item.payload for item in batch.items]
                )
            else:
                wake.clear()
                await wake.wait()

    async def _watch(self, worker: Worker, batches: deque[_Batch]) -> None:
        """A reader that takes too long over a batch is killed."""
        while True:
            await asyncio.sleep(_WATCH_S)
            if not batches or not batches[0].began:
                continue
            wall_s = worker.clock() - batches[0].began
            if wall_s > self._limits.wall_s or (
                wall_s > _UNWATCHED_S and worker.computed_s() > self._limits.cpu_s
            ):
                worker.kill_for("time")
            elif worker.takes_too_much(self._job.memory_mb):
                worker.kill_for("memory")

    def _deliver(self, batch: _Batch, answers: list[Answer]) -> None:
        for item, answer in zip(batch.items, answers, strict=True):
            if answer.unread == "memory" and len(batch.items) > 1:
                self._line.put_alone([item])
            else:
                self._answer(item, answer)
        self.on_answers()

    def _answer(self, item: _Waiting, answer: Answer) -> None:
        if answer.page is not None and not item.task.unsealable:
            # here and not by the reader, which has more to do than the crawl: packing is safe with any bytes
            capture = _sealed(item)
            if capture is None and item.task.encodings and not answer.unread:
                item.task = replace(item.task, unsealable=True)
                self._line.put_alone([item])
                return
            answer = replace(answer, capture=capture)
        self._unanswered -= 1
        if answer.unread and not item.task.unread:
            self._blame(item.site)
        item.done(answer)

    def _after_death(self, batches: deque[_Batch], reason: str) -> None:
        """What the dead reader had is read by the next one, each page of the batch it was at alone."""
        if not batches:
            return
        first = batches.popleft().items
        self._line.put_back([item for batch in batches for item in batch.items])
        if len(first) > 1:
            self._line.put_alone(first)
            return
        [item] = first
        item.tries += 1
        if item.task.unread:  # not even this could be done with it
            self._answer(item, _unread(item))
        elif reason or item.tries >= _TRIES:
            logger.warning(
                "a reader was brought down by %s: %s", item.task.exchange.url, reason or "died"
            )
            self._blame(item.site)
            item.task = replace(item.task, unread=reason or "died")
            self._line.put_alone(first)
        else:
            self._line.put_alone(first)
        self.on_answers()

    def _blame(self, site: str) -> None:
        self._kills[site] += 1
        if self._kills[site] == _MOST_KILLS:
            self.on_hostile(site)


def _unread(item: _Waiting) -> Answer:
    return unread_answer(_exchange(item), item.task.content_type, item.task.unread)


def _sealed(item: _Waiting) -> Capture | None:
    """The item's evidence, None where it cannot be made."""
    exchange, made_from = _exchange(item), item.task.made_from
    try:
        return conversion(exchange, made_from) if made_from else seal(exchange)
    except Exception:
        logger.exception("an exchange could not be sealed: %s", exchange.url)
        return None


def _exchange(item: _Waiting) -> Exchange:
    return replace(item.task.exchange, payload=item.payload)
