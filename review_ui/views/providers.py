"""The providers that take the lists: what each holds, how fast decisions and lifts reach them, what they told back."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from review_queue import delivery, publications, pulls, receipts
from review_queue import providers as kept
from review_queue.providers import UnknownProviderError
from review_ui.access import needs, the_store
from review_ui.roles import Capability

_ROWS = 25


@require_safe
@needs(Capability.READ_PROVIDERS)
def providers(request: HttpRequest) -> HttpResponse:
    """Every provider that takes lists, those that somebody should look at first."""
    with the_store() as store:
        found = delivery.report(store)
        hold = publications.hold(store)
        ended = [one for one in kept.all_of(store) if one.ended_at]
    shown = {
        "rows": sorted(found, key=lambda one: not one.alerts),
        "hold": hold,
        "ended": ended,
        "days": delivery.WINDOW_DAYS,
    }
    return render(request, "review_ui/providers.html", shown)


@require_safe
@needs(Capability.READ_PROVIDERS)
def provider(request: HttpRequest, name: str) -> HttpResponse:
    """One provider with its tokens, pulls and receipts."""
    with the_store() as store:
        try:
            found = kept.find(store, name)
        except UnknownProviderError:
            raise Http404 from None
        reports = delivery.report(store)
        shown = {
            "provider": found,
            "report": next((one for one in reports if one.provider.id == found.id), None),
            "pulls": pulls.of_provider(store, found.id, limit=_ROWS),
            "receipts": receipts.of_provider(store, found.id, limit=_ROWS),
            "days": delivery.WINDOW_DAYS,
        }
    return render(request, "review_ui/provider.html", shown)
