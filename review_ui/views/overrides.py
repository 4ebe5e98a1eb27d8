"""Overrides of guards: asked for by one person, signed by another, withdrawn by anybody who may sign."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from blocklist.judging import judge_of
from review_queue import entries
from review_queue import overrides as kept
from review_queue.errors import RefusedError
from review_queue.overrides import Guard, Override, UnknownOverrideError
from review_queue.store import Store
from review_ui import list_wording
from review_ui.access import must, needs, officer_of, the_store
from review_ui.deciding import Officer
from review_ui.list_forms import SIZE, AskForm, ReasonForm
from review_ui.roles import Capability, may
from review_ui.second_person import signed_or_withdrawn
from review_ui.telling import override_tells

_MOST_WITHDRAWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.READ_ENTRIES)
def overrides(request: HttpRequest) -> HttpResponseBase:
    """Every override that waits or stands, and the newest that were withdrawn; or one more, where it was asked for."""
    officer = officer_of(request)
    with the_store() as store:
        form = AskForm(
            request.POST if request.method == "POST" else None,
            initial=_held_back(store, request.GET.get("held", ""), request.GET.get("size", "")),
        )
        if request.method == "POST":
            must(request, officer, Capability.SIGN)
            made = _ask(store, officer, form) if form.is_valid() else None
            if made:
                messages.success(request, _("Asked for. A second person has to sign it."))
                return redirect("override", made)
        every = kept.all_of(store)
        found = [one for one in every if not override_tells(store, officer, one)]
    withdrawn = [one for one in reversed(found) if one.withdrawn]
    shown = {
        "waiting": [one for one in found if not one.withdrawn and not one.is_standing],
        "standing": [one for one in found if one.is_standing],
        "withdrawn": withdrawn[:_MOST_WITHDRAWN],
        "kept_back": len(every) - len(found),
        "form": form if may(officer.role, Capability.SIGN) else None,
        "guards": [guard for guard in Guard if guard in kept.OVERRIDABLE],
    }
    status = 400 if form.errors else 200
    return render(request, "review_ui/overrides.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.READ_ENTRIES)
def override(request: HttpRequest, override_id: str) -> HttpResponseBase:
    """One override with its signatures; signed, or withdrawn, where a form was sent."""
    officer = officer_of(request)
    form = ReasonForm(request.POST if "withdraw" in request.POST else None)
    with the_store() as store:
        try:
            found = kept.find(store, override_id)
        except UnknownOverrideError:
            raise Http404 from None
        if override_tells(store, officer, found):
            return render(request, "review_ui/override.html", {"kept_back": True})
        if request.method == "POST":
            must(request, officer, Capability.SIGN)
            answer = _act(request, store, officer, found, form)
            if answer:
                return answer
            found = kept.find(store, override_id)
    has_signed = officer.id.lower() in {one.reviewer_id.lower() for one in found.signatures}
    shown = {
        "found": found,
        "form": form,
        "may_sign": may(officer.role, Capability.SIGN),
        "has_signed": has_signed,
        "needed": kept.PEOPLE,
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "review_ui/override.html", shown, status=status)


def _held_back(store: Store, case_ref: str, size: str) -> dict[str, str]:
    """What the form starts with: the block of that case, or the list of that size, which a guard holds back."""
    if SIZE.fullmatch(size):
        return {"guard": Guard.SIZE, "name": size}
    if not case_ref:
        return {}
    judge = judge_of(store)
    for block in entries.approved(store):
        if block.case_ref == case_ref:
            refusal = judge.refusal(block.scope, block.name, case_ref)
            if refusal and refusal.can_override:
                return {"guard": refusal.guard, "scope": block.scope, "name": block.name}
    return {}


def _ask(store: Store, officer: Officer, form: AskForm) -> str | None:
    """The id of the override; None where it was refused and the form says why."""
    given = form.cleaned_data
    try:
        return kept.ask(
            store,
            Guard(given["guard"]),
            given["scope"],
            given["name"],
            officer.person,
            given["reason"],
        )
    except RefusedError as error:
        form.add_error(None, list_wording.refused(error))
        return None


def _act(
    request: HttpRequest, store: Store, officer: Officer, found: Override, form: ReasonForm
) -> HttpResponse | None:
    """The page that follows; None where nothing was recorded and the page says why."""
    is_done = signed_or_withdrawn(
        request,
        form,
        sign=lambda: kept.sign(store, found.id, officer.person),
        withdraw=lambda reason: kept.withdraw(store, found.id, officer.person, reason),
        told=(
            _("Signed. The override stands from now on."),
            _("Withdrawn. The guard holds again."),
        ),
    )
    return redirect("override", found.id) if is_done else None
