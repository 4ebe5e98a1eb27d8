"""What a supervisor has to be told about rounds: one that died, failed or was never begun makes no noise itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from review_queue import progress, rounds
from review_queue.errors import QalqanError
from review_queue.rounds import ByClock, CrawlState, Outcome, Planned, Run
from review_queue.store import Store


class Kind(StrEnum):
    """What went wrong."""

    MISSED = "missed"  # planned, its grace period over, and not done since
    FAILED = "failed"
    DIED = "died"
    CRAWL_DIED = "crawl_died"  # a crawl that no clock began
    PLAN = "plan"  # what is planned cannot be read


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that went wrong: with which round, since when, and how late it is by now."""

    kind: Kind
    name: str = ""
    at: datetime | None = None
    late: timedelta | None = None
    last: Run | None = None
    error: str = ""
    crawl_id: int = 0


@dataclass(frozen=True, slots=True)
class Clockwork:
    """The rounds by the clock; `trouble` says why the planned ones are not among them."""

    rounds: tuple[ByClock, ...]
    trouble: str = ""


def clockwork(store: Store) -> Clockwork:
    """The rounds by the clock, planned now or run lately."""
    lent = settings.QALQAN.lent
    planned: Sequence[Planned] = ()
    trouble = ""
    try:
        planned = lent.planned()
    except QalqanError as error:
        trouble = str(error)
    return Clockwork(tuple(rounds.by_clock(store, planned, lent.is_alive)), trouble)


def alerts_of(store: Store, clock: Clockwork) -> list[Alert]:
    """What went wrong and has not been put right since."""
    found = [Alert(Kind.PLAN, error=clock.trouble)] if clock.trouble else []
    is_known = any(one.planned for one in clock.rounds)
    # how a round ended that has been given up since is nobody's worry
    watched = [one for one in clock.rounds if one.planned or not is_known]
    found += [alert for one in watched if (alert := _of_round(one))]
    return found or _of_crawl(store)


def _of_round(one: ByClock) -> Alert | None:
    last = one.runs[0] if one.runs else None
    if one.late is not None and one.planned:
        return Alert(Kind.MISSED, one.name, one.planned.owed_at, one.late, last)
    if last and last.outcome in {Outcome.FAILED, Outcome.DIED}:
        kind = Kind.FAILED if last.outcome is Outcome.FAILED else Kind.DIED
        return Alert(kind, one.name, datetime.fromisoformat(last.started_at), last=last)
    return None


def _of_crawl(store: Store) -> list[Alert]:
    """The newest crawl, where it died: none was begun since that would go on where it stood."""
    for crawl in progress.rounds(store, limit=1):
        newest = progress.newest(store, crawl.id)
        if rounds.state_of(crawl, newest, store.clock()) is CrawlState.DIED:
            at = datetime.fromisoformat(crawl.opened_at)
            return [Alert(Kind.CRAWL_DIED, at=at, crawl_id=crawl.id)]
    return []
