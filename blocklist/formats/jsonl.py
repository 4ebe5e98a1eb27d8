"""JSON Lines: every entry whole, with what it rests on; the one format that can say everything."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from blocklist.rendering import Capability, Format, Heading
from review_queue.categories import Scope
from review_queue.records import Entry

SCHEMA: Final = 1
CAPABILITY: Final = Capability(
    scopes=frozenset(Scope),
    addresses=True,
    a_line_means="a line is one entry; its scope says how far it reaches",
)


def as_json(entry: Entry) -> dict[str, object]:
    """The entry as programs outside read it."""
    return {
        "schema": SCHEMA,
        "id": entry.id,
        "scope": entry.scope,
        "name": entry.name,
        "unicode_name": entry.unicode_name,
        "category": entry.category,
        "case": entry.case_ref,
        "decisions": list(entry.decision_ids),
        "people": entry.people,
        "policy": {"code": entry.policy_code, "version": entry.policy_version},
        "legal_ground": {
            "code": entry.legal_ground_code,
            "version": entry.legal_ground_version,
        },
        "listed_at": entry.listed_at,
    }


def _lines(entries: Sequence[Entry], _heading: Heading) -> Iterator[str]:
    for entry in sorted(entries, key=lambda each: (each.name, each.scope, each.id)):
        yield json.dumps(as_json(entry), ensure_ascii=True)


FORMAT: Final = Format("jsonl", "jsonl", CAPABILITY, _lines)
