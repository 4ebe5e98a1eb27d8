"""A person's own account: who one is here, the password, the shortcuts."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from review_ui.forms import ComfortForm
from review_ui.models import Account


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponseBase:
    """The account is shown, or changed where one of its forms was sent."""
    person = request.user
    assert isinstance(person, Account)  # noqa: S101  # LoginRequiredMiddleware stands before every view
    sent = request.POST if request.method == "POST" else None
    password = PasswordChangeForm(
        person, sent if sent and "old_password" in sent else None, label_suffix=""
    )
    comfort = ComfortForm(
        sent if sent and "old_password" not in sent else None, instance=person, label_suffix=""
    )
    # the page is about more than the password: the focus stays at its beginning
    password.fields["old_password"].widget.attrs.pop("autofocus", None)
    if password.is_bound and password.is_valid():
        update_session_auth_hash(request, password.save())
        messages.success(request, _("Your password is changed."))
        return redirect("account")
    if comfort.is_bound and comfort.is_valid():
        comfort.save()
        messages.success(request, _("Your settings are saved."))
        return redirect("account")
    status = 400 if password.errors or comfort.errors else 200
    return render(
        request, "review_ui/account.html", {"password": password, "comfort": comfort}, status=status
    )
