"""The last look at the STIX bundle: each line one indicator, its pattern one of five shapes and about its own name."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from blocklist.lint_known import Known
from blocklist.lint_lines import fault, text_of
from blocklist.lint_records import START, key_after
from review_queue.categories import Scope

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_HEAD: Final = re.compile(rf'\{{"type":"bundle","id":"bundle--{_UUID}","objects":\[')
_IDENTITY: Final = re.compile(rf'\{{"type":"identity",.*"id":"(identity--{_UUID})".*\}},?')
_ID: Final = re.compile(rf"indicator--{_UUID}")
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
# an indicator as it is mostly written, which passes without being read as JSON
_JSON: Final = r'[ !#-\[\]-~]*+(?:\\(?:["\\/bfnrt]|u[0-9a-f]{4})[ !#-\[\]-~]*+)*+'
_USUAL: Final = re.compile(
    rf'\{{"type":"indicator","spec_version":"2\.1","id":"indicator--{_UUID}","created_by_ref":"(?P<by>[a-z0-9-]+)",'
    rf'"created":"(?P<from>{_TIME.pattern})","modified":"(?P=from)","name":"{_JSON}","description":"{_JSON}",'
    rf'"pattern":"(?P<pattern>{_JSON})","pattern_type":"stix","pattern_version":"2\.1","valid_from":"(?P=from)",'
    rf'(?:"valid_until":"(?P<until>{_TIME.pattern})",)?"labels":\["[a-z_]+"\],"external_references":\['
    rf'\{{"source_name":"qalqan entry","external_id":"(?P<id>{_JSON})"\}}'
    rf'(?:,\{{"source_name":"[a-z ]+","(?:external_id|url)":"{_JSON}"(?:,"description":"{_JSON}")?\}})*+'
    r"\]\}(?P<more>,?)\n",
    re.ASCII,
)
_END: Final = "]}"


def check_bundle(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many indicators the bundle has, once every line of it is known to be one whole object of known shape.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    last = START
    number = 0
    text = identity = ""
    more = True
    for number, line in enumerate(lines, start=1):
        if text == _END:
            raise fault(number, "stands after the end of the bundle")
        usual = _USUAL.fullmatch(line) if more and identity else None
        if usual and usual["by"] == identity and (usual["until"] or "9") > usual["from"]:
            more = bool(usual["more"])
            scope, name = _named(number, _plain(usual["pattern"]))
            last = key_after(number, last, scope, name, _plain(usual["id"]), known)
            text = line
            continue
        text = text_of(number, line)
        if number == 1:
            if not _HEAD.fullmatch(text):
                raise fault(number, "is not the head of a bundle")
        elif more != (text != _END):
            raise fault(number, "has a comma too many or too few before it")
        elif number == 2:  # noqa: PLR2004  # the identity all indicators name
            identity = _identity(number, text)
            more = text.endswith(",")
        elif text != _END:
            more = text.endswith(",")
            found = _indicator(number, text.removesuffix(","), identity)
            scope, name = _named(number, found["pattern"])
            entry_id = found["external_references"][0]["external_id"]
            last = key_after(number, last, scope, name, entry_id, known)
    if text != _END:
        raise fault(max(number, 1), "is the last, but not the end of the bundle")
    return number - 3


def _identity(number: int, text: str) -> str:
    found = _IDENTITY.fullmatch(text)
    if found is None:
        raise fault(number, "is not the identity that made the list")
    return found[1]


def _plain(text: str) -> str:
    return str(json.loads(f'"{text}"')) if "\\" in text else text


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
