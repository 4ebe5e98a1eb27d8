"""What a list format is: what it can say, and how the canonical list becomes its files.

Every format is a view of the same live entries. What a format cannot say is set aside with the reason; it is never
said in a wider or narrower way instead.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

from blocklist import guards
from review_queue.categories import Scope
from review_queue.records import Entry

LONGEST_NAME: Final = 253  # RFC 1035: 255 octets on the wire, as text without the last dot
# a spreadsheet, JSON and XML take a text of these as it is, where a letter or a digit comes first
_TEXT: Final = r"[A-Za-z0-9][A-Za-z0-9 .,:/_?%#~*=+@()!$-]*+"
_PLAIN: Final = re.compile(rf"(?:{_TEXT})?+(?:\n(?:{_TEXT})?+)*+")
_ALL_PLAIN: Final = re.compile(r"[A-Za-z0-9 .,:/_?%#~*=+@()!$&;'\[\]-]*+")
_PIECE: Final = 1000  # texts that are looked at as one
_NAMES: Final = frozenset({Scope.HOST, Scope.DOMAIN})


@dataclass(frozen=True, slots=True)
class Heading:
    """What a list says of itself: its serial, when it was made, until when it may be used, where to complain."""

    serial: int
    created: str
    not_after: str = ""
    appeal: str = ""

    @property
    def title(self) -> str:
        """What a list says of itself in its first line, where its format has comments."""
        return f"Qalqan block list, serial {self.serial}, made {self.created}"


@dataclass(frozen=True, slots=True)
class Capability:
    """What a format can say; `a_line_means` is shown to the people who load it."""

    scopes: frozenset[Scope]
    addresses: bool  # IP literals in the place of a host name
    a_line_means: str
    longest_name: int = LONGEST_NAME  # of a host or a domain
    # by scope, why it cannot say a name whose scope and length it could, such as a URL a proxy never sees
    against: Mapping[Scope, Callable[[str], str]] = field(default_factory=dict)
    # how many names of a scope its consumer can bear; those after them, in the order of names, are left out
    at_most: Mapping[Scope, int] = field(default_factory=dict)


Marked = tuple[Entry, bool]


def marked(entries: Iterable[Entry]) -> Iterator[Marked]:
    """Each entry, and whether all its texts are plain: what no format has to escape.

    Its name as people write it is not looked at. One look for all formats: most entries are plain.
    """
    for entry in entries:
        texts = (
            entry.id,
            entry.name,
            entry.case_ref,
            entry.policy_code,
            entry.legal_ground_code,
            entry.listed_at,
            entry.review_at,
            entry.expires_at,
            *entry.decision_ids,
            *entry.papers,
            *entry.overrides,
        )
        joined = "\n".join(texts)
        # a line end of a text's own is one too many
        yield entry, bool(_PLAIN.fullmatch(joined)) and joined.count("\n") < len(texts)


@dataclass(frozen=True, slots=True)
class View:
    """What a format can say of the canonical list.

    `names` has each scope's names, sorted, each once; it is all that most formats need, and a million of them fit in
    memory. `records` gives the entries, one after the other, for a format that says more. `shared` keeps what one
    format has found out about the names for those after it.
    """

    heading: Heading
    names: Mapping[Scope, Sequence[str]]
    records: Callable[[], Iterator[Marked]]
    shared: dict[str, Any] = field(default_factory=dict)

    def of(self, scope: Scope) -> Sequence[str]:
        """The names of one scope."""
        return self.names.get(scope, ())


Lines = Callable[[View], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """One list format: its files, the main one first, each with the function that gives its lines.

    A file that says `whole_entries` is written while the entries go by and reads `View.records` alone; all others read
    `View.names`.
    """

    name: str
    files: Mapping[str, Lines]
    capability: Capability
    whole_entries: bool = False

    @property
    def file_name(self) -> str:
        """The name of the main list file in the folder of lists."""
        return next(iter(self.files))

    @property
    def skipped_name(self) -> str:
        """The name of the file that tells what this format could not say."""
        return f"{self.name}.skipped.json"


class Skipped(NamedTuple):
    """An entry a format left out, and why."""

    id: str
    scope: Scope
    name: str
    reason: str


Left = tuple[str, str, str]  # what is left out: its id, its name, why


@dataclass(frozen=True, slots=True)
class Column:
    """The entries of one scope in the order of their names: `names[i]` is the name of the entry `ids[i]`.

    `unique` has each name once, `named` those of them that are no address, `longest` the length of the longest;
    `is_plain` is whether no name and no id needs an escape.
    """

    names: Sequence[str] = ()
    ids: Sequence[str] = ()
    unique: Sequence[str] = ()
    named: Sequence[str] = ()
    longest: int = 0
    is_plain: bool = False

    @property
    def has_addresses(self) -> bool:
        """Whether some name is an address."""
        return len(self.named) < len(self.unique)


Columns = Mapping[Scope, Column]


class Collector:
    """Takes entries apart by scope while they go by, in the order of their names."""

    def __init__(self) -> None:
        self._names: dict[Scope, list[str]] = {scope: [] for scope in Scope}
        self._ids: dict[Scope, list[str]] = {scope: [] for scope in Scope}
        self._told: dict[Scope, int] = dict.fromkeys(Scope, 0)

    def passing(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries as they are, each remembered."""
        names, ids = self._names, self._ids
        for entry in entries:
            names[entry.scope].append(entry.name)
            ids[entry.scope].append(entry.id)
            yield entry

    def news(self) -> Mapping[Scope, Sequence[str]]:
        """The names that have gone by since this was asked."""
        told, self._told = self._told, {scope: len(names) for scope, names in self._names.items()}
        return {
            scope: names[told[scope] :]
            for scope, names in self._names.items()
            if len(names) > told[scope]
        }

    def columns(self) -> Columns:
        """What has gone by."""
        return {
            scope: _column(scope, names, self._ids[scope]) for scope, names in self._names.items()
        }


def _column(scope: Scope, names: list[str], ids: list[str]) -> Column:
    unique = names
    if any(name == after for name, after in pairwise(names)):
        unique = list(dict.fromkeys(names))
    named = unique
    if scope in _NAMES and any(map(guards.is_address, unique)):
        named = [name for name in unique if not guards.is_address(name)]
    is_plain = all(map(_ALL_PLAIN.fullmatch, _in_pieces(names, ids)))
    return Column(names, ids, unique, named, max(map(len, unique), default=0), is_plain)


def _in_pieces(*lists: list[str]) -> Iterator[str]:
    return (
        "".join(texts[at : at + _PIECE]) for texts in lists for at in range(0, len(texts), _PIECE)
    )


def columns_of(entries: Iterable[Entry]) -> Columns:
    """The entries, which come in the order of their names, taken apart by scope."""
    collector = Collector()
    for _ in collector.passing(entries):
        pass
    return collector.columns()


def view_of(
    form: Format,
    columns: Columns,
    heading: Heading,
    records: Callable[[], Iterator[Marked]],
    shared: dict[str, Any] | None = None,
) -> View:
    """What `form` can say of the entries in `columns`, which `records` gives whole."""
    sayable = form.capability
    names = {
        scope: _sayable_names(sayable, scope, columns[scope])
        for scope in sorted(sayable.scopes)
        if scope in columns
    }

    # a name that is too long for the DNS is in no canonical list
    free = frozenset(
        scope
        for scope in sayable.scopes - {*sayable.against, *sayable.at_most}
        if scope not in _NAMES or (sayable.addresses and sayable.longest_name >= LONGEST_NAME)
    )

    free_names = (_NAMES & sayable.scopes) - {*sayable.against, *sayable.at_most}
    has_room = sayable.longest_name >= LONGEST_NAME

    def is_kept(each: Marked) -> bool:
        entry = each[0]
        if entry.scope in free:
            return True
        name = entry.name
        # most names are no address by their last letter
        if has_room and entry.scope in free_names and name[-1:].isalpha() and ":" not in name:
            return True
        if reason_against(sayable, entry.scope, entry.name):
            return False
        return entry.scope not in sayable.at_most or entry.name <= names[entry.scope][-1]

    return View(
        heading,
        names,
        records if free == {*Scope} else lambda: filter(is_kept, records()),
        {} if shared is None else shared,
    )


def none_said(form: Format, scope: Scope, column: Column) -> str:
    """Why `form` can say no entry of the column; empty where it can say one, or has several reasons."""
    if scope in form.capability.scopes or column.has_addresses:
        return ""
    return _cannot_say(form.capability, scope)


def skipped_of(form: Format, columns: Columns) -> Iterator[Skipped]:
    """What `form` cannot say of the entries in `columns`, with the reasons."""
    for scope, column in columns.items():
        for entry_id, name, reason in left_out(form, scope, column):
            yield Skipped(entry_id, scope, name, reason)


def left_out(form: Format, scope: Scope, column: Column) -> Iterator[Left]:
    """What `form` cannot say of the entries in the column: id, name, why."""
    sayable = form.capability
    if _says_all(sayable, scope, column):
        return
    room = sayable.at_most.get(scope, len(column.names))
    last = ""
    looks = not _says_all(replace(sayable, at_most={}), scope, column)
    for name, entry_id in zip(column.names, column.ids, strict=True):
        reason = reason_against(sayable, scope, name) if looks else ""
        if not reason:
            room -= name != last
            last = name
            if room < 0:
                reason = f"there are more of the scope {scope} than this format has room for"
        if reason:
            yield entry_id, name, reason


def reason_against(capability: Capability, scope: Scope, name: str) -> str:
    """Why a format of this capability cannot say the entry; empty where it can."""
    is_name = scope in _NAMES
    if is_name and not capability.addresses and guards.is_address(name):
        return "an IP address is not a DNS name; this format blocks names only"
    if scope not in capability.scopes:
        return _cannot_say(capability, scope)
    if is_name and len(name) > capability.longest_name:
        return f"the name has {len(name)} characters; this format has room for {capability.longest_name}"
    against = capability.against.get(scope)
    return against(name) if against else ""


def _cannot_say(capability: Capability, scope: Scope) -> str:
    return f"this format cannot say the scope {scope}: {capability.a_line_means}"


def _says_all(capability: Capability, scope: Scope, column: Column) -> bool:
    """Whether every name of the column can be said, as far as that is known without looking at each."""
    is_name = scope in _NAMES
    return (
        scope in capability.scopes
        and scope not in capability.at_most
        and scope not in capability.against
        and not (is_name and column.longest > capability.longest_name)
        and (capability.addresses or not (is_name and column.has_addresses))
    )


def _sayable_names(capability: Capability, scope: Scope, column: Column) -> Sequence[str]:
    """The names of the column that can be said; the column's own where that is all of them or all but addresses.

    So formats that say the same have the very same names, and what one finds out about them holds for the next.
    """
    found = column.unique if capability.addresses or scope not in _NAMES else column.named
    is_too_long = scope in _NAMES and column.longest > capability.longest_name
    if is_too_long or scope in capability.against:
        found = [name for name in found if not reason_against(capability, scope, name)]
    room = capability.at_most.get(scope)
    return found if room is None or len(found) <= room else found[:room]
