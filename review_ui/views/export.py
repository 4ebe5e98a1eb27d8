"""The block list: what is listed, what is held back and why, and the button that writes it out."""

from dataclasses import asdict, dataclass

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from blocklist import guards
from blocklist.entries import admit
from blocklist.publish import export as publish
from review_queue import entries
from review_queue.errors import ExportError
from review_queue.store import Store
from review_ui.access import needs, note, officer_of, the_store
from review_ui.forms import ExportForm
from review_ui.roles import Capability, may

PAGE = 100


@dataclass(frozen=True, slots=True)
class Held:
    """A block people approved that is not listed; an empty reason means the next export lists it."""

    case_ref: str
    name: str
    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """One list file of an export."""

    name: str
    file: str
    entries: int
    skipped: int
    sha256: str


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.READ_EXPORT)
def export(request: HttpRequest) -> HttpResponseBase:
    """The list is shown, or written where the form was sent."""
    officer = officer_of(request)
    form = ExportForm(request.POST if request.method == "POST" else None)
    with the_store() as store:
        if request.method == "POST":
            if not may(officer.role, Capability.EXPORT):
                note(officer, "access_denied", request.path, Capability.EXPORT)
                raise PermissionDenied
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
    try:
        report = admit(store)
        manifest = publish(
            store, settings.QALQAN.export_dir, form.cleaned_data["formats"], actor=actor
        )
    except ExportError as error:
        form.add_error(None, _("Nothing was exported: %(why)s") % {"why": error})
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


def _shown(request: HttpRequest, store: Store) -> dict[str, object]:
    held = [
        Held(block.case_ref, block.name, block.scope, guards.refusal(block.scope, block.name))
        for block in entries.approved(store)
    ]
    live = entries.live(store)
    return {
        "page": Paginator(live, PAGE).get_page(request.GET.get("page")),
        "live": len(live),
        "coming": [block for block in held if not block.reason],
        "refused": [block for block in held if block.reason],
        "serial": entries.last_serial(store),
        "folder": settings.QALQAN.export_dir,
        "exported": request.session.pop("exported", None),
    }
