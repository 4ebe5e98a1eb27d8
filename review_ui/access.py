"""Lets a person into a view only with the capability it needs, and opens the store for it."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from review_queue import audit
from review_queue.store import Store, open_store
from review_ui.deciding import Officer
from review_ui.models import Account
from review_ui.roles import Capability, may

View = Callable[..., HttpResponseBase]


def officer_of(request: HttpRequest) -> Officer:
    """The person behind the request.

    Raises:
        PermissionDenied: nobody is signed in.
    """
    if not isinstance(request.user, Account):
        raise PermissionDenied
    return request.user.officer


def the_store() -> Store:
    """The store of this site, open; for a `with` block."""
    return open_store(settings.QALQAN.data_dir)


def needs(capability: Capability) -> Callable[[View], View]:
    """The view is for people with `capability`; anyone else is refused and the refusal is audited."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            officer = officer_of(request)
            if not may(officer.role, capability):
                note(officer, "access_denied", request.path, capability)
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def must(request: HttpRequest, officer: Officer, capability: Capability) -> None:
    """The officer holds the capability that changing something on this page takes.

    Raises:
        PermissionDenied: the role lacks it; the refusal is audited.
    """
    if not may(officer.role, capability):
        note(officer, "access_denied", request.path, capability)
        raise PermissionDenied


def note(officer: Officer, action: str, subject: str, reason: str = "") -> None:
    """What the officer did, or was refused, stands in the audit log."""
    with the_store() as store:
        audit.append(
            store, actor=officer.id, action=action, subject=subject[:200], detail={"why": reason}
        )
