"""The pages shown when something is not there, not allowed or broken."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Status 400."""
    return render(request, "review_ui/errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Status 403."""
    return render(request, "review_ui/errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Status 404."""
    return render(request, "review_ui/errors/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Status 500."""
    return render(request, "review_ui/errors/500.html", status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Status 403, for a form that did not come from our own page."""
    return render(request, "review_ui/errors/csrf.html", status=403)
