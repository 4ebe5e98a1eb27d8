"""The last look at the lists of whole entries: tables, dumps and threat feeds.

They carry text that people wrote, so here every line is held against the one shape it may have, and the name in it is
unescaped, held against the guards and must come after the one before.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from blocklist import guards
from blocklist.lint_known import Known
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
# a row in which no field needs a closer look: no quotes and semicolons in it, no first character that a formula has
_CSV_SAFE: Final = r"(?:[A-Za-z0-9\\][ !#-:<-~]*+)?+"
_CSV_SAFE_NAME: Final = r"([A-Za-z0-9][ !#-:<-\[\]-~]*+)"
_CSV_SAFE_ROW: Final = re.compile(
    rf'"{_CSV_SAFE_NAME}","(url|host|subtree|ip|cidr)","{_CSV_SAFE_NAME}"'
    rf'(?:,"(?:{_CSV_SAFE}|\[(?:""{_CSV_SAFE}""(?:, )?)*+\])"){{15}}\r\n'
)
_CSV_FORMULA: Final = re.compile(r'(?:^|;[ "]*) *[=+\-@]')


def check_csv(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many entries the table has, once every row is known to be whole and to hold no formula.

    Raises:
        ExportError: a row that is anything else, by number.
    """
    last = START
    number = 0
    for number, line in enumerate(lines, start=1):
        if number == 1:
            if _without_cr(number, line) != _CSV_COLUMNS:
                raise fault(number, "is not the header row")
            continue
        safe = _CSV_SAFE_ROW.fullmatch(line)
        entry_id, granularity, name = safe.groups() if safe else _fields(number, line)
        last = key_after(number, last, _SCOPES.get(granularity), name, entry_id, known)
    if not number:
        raise fault(1, "is missing: there is no header row")
    return number - 1


def key_after(  # where it stands, what it is and what is known
    number: int,
    last: Key,
    scope: Scope | None,
    name: str,
    entry_id: str,
    known: Known | None = None,
) -> Key:
    """The entry's place in the order, after `last`, once its name is known to be one that may be listed.

    Raises:
        ExportError: it may not, or it stands in the wrong place.
    """
    if scope is None:
        raise fault(number, "has a granularity that is not known")
    if not (known and name in known.of(scope)):
        reason = guards.refusal(scope, name)
        if reason:
            raise fault(number, f"has a name that must not be listed: {reason}")
    key = (name, scope.value, entry_id)
    if key <= last:
        raise fault(number, "repeats an entry or is out of order")
    return key


def _fields(number: int, line: str) -> Iterator[str]:
    """The first three fields of a row, once all are known to be harmless."""
    found = _CSV_ROW.fullmatch(_without_cr(number, line))
    if found is None:
        raise fault(number, "is not a row of 18 quoted fields")
    if any(map(_CSV_FORMULA.search, found.groups())):
        raise fault(number, "has a field that a spreadsheet runs as a formula")
    return (_json_text(number, field) for field in found.groups()[:3])


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
