"""The last look at the lists of whole entries: tables, dumps and threat feeds.

They carry text that people wrote, so here every line is held against the one shape it may have, and the name in it is
unescaped, held against the guards and must come after the one before. Where it is known what the guards have let in,
lines that are written as most are pass a batch at a time, in half the time.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from operator import lt
from typing import Final

from blocklist import guards
from blocklist.lint_known import Known
from blocklist.lint_lines import Numbered, fault, text_of, unusual
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
# of threat feeds: an id that is made of a name (version 5), and what stands between the quotes of a JSON string
UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
QUOTED: Final = r'[ !#-\[\]-~]*+(?:\\(?:["\\/bfnrt]|u[0-9a-f]{4})[ !#-\[\]-~]*+)*+'


def lines_of(usual: str) -> re.Pattern[str]:
    """A pattern that finds the groups of each usual line of a text; any other line is one whose groups are empty."""
    return re.compile(rf"{usual}|[^\n]+|\n", re.ASCII)


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
_CSV_SAFE_ROWS: Final = lines_of(
    rf'"{_CSV_SAFE_NAME}","(url|host|subtree|ip|cidr)","{_CSV_SAFE_NAME}"'
    rf'(?:,"(?:{_CSV_SAFE}|\[(?:""{_CSV_SAFE}""(?:, )?)*+\])"){{15}}\r\n'
)
_CSV_FORMULA: Final = re.compile(r'(?:^|;[ "]*) *[=+\-@]')


class Records:
    """The entries of a file as they come: each may be listed, all are in the order of the canonical list."""

    def __init__(self, known: Known | None) -> None:
        self.count = 0
        self.more: bool | None = None  # whether another one must follow, where the file says
        self._known = known
        self._last = START

    def add(self, number: int, scope: Scope | None, name: str, entry_id: str) -> None:
        """The entry is counted, once its name is known to be one that may be listed.

        Raises:
            ExportError: it may not, or it stands in the wrong place.
        """
        self._last = key_after(number, self._last, scope, name, entry_id, self._known)
        self.count += 1

    def unusual(self, numbered: Numbered, keys_of: Callable[[str], list[Key]]) -> Numbered:
        """The lines that have to be looked at one by one; all others are counted.

        `keys_of` gives the key of each line of a text, with an empty scope for one that is not as usual. After each
        line of the usual ones another must follow.
        """
        if self._known is None:
            return numbered
        known = {"": set[str](), **{scope.value: self._known.of(scope) for scope in Scope}}

        def passes(text: str) -> bool:
            if self.more is False:
                return False
            keys = keys_of(text)
            if not all(name in known[scope] for name, scope, _ in keys):
                return False
            if not all(map(lt, (self._last, *keys), keys)):
                return False
            self._last = keys[-1]
            self.count += len(keys)
            self.more = True
            return True

        return unusual(numbered, passes)


def check_csv(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many entries the table has, once every row is known to be whole and to hold no formula.

    Raises:
        ExportError: a row that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    number, line = next(numbered, (0, ""))
    if not number:
        raise fault(1, "is missing: there is no header row")
    if _without_cr(number, line) != _CSV_COLUMNS:
        raise fault(number, "is not the header row")
    records = Records(known)
    for number, line in records.unusual(numbered, _csv_keys):
        entry_id, granularity, name = _fields(number, line)
        records.add(number, _SCOPES.get(granularity), name, entry_id)
    return records.count


def _csv_keys(text: str) -> list[Key]:
    found = _CSV_SAFE_ROWS.findall(text)
    return [(name, _SCOPES.get(granularity, ""), entry_id) for entry_id, granularity, name in found]


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
