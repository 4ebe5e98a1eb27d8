"""What became of rounds: whether a crawl is still at work, and the runs by the clock that the audit log tells of."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from review_queue.clock import iso
from review_queue.progress import CrawlRound, Reading
from review_queue.store import Store

BEGUN: Final = "round.begun"
ENDED: Final = "round.ended"
# a crawl at work leaves a reading every ten seconds, and its store may be held by another process for thirty
_SILENCE: Final = timedelta(minutes=2)
_RECENT: Final = timedelta(days=30)
_LATELY_S: Final = 60.0
IsAlive = Callable[[str], bool]


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"  # by a person, or by systemd at its time limit
    RUNNING = "running"
    DIED = "died"  # killed, or the machine went down


class CrawlState(StrEnum):
    """Where a crawl stands."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a round; `ended_at` is empty while it is at work, and when it died."""

    name: str
    started_at: str
    ended_at: str
    outcome: Outcome
    counts: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """When a round is to be carried out; `owed_at` is its newest time whose grace period is over."""

    name: str
    next_at: datetime
    latest_at: datetime
    owed_at: datetime


@dataclass(frozen=True, slots=True)
class ByClock:
    """A round that is, or was lately, run by the clock; `runs` are those of a month, the newest first.

    `late` says how long ago it should have been carried out where that was not done since.
    """

    name: str
    planned: Planned | None
    runs: tuple[Run, ...]
    late: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How many addresses a second a crawl has dealt with lately, and in how many seconds it will be done so."""

    per_second: float
    left_s: float | None


def state_of(crawl: CrawlRound, newest: Reading | None, now: datetime) -> CrawlState:
    """Where the crawl stands; one that has left no reading for a while without being closed has died."""
    if crawl.closed_at:
        return CrawlState.STOPPED if crawl.report.get("stopped") else CrawlState.FINISHED
    heard = datetime.fromisoformat(newest.at if newest else crawl.opened_at)
    return CrawlState.DIED if now - heard > _SILENCE else CrawlState.RUNNING


def pace(readings: Sequence[Reading]) -> Pace | None:
    """The pace of the last minute of `readings`, which are a crawl's and the oldest first; None where it stood."""
    if not readings:
        return None
    newest = readings[-1]
    earlier = [one for one in readings[:-1] if newest.seconds - one.seconds >= _LATELY_S]
    # before the first reading, everything was nothing
    before = earlier[-1] if earlier else Reading()
    seconds = newest.seconds - before.seconds
    done = _done(newest) - _done(before)
    if seconds <= 0 or done <= 0:
        return None
    per_second = done / seconds
    return Pace(per_second, newest.pending / per_second)


def runs(store: Store, is_alive: IsAlive, *, since: str = "") -> Iterator[Run]:
    """The runs of all rounds that began since, the newest first; `is_alive` says whether a process still is."""
    ended: dict[str, dict[str, Any]] = {}
    newest = set()
    rows = store.rows(
        "SELECT at, action, subject, detail FROM audit WHERE action IN (?,?) AND at >= ? ORDER BY seq DESC",
        [BEGUN, ENDED, since],
    )
    for row in rows:
        name = row["subject"]
        if row["action"] == ENDED:
            ended[name] = row
            continue
        detail = json.loads(row["detail"])
        at_work = name not in newest and is_alive(str(detail["process"]))
        yield _run(row, ended.pop(name, None), at_work=at_work)
        newest.add(name)


def by_clock(store: Store, planned: Sequence[Planned], is_alive: IsAlive) -> list[ByClock]:
    """The planned rounds, then those that are no longer planned and were run lately, each with its runs."""
    now = store.clock()
    plans = {one.name: one for one in planned}
    found: dict[str, list[Run]] = {name: [] for name in plans}
    since = min([now - _RECENT, *(one.owed_at for one in planned)])
    for run in runs(store, is_alive, since=iso(since)):
        found.setdefault(run.name, []).append(run)
    return [
        ByClock(name, plans.get(name), tuple(its), _late(plans.get(name), its, now))
        for name, its in found.items()
    ]


def _done(reading: Reading) -> int:
    return reading.pages + sum(reading.errors.values())


def _late(planned: Planned | None, its: Sequence[Run], now: datetime) -> timedelta | None:
    """How late the round is; only a run that did its work counts: one that fails every time is late as well."""
    if planned is None:
        return None
    owed = iso(planned.owed_at)
    if any(run.outcome is Outcome.DONE and run.started_at >= owed for run in its):
        return None
    return now - planned.owed_at


def _run(begun: Mapping[str, Any], ended: Mapping[str, Any] | None, *, at_work: bool) -> Run:
    name, began = begun["subject"], begun["at"]
    if ended is None:
        return Run(name, began, "", Outcome.RUNNING if at_work else Outcome.DIED)
    detail = json.loads(ended["detail"])
    return Run(
        name, began, ended["at"], Outcome(detail["outcome"]), detail["counts"], detail["error"]
    )
