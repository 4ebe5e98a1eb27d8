"""The last look at the XML dump: every line is the one shape an entry may have, and no character breaks a parser."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from blocklist.lint_known import Known
from blocklist.lint_lines import fault, text_of
from blocklist.lint_records import START, Key, Records, lines_of
from review_queue.categories import Scope

_CHARACTERS: Final = r"[ !#-%(-;=?-~]*+"  # possessive: a bad line costs no more than a good one
_TEXT: Final = rf"{_CHARACTERS}(?:&#[0-9]{{1,7}};{_CHARACTERS})*+"
_TIME: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
_KINDS: Final = {
    ("default", "url"): Scope.URL,
    ("domain", "domain"): Scope.HOST,
    ("domain-mask", "domain"): Scope.DOMAIN,
    ("ip", "ip"): Scope.IP,
    ("ipSubnet", "ipSubnet"): Scope.CIDR,
}
_REGISTRY: Final = re.compile(
    rf'<registry serial="([0-9]+)" created="{_TIME}"(?: not_after="{_TIME}")?(?: appeal="{_TEXT}")?>'
)
_CONTENT: Final = (
    rf'<content id="(?P<id>{_TEXT})" entryType="(?P<kind>[A-Za-z-]+)" includeTime="{_TIME}"'
    rf'(?: reviewTime="{_TIME}")?(?: expiryTime="{_TIME}")? category="[a-z_]+" people="[0-9]+">'
    rf"<(?P<tag>url|domain|ip|ipSubnet)>(?P<name>{_TEXT})</(?P=tag)>"
    rf"<unicodeName>{_TEXT}</unicodeName>"
    rf'<reason version="[0-9]+">{_TEXT}</reason>'
    rf'<legalGround version="[0-9]+">{_TEXT}</legalGround>'
    rf"<case>{_TEXT}</case>"
    rf"(?:<decision>{_TEXT}</decision>)*(?:<paper>{_TEXT}</paper>)*"
    rf"(?:<override>{_TEXT}</override>)*</content>\n"
)
_ONE: Final = re.compile(_CONTENT, re.ASCII)
_SEVERAL: Final = lines_of(_CONTENT)
_HEAD_LINES: Final = 2
_END: Final = "</registry>"
_REFERENCE: Final = re.compile("&#([0-9]+);")
_STAND_IN: Final = re.compile("\ufffd([0-9a-f]{4})")
# XML 1.0, production 2: all that a document can hold, by reference or not
_HOLDABLE: Final = (range(9, 11), range(13, 14), range(32, 0xD800), range(0xE000, 0xFFFE))
_BEYOND: Final = range(0x10000, 0x110000)


def check_dump(lines: Iterable[str], serial: int, known: Known | None = None) -> int:
    """How many entries the dump has, once every line is known to be whole and of the one shape.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    head = 0
    for head, line in islice(numbered, _HEAD_LINES):
        _check_head(head, text_of(head, line), serial)
    records = Records(known)
    text = ""
    for number, line in records.unusual(numbered, _keys):
        if text == _END:
            raise fault(number, "stands after the end of the dump")
        text = text_of(number, line)
        _check_references(number, text)
        if text == _END:
            records.more = False
            continue
        found = _ONE.fullmatch(line)
        if found is None:
            raise fault(number, "is not one whole entry")
        scope = _KINDS.get((found["kind"], found["tag"]))
        records.add(number, scope, _plain(found["name"]), _plain(found["id"]))
    if text != _END:
        raise fault(max(head + records.count, 1), "is the last, but not the end of the dump")
    return records.count


def _keys(text: str) -> list[Key]:
    if not all(map(_is_holdable, {*_REFERENCE.findall(text)})):
        return [START]
    return [
        (_plain(name), _KINDS.get((kind, tag), ""), _plain(entry_id))
        for entry_id, kind, tag, name in _SEVERAL.findall(text)
    ]


def _check_head(number: int, text: str, serial: int) -> None:
    _check_references(number, text)
    if number == 1:
        if text != '<?xml version="1.0" encoding="UTF-8"?>':
            raise fault(number, "is not the declaration of XML 1.0 in UTF-8")
        return
    found = _REGISTRY.fullmatch(text)
    if found is None or found[1] != str(serial):
        raise fault(number, f"is not the head of a dump of serial {serial}")


def _check_references(number: int, text: str) -> None:
    if not all(map(_is_holdable, _REFERENCE.findall(text))):
        raise fault(number, "has a character that XML cannot hold")


def _is_holdable(digits: str) -> bool:
    code = int(digits)
    return code in _BEYOND or any(code in each for each in _HOLDABLE)


def _plain(text: str) -> str:
    """What the text of an element or an attribute says."""
    if "&" not in text:
        return text
    sayable = _REFERENCE.sub(lambda found: chr(int(found[1])), text)
    return _STAND_IN.sub(lambda found: chr(int(found[1], 16)), sayable)
