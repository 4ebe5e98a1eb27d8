"""Time as the store writes it: UTC, ISO 8601, from a clock that is passed in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """`moment` as text that sorts in time order, to the millisecond: 2026-01-31T09:00:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def later(moment: datetime, seconds: float) -> str:
    """The ISO text of `seconds` after `moment`."""
    return iso(moment + timedelta(seconds=seconds))
