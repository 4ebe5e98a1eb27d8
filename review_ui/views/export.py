"""The block list: what is listed, what is held back and why, and the button that writes it out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from blocklist import served
from blocklist.entries import admitted_or_not
from blocklist.judging import Judge, Refusal, judge_of
from blocklist.publish import Hold
from blocklist.publish import export as publish
from review_queue import delivery, entries, soundness
from review_queue.errors import ExportError
from review_queue.records import Entry
from review_queue.store import Store
from review_ui import list_wording
from review_ui.access import must, needs, officer_of, the_store
from review_ui.forms import ExportForm
from review_ui.list_forms import size_named_in
from review_ui.roles import Capability

PAGE = 100


@dataclass(frozen=True, slots=True)
class Held:
    """A block people approved that is not listed; without a refusal the next export lists it."""

    case_ref: str
    name: str
    scope: str
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Written:
    """One list file of an export."""

    name: str
    file: str
    entries: int
    skipped: int
    sha256: str


class _Live:
    """The live entries as a paginator wants them, of which only the page somebody looks at is read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __len__(self) -> int:
        return entries.count(self._store)

    def __getitem__(self, place: slice) -> list[Entry]:
        return entries.page(self._store, offset=place.start, limit=place.stop - place.start)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.READ_EXPORT)
def export(request: HttpRequest) -> HttpResponseBase:
    """The list is shown, or written where the form was sent."""
    officer = officer_of(request)
    form = ExportForm(request.POST if request.method == "POST" else None)
    with the_store() as store:
        if request.method == "POST":
            must(request, officer, Capability.EXPORT)
            if form.is_valid() and _write(request, store, form, officer.id):
                return redirect("export")
        shown = _shown(request, store)
    return render(
        request,
        "review_ui/export.html",
        {**shown, "form": form},
        status=400 if form.errors else 200,
    )


def _write(request: HttpRequest, store: Store, form: ExportForm, actor: str) -> bool:
    soundness.check(store)
    try:
        served.check_not_ahead(store, store.clock())
        report, damaged = admitted_or_not(store)
        manifest = publish(
            store,
            settings.QALQAN.export_dir,
            form.cleaned_data["formats"],
            actor=actor,
            hold=Hold(damaged),
        )
    except ExportError as error:
        form.add_error(None, list_wording.not_exported(error))
        form.size = size_named_in(error)
        return False
    request.session["exported"] = {
        "serial": manifest.serial,
        "admitted": len(report.admitted),
        "refused": len(report.refused),
        "files": [
            asdict(Written(name, each.file, each.entries, each.skipped, each.sha256))
            for name, each in manifest.formats.items()
        ],
    }
    messages.success(
        request, _("The lists are written, serial %(serial)s.") % {"serial": manifest.serial}
    )
    return True


def _held(judge: Judge, block: entries.ApprovedBlock) -> Held:
    refusal = judge.refusal(block.scope, block.name, block.case_ref)
    return Held(block.case_ref, block.name, block.scope, refusal)


def _shown(request: HttpRequest, store: Store) -> dict[str, object]:
    judge = judge_of(store)
    held = [_held(judge, block) for block in entries.approved(store)]
    live = Paginator(cast("Sequence[Entry]", _Live(store)), PAGE)
    return {
        "page": live.get_page(request.GET.get("page")),
        "live": live.count,
        "coming": [block for block in held if not block.refusal],
        "refused": [block for block in held if block.refusal],
        "serial": entries.last_serial(store),
        "stopped": delivery.stopped(store),
        "folder": settings.QALQAN.export_dir,
        "exported": request.session.pop("exported", None),
    }
