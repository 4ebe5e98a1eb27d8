"""The way in: signing in and out, the language, the first page a person may see."""

import time

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from review_ui.access import note, officer_of
from review_ui.config import LANGUAGES
from review_ui.forms import SignInForm
from review_ui.middleware import SIGNED_IN_AT
from review_ui.models import Account
from review_ui.roles import Capability, may

_FIRST = (
    (Capability.READ_CASES, "queue"),
    (Capability.READ_EXPORT, "export"),
)


@require_safe
def start(request: HttpRequest) -> HttpResponseBase:
    """The person stands at the page the role works on."""
    role = officer_of(request).role
    return redirect(next((page for capability, page in _FIRST if may(role, capability)), "account"))


class SignIn(auth_views.LoginView):
    """The person is signed in, in a new session."""

    template_name = "review_ui/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The sign-in is in the audit log as well."""
        response = super().form_valid(form)
        self.request.session[SIGNED_IN_AT] = int(time.time())
        note(officer_of(self.request), "signed_in", "")
        return response


@method_decorator(login_not_required, name="dispatch")
class SignOut(auth_views.LogoutView):
    """The session is over, and with it the language chosen in this browser."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """The session is gone from the accounts file too."""
        response = super().post(request, *args, **kwargs)
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Strict")
        return response


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """The pages speak the chosen language; a signed-in person's account remembers it."""
    response = set_language(request)
    chosen = request.POST.get("language", "")
    if isinstance(request.user, Account) and chosen in dict(LANGUAGES):
        Account.objects.filter(pk=request.user.pk).update(language=chosen)
    return response
