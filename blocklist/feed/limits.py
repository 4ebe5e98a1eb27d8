"""How often somebody may ask: token buckets, of which only so many are remembered."""

import ipaddress
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

MOST_KEYS: Final = 10_000  # about 2 MB; whoever is forgotten begins with a full bucket
_IPV6_PREFIX: Final = 64  # what one customer has; each of its addresses a bucket would be no limit


class Buckets:
    """For each key a bucket of `size` tokens that is filled again by `per_s` a second; safe among threads."""

    def __init__(
        self,
        size: float,
        per_s: float,
        *,
        most_keys: int = MOST_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size = size
        self._per_s = per_s
        self._most_keys = most_keys
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, key: str, cost: float = 1.0) -> int:
        """0 where `cost` tokens were there and are taken; else in how many whole seconds they will be."""
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(key, (self._size, now))
            left = min(self._size, left + max(0.0, now - at) * self._per_s)
            wait = 0 if left >= cost else max(1, math.ceil((cost - left) / self._per_s))
            self._left[key] = (left if wait else left - cost, now)
            while len(self._left) > self._most_keys:
                self._left.popitem(last=False)
            return wait


class Open:
    """How many answers are on their way to each reader, of whom nobody may hold so many that others get none."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._now: Counter[int] = Counter()
        self._lock = Lock()

    def begin(self, reader: int) -> bool:
        """One more is on its way to this reader; False, and none, where they have as many as they may."""
        with self._lock:
            if self._now[reader] >= self._most:
                return False
            self._now[reader] += 1
            return True

    def end(self, reader: int) -> None:
        """One of them has ended."""
        with self._lock:
            self._now[reader] -= 1
            if not self._now[reader]:
                del self._now[reader]


def key_of(address: str) -> str:
    """By what an address is counted: an IPv4 address by itself, an IPv6 address with its network of one customer."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _IPV6_PREFIX), strict=False))
