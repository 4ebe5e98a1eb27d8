"""The audit log: whether its chain holds, and its newest rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from review_queue import audit as log
from review_queue import cases
from review_queue.errors import AuditBrokenError, UnknownCaseError
from review_queue.hosts import defang
from review_queue.store import Store
from review_ui.access import needs, officer_of, the_store
from review_ui.deciding import Officer, is_blind
from review_ui.models import Account
from review_ui.roles import Capability, may
from review_ui.telling import subject_tells
from review_ui.views.paging import place

PAGE = 50
_TELLS_NOTHING: Final = frozenset({"case.opened"})


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the log as it is shown; `kept_back` where it would tell what others concluded."""

    row: log.AuditRow
    who: str
    detail: str
    kept_back: bool


@require_safe
@needs(Capability.READ_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """The newest rows, and the last row of a chain that holds."""
    start = place(request)
    officer = officer_of(request)
    with the_store() as store:
        head, broken = _chain(store)
        rows = log.rows(store, limit=PAGE + 1, offset=start)
        lines = _lines(store, officer, rows[:PAGE])
    following = start + PAGE if len(rows) > PAGE else None
    shown = {"head": head, "broken": broken, "lines": lines, "start": start, "following": following}
    return render(request, "review_ui/audit.html", shown)


def _chain(store: Store) -> tuple[log.Head | None, str]:
    try:
        return log.verify(store), ""
    except AuditBrokenError as error:
        return None, str(error)


def _lines(store: Store, officer: Officer, rows: list[log.AuditRow]) -> list[Line]:
    names = dict(Account.objects.values_list("public_id", "full_name"))
    blind = {
        row.subject
        for row in rows
        if _is_blind(store, officer, row.subject)
        or subject_tells(store, officer, row.action, row.subject)
    }
    lines = []
    for row in rows:
        kept_back = (
            row.subject in blind and row.actor != officer.id and row.action not in _TELLS_NOTHING
        )
        lines.append(Line(row, names.get(row.actor, row.actor), _in_words(row.detail), kept_back))
    return lines


def _in_words(detail: Mapping[str, Any]) -> str:
    shown = ((key, _value(value)) for key, value in sorted(detail.items()))
    return "; ".join(f"{key}: {value}" for key, value in shown if value)


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return defang(value) if isinstance(value, str) else str(value)


def _is_blind(store: Store, officer: Officer, subject: str) -> bool:
    """Whether the row is about a case the officer has still to judge alone."""
    if not may(officer.role, Capability.DECIDE):
        return False
    try:
        return is_blind(officer, cases.get(store, subject))
    except UnknownCaseError:
        return False
