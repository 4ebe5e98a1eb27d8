"""The forms people fill in: signing in, deciding, exporting, the account."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from blocklist.formats import FORMATS
from review_queue.categories import Category
from review_queue.unread import NOTHING
from review_ui import wording
from review_ui.config import LOCKOUT_MINUTES, MAX_FAILED_SIGN_INS
from review_ui.deciding import MAX_REASON
from review_ui.models import Account, FailedSignIn

_Choices = list[tuple[str, Any]]


class SignInForm(AuthenticationForm):
    """User name and password; a name that failed too often waits, whoever tries."""

    error_messages = {
        "invalid_login": _("The user name or the password is wrong."),
        "inactive": _("The user name or the password is wrong."),
    }

    def clean(self) -> dict[str, Any]:
        """The account is known, or the form has one error that does not say what was wrong."""
        name = (self.cleaned_data.get("username") or "").casefold()[:64]
        since = timezone.now() - timedelta(minutes=LOCKOUT_MINUTES)
        if FailedSignIn.objects.filter(name=name, at__gte=since).count() >= MAX_FAILED_SIGN_INS:
            raise ValidationError(
                _("Too many failed attempts. Wait 15 minutes and try again."), code="locked"
            )
        try:
            cleaned: dict[str, Any] = super().clean() or {}
        except ValidationError:
            FailedSignIn.objects.filter(at__lt=since).delete()
            FailedSignIn.objects.create(name=name)
            raise
        FailedSignIn.objects.filter(name=name).delete()
        return cleaned


class LookForm(forms.Form):
    """What a person found on a page that no program could read."""

    finding = forms.ChoiceField(
        widget=forms.RadioSelect(attrs={"required": True}),
        label=_("What you found"),
        choices=list(wording.FINDINGS.items()),
    )
    note = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=MAX_REASON,
        label=_("Note"),
        help_text=_("What you saw, in one sentence. Write no names of private persons."),
    )

    def __init__(self, sent: Mapping[str, Any] | None = None) -> None:
        super().__init__(sent, label_suffix="")

    def category(self) -> Category | None:
        """What a case is to be opened about; None for nothing."""
        finding = self.cleaned_data["finding"]
        return None if finding == NOTHING else Category(finding)


class ExportForm(forms.Form):
    """Which lists to write; `size` is what an override of the list's size is asked for by, where it takes one."""

    size = ""
    formats = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        label=_("Formats"),
        choices=[(name, name) for name in FORMATS],
        initial=list(FORMATS),
    )


class ComfortForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """How the pages behave for one person."""

    class Meta:
        """Only what a person may change alone."""

        model = Account
        fields = ("shortcuts",)
        labels = {
            "shortcuts": _("Use single-key shortcuts on the queue and case pages")
        }  # Django's way
