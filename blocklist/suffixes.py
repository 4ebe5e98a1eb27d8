"""The rules of the Public Suffix List as tables: one look in place of a walk over the labels of a name.

They are those of the copy inside publicsuffixlist, which `review_queue.hosts` walks.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import ada_url
import publicsuffixlist

from review_queue.overrides import Guard

_FILE: Final = Path(publicsuffixlist.__file__).with_name("public_suffix_list.dat")
_PRIVATE: Final = "// ===BEGIN PRIVATE DOMAINS==="
_VERSION: Final = re.compile(r"^// VERSION: (\d{4}-\d{2}-\d{2})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Suffixes:
    """Names below which unrelated people hold names, each with the guard that says so."""

    exact: dict[str, Guard]
    parents: dict[str, Guard]  # of wildcard rules: whatever stands right below one is a suffix
    exceptions: frozenset[str]
    dated: str

    def guard_of(self, name: str) -> Guard | None:
        """The guard that holds the name back as a suffix; None where it is none."""
        if name in self.exceptions:
            return None
        # a wildcard's parent is a suffix too: https://github.com/publicsuffix/list/issues/1989
        found = self.exact.get(name) or self.parents.get(name)
        return found or self.parents.get(name.partition(".")[2])

    def first_below(self, name: str) -> str:
        """The first suffix that lies below `name`; "" where none does."""
        tail = f".{name}"
        return min(
            (each for each in (*self.exact, *self.parents) if each.endswith(tail)), default=""
        )


@cache
def suffixes() -> Suffixes:
    """The list, read once."""
    text = _FILE.read_text(encoding="utf-8")
    exact: dict[str, Guard] = {}
    parents: dict[str, Guard] = {}
    exceptions: set[str] = set()
    guard = Guard.PUBLIC_SUFFIX
    for line in text.splitlines():
        if line.startswith(_PRIVATE):
            guard = Guard.SHARED_PLATFORM
        rule = line.partition(" ")[0].strip().lower()
        if not rule or rule.startswith("//"):
            continue
        name = rule.lstrip("!*").lstrip(".")
        name = name if name.isascii() else ada_url.idna.encode(name).decode()
        if rule.startswith("!"):
            exceptions.add(name)
        elif rule.startswith("*."):
            parents[name] = guard
        else:
            exact[name] = guard
    found = _VERSION.search(text)
    return Suffixes(exact, parents, frozenset(exceptions), found.group(1) if found else "")
