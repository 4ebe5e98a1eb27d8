"""Template filters: names of the vocabularies, and hostile text made fit to be shown."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django import template
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language

from review_queue.categories import CaseState
from review_queue.errors import BadHostError
from review_queue.hosts import parse_host
from review_queue.records import LegalGround, Policy
from review_ui import hostile, list_wording, refusals, wording

register = template.Library()
_MIDDLE: Final = 1 / 3
_HIGH: Final = 2 / 3
_MANY_HOURS: Final = 10
_FEWEST_HOURS: Final = 0.1
# a filter for each vocabulary: its words in the reader's language
_VOCABULARIES: Final[Mapping[str, wording.Wording]] = {
    "category_name": wording.CATEGORIES,
    "stance_name": wording.STANCES,
    "move_name": wording.MOVES,
    "verdict_name": wording.VERDICTS,
    "scope_name": wording.SCOPES,
    "role_name": wording.ROLES,
    "crawl_state": wording.CRAWL_STATES,
    "outcome_name": wording.OUTCOMES,
    "unread_reason": wording.UNREAD,
    "standing_name": list_wording.STANDINGS,
    "lift_reason": list_wording.LIFT_REASONS,
    "recheck_name": list_wording.RECHECKS,
    "receipt_outcome": list_wording.RECEIPTS,
    "guard_name": list_wording.GUARDS,
    "listed_scope": list_wording.SCOPES,
}


def _named_in(words: wording.Wording) -> Callable[[str], str | Promise]:
    """A filter that says a value in the reader's language; one that has no name there is shown as it is."""
    return lambda value: words.get(value, value)


for _name, _words in _VOCABULARIES.items():
    register.filter(_name, _named_in(_words))


@register.filter
def hours(value: float) -> str:
    """A number of hours: with a digit after the point where there are few, and never none at all."""
    if value < _FEWEST_HOURS:
        return f"<\xa0{number_format(_FEWEST_HOURS, 1, use_l10n=True)}"
    return number_format(value, 0 if value >= _MANY_HOURS else 1, use_l10n=True)


@register.filter
def protects(value: str) -> str | Promise:
    """Whom the guard protects, in the reader's language."""
    return list_wording.PROTECTS[value]


@register.filter
def cuts(value: str) -> str | Promise:
    """What a block of this scope cuts off, in the reader's language."""
    return list_wording.CUTS[value]


@register.filter
def not_offered(value: str) -> str | Promise:
    """Why a case has no name of this scope, in the reader's language."""
    return list_wording.NOT_OFFERED[value]


@register.filter
def kind_names(values: Iterable[str]) -> str:
    """Where in a provider's network a list works, in the reader's language."""
    return ", ".join(str(list_wording.KINDS[value]) for value in values)


@register.filter
def addresses(values: Iterable[str]) -> str:
    """Hosts that nothing makes links of, with commas between."""
    return ", ".join(hostile.address(value) for value in values)


@register.filter
def state_name(value: CaseState | None) -> str | Promise:
    """The state in the reader's language; None is a state kept from someone who has still to decide."""
    return wording.BLIND_STATE if value is None else wording.STATES.get(value, value)


@register.filter
def refusal(value: str) -> str:
    """Why a block is not listed, in the reader's language."""
    return refusals.told(value) or hostile.one_line(value)


@register.filter
def is_told(value: str) -> bool:
    """Whether there are words in the reader's language for why a block is not listed."""
    return bool(refusals.told(value))


@register.filter
def guide_of(row: Policy) -> str:
    """What the policy says, in the reader's language."""
    return row.guides.get(get_language() or "ru", "")


@register.filter
def text_of(row: LegalGround) -> str:
    """The wording of the legal ground, in the reader's language."""
    return row.texts.get(get_language() or "ru", "")


@register.filter
def title_of(row: Policy | LegalGround) -> str:
    """The whole title, in the reader's language: a list to choose from may have no room for it."""
    return row.titles.get(get_language() or "ru", "")


@register.filter
def language(code: str) -> str:
    """A language code that may stand in an attribute."""
    return hostile.language(code)


@register.filter
def percent(value: float) -> str:
    """The length of a bar out of 100, as a number of SVG."""
    return str(round(min(max(value, 0.0), 1.0) * 100))


@register.filter
def level(value: float) -> str:
    """The style of a bar; the thirds are for the eye only, no rule hangs on them."""
    return "high" if value > _HIGH else "middle" if value > _MIDDLE else "low"


@register.filter
def unicode_form(name: str) -> str:
    """How the host name reads, where that differs from how it is written in the DNS."""
    try:
        host = parse_host(name)
    except BadHostError:
        return ""
    return "" if host.unicode == name else hostile.address(host.unicode)


@register.filter
def address(value: str) -> str:
    """A URL or host that nothing makes a link of."""
    return hostile.address(value)


@register.filter
def one_line(value: str) -> str:
    """Text of a stranger on one line."""
    return hostile.one_line(value)


@register.filter
def moment(value: str) -> datetime:
    """The store's ISO text as a time."""
    return datetime.fromisoformat(value)


@register.filter
def fault(kind: str) -> str:
    """Why a page could not be had, in a few words."""
    return wording.fault(kind)


@register.filter
def explained(kind: str) -> str:
    """What a fault of this kind means."""
    return wording.explained(kind)


@register.filter
def duration(seconds: float) -> str:
    """A span of time as a clock would count it."""
    return wording.duration(seconds)


@register.filter
def lateness(late: timedelta) -> str:
    """How long ago something should have been."""
    return wording.lateness(late)


@register.filter
def megabytes(size: int) -> float:
    """A number of bytes in millions."""
    return size / 1e6


@register.filter
def over(value: float, divisor: int) -> float:
    """The value in a larger unit."""
    return value / divisor


@register.filter
def hundredfold(share: float) -> float:
    """A share as percent."""
    return share * 100


@register.filter
def total(counts: Mapping[str, int] | None) -> int:
    """The sum of all counts."""
    return sum((counts or {}).values())


@register.filter
def focus_name(value: str | Mapping[str, str]) -> str | Promise:
    """In which order a crawl fetched pages, in the reader's language."""
    mode = value if isinstance(value, str) else str(value.get("mode", ""))
    return wording.FOCUS.get(mode) or hostile.one_line(mode)
