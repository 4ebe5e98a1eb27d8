r"""A STIX 2.1 bundle, for threat-intelligence platforms; one indicator an entry.

The grammar is the OASIS standard "STIX Version 2.1", its parts 4.7 (indicators) and 9 (patterns). In its LIKE an
underscore stands for any character and has no escape, so the subtree of a name with one is said with MATCHES. Ids are
made from the ids of entries: an entry has the same indicator in every bundle.
"""

import uuid
from collections.abc import Iterator
from typing import Final

from blocklist.formats.json_rows import rows, sayable
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope
from review_queue.records import Entry

CAPABILITY: Final = Capability(
    scopes=frozenset(Scope),
    addresses=False,
    a_line_means="an indicator is one entry; its pattern says how much it blocks",
)
# ours alone, as the standard asks of ids by name (2.9); must never change, or every indicator gets a new id
NAMESPACE: Final = uuid.UUID("30ce9ee7-4a5c-4f57-9bfc-0d9be7ff2b51")
_IDENTITY: Final = f"identity--{uuid.uuid5(NAMESPACE, 'identity')}"
_MADE: Final = "2026-01-01T00:00:00.000Z"  # of the identity, which never changes


def pattern_of(scope: Scope, name: str) -> str:
    """What a STIX reader compares with the name."""
    text = _literal(name)
    match scope:
        case Scope.URL:
            return f"[url:value = {text}]"
        case Scope.HOST:
            return f"[domain-name:value = {text}]"
        case Scope.DOMAIN:
            return f"[domain-name:value = {text} OR domain-name:value {_below(name)}]"
        case _:
            kind = "ipv6-addr" if ":" in name else "ipv4-addr"
            return f"[{kind}:value {'=' if scope is Scope.IP else 'ISSUBSET'} {text}]"


def _below(name: str) -> str:
    if "_" not in name:
        return f"LIKE {_literal('%.' + name)}"
    escaped = name.replace(".", r"\.")
    return "MATCHES " + _literal(rf"\.{escaped}$")


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _indicator(entry: Entry, appeal: str) -> dict[str, object]:
    review = f" To be looked at again at {entry.review_at}." if entry.review_at else ""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid5(NAMESPACE, sayable(entry.id))}",
        "created_by_ref": _IDENTITY,
        "created": entry.listed_at,
        "modified": entry.listed_at,
        "name": sayable(entry.unicode_name),
        "description": f"Decided by {entry.people} people.{review}",
        "pattern": pattern_of(entry.scope, entry.name),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": entry.listed_at,
        **({"valid_until": entry.expires_at} if entry.expires_at > entry.listed_at else {}),
        "labels": [str(entry.category)],
        "external_references": list(_references(entry, appeal)),
    }


def _references(entry: Entry, appeal: str) -> Iterator[dict[str, str]]:
    yield _reference("qalqan entry", entry.id)
    yield _reference("qalqan case", entry.case_ref)
    yield _reference("qalqan reason", entry.policy_code, entry.policy_version)
    yield _reference("qalqan legal ground", entry.legal_ground_code, entry.legal_ground_version)
    for source, ids in (
        ("qalqan decision", entry.decision_ids),
        ("decision on paper", entry.papers),
        ("qalqan override", entry.overrides),
    ):
        for each in ids:
            yield _reference(source, each)
    if appeal:
        yield {"source_name": "appeal", "url": appeal}


def _reference(source: str, external_id: str, version: int | None = None) -> dict[str, str]:
    said = {"source_name": source, "external_id": sayable(external_id)}
    return said if version is None else {**said, "description": f"version {version}"}


def _objects(view: View) -> Iterator[dict[str, object]]:
    yield {
        "type": "identity",
        "spec_version": "2.1",
        "id": _IDENTITY,
        "created": _MADE,
        "modified": _MADE,
        "name": "Qalqan block list",
        "identity_class": "organization",
    }
    for entry in view.records():
        yield _indicator(entry, view.heading.appeal)


def _lines(view: View) -> Iterator[str]:
    bundle = uuid.uuid5(NAMESPACE, f"bundle {view.heading.serial} {view.heading.created}")
    return rows(f'{{"type":"bundle","id":"bundle--{bundle}","objects":[', _objects(view), "]}")


FORMAT: Final = Format("stix", {"stix-bundle.json": _lines}, CAPABILITY, whole_entries=True)
