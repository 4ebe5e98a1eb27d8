"""The canonical list, entries.jsonl: one JSON object an entry with all it rests on. Every format is a view of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any, Final

from review_queue.categories import Category, Scope
from review_queue.errors import QalqanError
from review_queue.records import Entry

SCHEMA: Final = 2
FILE_NAME: Final = "entries.jsonl"
GRANULARITIES: Final[Mapping[Scope, str]] = {
    Scope.URL: "url",
    Scope.HOST: "host",
    Scope.DOMAIN: "subtree",
    Scope.IP: "ip",
    Scope.CIDR: "cidr",
}
_SCOPES: Final = {name: scope for scope, name in GRANULARITIES.items()}


class BadEntryError(QalqanError):
    """A line that is no entry of a schema known here; the message says in what."""


def line_of(entry: Entry, *, appeal: str = "") -> str:
    """The entry as it stands in the list, without a line end; plain ASCII."""
    # what json.dumps gives for the same object in four times the time
    return (
        f'{{"schema": {SCHEMA}, "id": {quoted(entry.id)},'
        f' "granularity": "{GRANULARITIES[entry.scope]}", "name": {quoted(entry.name)},'
        f' "unicode_name": {quoted(entry.unicode_name)}, "category": {quoted(entry.category)},'
        f' "reason": {{"code": {quoted(entry.policy_code)}, "version": {entry.policy_version}}},'
        f' "legal_ground": {{"code": {quoted(entry.legal_ground_code)},'
        f' "version": {entry.legal_ground_version}}},'
        f' "case": {quoted(entry.case_ref)}, "decisions": {_several(entry.decision_ids)},'
        f' "papers": {_several(entry.papers)}, "people": {entry.people},'
        f' "overrides": {_several(entry.overrides)}, "listed_at": {quoted(entry.listed_at)},'
        f' "review_at": {quoted(entry.review_at)}, "expires_at": {quoted(entry.expires_at)},'
        f' "appeal": {quoted(appeal)}}}'
    )


def lines_of(entries: Iterable[tuple[Entry, bool]], *, appeal: str = "") -> Iterator[str]:
    """The line of each entry; those that are told to be plain need no escapes."""
    last = f'"appeal": {quoted(appeal)}}}'
    for entry, is_plain in entries:
        if not is_plain:
            yield line_of(entry, appeal=appeal)
            continue
        yield (
            f'{{"schema": {SCHEMA}, "id": "{entry.id}",'
            f' "granularity": "{GRANULARITIES[entry.scope]}", "name": "{entry.name}",'
            f' "unicode_name": {quoted(entry.unicode_name)}, "category": "{entry.category}",'
            f' "reason": {{"code": "{entry.policy_code}", "version": {entry.policy_version}}},'
            f' "legal_ground": {{"code": "{entry.legal_ground_code}",'
            f' "version": {entry.legal_ground_version}}},'
            f' "case": "{entry.case_ref}", "decisions": {_plain(entry.decision_ids)},'
            f' "papers": {_plain(entry.papers)}, "people": {entry.people},'
            f' "overrides": {_plain(entry.overrides)}, "listed_at": "{entry.listed_at}",'
            f' "review_at": "{entry.review_at}", "expires_at": "{entry.expires_at}", {last}'
        )


def _plain(values: Sequence[str]) -> str:
    inside = '", "'.join(values)
    return f'["{inside}"]' if values else "[]"


def _several(values: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, values))}]"


def entry_of(line: str) -> Entry:
    """The entry that stands in a line of the list.

    Raises:
        BadEntryError: it is none of this schema.
    """
    try:
        found = json.loads(line)
        if found["schema"] != SCHEMA:
            raise BadEntryError(f"its schema is {found['schema']!r}, known here is {SCHEMA}")
        return Entry(
            id=found["id"],
            scope=_SCOPES[found["granularity"]],
            name=found["name"],
            unicode_name=found["unicode_name"],
            category=Category(found["category"]),
            case_ref=found["case"],
            decision_ids=tuple(found["decisions"]),
            people=found["people"],
            policy_code=found["reason"]["code"],
            policy_version=found["reason"]["version"],
            legal_ground_code=found["legal_ground"]["code"],
            legal_ground_version=found["legal_ground"]["version"],
            listed_at=found["listed_at"],
            review_at=found["review_at"],
            expires_at=found["expires_at"],
            papers=tuple(found["papers"]),
            overrides=tuple(found["overrides"]),
        )
    except KeyError as error:
        raise BadEntryError(f"it has no {error}, or one that is not known") from None
    except (ValueError, TypeError) as error:
        raise BadEntryError(f"it is not an entry ({error})") from None


def read(path: Path) -> Iterator[Entry]:
    """The entries of a list, in its order.

    Raises:
        BadEntryError: a line is none; the message has its number.
    """
    with path.open(encoding="ascii", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield entry_of(line)
            except BadEntryError as error:
                raise BadEntryError(f"{path}, line {number}: {error}") from None


def granularity_of(text: Any) -> Scope:  # noqa: ANN401  # what a stranger's file holds
    """The scope of a granularity as the list names it.

    Raises:
        BadEntryError: there is none of that name.
    """
    try:
        return _SCOPES[text]
    except (KeyError, TypeError):
        raise BadEntryError(
            f"the granularity {text!r} is not known; write one of {', '.join(_SCOPES)}"
        ) from None
