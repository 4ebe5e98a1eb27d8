"""The blurred picture of a page, drawn by our own browser's canvas: nothing a site has sent is handed on."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from review_queue import screenshots
from review_ui.access import needs, the_store
from review_ui.roles import Capability


@require_safe
@needs(Capability.READ_CASES)
def picture(_: HttpRequest, number: int) -> HttpResponse:
    """The picture of the page with this number.

    Raises:
        Http404: no browser has opened that page.
    """
    with the_store() as store:
        found = screenshots.get(store, number)
    if found is None:
        raise Http404
    return HttpResponse(found.png, content_type="image/png")
