"""The last check of a list of names, a batch at a time: what the guards have let into the list is not asked again.

A batch whose every line is of the one shape, with names of the canonical list and in order, has passed. Any other is
looked at line by line, by the guards too, so that the first bad line is named; so this takes nothing on trust that the
slow way would refuse. A million names pass in half a second instead of four.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, filterfalse, islice
from operator import lt, not_
from typing import Final

from blocklist import guards
from blocklist.lint_lines import LONGEST_NAME, START, WILDCARD, Place, fault, place_of
from review_queue.categories import Scope

_BATCH: Final = 1024
_NAMES: Final = frozenset({Scope.HOST, Scope.DOMAIN})
NAME: Final = r"[a-z0-9_][a-z0-9_.-]*"

Numbered = Iterator[tuple[int, str]]


class Known:
    """The names of the canonical list, each of which the guards have let into it."""

    def __init__(self, names: Mapping[Scope, Iterable[str]]) -> None:
        self._names: dict[Scope, set[str]] = {scope: set() for scope in Scope}
        self.learn(names)

    def learn(self, names: Mapping[Scope, Iterable[str]]) -> None:
        """These names are known too, but for addresses in the place of a host: no list of names may say those."""
        for scope, more in names.items():
            is_name = scope in _NAMES
            self._names[scope].update(filterfalse(guards.is_address, more) if is_name else more)
        self.__dict__.pop("below", None)

    def of(self, scope: Scope) -> set[str]:
        """The names of one scope."""
        return self._names[scope]

    @cached_property
    def below(self) -> frozenset[str]:
        """The hosts and domains that lie below a listed domain; few lists say them once more."""
        domains = self.of(Scope.DOMAIN)
        names = (*self.of(Scope.HOST), *domains)
        # many names have their parent in common: the registry they are in
        parents = {name.partition(".")[2] for name in names}
        covered = {each for each in parents if each in domains or lies_below(each, domains)}
        return frozenset(name for name in names if name.partition(".")[2] in covered)


def lies_below(name: str, domains: set[str]) -> bool:
    """Whether the name lies below one of the domains."""
    dot = name.find(".")
    while dot >= 0:
        name = name[dot + 1 :]
        if name in domains:
            return True
        dot = name.find(".")
    return False


@dataclass(frozen=True, slots=True)
class Shape:
    """What the lines of one name look like: a pattern with the groups `name` and `wide`.

    `wide` is not empty where the lines block what lies below too; any other character is matched without a name.
    `continues` is how a line begins that belongs to the one before it.
    """

    lines: re.Pattern[str]
    continues: tuple[str, ...] = ()
    says_covered: bool = False  # names below a listed domain too
    wild_lines: bool = False  # the domain has a line of its own, which counts

    def found(self, text: str) -> tuple[Sequence[str], Sequence[str]]:
        """The names, and the mark of each; a character of no such shape is an empty name, which no entry has."""
        groups = self.lines.groupindex
        columns = [*zip(*self.lines.findall(text), strict=True)]
        return columns[groups["name"] - 1], columns[groups["wide"] - 1]


def shape_of(
    lines: str,
    *,
    continues: tuple[str, ...] = (),
    says_covered: bool = False,
    wild_lines: bool = False,
) -> Shape:
    """The shape that the pattern says; its group `name` is a name of the DNS."""
    pattern = re.compile(rf"(?:{lines.replace('(?P<name>)', f'(?P<name>{NAME})')})|[\s\S]")
    return Shape(pattern, continues, says_covered, wild_lines)


class Names:
    """The names of a file as they come, each in its place, all of them known where that is told."""

    def __init__(
        self, known: Known | None = None, longest: int = LONGEST_NAME + len(WILDCARD)
    ) -> None:
        self.count = 0
        self._known = known
        self._longest = longest
        self._last: Place = START
        self._at_end = False

    def end(self) -> None:
        """No name may follow: what comes is looked at line by line."""
        self._at_end = True

    def add(self, number: int, owner: str, *, wide: bool = False) -> None:
        """The name on line `number` is counted, once it is known to be harmless and in its place.

        `wide` is whether the line blocks what lies below it, too.

        Raises:
            ExportError: it is not.
        """
        self._last = place_of(number, owner, self._last, self._longest)
        known, name = self._known, self._last[0]
        if known and name not in known.of(Scope.DOMAIN):
            if name not in known.of(Scope.HOST):
                raise fault(number, "has a name that is not in the canonical list")
            if wide or owner.startswith(WILDCARD):
                raise fault(number, "blocks what lies below an exact host")
        self.count += 1

    def unknown(self, numbered: Numbered, shape: Shape) -> Numbered:
        """The lines that have to be looked at one by one; all others are counted."""
        if self._known is None:
            yield from numbered
            return
        for batch in _batches(numbered, shape.continues):
            if not self._passes("".join([line for _, line in batch]), shape, self._known):
                yield from batch

    def _passes(self, text: str, shape: Shape, known: Known) -> bool:
        if self._at_end:
            return False
        names, marks = shape.found(text)
        wide = [*compress(names, marks)]
        exact = [*compress(names, map(not_, marks))]
        longest = self._longest - len(WILDCARD)
        passes = (
            names[0] > self._last[0]
            and all(map(lt, names, names[1:]))
            and known.of(Scope.DOMAIN).issuperset(wide)
            and known.of(Scope.HOST).issuperset(exact)
            and (shape.says_covered or known.below.isdisjoint(names))
            and max(map(len, names)) <= longest
        )
        if passes:
            self._last = (names[-1], shape.wild_lines and bool(marks[-1]))
            self.count += len(names) + (len(wide) if shape.wild_lines else 0)
        return passes


def _batches(numbered: Numbered, continues: tuple[str, ...]) -> Iterator[list[tuple[int, str]]]:
    """The lines in batches, none of which ends within the lines of one name."""
    batch = [*islice(numbered, _BATCH)]
    while batch:
        after: list[tuple[int, str]] = []
        for each in numbered:
            if not each[1].startswith(continues):
                after.append(each)
                break
            batch.append(each)
        yield batch
        batch = [*after, *islice(numbered, _BATCH)]
