"""The last look at the MISP feed: one event, each line of it one attribute of a type that says its scope."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from blocklist.lint_known import Known
from blocklist.lint_lines import fault, text_of, unusual
from blocklist.lint_records import QUOTED, UUID, Key, Records, lines_of
from review_queue.categories import Scope

_MD5: Final = "[0-9a-f]{32}"
_HASH: Final = re.compile(rf"{_MD5},({UUID})")
_ID: Final = re.compile(UUID)
# an attribute as it is mostly written, which passes without being read as JSON
_USUAL: Final = lines_of(
    rf'\{{"uuid":"{UUID}","type":"([a-z-]+)","category":"Network activity","value":"([ !#-\[\]-~]+)",'
    rf'"to_ids":true,"timestamp":"[0-9]+","comment":"{QUOTED}","distribution":"5","disable_correlation":false,'
    r'"deleted":false\},\n'
)
_SCOPES: Final = {"url": Scope.URL, "hostname": Scope.HOST, "domain": Scope.DOMAIN}
_END: Final = "]}}"
_ABOUT: Final = frozenset(
    {"info", "date", "analysis", "threat_level_id", "timestamp", "Orgc", "Tag"}
)
_EVENT: Final = _ABOUT | {"uuid", "published", "publish_timestamp", "distribution", "Attribute"}
_ATTRIBUTE: Final = frozenset(
    {"uuid", "type", "category", "value", "to_ids", "timestamp", "comment", "distribution",
     "disable_correlation", "deleted"}
)  # fmt: skip


def check_event(lines: Iterable[str], serial: int, known: Known | None = None) -> int:
    """How many attributes the event has, once every line of it is known to be one whole object of known shape.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    number, line = next(numbered, (1, "\n"))
    _check_head(number, text_of(number, line), serial)
    records = Records(known)
    text = ""
    for number, line in records.unusual(numbered, _keys):
        if text == _END:
            raise fault(number, "stands after the end of the event")
        text = text_of(number, line)
        if records.more is not None and records.more != (text != _END):
            raise fault(number, "has a comma too many or too few before it")
        records.more = text.endswith(",")
        if text != _END:
            kind, name = _attribute(number, text.removesuffix(","))
            records.add(number, _scope_of(kind, name), name, "name")
    if text != _END:
        raise fault(records.count + 1, "is the last, but not the end of the event")
    return records.count


def _keys(text: str) -> list[Key]:
    return [(name, _scope_of(kind, name) or "", "name") for kind, name in _USUAL.findall(text)]


def check_manifest(lines: Iterable[str], serial: int, _known: Known | None = None) -> int:
    """0, for it holds no name, once the manifest of the feed is known to be that of one event of this serial.

    Raises:
        ExportError: it is anything else.
    """
    texts = [text_of(number, line) for number, line in enumerate(lines, start=1)]
    try:
        (text,) = texts
        ((event, about),) = json.loads(text).items()
        whole = _ID.fullmatch(event) and about.keys() == _ABOUT and _is_of(about, serial)
    except (ValueError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise fault(1, f"is not the manifest of a feed of serial {serial}")
    return 0


def check_hashes(lines: Iterable[str], _serial: int, _known: Known | None = None) -> int:
    """How many hashes there are, once each is known to be of the one event.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    count = 0
    event = ""

    def passes(text: str) -> bool:
        nonlocal count
        good = bool(event) and re.fullmatch(rf"(?:{_MD5},{event}\n)*+", text) is not None
        count += good * text.count("\n")
        return good

    for number, line in unusual(enumerate(lines, start=1), passes):
        found = _HASH.fullmatch(text_of(number, line))
        if found is None or event not in ("", found[1]):
            raise fault(number, "is not a hash of the one event")
        event = found[1]
        count += 1
    return count


def _check_head(number: int, text: str, serial: int) -> None:
    try:
        event = json.loads(f"{text}{_END}")["Event"]
        whole = event.keys() == _EVENT and _ID.fullmatch(event["uuid"]) and _is_of(event, serial)
    except (ValueError, TypeError, KeyError, AttributeError):
        whole = False
    if not (whole and text.endswith('"Attribute":[')):
        raise fault(number, f"is not the head of an event of serial {serial}")


def _is_of(about: dict[str, Any], serial: int) -> bool:
    return f" serial {serial}," in about["info"] and about["timestamp"].isdigit()


def _attribute(number: int, text: str) -> tuple[str, str]:
    """The type and the value of the attribute, once it is known to be whole."""
    try:
        found = json.loads(text)
        whole = (
            found.keys() == _ATTRIBUTE
            and _ID.fullmatch(found["uuid"])
            and (found["to_ids"], found["deleted"]) == (True, False)
            and (found["category"], found["distribution"]) == ("Network activity", "5")
            and found["timestamp"].isdigit()
            and isinstance(found["value"], str)
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        whole = False
    if not whole:
        raise fault(number, "is not one whole attribute")
    return found["type"], found["value"]


def _scope_of(kind: str, name: str) -> Scope | None:
    if kind == "ip-dst":
        return Scope.CIDR if "/" in name else Scope.IP
    return _SCOPES.get(kind)
