"""What happens around every request: private responses, the end of a session, the language, a store in trouble."""

import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation

from review_queue.errors import QalqanError, UnknownCaseError
from review_ui.models import Account

GetResponse = Callable[[HttpRequest], HttpResponse]
SIGNED_IN_AT: Final = "signed_in_at"
_PERMISSIONS: Final = ", ".join(
    f"{feature}=()"
    for feature in (
        "camera",
        "display-capture",
        "geolocation",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


class HeadOnly:
    """A browser that asks for the head of a page gets no more; the server does not see to it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "HEAD" and not response.streaming:
            response.content = b""  # Content-Length stays that of the page
        return response


class PrivateResponses:
    """No page is cached anywhere, lent to another origin or given a device."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = _PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        if not request.path_info.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store"
        return response


class SessionLimit:
    """A session ends some hours after signing in, however busy it is; idleness ends it sooner."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            began = request.session.setdefault(SIGNED_IN_AT, int(time.time()))
            if time.time() - began > settings.QALQAN.session_hours * 3600:
                logout(request)
                return redirect("login")
        return self.get_response(request)


class PersonalLanguage:
    """A signed-in person reads the language of the account, unless another was chosen in this browser."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if isinstance(request.user, Account) and not chosen:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        return self.get_response(request)


class StoreTrouble:
    """A store that is busy, full or damaged is said in words, with nothing half done."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for `error` where it is one of ours."""
        if isinstance(error, UnknownCaseError):
            raise Http404 from error
        if isinstance(error, QalqanError):
            return render(request, "review_ui/trouble.html", {"problem": str(error)}, status=503)
        return None
