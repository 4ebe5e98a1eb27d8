"""The last look at the lists of whole entries: tables, dumps and threat feeds.

They carry text that people wrote, so here every line is held against the one shape it may have, and the name in it is
unescaped, held against the guards and must come after the one before.
"""

import json
import re
from collections.abc import Iterable
from typing import Final

from blocklist import guards
from blocklist.lint_lines import fault, text_of
from review_queue.categories import Scope

_SCOPES: Final = {
    "url": Scope.URL,
    "host": Scope.HOST,
    "subtree": Scope.DOMAIN,
    "ip": Scope.IP,
    "cidr": Scope.CIDR,
}
Key = tuple[str, str, str]  # name, scope, id: the order of the canonical list
START: Final[Key] = ("", "", "")

_CSV_FIELD: Final = r'"((?:[^"]|"")*)"'
_CSV_COLUMNS: Final = (
    '"id","granularity","name","unicode_name","category","reason_code","reason_version",'
    '"legal_ground_code","legal_ground_version","case","decisions","papers","people","overrides",'
    '"listed_at","review_at","expires_at","appeal"'
)
_CSV_ROW: Final = re.compile(",".join([_CSV_FIELD] * 18))
_CSV_FORMULA: Final = re.compile(r'(?:^|;[ "]*) *[=+\-@]')


def check_csv(lines: Iterable[str], _serial: int) -> int:
    """How many entries the table has, once every row is known to be whole and to hold no formula.

    Raises:
        ExportError: a row that is anything else, by number.
    """
    last = START
    number = 0
    for number, line in enumerate(lines, start=1):
        text = _without_cr(number, line)
        if number == 1:
            if text != _CSV_COLUMNS:
                raise fault(number, "is not the header row")
            continue
        found = _CSV_ROW.fullmatch(text)
        if found is None:
            raise fault(number, "is not a row of 18 quoted fields")
        if any(map(_CSV_FORMULA.search, found.groups())):
            raise fault(number, "has a field that a spreadsheet runs as a formula")
        entry_id, granularity, name = (_json_text(number, field) for field in found.groups()[:3])
        last = key_after(number, last, _SCOPES.get(granularity), name, entry_id)
    if not number:
        raise fault(1, "is missing: there is no header row")
    return number - 1


def key_after(number: int, last: Key, scope: Scope | None, name: str, entry_id: str) -> Key:
    """The entry's place in the order, after `last`, once its name is known to be one that may be listed.

    Raises:
        ExportError: it may not, or it stands in the wrong place.
    """
    if scope is None:
        raise fault(number, "has a granularity that is not known")
    reason = guards.refusal(scope, name)
    if reason:
        raise fault(number, f"has a name that must not be listed: {reason}")
    key = (name, str(scope), entry_id)
    if key <= last:
        raise fault(number, "repeats an entry or is out of order")
    return key


def _without_cr(number: int, line: str) -> str:
    if line.endswith("\n") and not line.endswith("\r\n"):
        raise fault(number, "does not end in CR LF")
    return text_of(number, line.replace("\r\n", "\n"))


def _json_text(number: int, field: str) -> str:
    """What a field of the table says, its apostrophe and escapes undone."""
    try:
        return str(json.loads('"' + field.removeprefix("'").replace('""', '\\"') + '"'))
    except ValueError:
        raise fault(number, "has a field with a broken escape") from None
