"""One case: what was found and why, and the form a person decides it with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from review_queue import (
    cases,
    decisions,
    entry_search,
    pages,
    policies,
    scores,
    screenshots,
    sealed,
    unread,
)
from review_queue.categories import WAITING, Category
from review_queue.errors import RefusedError, UnknownCaseError
from review_queue.records import Case, Decision, Evidence, ModelId, Page, PageScore, Surroundings
from review_queue.sealed import Kept
from review_queue.store import Store
from review_ui import hostile, wording
from review_ui.access import needs, officer_of, the_store
from review_ui.blocking import offers_of
from review_ui.decide_form import DecideForm, correction_of
from review_ui.deciding import (
    Officer,
    UndecidableError,
    history,
    is_blind,
    may_decide,
    record,
)
from review_ui.roles import Capability
from review_ui.views.queue import next_for
from review_ui.views.unread import Shown, beginning_of

_OTHER_PAGES = 20
_EVIDENCE = 8
_WORTH_SHOWING = 0.01  # of the letters


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of the site as the case shows it."""

    page: Page
    score: PageScore | None
    model: ModelId | None
    text: hostile.Shown
    evidence: tuple[Evidence, ...]
    surroundings: Surroundings | None
    lang: str
    kept: Kept | None = None
    is_unread: bool = False
    beginning: Shown | None = None  # of a page without text
    has_picture: bool = False  # a browser has built it, and a blurred picture is there

    @property
    def harms(self) -> list[tuple[Category, float]]:
        """The scores, largest first."""
        found = self.score.scores.items() if self.score else ()
        return sorted(found, key=lambda item: -item[1])

    @property
    def names_moves(self) -> bool:
        """Whether the model names what any of the sentences shown does."""
        return any(item.move for item in self.evidence)

    @property
    def disguised(self) -> int:
        """How many of a hundred letters were read through a disguise; 0 where that is less than one."""
        share = self.score.disguised if self.score else 0.0
        return round(share * 100) if share >= _WORTH_SHOWING else 0

    @property
    def stances(self) -> list[tuple[str, float]]:
        """The stances the model weighs, largest first."""
        found = self.score.stance.items() if self.score else ()
        return sorted(found, key=lambda item: -item[1])


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.READ_CASES)
def case(request: HttpRequest, ref: str) -> HttpResponseBase:
    """The case is shown, or decided where the form was sent."""
    officer = officer_of(request)
    with the_store() as store:
        found = cases.get(store, ref)
        latest = decisions.latest_of(store, found.ref, officer.id)
        if request.method == "POST":
            sent = _form(store, found, request.POST)
            answer = _decide(request, store, officer, sent) if sent.is_valid() else None
            if answer:
                return answer
            form: DecideForm | None = sent
            status = 400
        else:
            form = _blank(store, found, officer, latest, correcting="correct" in request.GET)
            status = 200
        shown = _shown(request, store, officer, found)
    return render(
        request, "review_ui/case.html", {**shown, "form": form, "mine": latest}, status=status
    )


def _decide(
    request: HttpRequest, store: Store, officer: Officer, form: DecideForm
) -> HttpResponse | None:
    """The page that follows the decision; None where it was refused and the form says why."""
    try:
        record(store, officer, form.filled())
    except UndecidableError as error:
        form.add_error(None, str(wording.PROBLEMS[error.problem]))
        return None
    except RefusedError as error:
        form.add_error(
            None,
            _("The store refused this decision; nothing was recorded: %(why)s") % {"why": error},
        )
        return None
    messages.success(request, _("Your decision on %(ref)s is recorded.") % {"ref": form.case.ref})
    if "stay" in request.POST:
        return redirect("case", form.case.ref)
    following = next_for(store, officer, form.case.lane)
    return redirect("case", following.ref) if following else redirect(_queue_of(form.case))


def _queue_of(found: Case) -> str:
    return "referrals" if found.category is Category.DISTRESS else "queue"


def _form(store: Store, found: Case, sent: Mapping[str, Any] | None = None) -> DecideForm:
    return DecideForm(
        found,
        offers_of(store, found),
        policies.current(store, found.category),
        policies.grounds(store),
        sent,
    )


def _blank(
    store: Store, found: Case, officer: Officer, latest: Decision | None, *, correcting: bool
) -> DecideForm | None:
    if latest and correcting:
        form = _form(store, found)
        form.initial = correction_of(latest)
        return form
    return _form(store, found) if may_decide(officer, found) else None


def _shown(request: HttpRequest, store: Store, officer: Officer, found: Case) -> dict[str, object]:
    listed = cases.pages_of(store, found, limit=_OTHER_PAGES)
    wanted = request.GET.get("page", "")
    chosen = [page for page, _ in listed if str(page.id) == wanted]
    at = chosen[0] if chosen else pages.get(store, found.page_id)
    if at is None:
        raise UnknownCaseError(f"the page of {found.ref} is gone")
    blind = is_blind(officer, found)
    made = decisions.of_case(store, found.ref)
    return {
        "case": found,
        "state": None if blind else found.state,
        "blind": blind,
        "is_closed": found.state not in WAITING,
        "sheet": _sheet(store, found, at),
        "others": [(page, score) for page, score in listed if page.id != at.id],
        "unread": [one for one in unread.of_site(store, found.site) if one.page.id != at.id],
        "history": history(officer, found, made),
        "entries": () if blind else entry_search.of_case(store, found.ref),
        "corrected": {one.supersedes for one in made if one.supersedes},
        "policies": policies.current(store, found.category),
        "grounds": policies.grounds(store),
        "queue": _queue_of(found),
        "is_referral": found.category is Category.DISTRESS,
    }


def _sheet(store: Store, found: Case, page: Page) -> Sheet:
    scored = scores.latest(store, page.id)
    model, score = scored or (None, None)
    evidence = score.evidence if score else ()
    weighty = sorted(evidence, key=lambda item: (item.category is not found.category, -item.weight))
    return Sheet(
        page=page,
        score=score,
        model=model,
        text=hostile.shown(page.text, evidence),
        evidence=tuple(weighty[:_EVIDENCE]),
        surroundings=cases.surroundings(store, page.id),
        lang=hostile.language(page.lang),
        kept=sealed.of_page(store, page.id),
        is_unread=unread.get(store, page.id) is not None,
        beginning=None if page.text else beginning_of(store, page.id),
        has_picture=screenshots.get(store, page.id) is not None,
    )
