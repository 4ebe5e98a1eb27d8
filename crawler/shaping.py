"""Builds the surroundings of pages in a process that can be killed: a tree is what hostile markup is made against."""

import multiprocessing
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Final, Self

from crawler.frames import receive, send
from crawler.reader import READY, run_reader
from crawler.surroundings import surroundings
from review_queue.records import Surroundings

_START_S: Final = 60.0
_PAGE_S: Final = 10.0
_MEMORY_MB: Final = 256  # a tree of the most tags that are looked at takes a fifth of it
_JOIN_S: Final = 5.0
UNSEEN: Final = Surroundings((), (), (), truncated=True)


@dataclass(frozen=True, slots=True)
class ShapingJob:
    """All the process is given."""

    memory_mb: int = _MEMORY_MB

    def open(self) -> Callable[[Sequence[str], Sequence[bytes]], list[Surroundings]]:
        """The function that answers content types, whose bodies come apart from them."""

        def shapes(content_types: Sequence[str], bodies: Sequence[bytes]) -> list[Surroundings]:
            return [_shape(*each) for each in zip(bodies, content_types, strict=True)]

        return shapes


def _shape(body: bytes, content_type: str) -> Surroundings:
    try:
        return surroundings(body, content_type)
    except MemoryError:
        return UNSEEN


class Shaper:
    """Gives the surroundings of one page after the other; use it in a `with` block."""

    def __init__(self, page_s: float = _PAGE_S) -> None:
        self._page_s = page_s
        self._process: BaseProcess | None = None
        self._channel: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def surroundings(self, body: bytes, content_type: str = "") -> Surroundings:
        """The page's surroundings; empty and marked as cut where building them took too long, or killed its process."""
        try:
            channel = self._opened()
            channel.settimeout(self._page_s)
            send(channel, [content_type], [body])
            ([shape], (_, _, retires)), _ = receive(channel)
        except (EOFError, OSError):
            self._end()
            return UNSEEN
        if retires:
            self._end()
        assert isinstance(shape, Surroundings)  # noqa: S101  # our own process answers
        return shape

    def _opened(self) -> socket.socket:
        if self._channel is not None:
            return self._channel
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=run_reader, args=(theirs, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        self._channel = socket.socket(fileno=os.dup(ours.fileno()))
        ours.close()
        self._channel.settimeout(_START_S)
        send(self._channel, ShapingJob())
        head: Any = receive(self._channel)[0]
        if head[0] != READY:
            raise EOFError
        return self._channel

    def _end(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.kill()
            self._process.join(_JOIN_S)
            self._process.close()
            self._process = None
