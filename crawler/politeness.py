"""A queue that hands out work host by host: never two starts on one host closer than the delay."""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_PRUNE_AT: Final = 5_000  # hosts remembered before those that are done with are forgotten


@dataclass(slots=True)
class _Host(Generic[T]):
    waiting: deque[T] = field(default_factory=deque)
    running: int = 0
    free_at: float = 0.0
    listed: bool = False  # stands in the heap of hosts that may be served


class HostQueue(Generic[T]):
    """Items waiting for their host; at most `per_host` of a host run at once."""

    def __init__(
        self, *, delay_s: float, per_host: int, jitter: Callable[[], float] = lambda: 1.0
    ) -> None:
        self._delay_s = delay_s
        self._per_host = per_host
        self._jitter = jitter
        self._hosts: dict[str, _Host[T]] = {}
        self._ready: list[tuple[float, int, str]] = []
        self._turn = 0
        self._waiting = 0
        self._prune_at = _PRUNE_AT
        self.running = 0

    def __len__(self) -> int:
        return self._waiting

    def add(self, host: str, item: T) -> None:
        """`item` waits for its turn on `host`."""
        state = self._hosts.setdefault(host, _Host())
        state.waiting.append(item)
        self._waiting += 1
        self._list(host, state)

    def take(self, now: float) -> T | None:
        """The next item whose host may be asked at `now`; the caller says `done` when it has ended."""
        while self._ready and self._ready[0][0] <= now:
            _, _, name = heapq.heappop(self._ready)
            host = self._hosts[name]
            host.listed = False
            if host.free_at <= now:
                return self._taken(name, host, now)
            self._list(name, host)  # somebody else has asked it meanwhile
        return None

    def reserve(self, name: str, now: float) -> float:
        """Somebody else will ask the host after so many seconds; nothing of this queue does so too close to that."""
        host = self._hosts.setdefault(name, _Host())
        at = max(now, host.free_at)
        host.free_at = at + self._delay_s * self._jitter()
        return at - now

    def _taken(self, name: str, host: _Host[T], now: float) -> T:
        item = host.waiting.popleft()
        self._waiting -= 1
        self.running += 1
        host.running += 1
        host.free_at = now + self._delay_s * self._jitter()
        self._list(name, host)
        return item

    def done(self, host: str, now: float) -> None:
        """One item of `host` has ended."""
        state = self._hosts[host]
        state.running -= 1
        self.running -= 1
        self._list(host, state)
        if len(self._hosts) > self._prune_at:
            self._hosts = {
                n: h for n, h in self._hosts.items() if h.running or h.waiting or h.free_at > now
            }
            self._prune_at = max(_PRUNE_AT, 2 * len(self._hosts))

    def next_at(self) -> float | None:
        """When the next item may be taken, None while nothing waits that is not held up by running ones."""
        return self._ready[0][0] if self._ready else None

    def _list(self, name: str, host: _Host[T]) -> None:
        if host.waiting and not host.listed and host.running < self._per_host:
            host.listed = True
            self._turn += 1
            heapq.heappush(self._ready, (host.free_at, self._turn, name))
