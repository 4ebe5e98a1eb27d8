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
from itertools import groupby
from typing import Final

from blocklist.formats.json_rows import rows, sayable
from blocklist.rendering import Capability, Format, Heading, View
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


def _seconds(moment: str) -> str:
    return str(int(datetime.fromisoformat(moment).timestamp()))


def _about(heading: Heading) -> dict[str, object]:
    """What the event and the manifest both say."""
    return {
        "info": f"Qalqan block list, serial {heading.serial}, made {heading.created}",
        "date": heading.created[:10],
        "analysis": _COMPLETE,
        "threat_level_id": _UNDEFINED_THREAT,
        "timestamp": _seconds(heading.created),
        "Orgc": _ORGANISATION,
        "Tag": [],
    }


def _attribute(scope: Scope, name: str, entries: Iterator[Entry]) -> dict[str, object]:
    listed = list(entries)
    said = (
        f"{each.id}, case {each.case_ref}, {each.category}, decided by {each.people} people"
        for each in listed
    )
    return {
        "uuid": str(uuid.uuid5(NAMESPACE, f"{scope} {name}")),
        "type": TYPES[scope],
        "category": "Network activity",
        "value": name,
        "to_ids": True,
        "timestamp": _seconds(max(each.listed_at for each in listed)),
        "comment": sayable("; ".join(said)),
        "distribution": _AS_THE_EVENT,
        "disable_correlation": False,
        "deleted": False,
    }


def _places(view: View) -> Iterator[tuple[Scope, str, Iterator[Entry]]]:
    """Each name once, with the entries that list it: MISP refuses a value that stands twice."""
    for (name, scope), entries in groupby(view.records(), key=lambda each: (each.name, each.scope)):
        yield scope, name, entries


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
    attributes = (_attribute(*place) for place in _places(view))
    return rows(f'{{"Event":{head},"Attribute":[', attributes, "]}}")


def _manifest(view: View) -> Iterator[str]:
    yield json.dumps({EVENT: _about(view.heading)}, separators=(",", ":"))


def _hashes(view: View) -> Iterator[str]:
    for _, name, _ in _places(view):
        digest = hashlib.md5(name.encode(), usedforsecurity=False)  # what the format asks for
        yield f"{digest.hexdigest()},{EVENT}"


FORMAT: Final = Format(
    "misp",
    {"misp-event.json": _event, "misp-manifest.json": _manifest, "misp-hashes.csv": _hashes},
    CAPABILITY,
    whole_entries=True,
)
