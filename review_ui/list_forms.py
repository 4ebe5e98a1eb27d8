"""The forms about what is listed: a guard's override, a lift, a renewal, what becomes of a proposal."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.entry_search import Standing
from review_queue.errors import BadHostError, BadUrlError
from review_queue.lifts import LiftReason
from review_queue.overrides import LIST, OVERRIDABLE, Guard
from review_ui import list_wording
from review_ui.deciding import MAX_REASON

# the serial a list follows, and how many entries it has
SIZE: Final = re.compile(r"[0-9]{1,10}-[0-9]{1,10}")
# what is written with escapes is longer than the 2,048 characters of its normal form
_MAX_NAME: Final = 4000


def one_line(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:  # noqa: ANN401  # Django's lazy text
    """A reason or a note: one line, as the store keeps it."""
    return forms.CharField(
        max_length=MAX_REASON, label=label, help_text=help_text, required=required
    )


class PlainForm(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, sent: Mapping[str, Any] | None = None, **given: Any) -> None:  # noqa: ANN401  # Django's own
        super().__init__(sent, label_suffix="", **given)
        for field in self.fields.values():
            if field.required:
                field.widget.attrs["required"] = True


class ReasonForm(PlainForm):
    """Why somebody does what one person alone may do."""

    reason = one_line(_("Reason"), _("One line. Write no names of private persons."))


class AskForm(PlainForm):
    """What a guard is to let through, and why."""

    guard = forms.ChoiceField(
        label=_("Guard"),
        choices=[
            (guard.value, list_wording.GUARDS[guard]) for guard in Guard if guard in OVERRIDABLE
        ],
    )
    scope = forms.ChoiceField(
        label=_("How much to block"),
        initial=Scope.HOST.value,
        choices=[(scope.value, list_wording.SCOPES[scope]) for scope in Scope],
    )
    name = forms.CharField(
        max_length=_MAX_NAME,
        label=_("Name, page, address or network"),
        help_text=_("Of the size of the list: what the page of lists names, such as 41-1200."),
    )
    reason = one_line(
        _("Reason"),
        _(
            "Why this very name is to be listed all the same. A second person reads it before signing."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """The name is in the one way it is written under the scope."""
        cleaned = super().clean() or {}
        if cleaned.get("guard") == Guard.SIZE:
            cleaned["scope"] = LIST
            if not SIZE.fullmatch(cleaned.get("name", "")):
                self.add_error("name", _("This is no name of that kind."))
        elif cleaned.get("name") and cleaned.get("scope"):
            try:
                cleaned["name"] = normal(Scope(cleaned["scope"]), cleaned["name"])
            except (BadHostError, BadUrlError):
                self.add_error("name", _("This is no name of that kind."))
        return cleaned


class SearchForm(PlainForm):
    """Which entries to show."""

    q = forms.CharField(
        max_length=_MAX_NAME, required=False, label=_("Name, a part of it, or the entry's number")
    )
    state = forms.ChoiceField(
        required=False,
        label=_("State"),
        choices=[("", _("All")), *((one.value, list_wording.STANDINGS[one]) for one in Standing)],
    )


class LiftForm(PlainForm):
    """Why an entry is no longer."""

    prefix = "lift"
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[
            (reason.value, list_wording.LIFT_REASONS[reason])
            for reason in LiftReason
            if reason is not LiftReason.EXPIRED
        ],
    )
    note = one_line(_("Note"), _("One line. Write no names of private persons."), required=False)


class RenewForm(PlainForm):
    """Why an entry is still right."""

    prefix = "renew"
    note = one_line(_("Why it is still right"), _("One line. Write no names of private persons."))


class SettleForm(PlainForm):
    """What becomes of a proposal to lift."""

    prefix = "settle"
    note = one_line(_("Note"), _("One line. Write no names of private persons."), required=False)


def size_named_in(error: Exception) -> str:
    """What an override of the list's size is asked for by, as the error of an export says; "" where it says none."""
    _, is_named, rest = str(error).rpartition(" --name ")
    key = rest.partition(" ")[0]  # the options behind it are for the command line
    return key if is_named and SIZE.fullmatch(key) else ""
