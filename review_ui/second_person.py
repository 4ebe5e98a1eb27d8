"""What waits for a second person: a page's form that signs it, or withdraws it with a reason."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from review_queue.errors import RefusedError
from review_ui import list_wording
from review_ui.list_forms import ReasonForm


def signed_or_withdrawn(
    request: HttpRequest,
    form: ReasonForm,
    *,
    sign: Callable[[], object],
    withdraw: Callable[[str], object],
    told: tuple[str, str],
) -> bool:
    """Whether the page is to be opened anew, with a message; else nothing was recorded and `form` says why.

    `told` is said of a signature and of a withdrawal.
    """
    try:
        if "sign" in request.POST:
            sign()
            messages.success(request, told[0])
        elif form.is_valid():
            withdraw(form.cleaned_data["reason"])
            messages.success(request, told[1])
        else:
            return False
    except RefusedError as error:
        if not form.is_bound:
            messages.error(request, list_wording.refused(error))
            return True
        form.add_error(None, list_wording.refused(error))
        return False
    return True
