"""The crawls: the one at work with its newest figures, those before it, and what the clock says is missing."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from review_queue import progress, rounds
from review_queue.progress import CrawlRound, Reading
from review_queue.rounds import CrawlState, Pace
from review_queue.store import Store
from review_ui import plot
from review_ui.access import needs, the_store
from review_ui.alerts import alerts_of, clockwork
from review_ui.roles import Capability
from review_ui.views.paging import place

PAGE: Final = 20
CARDS: Final = 3  # of crawls at work; more stand in the table only
REFRESH_S: Final = 10
# an open page that asks by itself keeps its session from ending for want of use: for that long and no longer
LIVE_S: Final = 1800


@dataclass(frozen=True, slots=True)
class Line:
    """A crawl with its figures, which are its newest reading's or, of an old one, its report's.

    `sites` and `harvested` are None where nobody counted them.
    """

    crawl: CrawlRound
    state: CrawlState
    pages: int
    errors: tuple[tuple[str, int], ...]  # by kind, the commonest first
    bytes: int
    seconds: float
    sites: int | None = None
    harvested: int | None = None
    pending: int = 0
    at: str = ""
    pace: Pace | None = None

    @property
    def is_running(self) -> bool:
        """Whether the crawl is at work."""
        return self.state is CrawlState.RUNNING

    @property
    def errors_in_all(self) -> int:
        """How many addresses gave no page."""
        return sum(count for _, count in self.errors)

    @property
    def share_done(self) -> float:
        """Which part of the addresses known so far has been dealt with."""
        done = self.pages + self.errors_in_all
        return done / (done + self.pending) if done else 0.0

    @property
    def rate(self) -> float | None:
        """Which part of the pages reached a threshold."""
        return None if self.harvested is None or not self.pages else self.harvested / self.pages


@require_safe
@needs(Capability.READ_CRAWLS)
def crawls(request: HttpRequest) -> HttpResponse:
    """The crawls, the newest first, and the rounds by the clock."""
    start = place(request)
    with the_store() as store:
        found = progress.rounds(store, limit=PAGE + 1, offset=start)
        lines = [_line(store, crawl) for crawl in found[:PAGE]]
        clock = clockwork(store)
        alerts = alerts_of(store, clock)
    running = [line for line in lines if line.is_running]
    shown = {
        "lines": lines,
        "running": [line for line in running if line.at][:CARDS],
        "clock": clock,
        "alerts": alerts,
        "start": start,
        "following": start + PAGE if len(found) > PAGE else None,
    }
    return _live(request, "review_ui/crawls.html", shown, is_running=bool(running))


@require_safe
@needs(Capability.READ_CRAWLS)
def crawl(request: HttpRequest, number: int) -> HttpResponse:
    """One crawl: its harvest drawn, its errors in words, the rules it kept to."""
    with the_store() as store:
        found = progress.round_of(store, number)
        if found is None:
            raise Http404
        readings = progress.of_round(store, number)
        line = _line(store, found)
    shown = {
        "line": line,
        "plot": None if line.harvested is None else plot.harvest(readings),
        "policy": found.policy,
    }
    return _live(request, "review_ui/crawl.html", shown, is_running=line.is_running)


def _live(
    request: HttpRequest, template: str, shown: dict[str, Any], *, is_running: bool
) -> HttpResponse:
    """The page, which the browser asks for anew by itself where a person wished so and something is at work."""
    now = int(time.time())
    until = request.GET.get("until", "")
    is_live = is_running and until.isdecimal() and now < int(until[:12]) <= now + LIVE_S
    live = {"is_live": is_live, "until": now + LIVE_S, "refresh_s": REFRESH_S}
    response = render(request, template, {**shown, **live, "is_running": is_running})
    if is_live:
        # a header, not an element: nothing of it is read to a person, and the address stays the same
        response["Refresh"] = str(REFRESH_S)
    return response


def _line(store: Store, found: CrawlRound) -> Line:
    newest = progress.newest(store, found.id)
    state = rounds.state_of(found, newest, store.clock())
    if newest is None:
        return _reported(found, state)
    readings = progress.of_round(store, found.id) if state is CrawlState.RUNNING else []
    return Line(
        crawl=found,
        state=state,
        pages=newest.pages,
        errors=_ordered(newest.errors),
        bytes=newest.bytes,
        seconds=newest.seconds,
        sites=newest.sites,
        harvested=_harvested(found, newest),
        pending=newest.pending,
        at=newest.at,
        pace=rounds.pace(readings),
    )


def _reported(found: CrawlRound, state: CrawlState) -> Line:
    """The line of a crawl that left no reading: one of before readings were kept, or one that has just begun."""
    report = found.report
    return Line(
        crawl=found,
        state=state,
        pages=report.get("pages", 0),
        errors=_ordered(report.get("errors", {})),
        bytes=report.get("bytes", 0),
        seconds=report.get("seconds", 0.0),
    )


def _harvested(found: CrawlRound, newest: Reading) -> int | None:
    return newest.harvested if newest.harvested or found.policy.get("model") else None


def _ordered(errors: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(errors.items(), key=lambda item: (-item[1], item[0])))
