"""What a list format is: what it can say, and how entries become its lines.

Every format is a view of the same live entries. What a format cannot say is set aside with the
reason; it is never said in a wider or narrower way instead.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from blocklist import guards
from review_queue.categories import Scope
from review_queue.records import Entry

LONGEST_NAME = 253  # RFC 1035: 255 octets on the wire, as text without the last dot


@dataclass(frozen=True, slots=True)
class Heading:
    """What a list says of itself: its serial and when it was made."""

    serial: int
    created: str


@dataclass(frozen=True, slots=True)
class Capability:
    """What a format can say; `a_line_means` is shown to the people who load it."""

    scopes: frozenset[Scope]
    addresses: bool  # IP literals
    a_line_means: str
    longest_name: int = LONGEST_NAME


@dataclass(frozen=True, slots=True)
class Format:
    """One list format: `lines` gets only entries the capability covers."""

    name: str
    extension: str
    capability: Capability
    lines: Callable[[Sequence[Entry], Heading], Iterator[str]]

    @property
    def file_name(self) -> str:
        """The name of the list file in the folder of lists."""
        return f"{self.name}.{self.extension}"

    @property
    def skipped_name(self) -> str:
        """The name of the file that tells what this format could not say."""
        return f"{self.name}.skipped.json"


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry a format left out, and why."""

    entry: Entry
    reason: str


def divide(
    capability: Capability, entries: Iterable[Entry]
) -> tuple[tuple[Entry, ...], tuple[Skipped, ...]]:
    """The entries a format of this capability can say, and those it cannot with the reason."""
    listed: list[Entry] = []
    skipped: list[Skipped] = []
    for entry in entries:
        reason = _reason_against(capability, entry)
        if reason:
            skipped.append(Skipped(entry, reason))
        else:
            listed.append(entry)
    return tuple(listed), tuple(skipped)


def _reason_against(capability: Capability, entry: Entry) -> str:
    if guards.is_address(entry.name) and not capability.addresses:
        return "an IP address is not a DNS name; this format blocks names only"
    if entry.scope not in capability.scopes:
        return f"this format cannot say the scope {entry.scope}: {capability.a_line_means}"
    if len(entry.name) > capability.longest_name:
        return (
            f"the name has {len(entry.name)} characters; this format has room for"
            f" {capability.longest_name}"
        )
    return ""
