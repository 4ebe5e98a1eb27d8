"""The last look at the MISP feed: one event, each line of it one attribute of a type that says its scope."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from blocklist.lint_known import Known
from blocklist.lint_lines import fault, text_of
from blocklist.lint_records import START, key_after
from review_queue.categories import Scope

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_HASH: Final = re.compile(rf"[0-9a-f]{{32}},({_UUID})")
_ID: Final = re.compile(_UUID)
# an attribute as it is mostly written, which passes without being read as JSON
_JSON: Final = r'[ !#-\[\]-~]*+(?:\\(?:["\\/bfnrt]|u[0-9a-f]{4})[ !#-\[\]-~]*+)*+'
_USUAL: Final = re.compile(
    rf'\{{"uuid":"{_UUID}","type":"(?P<type>[a-z-]+)","category":"Network activity","value":"(?P<value>[ !#-\[\]-~]+)",'
    rf'"to_ids":true,"timestamp":"[0-9]+","comment":"{_JSON}","distribution":"5","disable_correlation":false,'
    r'"deleted":false\}(?P<more>,?)\n',
    re.ASCII,
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
    last = START
    number = 0
    text = ""
    more: bool | None = None  # whether an attribute must follow; after the head, nobody knows
    for number, line in enumerate(lines, start=1):
        if text == _END:
            raise fault(number, "stands after the end of the event")
        usual = _USUAL.fullmatch(line) if number > 1 and more is not False else None
        if usual:
            more = bool(usual["more"])
            kind, name = usual["type"], usual["value"]
            last = key_after(number, last, _scope_of(kind, name), name, "name", known)
            text = line
            continue
        text = text_of(number, line)
        if number == 1:
            _check_head(number, text, serial)
        elif more is not None and more != (text != _END):
            raise fault(number, "has a comma too many or too few before it")
        elif text != _END:
            more = text.endswith(",")
            kind, name = _attribute(number, text.removesuffix(","))
            last = key_after(number, last, _scope_of(kind, name), name, "name", known)
    if text != _END:
        raise fault(max(number, 1), "is the last, but not the end of the event")
    return number - 2


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
    number = 0
    event = ""
    for number, line in enumerate(lines, start=1):
        found = _HASH.fullmatch(text_of(number, line))
        if found is None or (event and event != found[1]):
            raise fault(number, "is not a hash of the one event")
        event = found[1]
    return number


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
