"""The forms people fill in: signing in, deciding, exporting, the account."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from blocklist.formats import FORMATS
from review_queue.categories import VERDICTS, Category, Scope, Verdict
from review_queue.records import Case, Decision, LegalGround, Policy
from review_queue.unread import NOTHING
from review_ui import hostile, wording
from review_ui.config import LOCKOUT_MINUTES, MAX_FAILED_SIGN_INS
from review_ui.deciding import MAX_REASON, DecisionForm
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


class DecideForm(forms.Form):
    """A verdict with its reason; the rest matters for a block only."""

    verdict = forms.ChoiceField(widget=forms.RadioSelect, label=_("Your verdict"))
    scope = forms.ChoiceField(
        widget=forms.RadioSelect,
        required=False,
        initial=Scope.HOST.value,
        label=_("How much to block"),
        choices=[(scope, wording.SCOPES[scope]) for scope in (Scope.HOST, Scope.DOMAIN)],
    )
    name = forms.ChoiceField(required=False, label=_("Host name"))
    policy = forms.ChoiceField(required=False, label=_("Policy"))
    legal_ground = forms.ChoiceField(required=False, label=_("Legal ground"))
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=MAX_REASON,
        label=_("Reason"),
        help_text=_("What in the text decides it. Write no names of private persons."),
    )
    corrects = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(
        self,
        case: Case,
        names: Sequence[str],
        policies: Sequence[Policy],
        grounds: Sequence[LegalGround],
        sent: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(sent, label_suffix="")
        self.case = case
        self.blocks = Verdict.VIOLATES in VERDICTS[case.lane]
        self._choose("verdict", [(v.value, wording.VERDICTS[v]) for v in VERDICTS[case.lane]])
        self._choose("name", [(name, hostile.address(name)) for name in names])
        self._choose("policy", _titles(policies), ask=True)
        self._choose("legal_ground", _titles(grounds), ask=True)
        for field in ("verdict", "reason"):
            self.fields[field].widget.attrs["required"] = True

    def clean(self) -> dict[str, Any]:
        """A block is complete."""
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == Verdict.VIOLATES:
            for field in ("scope", "name", "policy", "legal_ground"):
                if not cleaned.get(field) and field not in self.errors:
                    self.add_error(field, self.fields[field].error_messages["required"])
        return cleaned

    def filled(self) -> DecisionForm:
        """What the person decided, for `deciding.record`."""
        given = self.cleaned_data
        verdict = Verdict(given["verdict"])
        plain = {
            "case_ref": self.case.ref,
            "reason": given["reason"],
            "corrects": given["corrects"],
        }
        if verdict is not Verdict.VIOLATES:
            return DecisionForm(verdict=verdict, **plain)
        return DecisionForm(
            verdict=verdict,
            scope=Scope(given["scope"]),
            name=given["name"],
            policy=given["policy"],
            legal_ground=given["legal_ground"],
            **plain,
        )

    def _choose(self, field: str, choices: _Choices, *, ask: bool = False) -> None:
        # one choice is no question; of several none is taken for granted
        chosen = self.fields[field]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101  # tells the type checker
        chosen.choices = [("", _("Choose")), *choices] if ask and len(choices) > 1 else choices


def correction_of(decision: Decision) -> dict[str, str]:
    """What a form that corrects `decision` starts with; the reason is written anew."""
    return {
        "verdict": decision.verdict.value,
        "scope": decision.scope.value if decision.scope else Scope.HOST.value,
        "name": decision.name,
        "policy": decision.policy_code,
        "legal_ground": decision.legal_ground_code,
        "corrects": decision.id,
    }


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
    """Which lists to write."""

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


def _titles(rows: Iterable[Policy | LegalGround]) -> _Choices:
    language = get_language() or "ru"
    return [(row.code, f"{row.code} · {row.titles.get(language) or row.code}") for row in rows]
