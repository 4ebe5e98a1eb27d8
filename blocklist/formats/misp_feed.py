"""A MISP feed: one event with an attribute for each name, the manifest and the hashes a feed needs.

The consumer is MISP, or whatever reads its feeds; the grammar is the MISP core format (draft-dulaunoy-misp-core-format)
and what PyMISP's feed generator writes. A feed's own file names are taken in our folder, so here they have a prefix;
the guide for providers says how to lay them out. The event and its attributes keep their ids from list to list.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from blocklist.formats.json_rows import ids_in, quoted, rows
from blocklist.rendering import Capability, Format, Heading, Marked, View
from review_queue.categories import Scope
from review_queue.records import Entry

CAPABILITY: Final = Capability(
    scopes=frozenset(Scope),
    addresses=False,
    a_line_means="an attribute is one name; its type says how much it blocks",
)
TYPES: Final[Mapping[Scope, str]] = {
    Scope.URL: "url",
    Scope.HOST: "hostname",
    Scope.DOMAIN: "domain",
    Scope.IP: "ip-dst",
    Scope.CIDR: "ip-dst",
}
# must never change, or every attribute gets a new id and readers hold each twice
NAMESPACE: Final = uuid.UUID("1d7daf42-5d8a-4b9f-8d5a-8a8ab5a0a5c3")
EVENT: Final = str(uuid.uuid5(NAMESPACE, "event"))
_ORGANISATION: Final = {"name": "Qalqan", "uuid": str(uuid.uuid5(NAMESPACE, "organisation"))}
_UNDEFINED_THREAT: Final = "4"
_COMPLETE: Final = "2"
_AS_THE_EVENT: Final = "5"  # distribution of an attribute


@lru_cache(maxsize=4096)
def _minute(moment: str) -> int:
    return int(datetime.fromisoformat(f"{moment}:00Z").timestamp())


def _seconds(moment: str) -> str:
    # to the minute, which many entries have in common
    # what was listed before 1970 was so at its first second: MISP has no earlier one
    return str(max(0, _minute(moment[:16]) + int(moment[17:19])))


def _about(heading: Heading) -> dict[str, object]:
    """What the event and the manifest both say."""
    return {
        "info": heading.title,
        "date": heading.created[:10],
        "analysis": _COMPLETE,
        "threat_level_id": _UNDEFINED_THREAT,
        "timestamp": _seconds(heading.created),
        "Orgc": _ORGANISATION,
        "Tag": [],
    }


def _attributes(view: View) -> Iterator[str]:
    """Each name as an attribute, a JSON object, put together as text: from dictionaries it takes thrice the time."""
    id_of = ids_in(NAMESPACE)
    for listed in _places(view):
        first, is_plain = listed[0]
        scope, name, newest = first.scope, first.name, first.listed_at
        if is_plain and len(listed) == 1:
            value, comment = f'"{name}"', f'"{_said(first)}"'
        else:
            value = quoted(name)
            comment = quoted("; ".join(_said(each) for each, _ in listed))
            newest = max(each.listed_at for each, _ in listed)
        yield (
            f'{{"uuid":"{id_of(f"{scope} {name}")}","type":"{TYPES[scope]}",'
            f'"category":"Network activity","value":{value},"to_ids":true,'
            f'"timestamp":"{_seconds(newest)}","comment":{comment},'
            f'"distribution":"{_AS_THE_EVENT}","disable_correlation":false,"deleted":false}}'
        )


def _said(entry: Entry) -> str:
    if entry.case_ref:
        return (
            f"{entry.id}, case {entry.case_ref}, {entry.category}, decided by {entry.people} people"
        )
    return f"{entry.id}, {entry.category}, taken over from an older registry, signed by {entry.people} people"


def _places(view: View) -> Iterator[list[Marked]]:
    """The entries of each name: MISP refuses a value that stands twice."""
    held: list[Marked] = []
    name, scope = "", Scope.HOST
    for each in view.records():
        entry = each[0]
        if entry.name == name and entry.scope is scope:
            held.append(each)
            continue
        if held:
            yield held
        held = [each]
        name, scope = entry.name, entry.scope
    if held:
        yield held


def _event(view: View) -> Iterator[str]:
    heading = view.heading
    event = {
        "uuid": EVENT,
        **_about(heading),
        "published": True,
        "publish_timestamp": _seconds(heading.created),
        "distribution": "0",
    }
    head = json.dumps(event, separators=(",", ":"))[:-1]
    return rows(f'{{"Event":{head},"Attribute":[', _attributes(view), "]}}")


def _manifest(view: View) -> Iterator[str]:
    yield json.dumps({EVENT: _about(view.heading)}, separators=(",", ":"))


def _hashes(view: View) -> Iterator[str]:
    for listed in _places(view):
        # what the format asks for
        digest = hashlib.md5(listed[0][0].name.encode(), usedforsecurity=False)
        yield f"{digest.hexdigest()},{EVENT}"


FORMAT: Final = Format(
    "misp",
    {"misp-event.json": _event, "misp-manifest.json": _manifest, "misp-hashes.csv": _hashes},
    CAPABILITY,
    whole_entries=True,
)
