"""The queues: cases that wait, riskiest first, told apart by what is left to this person."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from review_queue import cases, delivery, unread
from review_queue.categories import CaseState, Lane
from review_queue.records import Case
from review_queue.store import Store
from review_ui.access import needs, officer_of, the_store
from review_ui.alerts import alerts_of, clockwork
from review_ui.deciding import Officer, is_blind, may_decide
from review_ui.roles import Capability, may
from review_ui.signing import waiting_for
from review_ui.views.paging import place

PAGE = 25
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A case as the queue shows it; no state where it would tell what others concluded."""

    case: Case
    state: CaseState | None
    pages: int


@require_safe
@needs(Capability.READ_CASES)
def queue(request: HttpRequest) -> HttpResponse:
    """The cases that may end in a block."""
    return _queue(request, Lane.REVIEW)


@require_safe
@needs(Capability.READ_CASES)
def referrals(request: HttpRequest) -> HttpResponse:
    """The cases where a person may be in distress."""
    return _queue(request, Lane.REFERRAL)


def next_for(store: Store, officer: Officer, lane: Lane) -> Case | None:
    """The riskiest case of the lane this officer has still to decide."""
    found, _ = _from(store, officer, lane, 0, count=1, mine=False)
    return found[0] if found else None


def _queue(request: HttpRequest, lane: Lane) -> HttpResponse:
    officer = officer_of(request)
    start = place(request)
    mine = "decided" in request.GET and may(officer.role, Capability.DECIDE)
    with the_store() as store:
        found, following = _from(store, officer, lane, start, count=PAGE, mine=mine)
        rows = [
            Row(
                case,
                None if is_blind(officer, case) else case.state,
                cases.count_pages(store, case),
            )
            for case in found
        ]
        waiting = cases.count_waiting(store, lane=lane)
        unread_pages = unread.count_waiting(store) if lane is Lane.REVIEW else 0
        is_told = may(officer.role, Capability.READ_CRAWLS) and lane is Lane.REVIEW and not start
        alerts = alerts_of(store, clockwork(store)) if is_told else []
        is_shown = may(officer.role, Capability.READ_PROVIDERS) and lane is Lane.REVIEW
        signing = waiting_for(store, officer) if lane is Lane.REVIEW and not start else None
        stopped = delivery.stopped(store) if is_shown and not start else []
    shown = {
        "lane": lane,
        "rows": rows,
        "waiting": waiting,
        "start": start,
        "following": following,
        "mine": mine,
        "unread_pages": unread_pages,
        "alerts": alerts,
        "stopped": stopped,
        "signing": signing,
    }
    return render(request, "review_ui/queue.html", shown)


def _from(
    store: Store, officer: Officer, lane: Lane, start: int, *, count: int, mine: bool
) -> tuple[list[Case], int | None]:
    """Up to `count` cases from place `start` of the queue, and the place to go on from."""
    decides = may(officer.role, Capability.DECIDE)
    found: list[Case] = []
    at = start
    while batch := cases.waiting(store, lane=lane, limit=_BATCH, offset=at):
        for case in batch:
            if not decides or may_decide(officer, case) != mine:
                if len(found) == count:
                    return found, at
                found.append(case)
            at += 1
    return found, None
