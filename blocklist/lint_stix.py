"""The last look at the STIX bundle: each line one indicator, its pattern one of five shapes and about its own name."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from blocklist.lint_known import Known
from blocklist.lint_lines import fault, text_of
from blocklist.lint_records import QUOTED, START, UUID, Key, Records, lines_of
from review_queue.categories import Scope

_HEAD: Final = re.compile(rf'\{{"type":"bundle","id":"bundle--{UUID}","objects":\[')
_IDENTITY: Final = re.compile(rf'\{{"type":"identity",.*"id":"(identity--{UUID})".*\}},?')
_ID: Final = re.compile(rf"indicator--{UUID}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_TEXT: Final = r"((?:[^'\\]|\\['\\])+)"
_PATTERNS: Final = (
    (Scope.URL, re.compile(rf"\[url:value = '{_TEXT}'\]")),
    (Scope.HOST, re.compile(r"\[domain-name:value = '([a-z0-9._-]+)'\]")),
    (
        Scope.DOMAIN,
        re.compile(
            r"\[domain-name:value = '([a-z0-9.-]+)' OR domain-name:value LIKE '%\.(?:\1)'\]"
        ),
    ),
    (Scope.IP, re.compile(r"\[ipv(?:4-addr:value = '([0-9.]+)|6-addr:value = '([0-9a-f:.]+))'\]")),
    (
        Scope.CIDR,
        re.compile(
            r"\[ipv(?:4-addr:value ISSUBSET '([0-9./]+)|6-addr:value ISSUBSET '([0-9a-f:./]+))'\]"
        ),
    ),
)
_UNDERSCORED: Final = re.compile(
    r"\[domain-name:value = '([a-z0-9._-]+)' OR domain-name:value MATCHES '\\\\\.(.+)\$'\]"
)
_KEYS: Final = frozenset(
    {"type", "spec_version", "id", "created_by_ref", "created", "modified", "name", "description",
     "pattern", "pattern_type", "pattern_version", "valid_from", "labels", "external_references"}
)  # fmt: skip
# an indicator as it is mostly written, which passes without being read as JSON; of its pattern
# what it compares, how, the name, and whether what lies below: an underscore in a LIKE is any character
_USUAL_PATTERN: Final = (
    r"\[(url|domain-name|ipv6-addr|ipv4-addr(?=:[^']+'[0-9./]+')):value (=|ISSUBSET) '(?P<said>[ !#-&(-\[\]-~]+)'"
    r"(?: OR domain-name:value (LIKE) '%\.(?=[^'_]+')(?P=said)')?\]"
)
_USUAL: Final = (
    rf'\{{"type":"indicator","spec_version":"2\.1","id":"indicator--{UUID}","created_by_ref":"IDENTITY",'
    rf'"created":"(?P<from>{_TIME.pattern})","modified":"(?P=from)","name":"{QUOTED}","description":"{QUOTED}",'
    rf'"pattern":"{_USUAL_PATTERN}","pattern_type":"stix","pattern_version":"2\.1","valid_from":"(?P=from)",'
    rf'(?:"valid_until":"({_TIME.pattern})",)?"labels":\["[a-z_]+"\],"external_references":\['
    rf'\{{"source_name":"qalqan entry","external_id":"([ !#-\[\]-~]*+)"\}}'
    rf'(?:,\{{"source_name":"[a-z ]+","(?:external_id|url)":"{QUOTED}"(?:,"description":"{QUOTED}")?\}})*+'
    r"\]\},\n"
)
_USUAL_SCOPES: Final = {
    ("url", "=", ""): Scope.URL,
    ("domain-name", "=", ""): Scope.HOST,
    ("domain-name", "=", "LIKE"): Scope.DOMAIN,
    ("ipv4-addr", "=", ""): Scope.IP,
    ("ipv6-addr", "=", ""): Scope.IP,
    ("ipv4-addr", "ISSUBSET", ""): Scope.CIDR,
    ("ipv6-addr", "ISSUBSET", ""): Scope.CIDR,
}
_END: Final = "]}"


def check_bundle(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many indicators the bundle has, once every line of it is known to be one whole object of known shape.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    number, line = next(numbered, (1, "\n"))
    if not _HEAD.fullmatch(text_of(number, line)):
        raise fault(number, "is not the head of a bundle")
    number, line = next(numbered, (2, "\n"))
    text = text_of(number, line)
    identity = _identity(number, text)
    records = Records(known)
    records.more = text.endswith(",")
    for number, line in records.unusual(numbered, _keys_by(identity)):
        if text == _END:
            raise fault(number, "stands after the end of the bundle")
        text = text_of(number, line)
        if records.more != (text != _END):
            raise fault(number, "has a comma too many or too few before it")
        records.more = text.endswith(",")
        if text != _END:
            found = _indicator(number, text.removesuffix(","), identity)
            scope, name = _named(number, found["pattern"])
            records.add(number, scope, name, found["external_references"][0]["external_id"])
    if text != _END:
        raise fault(records.count + 2, "is the last, but not the end of the bundle")
    return records.count


def _identity(number: int, text: str) -> str:
    found = _IDENTITY.fullmatch(text)
    if found is None:
        raise fault(number, "is not the identity that made the list")
    return found[1]


def _keys_by(identity: str) -> Callable[[str], list[Key]]:
    """What gives the keys of the indicators that this identity made and that end after they begin."""
    usual = lines_of(_USUAL.replace("IDENTITY", identity))

    def keys(text: str) -> list[Key]:
        return [
            (name, _USUAL_SCOPES.get((kind, how, below), ""), entry_id)
            if not until or until > begin
            else START
            for begin, kind, how, name, below, until, entry_id in usual.findall(text)
        ]

    return keys


def _indicator(number: int, text: str, identity: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
        whole = (
            found.keys() - {"valid_until"} == _KEYS
            and (found["type"], found["pattern_type"]) == ("indicator", "stix")
            and (found["spec_version"], found["pattern_version"]) == ("2.1", "2.1")
            and _ID.fullmatch(found["id"])
            and found["created_by_ref"] == identity
            and found["created"] == found["modified"] == found["valid_from"]
            and all(
                _TIME.fullmatch(found[key]) for key in ("created", "valid_until") if key in found
            )
            and found.get("valid_until", "9") > found["valid_from"]
            and found["external_references"][0]["source_name"] == "qalqan entry"
            and isinstance(found["external_references"][0]["external_id"], str)
            and isinstance(found["pattern"], str)
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        whole = False
    if not whole:
        raise fault(number, "is not one whole indicator")
    return dict(found)


def _named(number: int, pattern: str) -> tuple[Scope, str]:
    """What the pattern blocks, which must be exactly what one scope says of one name."""
    for scope, shape in _PATTERNS:
        if found := shape.fullmatch(pattern):
            text = next(filter(None, found.groups()))
            return scope, re.sub(r"\\(.)", r"\1", text) if "\\" in text else text
    found = _UNDERSCORED.fullmatch(pattern)
    if found and found[2] == found[1].replace(".", r"\\."):
        return Scope.DOMAIN, found[1]
    raise fault(number, "has a pattern that is none of the five, or of two names")
