"""The pull log as the feed keeps it: answers are handed over at once and written in batches by a thread of its own.

A pull never waits for SQLite. What a crash loses is the last second; what the store cannot take, because another
process holds it, waits in memory up to a bound and is counted beyond it.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, Self

from blocklist.feed.access import identity_of
from review_queue import pulls
from review_queue.errors import QalqanError, RefusedError
from review_queue.pulls import Pull, Refusals
from review_queue.store import Store, open_store

EVERY_S: Final = 0.5
REFUSALS_EVERY_S: Final = (
    60.0  # so that whoever tries tokens all day fills 10 MB of the store, not a GB
)
MOST_WAITING: Final = 100_000  # 20 MB; a provider that takes every file hourly makes 1,000 a day
_MOST_ADDRESSES: Final = 100  # of one batch; all others are counted together
_LOG: Final = logging.getLogger(__name__)


class Journal:
    """Open between `with` and its end, when all that was told is written."""

    def __init__(
        self,
        data: Path,
        *,
        every_s: float = EVERY_S,
        opened: Callable[[Path], Store] = lambda data: open_store(data, create=False),
    ) -> None:
        self._data = data
        self._every_s = every_s
        self._opened = opened
        self._waiting: deque[Pull] = deque()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._lost = 0
        self._counted_at = time.monotonic()
        self._lock = Lock()
        self._is_over = Event()
        self._thread = Thread(target=self._work, name="pull log")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def pulled(self, pull: Pull) -> None:
        """The answer will be on record."""
        with self._lock:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(pull)
            else:
                self._lost += 1

    def refused(self, address: str, reason: str) -> None:
        """A request without a token that counts will be counted; of the token nothing is kept."""
        with self._lock:
            if len(self._refused) >= _MOST_ADDRESSES and (address, reason) not in self._refused:
                address = ""
            self._refused[address, reason] += 1

    def _work(self) -> None:
        is_over = False
        while not is_over:
            identity = identity_of(self._data)
            try:
                with self._opened(self._data) as store:
                    # until a backup was put in its place: what is written to the old file nobody sees
                    while not is_over and identity_of(self._data) == identity:
                        self._write(store)
                        is_over = self._is_over.wait(self._every_s)
                    if is_over:
                        self._write(store, is_last=True)
            except QalqanError as error:
                _LOG.warning("the pull log waits: %s", error)
                is_over = self._is_over.wait(self._every_s)

    def _write(self, store: Store, *, is_last: bool = False) -> None:
        counted: Counter[tuple[str, str]] = Counter()
        with self._lock:
            batch = list(self._waiting)
            self._waiting.clear()
            if is_last or time.monotonic() - self._counted_at >= REFUSALS_EVERY_S:
                self._counted_at = time.monotonic()
                counted, self._refused = self._refused, Counter()
            lost, self._lost = self._lost, 0
        if lost:
            _LOG.error("%d pulls were not written down: the store was held for too long", lost)
        if not batch and not counted:
            return
        now = store.now()
        refusals = [Refusals(now, who, why, count) for (who, why), count in counted.items()]
        try:
            pulls.record(store, batch, refusals)
        except RefusedError:
            self._write_one_by_one(store, batch, refusals)
        except QalqanError as error:
            _LOG.warning("the pull log waits: %s", error)
            with self._lock:
                self._waiting.extendleft(reversed(batch))
                self._refused.update(counted)

    def _write_one_by_one(
        self, store: Store, batch: Sequence[Pull], refusals: Sequence[Refusals]
    ) -> None:
        """What the store refuses, such as a pull with a token that a restored store never had, is given up."""
        for some, counted in [*(([one], []) for one in batch), *(([], [one]) for one in refusals)]:
            try:
                pulls.record(store, some, counted)
            except RefusedError as error:
                _LOG.error("a pull was not written down: %s", error)
            except QalqanError:
                with self._lock:
                    self._waiting.extend(some)
                    self._refused.update({(one.address, one.reason): one.count for one in counted})
