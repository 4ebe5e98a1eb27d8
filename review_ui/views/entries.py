"""What is or was listed: found by name, and one entry with its whole life, lifted, renewed or kept by people."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from blocklist.still_blocked import still_blocking
from review_queue import (
    cases,
    decisions,
    delivery,
    entry_search,
    lifts,
    overrides,
    proposals,
    rechecks,
    renewals,
)
from review_queue.entry_search import Found, Standing
from review_queue.errors import RefusedError
from review_queue.lifts import LiftReason
from review_queue.store import Store
from review_ui import list_wording
from review_ui.access import must, needs, officer_of, the_store
from review_ui.deciding import Officer, history
from review_ui.list_forms import LiftForm, PlainForm, RenewForm, SearchForm, SettleForm
from review_ui.roles import Capability, may
from review_ui.telling import entry_tells
from review_ui.views.paging import place

PAGE = 50
_RECHECKS = 10


@dataclass(frozen=True, slots=True)
class Forms:
    """What a person may do with an entry; the one that was sent says what was wrong with it."""

    lift: LiftForm
    renew: RenewForm
    settle: SettleForm

    @property
    def errors(self) -> bool:
        """Whether one was sent that could not be taken."""
        return any(form.errors for form in (self.lift, self.renew, self.settle))


@require_safe
@needs(Capability.READ_ENTRIES)
def entries(request: HttpRequest) -> HttpResponse:
    """The entries that are asked for, by name; those that hold where nothing is asked."""
    officer = officer_of(request)
    asked = request.GET.dict() or {"state": Standing.LIVE.value}
    form = SearchForm({"q": asked.get("q", ""), "state": asked.get("state", "")})
    start = place(request)
    found: list[Found] = []
    with the_store() as store:
        if form.is_valid():
            given = form.cleaned_data
            standing = Standing(given["state"]) if given["state"] else None
            found = entry_search.search(
                store, _plain(given["q"]), standing, limit=PAGE + 1, offset=start
            )
        shown = [one for one in found[:PAGE] if not entry_tells(store, officer, one.entry)]
        proposed = entry_search.count_proposed(store)
    return render(
        request,
        "review_ui/entries.html",
        {
            "form": form,
            "rows": shown,
            "kept_back": len(found[:PAGE]) - len(shown),
            "proposed": proposed,
            "start": start,
            "following": start + PAGE if len(found) > PAGE else None,
            "query": urlencode({"q": asked.get("q", ""), "state": asked.get("state", "")}),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.READ_ENTRIES)
def entry(request: HttpRequest, entry_id: str) -> HttpResponseBase:
    """One entry and its life; lifted, renewed or a proposal settled where a form was sent."""
    officer = officer_of(request)
    sent = {name: request.POST if name in request.POST else None for name in ("lift", "renew")}
    forms = Forms(
        LiftForm(sent["lift"]),
        RenewForm(sent["renew"]),
        SettleForm(request.POST if "settle" in request.POST else None),
    )
    with the_store() as store:
        found = entry_search.find(store, entry_id)
        if found is None:
            raise Http404
        if entry_tells(store, officer, found.entry):
            return render(request, "review_ui/entry.html", {"kept_back": True})
        if request.method == "POST":
            must(request, officer, Capability.SIGN)
            if _act(request, store, officer, found, forms):
                return redirect("entry", entry_id)
            found = entry_search.find(store, entry_id) or found
        shown = _shown(store, officer, found)
    status = 400 if request.method == "POST" else 200
    return render(request, "review_ui/entry.html", {**shown, "forms": forms}, status=status)


def _plain(text: str) -> str:
    """The text as names are written: one copied from these pages is no longer defanged."""
    plain = text.strip().replace("[.]", ".").replace("hxxp", "http")
    return plain if "/" in plain else plain.lower()


def _shown(store: Store, officer: Officer, found: Found) -> dict[str, object]:
    listed = found.entry
    case = (
        cases.get(store, listed.case_ref)
        if listed.case_ref and may(officer.role, Capability.READ_CASES)
        else None
    )
    seen = history(officer, case, decisions.of_case(store, case.ref)) if case else ()
    signed = renewals.of(store, listed.id)
    waiting = next((one for one in renewals.pending(store) if one.entry_id == listed.id), None)
    is_live = found.standing not in (Standing.LIFTED, Standing.OVER)
    return {
        "found": found,
        "case": case,
        "import": entry_search.import_of(store, listed.id),
        "decisions": [one for one in seen if one.id in listed.decision_ids],
        "overrides": [overrides.find(store, one) for one in overrides.of_entry(store, listed.id)],
        "proposals": proposals.open_ones(store, listed.id),
        "renewals": [one for one in signed if one.is_done],
        "waiting": waiting,
        "has_signed": waiting is not None and officer.id.lower() == waiting.signers[0].id.lower(),
        "rechecks": rechecks.of(store, listed.id)[: -_RECHECKS - 1 : -1],
        "taken": delivery.of_entry(store, listed, found.lift.lifted_at if found.lift else "")
        if may(officer.role, Capability.READ_PROVIDERS)
        else (),
        "still": [
            each for each in still_blocking(store, listed) if not entry_tells(store, officer, each)
        ]
        if found.lift
        else [],
        "is_live": is_live,
        "may_sign": is_live and may(officer.role, Capability.SIGN),
    }


def _act(request: HttpRequest, store: Store, officer: Officer, found: Found, forms: Forms) -> bool:
    """Whether something was recorded, or nothing can be done any more; if not, a form says why."""
    entry_id = found.entry.id
    person = officer.person

    def lift() -> None:
        given = forms.lift.cleaned_data
        lifts.lift(store, entry_id, person, LiftReason(given["reason"]), given["note"])
        messages.success(request, _("Lifted. It leaves the lists when they are next published."))

    def renew() -> None:
        made = renewals.sign(store, entry_id, person, forms.renew.cleaned_data["note"])
        messages.success(
            request,
            _("Renewed. It holds for another term.")
            if made.is_done
            else _("Signed. A second person has to sign as well."),
        )

    def settle() -> None:
        is_lifted = request.POST.get("become") == "lift"
        note = forms.settle.cleaned_data["note"]
        number = next(
            one.id for one in proposals.open_ones(store, entry_id) if str(one.id) == wanted
        )
        proposals.settle(store, number, person, lift=is_lifted, note=note)
        messages.success(
            request,
            _("Lifted. It leaves the lists when they are next published.")
            if is_lifted
            else _("Settled. The entry stays on the list."),
        )

    wanted = request.POST.get("settle", "")
    is_open = wanted in {str(one.id) for one in proposals.open_ones(store, entry_id)}
    if wanted and not is_open:
        messages.error(request, _("The proposal was settled meanwhile."))
        return True
    return _done(forms.lift, lift) or _done(forms.renew, renew) or _done(forms.settle, settle)


def _done(form: PlainForm, act: Callable[[], None]) -> bool:
    if not form.is_bound or not form.is_valid():
        return False
    try:
        act()
    except RefusedError as error:
        form.add_error(None, list_wording.refused(error))
        return False
    return True
