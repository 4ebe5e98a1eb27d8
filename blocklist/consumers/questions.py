"""What a consumer of a list is: which formats it loads, how, and how it is asked what became of a name or a page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from blocklist.rendering import LONGEST_NAME
from review_queue.categories import Scope

NAMES: Final = frozenset({Scope.HOST, Scope.DOMAIN})
NETWORKS: Final = frozenset({Scope.IP, Scope.CIDR})
BLOCKED: Final = "blocked"
OPEN: Final = "open"
GARDEN: Final = "garden"
NO_ANSWER: Final = "no answer"


class Asked(StrEnum):
    """What people ask a consumer for."""

    NAMES = "names"  # a resolver: an address of a name
    PAGES = "pages"  # a proxy: a page
    PACKETS = "packets"  # a packet filter: a way to an address


@dataclass(frozen=True, slots=True)
class Question:
    """One thing a person could ask for; `address` is where the name leads without the list."""

    what: str
    address: str = ""
    is_of_url: bool = False  # whether it is of an entry for this one page, and not for its host


@dataclass(frozen=True, slots=True)
class Use:
    """One format as one consumer loads it, and which scopes of it this consumer heeds."""

    form: str
    files: tuple[str, ...]
    scopes: frozenset[Scope]
    state: str = BLOCKED  # what becomes of a listed name
    settings: str = ""  # what makes the consumer load the files, which are in {folder}
    longest_asked: int = LONGEST_NAME  # a longer name cannot be asked of this consumer


@dataclass(frozen=True, slots=True)
class Run:
    """One start of a consumer: a folder of its own, and when it is to be over."""

    folder: Path
    deadline: float  # of time.monotonic()


Answers = Iterator[tuple[Question, str]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A program that loads lists; all it does here it does on loopback, from settings made for it."""

    key: str
    name: str
    package: str
    asked: Asked
    uses: tuple[Use, ...]
    why_not_here: Callable[[], str]  # "" where it can be run
    version: Callable[[], str]
    # the files of the use lie in the folder; answers each question once, in any order
    answers: Callable[[Use, Path, Sequence[Question], Run], Answers]
