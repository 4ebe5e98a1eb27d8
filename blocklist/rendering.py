"""What a list format is: what it can say, and how the canonical list becomes its files.

Every format is a view of the same live entries. What a format cannot say is set aside with the reason; it is never
said in a wider or narrower way instead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from blocklist import guards
from review_queue.categories import Scope
from review_queue.records import Entry

LONGEST_NAME: Final = 253  # RFC 1035: 255 octets on the wire, as text without the last dot


@dataclass(frozen=True, slots=True)
class Heading:
    """What a list says of itself: its serial, when it was made, until when it may be used, where to complain."""

    serial: int
    created: str
    not_after: str = ""
    appeal: str = ""


def _nothing(_scope: Scope, _name: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Capability:
    """What a format can say; `a_line_means` is shown to the people who load it."""

    scopes: frozenset[Scope]
    addresses: bool  # IP literals in the place of a host name
    a_line_means: str
    longest_name: int = LONGEST_NAME  # of a host or a domain
    # why it cannot say a name whose scope and length it could, such as a URL a proxy never sees
    against: Callable[[Scope, str], str] = _nothing
    # how many names of a scope its consumer can bear; those after them, in the order of names, are left out
    at_most: Mapping[Scope, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """What a format can say of the canonical list.

    `names` has each scope's names, sorted, each once; it is all that most formats need, and a million of them fit in
    memory. `records` reads the entries anew, one after the other, for a format that says more.
    """

    heading: Heading
    names: Mapping[Scope, Sequence[str]]
    records: Callable[[], Iterator[Entry]]

    def of(self, scope: Scope) -> Sequence[str]:
        """The names of one scope."""
        return self.names.get(scope, ())


Lines = Callable[[View], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """One list format: its files, the main one first, each with the function that gives its lines."""

    name: str
    files: Mapping[str, Lines]
    capability: Capability

    @property
    def file_name(self) -> str:
        """The name of the main list file in the folder of lists."""
        return next(iter(self.files))

    @property
    def skipped_name(self) -> str:
        """The name of the file that tells what this format could not say."""
        return f"{self.name}.skipped.json"


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry a format left out, and why."""

    id: str
    scope: Scope
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Column:
    """The entries of one scope in the order of their names: `names[i]` is the name of the entry `ids[i]`."""

    names: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


Columns = Mapping[Scope, Column]


def columns_of(entries: Iterable[Entry]) -> Columns:
    """The entries, which come in the order of their names, taken apart by scope."""
    columns = {scope: Column() for scope in Scope}
    for entry in entries:
        column = columns[entry.scope]
        column.names.append(entry.name)
        column.ids.append(entry.id)
    return columns


def view_of(
    form: Format, columns: Columns, heading: Heading, records: Callable[[], Iterator[Entry]]
) -> View:
    """What `form` can say of the entries in `columns`, which `records` reads anew."""
    sayable = form.capability

    names = {
        scope: list(dict.fromkeys(_sayable_names(sayable, scope, columns[scope].names)))[
            : sayable.at_most.get(scope)
        ]
        for scope in sorted(sayable.scopes)
    }

    def is_kept(entry: Entry) -> bool:
        if reason_against(sayable, entry.scope, entry.name):
            return False
        return entry.scope not in sayable.at_most or entry.name <= names[entry.scope][-1]

    return View(heading, names, lambda: (each for each in records() if is_kept(each)))


def skipped_of(form: Format, columns: Columns) -> Iterator[Skipped]:
    """What `form` cannot say of the entries in `columns`, with the reasons."""
    for scope, column in columns.items():
        room = form.capability.at_most.get(scope, len(column.names))
        last = ""
        for name, entry_id in zip(column.names, column.ids, strict=True):
            reason = reason_against(form.capability, scope, name)
            if not reason:
                room -= name != last
                last = name
                if room < 0:
                    reason = f"there are more of the scope {scope} than this format has room for"
            if reason:
                yield Skipped(entry_id, scope, name, reason)


def reason_against(capability: Capability, scope: Scope, name: str) -> str:
    """Why a format of this capability cannot say the entry; empty where it can."""
    is_name = scope in (Scope.HOST, Scope.DOMAIN)
    if is_name and not capability.addresses and guards.is_address(name):
        return "an IP address is not a DNS name; this format blocks names only"
    if scope not in capability.scopes:
        return f"this format cannot say the scope {scope}: {capability.a_line_means}"
    if is_name and len(name) > capability.longest_name:
        return f"the name has {len(name)} characters; this format has room for {capability.longest_name}"
    return capability.against(scope, name)


def _sayable_names(capability: Capability, scope: Scope, names: Sequence[str]) -> Iterable[str]:
    return (name for name in names if not reason_against(capability, scope, name))
