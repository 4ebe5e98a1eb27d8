"""Template filters: names of the vocabularies, and hostile text made fit to be shown."""

from datetime import datetime
from typing import Final

from django import template
from django.utils.functional import Promise
from django.utils.translation import get_language

from review_queue.categories import CaseState
from review_queue.errors import BadHostError
from review_queue.hosts import parse_host
from review_queue.records import Policy
from review_ui import hostile, wording

register = template.Library()
_MIDDLE: Final = 1 / 3
_HIGH: Final = 2 / 3


@register.filter
def category_name(value: str) -> str | Promise:
    """The category in the reader's language."""
    return wording.CATEGORIES.get(value, value)


@register.filter
def stance_name(value: str) -> str | Promise:
    """The stance in the reader's language."""
    return wording.STANCES.get(value, value)


@register.filter
def move_name(value: str) -> str | Promise:
    """What a sentence does, in the reader's language."""
    return wording.MOVES.get(value, value)


@register.filter
def verdict_name(value: str) -> str | Promise:
    """The verdict in the reader's language."""
    return wording.VERDICTS.get(value, value)


@register.filter
def scope_name(value: str) -> str | Promise:
    """The scope in the reader's language."""
    return wording.SCOPES.get(value, value)


@register.filter
def role_name(value: str) -> str | Promise:
    """The role in the reader's language."""
    return wording.ROLES.get(value, value)


@register.filter
def state_name(value: CaseState | None) -> str | Promise:
    """The state in the reader's language; None is a state kept from someone who has still to decide."""
    return wording.BLIND_STATE if value is None else wording.STATES.get(value, value)


@register.filter
def refusal(value: str) -> str | Promise:
    """Why a block is not listed, in the reader's language."""
    return wording.REFUSALS.get(value) or hostile.one_line(value)


@register.filter
def guide_of(row: Policy) -> str:
    """What the policy says, in the reader's language."""
    return row.guides.get(get_language() or "ru", "")


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
