r"""A STIX 2.1 bundle, for threat-intelligence platforms; one indicator an entry.

The grammar is the OASIS standard "STIX Version 2.1", its parts 4.7 (indicators) and 9 (patterns). In its LIKE an
underscore stands for any character and has no escape, so the subtree of a name with one is said with MATCHES. Ids are
made from the ids of entries: an entry has the same indicator in every bundle.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from blocklist.formats.json_rows import ids_in, quoted, rows, sayable
from blocklist.rendering import Capability, Format, Marked, View
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


def _indicators(entries: Iterable[Marked], appeal: str) -> Iterator[str]:
    """Each entry as an indicator, a JSON object.

    Put together as text: from dictionaries a million of them take 28 s, so 6.
    """
    id_of = ids_in(NAMESPACE)
    grounds: dict[tuple[str, int, str, int], str] = {}  # few, and each is said of many entries
    last = f',{{"source_name":"appeal","url":{quoted(appeal)}}}' if appeal else ""
    for entry, is_plain in entries:
        key = (
            entry.policy_code,
            entry.policy_version,
            entry.legal_ground_code,
            entry.legal_ground_version,
        )
        said = grounds.get(key)
        if said is None:
            said = grounds[key] = ",".join(_grounds(*key))
        if is_plain:
            yield f"{_plain_indicator(entry, id_of(entry.id), said)}{last}]}}"
        else:
            yield f"{_head(entry, id_of(sayable(entry.id)))}{_references(entry, said)}{last}]}}"


def _plain_indicator(entry: Entry, uuid_of_entry: str, grounds: str) -> str:
    """The indicator of an entry whose texts are all plain, but for its end."""
    listed, expires, review = entry.listed_at, entry.expires_at, entry.review_at
    again = f" To be looked at again at {review}." if review else ""
    until = f'"valid_until":"{expires}",' if expires > listed else ""
    shown = entry.unicode_name
    shown = f'"{shown}"' if shown == entry.name else quoted(shown)
    case = (
        f'{{"source_name":"qalqan case","external_id":"{entry.case_ref}"}},'
        if entry.case_ref
        else ""
    )
    name = entry.name
    if entry.scope is Scope.DOMAIN and "_" not in name:
        pattern = f"[domain-name:value = '{name}' OR domain-name:value LIKE '%.{name}']"
    else:
        pattern = pattern_of(entry.scope, name)
    pattern = quoted(pattern) if "\\" in pattern else f'"{pattern}"'
    return (
        f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{uuid_of_entry}",'
        f'"created_by_ref":"{_IDENTITY}","created":"{listed}","modified":"{listed}",'
        f'"name":{shown},"description":"{_by_whom(entry)}{again}",'
        f'"pattern":{pattern},'
        f'"pattern_type":"stix","pattern_version":"2.1","valid_from":"{listed}",{until}'
        f'"labels":["{entry.category}"],"external_references":['
        f'{{"source_name":"qalqan entry","external_id":"{entry.id}"}},'
        f"{case}{grounds}"
        f"{_plain_references('qalqan decision', entry.decision_ids)}"
        f"{_plain_references('decision on paper', entry.papers)}"
        f"{_plain_references('qalqan override', entry.overrides)}"
    )


def _by_whom(entry: Entry) -> str:
    if entry.case_ref:
        return f"Decided by {entry.people} people."
    return f"Taken over from an older registry, signed by {entry.people} people."


def _plain_references(source: str, ids: Sequence[str]) -> str:
    start = f'{{"source_name":"{source}","external_id":"'
    inside = f'"}},{start}'.join(ids)
    return f',{start}{inside}"}}' if ids else ""


def _head(entry: Entry, uuid_of_entry: str) -> str:
    listed = quoted(entry.listed_at)
    review = f" To be looked at again at {entry.review_at}." if entry.review_at else ""
    until = ""
    if entry.expires_at > entry.listed_at:
        until = f'"valid_until":{quoted(entry.expires_at)},'
    return (
        f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{uuid_of_entry}",'
        f'"created_by_ref":"{_IDENTITY}","created":{listed},"modified":{listed},'
        f'"name":{quoted(entry.unicode_name)},'
        f'"description":{quoted(f"{_by_whom(entry)}{review}")},'
        f'"pattern":{quoted(pattern_of(entry.scope, entry.name))},'
        f'"pattern_type":"stix","pattern_version":"2.1","valid_from":{listed},{until}'
        f'"labels":["{entry.category}"],"external_references":['
    )


def _references(entry: Entry, grounds: str) -> str:
    case = f"{_reference('qalqan case', entry.case_ref)}," if entry.case_ref else ""
    found = f"{_reference('qalqan entry', entry.id)},{case}{grounds}"
    for source, ids in (
        ("qalqan decision", entry.decision_ids),
        ("decision on paper", entry.papers),
        ("qalqan override", entry.overrides),
    ):
        for each in ids:
            found += f",{_reference(source, each)}"
    return found


def _grounds(policy: str, policy_version: int, ground: str, ground_version: int) -> Iterator[str]:
    for source, code, version in (
        ("qalqan reason", policy, policy_version),
        ("qalqan legal ground", ground, ground_version),
    ):
        yield f'{_reference(source, code)[:-1]},"description":"version {version}"}}'


def _reference(source: str, external_id: str) -> str:
    return f'{{"source_name":"{source}","external_id":{quoted(external_id)}}}'


def _objects(view: View) -> Iterator[str]:
    yield (
        f'{{"type":"identity","spec_version":"2.1","id":"{_IDENTITY}","created":"{_MADE}",'
        f'"modified":"{_MADE}","name":"Qalqan block list","identity_class":"organization"}}'
    )
    yield from _indicators(view.records(), view.heading.appeal)


def _lines(view: View) -> Iterator[str]:
    bundle = uuid.uuid5(NAMESPACE, f"bundle {view.heading.serial} {view.heading.created}")
    return rows(f'{{"type":"bundle","id":"bundle--{bundle}","objects":[', _objects(view), "]}")


FORMAT: Final = Format("stix", {"stix-bundle.json": _lines}, CAPABILITY, whole_entries=True)
