"""The form a case is decided with: the verdict, and for a block its scope and name out of what the case offers."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from review_queue.categories import VERDICTS, Scope, Verdict
from review_queue.records import Case, Decision, LegalGround, Policy
from review_ui import hostile, list_wording, wording
from review_ui.blocking import Kind, Offer
from review_ui.deciding import MAX_REASON, DecisionForm

Offers = Mapping[Scope, Sequence[Offer]]
_SHOWN: Final = 5  # what the template shows at once
_Choices = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Panel:
    """The names of one scope to choose from, each with what is known of the consequences."""

    scope: Scope
    field: forms.BoundField
    options: Sequence[tuple[BoundWidget, Offer]]

    @property
    def more(self) -> int:
        """How many names stand behind the first five."""
        return len(self.options) - _SHOWN

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Where any of the names can be blocked in a provider's network."""
        return tuple(kind for kind in Kind if any(kind in offer.kinds for _, offer in self.options))


class DecideForm(forms.Form):
    """A verdict with its reason; the rest matters for a block only."""

    verdict = forms.ChoiceField(widget=forms.RadioSelect, label=_("Your verdict"))
    scope = forms.ChoiceField(
        widget=forms.RadioSelect,
        required=False,
        initial=Scope.HOST.value,
        label=_("How much to block"),
    )
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
        offers: Offers,
        policies: Sequence[Policy],
        grounds: Sequence[LegalGround],
        sent: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(sent, label_suffix="")
        self.case = case
        self.blocks = Verdict.VIOLATES in VERDICTS[case.lane]
        self._choose("verdict", [(v.value, wording.VERDICTS[v]) for v in VERDICTS[case.lane]])
        self.offers = {scope: offers[scope] for scope in Scope if offers[scope]}
        self._choose("scope", [(scope.value, wording.SCOPES[scope]) for scope in self.offers])
        for scope, offered in self.offers.items():
            self.fields[name_field(scope)] = _names(offered)
        self._choose("policy", _titles(policies), ask=True)
        self._choose("legal_ground", _titles(grounds), ask=True)
        for field in ("verdict", "reason"):
            self.fields[field].widget.attrs["required"] = True

    def clean(self) -> dict[str, Any]:
        """A block is complete."""
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == Verdict.VIOLATES:
            needed = ["scope", "policy", "legal_ground"]
            if cleaned.get("scope"):
                needed.append(name_field(Scope(cleaned["scope"])))
            for field in needed:
                if not cleaned.get(field) and field not in self.errors:
                    self.add_error(field, self.fields[field].error_messages["required"])
        return cleaned

    def panels(self) -> list[Panel]:
        """The names to choose from, scope by scope."""
        found = []
        for scope, offered in self.offers.items():
            field = self[name_field(scope)]
            found.append(Panel(scope, field, list(zip(field, offered, strict=True))))
        return found

    def not_offered(self) -> list[Scope]:
        """The scopes this case has no name for."""
        return [scope for scope in Scope if scope not in self.offers]

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
        scope = Scope(given["scope"])
        return DecisionForm(
            verdict=verdict,
            scope=scope,
            name=self._named(scope, given[name_field(scope)]),
            policy=given["policy"],
            legal_ground=given["legal_ground"],
            **plain,
        )

    def _named(self, scope: Scope, key: str) -> str:
        return next(one.name for one in self.offers[scope] if key_of(scope, one.name) == key)

    def _choose(self, field: str, choices: _Choices, *, ask: bool = False) -> None:
        # one choice is no question; of several none is taken for granted
        chosen = self.fields[field]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101  # tells the type checker
        chosen.choices = [("", _("Choose")), *choices] if ask and len(choices) > 1 else choices


def correction_of(decision: Decision) -> dict[str, str]:
    """What a form that corrects `decision` starts with; the reason is written anew."""
    scope = decision.scope or Scope.HOST
    return {
        "verdict": decision.verdict.value,
        "scope": scope.value,
        **({name_field(scope): key_of(scope, decision.name)} if decision.name else {}),
        "policy": decision.policy_code,
        "legal_ground": decision.legal_ground_code,
        "corrects": decision.id,
    }


def name_field(scope: Scope) -> str:
    """The field in which the name is chosen under that scope."""
    return f"name_{scope.value}"


def key_of(scope: Scope, name: str) -> str:
    """What the form sends for the name: of a URL a digest, so that no page holds the address of a harmful one."""
    return hashlib.sha256(name.encode()).hexdigest()[:32] if scope is Scope.URL else name


def _names(offered: Sequence[Offer]) -> forms.ChoiceField:
    # what would not be listed anyway is never chosen beforehand, unless there is nothing else
    good = [offer for offer in offered if not offer.refusal] or offered
    return forms.ChoiceField(
        widget=forms.RadioSelect,
        required=False,
        label=str(list_wording.NAMES[offered[0].scope]),
        initial=key_of(good[0].scope, good[0].name),
        choices=[
            (key_of(offer.scope, offer.name), hostile.address(offer.name)) for offer in offered
        ],
    )


def _titles(rows: Iterable[Policy | LegalGround]) -> _Choices:
    language = get_language() or "ru"
    return [(row.code, f"{row.code} · {row.titles.get(language) or row.code}") for row in rows]
