"""Rounds by the clock: when one is planned, that two never overlap, how each ended, which one is missing.

Runs are kept as rows of the audit log: one when a run begins, one when it ends. A run without the second one died.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cronsim import CronSim

from crawler.processes import is_alive, owner_of
from qalqan.settings import Round
from review_queue import audit
from review_queue.clock import Clock, system_clock
from review_queue.errors import QalqanError, StoreMissingError
from review_queue.hosts import defang
from review_queue.rounds import BEGUN, ENDED, Outcome, Run
from review_queue.rounds import runs as recorded
from review_queue.store import open_store

LOCK_NAME: Final = "schedule.lock"
EXIT_BUSY: Final = 75  # sysexits.h: EX_TEMPFAIL, try again later
_CLOCK_CHANGE: Final = timedelta(hours=2)  # more than any clock is put back by


class RoundRunningError(QalqanError):
    """Another run is at work in the data folder."""

    exit_code = EXIT_BUSY


class UnknownRoundError(QalqanError):
    """No round has this name."""


_FINISHED: Final = frozenset({Outcome.DONE, Outcome.FAILED})


@dataclass(frozen=True, slots=True)
class Missing:
    """A round that should have been carried out since `planned_at` and was not; `last` is its newest run."""

    name: str
    planned_at: datetime
    late: timedelta
    last: Run | None


Work = Callable[[Round, dict[str, Any]], None]


def planned_after(planned: Round, moment: datetime) -> Iterator[datetime]:
    """The times after `moment` for which the round is planned, in UTC."""
    for local in CronSim(planned.cron, moment.astimezone(planned.timezone)):
        found = local.astimezone(UTC)
        if (
            found > moment
        ):  # in the hour that a clock shows twice, the library starts with the first
            yield found


def last_planned(planned: Round, moment: datetime) -> datetime:
    """The newest time up to `moment` for which the round was planned, in UTC."""
    # from later on: in the hour that a clock shows twice, the library would not see what is behind on its face
    edge = (moment.astimezone(UTC) + _CLOCK_CHANGE).astimezone(planned.timezone)
    for local in CronSim(planned.cron, edge, reverse=True):
        found = local.astimezone(UTC)
        if found <= moment:
            return found
    raise AssertionError(planned.cron)  # settings let no such expression through


def named(rounds: Sequence[Round], name: str) -> Round:
    """The round of that name.

    Raises:
        UnknownRoundError: there is none.
    """
    for one in rounds:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in rounds)
    raise UnknownRoundError(f"no round {name!r}; there are: {known}")


def carry_out(one: Round, work: Work, *, actor: str, clock: Clock = system_clock) -> Run:
    """`work` was done for the round, alone in its data folder, and the run stands in the store.

    An error of `work` that is meant for people makes a failed run, which is returned; any other, and Ctrl-C, are
    recorded and raised.

    Args:
        one: the round.
        work: does the round; puts what it counts into the dict it is handed.
        actor: under whose name the run is recorded.
        clock: gives the times of the record.

    Raises:
        RoundRunningError: another run is at work in the same data folder; nothing was recorded.
    """
    counts: dict[str, Any] = {}
    with alone(one.data, LOCK_NAME, "another round"):
        began = _record(one, BEGUN, {"process": owner_of(os.getpid())}, actor, clock)
        outcome, error = Outcome.FAILED, ""
        try:
            work(one, counts)
            outcome = Outcome.DONE
        except QalqanError as failure:
            error = _shown(str(failure))
        except KeyboardInterrupt:
            outcome = Outcome.STOPPED
            raise
        except Exception as failure:
            error = f"{type(failure).__name__}: a fault of the program"
            raise
        finally:
            detail = {"outcome": outcome.value, "counts": counts, "error": error}
            ended = _record(one, ENDED, detail, actor, clock)
    return Run(one.name, began, ended, outcome, counts, error)


def runs(data: Path) -> Iterator[Run]:
    """The runs of all rounds in that data folder, the newest first; none where there is no store yet."""
    try:
        store = open_store(data, create=False)
    except StoreMissingError:
        return
    with store:
        yield from recorded(store, is_alive)


def last_done(one: Round) -> Run | None:
    """The round's newest run that did its work; None where there is none."""
    return _newest(one, frozenset({Outcome.DONE}))


def due(rounds: Sequence[Round], now: datetime) -> list[Round]:
    """The rounds whose last planned time has passed since they last began a run that came to its end.

    One that never ran is due; one that failed waits for its next time; one that was stopped or died does not.
    """
    return [one for one in rounds if _began(one, _FINISHED) < last_planned(one, now)]


def missing(rounds: Sequence[Round], now: datetime) -> list[Missing]:
    """The rounds that were planned longer ago than their grace period and not carried out since.

    Only a run that did its work counts: a round that fails every time is missing as well.
    """
    found = []
    for one in rounds:
        planned = last_planned(one, now - one.grace)
        if _began(one, frozenset({Outcome.DONE})) < planned:
            last = next((run for run in runs(one.data) if run.name == one.name), None)
            found.append(Missing(one.name, planned, now - planned, last))
    return found


def _began(one: Round, outcomes: frozenset[Outcome]) -> datetime:
    """When the round's newest run with one of these outcomes began; the beginning of time where there is none."""
    found = _newest(one, outcomes)
    if found is None:
        return datetime.min.replace(tzinfo=UTC)
    return datetime.fromisoformat(found.started_at)


def _newest(one: Round, outcomes: frozenset[Outcome]) -> Run | None:
    its = (run for run in runs(one.data) if run.name == one.name and run.outcome in outcomes)
    return next(its, None)


def _shown(message: str) -> str:
    return defang(message) if "://" in message else message


def _record(one: Round, action: str, detail: Mapping[str, object], actor: str, clock: Clock) -> str:
    """The log has one more row; returns its time."""
    with open_store(one.data, clock=clock) as store:
        audit.append(store, actor=actor, action=action, subject=one.name, detail=detail)
        return audit.rows(store, 1)[0].at


@contextmanager
def alone(data: Path, lock_name: str, what: str) -> Iterator[None]:
    """No other run of this kind is at work in this data folder during the block; a process that dies lets go of it.

    Raises:
        RoundRunningError: one is.
    """
    with open_store(data):  # makes the folder, or says why it cannot be made
        pass
    with (data / lock_name).open("a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RoundRunningError(
                f"{what} is at work in {data}; it goes on, this one was not begun"
            ) from None
        yield
