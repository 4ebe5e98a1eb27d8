"""Pages that no program could read: a list, and each with its beginning as plain text for a person to look at."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from review_queue import cases, sealed, unread
from review_queue.errors import QalqanError, RefusedError
from review_queue.store import Store
from review_queue.unread import Unread
from review_ui import hostile, wording
from review_ui.access import must, needs, officer_of, the_store
from review_ui.deciding import Officer, UndecidableError, is_blind
from review_ui.forms import LookForm
from review_ui.looking import settle
from review_ui.models import Account
from review_ui.roles import Capability, may
from review_ui.views.paging import place

PAGE: Final = 25
SHOWN_CHARS: Final = 4000


@dataclass(frozen=True, slots=True)
class Shown:
    """The beginning of a body as it is put on the screen, and how long the body is.

    `trouble` says why there is none although a body was kept.
    """

    text: hostile.Shown
    size_bytes: int = 0
    is_whole: bool = False
    trouble: str = ""


def beginning_of(store: Store, page_id: int) -> Shown | None:
    """The beginning of the page's body as plain text; None where no body was kept."""
    try:
        found = settings.QALQAN.lent.beginning_of(store, page_id, SHOWN_CHARS)
    except QalqanError as error:
        # evidence that was changed is no reason to hide the rest of the page
        return Shown(hostile.shown("", ()), trouble=str(error))
    if found is None:
        return None
    return Shown(hostile.shown(found.text, (), limit=SHOWN_CHARS), found.size_bytes, found.is_whole)


@require_safe
@needs(Capability.READ_CASES)
def unread_pages(request: HttpRequest) -> HttpResponse:
    """The pages that wait for somebody to look at them, the oldest first."""
    start = place(request)
    with the_store() as store:
        found = unread.waiting(store, limit=PAGE + 1, offset=start)
        waiting = unread.count_waiting(store)
    shown = {
        "rows": found[:PAGE],
        "waiting": waiting,
        "start": start,
        "following": start + PAGE if len(found) > PAGE else None,
    }
    return render(request, "review_ui/unread_pages.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.READ_CASES)
def unread_page(request: HttpRequest, number: int) -> HttpResponseBase:
    """The page is shown, or settled where the form was sent."""
    officer = officer_of(request)
    decides = may(officer.role, Capability.DECIDE)
    with the_store() as store:
        found = unread.get(store, number)
        if found is None:
            raise Http404
        form = LookForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            must(request, officer, Capability.DECIDE)
            answer = _settle(request, store, officer, found, form) if form.is_valid() else None
            if answer:
                return answer
            found = unread.get(store, number) or found
        shown = {
            "found": found,
            "beginning": beginning_of(store, number),
            "kept": sealed.of_page(store, number),
            "form": form if (decides and found.state == "waiting") or form.errors else None,
            **_said(store, officer, found),
        }
    status = 400 if form.errors else 200
    return render(request, "review_ui/unread_page.html", shown, status=status)


def _settle(
    request: HttpRequest, store: Store, officer: Officer, found: Unread, form: LookForm
) -> HttpResponse | None:
    """The page that follows; None where nothing was recorded and the form says why."""
    try:
        case = settle(store, officer, found.page.id, form.category(), form.cleaned_data["note"])
    except UndecidableError as error:
        form.add_error(None, str(wording.PROBLEMS[error.problem]))
        return None
    except RefusedError:
        form.add_error(None, _("Somebody has looked at this page meanwhile. Nothing was recorded."))
        return None
    if case:
        messages.success(request, _("Recorded. The case is %(ref)s.") % {"ref": case.ref})
        return redirect("case", case.ref)
    messages.success(request, _("Recorded: nothing for a case on that page."))
    following = unread.waiting(store, limit=1)
    return redirect("unread_page", following[0].page.id) if following else redirect("unread")


def _said(store: Store, officer: Officer, found: Unread) -> dict[str, object]:
    """What the person who looked concluded, unless the officer has still to judge the case that came of it."""
    about = cases.of_site(store, found.page.site)
    is_kept_back = found.state == unread.CASE and any(is_blind(officer, case) for case in about)
    names = Account.objects.filter(public_id=found.looked_by).values_list("full_name", flat=True)
    return {
        "cases": about,
        "kept_back": is_kept_back and found.looked_by != officer.id,
        "who": next(iter(names), found.looked_by),
    }
