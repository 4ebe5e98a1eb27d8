"""How many bytes of bodies a crawl holds at once: those that arrive and those that wait to be read and stored."""

from collections.abc import Callable
from typing import Final

_STEP: Final = 64 * 1024  # a body that arrives makes room for itself in such steps


class Room:
    """A number of bytes that bodies share; one body always fits, however large."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.used = 0
        self.on_free: Callable[[], None] = lambda: None

    @property
    def is_tight(self) -> bool:
        """Whether what is there already should be dealt with before more is asked for."""
        return self.used > self.size // 2


class Charge:
    """What one body takes of the room."""

    __slots__ = ("bytes", "room")

    def __init__(self, room: Room) -> None:
        self.room = room
        self.bytes = 0

    def fits(self, size: int) -> bool:
        """Whether there is room for a body of `size` bytes now."""
        room = self.room
        return room.used - self.bytes + size <= room.size or room.used <= self.bytes

    def grow(self, size: int) -> bool:
        """The body may have `size` bytes; False where there is no room for them."""
        more = size - self.bytes
        if more <= 0:
            return True
        room = self.room
        wanted = max(more, _STEP) if room.used + _STEP < room.size else more
        if room.used + more > room.size and room.used > self.bytes:
            return False
        self.bytes += wanted
        room.used += wanted
        return True

    def shrink(self, size: int) -> None:
        """The body has `size` bytes and will have no more; at 0, it is gone."""
        less = self.bytes - size
        if less <= 0:
            return
        self.bytes = size
        self.room.used -= less
        self.room.on_free()
