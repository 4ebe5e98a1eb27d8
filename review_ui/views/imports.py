"""Imports from older registries: what a second person reads, signs or withdraws."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from blocklist.judging import judge_of
from review_queue import entry_search
from review_queue import imports as kept
from review_queue.imports import Import, UnknownImportError
from review_queue.store import Store
from review_ui.access import must, needs, officer_of, the_store
from review_ui.deciding import Officer
from review_ui.list_forms import ReasonForm
from review_ui.roles import Capability, may
from review_ui.second_person import signed_or_withdrawn

SAMPLE = 25


@require_safe
@needs(Capability.READ_ENTRIES)
def imports(request: HttpRequest) -> HttpResponse:
    """Every import, those that wait for a second person first."""
    with the_store() as store:
        found = list(reversed(kept.all_of(store)))
    waiting = [one for one in found if not one.is_live and not one.withdrawn_at]
    settled = [one for one in found if one.is_live or one.withdrawn_at]
    return render(request, "review_ui/imports.html", {"waiting": waiting, "settled": settled})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.READ_ENTRIES)
def import_page(request: HttpRequest, number: int) -> HttpResponseBase:
    """One import with a sample of its rows; signed, or withdrawn, where a form was sent."""
    officer = officer_of(request)
    form = ReasonForm(request.POST if "withdraw" in request.POST else None)
    with the_store() as store:
        try:
            found = kept.get(store, number)
        except UnknownImportError:
            raise Http404 from None
        if request.method == "POST":
            must(request, officer, Capability.SIGN)
            answer = _act(request, store, officer, found, form)
            if answer:
                return answer
            found = kept.get(store, number)
        judge = judge_of(store)
        shown = {
            "found": found,
            "form": form,
            "rows": [
                (row, judge.refusal(row.scope, row.name))
                for row in entry_search.sample_of(store, number, SAMPLE)
            ],
            "shares": entry_search.shares_of(store, number),
            "may_sign": may(officer.role, Capability.SIGN),
            "has_signed": officer.id.lower() in {one.id.lower() for one in found.signers},
        }
    status = 400 if request.method == "POST" else 200
    return render(request, "review_ui/import.html", shown, status=status)


def _act(
    request: HttpRequest, store: Store, officer: Officer, found: Import, form: ReasonForm
) -> HttpResponse | None:
    """The page that follows; None where nothing was recorded and the page says why."""
    is_done = signed_or_withdrawn(
        request,
        form,
        sign=lambda: kept.sign(store, found.id, officer.person),
        withdraw=lambda reason: kept.withdraw(store, found.id, officer.person, reason),
        told=(
            _("Signed. The entries go out when the lists are next published."),
            _("Withdrawn. None of its entries is on the list."),
        ),
    )
    return redirect("import", found.id) if is_done else None
