"""Why a block is not listed, in the reader's language: the answers of the guards that hold a name or a number."""

import re
from collections.abc import Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from review_ui import hostile
from review_ui.wording import REFUSALS

# what blocklist.guards and blocklist.judging answer; `why` is itself an answer without a name
_LIKE: Final[Sequence[tuple[re.Pattern[str], str | Promise]]] = (
    (
        re.compile(r"(?P<name>\S+) is reserved: nobody on the internet is reached there"),
        _("%(name)s is reserved: nobody on the internet is reached there."),
    ),
    (
        re.compile(r"it is wider than /(?P<bits>\d+): unrelated people are reached there"),
        _("It is wider than /%(bits)s: unrelated people are reached there."),
    ),
    (
        re.compile(r"it is not in its normal form, which is (?P<name>\S+)"),
        _("It is not written in its normal form, which is %(name)s."),
    ),
    (
        re.compile(r"(?P<name>\S+) lies below it: unrelated people hold the names there"),
        _("Below it lies %(name)s: unrelated people hold the names there."),
    ),
    (
        re.compile(r"people have judged (?P<name>\S+) protective"),
        _("People have judged %(name)s protective."),
    ),
    (
        re.compile(r"people have judged (?P<name>\S+), which lies below it, protective"),
        _("Below it lies %(name)s, which people have judged protective."),
    ),
    (
        re.compile(r"people have judged (?P<name>\S+), which is known there, protective"),
        _("Known there is %(name)s, which people have judged protective."),
    ),
    (re.compile(r"(?P<name>\S+) lies below it: (?P<why>.+)"), _("Below it lies %(name)s. %(why)s")),
    (re.compile(r"(?P<name>\S+) is known there: (?P<why>.+)"), _("Known there: %(name)s. %(why)s")),
    (re.compile(r"(?P<why>.+), as (?P<name>\S+)"), _("%(why)s It stands there as %(name)s.")),
)


def told(message: str) -> str:
    """Why a block is not listed, in the reader's language; "" where there are no words for it yet."""
    if known := REFUSALS.get(message):
        return str(known)
    for pattern, said in _LIKE:
        if found := pattern.fullmatch(message):
            parts = found.groupdict()
            if "name" in parts:
                parts["name"] = hostile.address(parts["name"])
            if "why" in parts:
                parts["why"] = str(REFUSALS.get(parts["why"], ""))
            return str(said) % parts if all(parts.values()) else ""
    return ""
