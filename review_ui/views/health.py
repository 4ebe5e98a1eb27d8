"""Says to a monitor whether the pages can work; tells a stranger nothing else."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from review_queue import cases
from review_queue.errors import QalqanError
from review_queue.store import open_store
from review_ui.models import Account


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # a view's signature
    """Status 200 where the store and the accounts can be read, else 503."""
    try:
        Account.objects.exists()
        with open_store(settings.QALQAN.data_dir, create=False) as store:
            cases.count_waiting(store)
    except (QalqanError, DatabaseError):
        return HttpResponse("unavailable\n", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
