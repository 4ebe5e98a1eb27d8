"""Resolvers that load lists, each started with settings made for it and asked over UDP."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from blocklist.consumers import everything, programs
from blocklist.consumers.questions import (
    BLOCKED,
    GARDEN,
    NO_ANSWER,
    OPEN,
    Answers,
    Asked,
    Consumer,
    Question,
    Run,
    Use,
)

ANSWER_S: Final = 4.0
_TRIES: Final = 2
_READY_NAME: Final = "ready.example"
_NOWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # read from answers
_OPEN: Final = frozenset({everything.OPEN_V4, everything.OPEN_V6})
_GARDEN: Final = frozenset({everything.GARDEN_V4, everything.GARDEN_V6})


@dataclass(frozen=True, slots=True)
class Program:
    """A resolver: its program and package, its settings by file name, how it is started and tells its version.

    `{list}` in the settings is where those for the list go, `{more}` where a resolver that has its policies in
    another file takes further ones.
    """

    name: str
    binary: str
    package: str
    files: Mapping[str, str]
    command: tuple[str, ...]
    version_flag: str
    uses: tuple[Use, ...]
    ready: bytes = b""  # what it logs once the list is at work, where it answers before


@dataclass(frozen=True, slots=True)
class Resolver:
    """A running resolver."""

    port: int
    log: Path

    def ask(self, name: str, kind: str = "A") -> dns.message.Message:
        """The whole answer for `name`."""
        query = dns.message.make_query(name, kind)
        return dns.query.udp(query, "127.0.0.1", port=self.port, timeout=ANSWER_S)

    def state(self, name: str) -> str:
        """What becomes of a person who asks for `name`, in both address families alike."""
        found = {self._state(name, kind) for kind in ("A", "AAAA")}
        return found.pop() if len(found) == 1 else f"differs: {sorted(found)}"

    def states(self, *names: str) -> dict[str, str]:
        """What becomes of each name."""
        return {name: self.state(name) for name in names}

    def reaches(self, name: str, address: str) -> bool:
        """Whether a person who asks for `name` gets that address."""
        answer = self.ask(name, "AAAA" if ":" in address else "A")
        return address in [row.to_text() for rrset in answer.answer for row in rrset]

    def _state(self, name: str, kind: str) -> str:
        answer = self.ask(name, kind)
        if answer.rcode() == dns.rcode.NXDOMAIN:
            return BLOCKED
        wanted = dns.rdatatype.from_text(kind)
        rows = [row.to_text() for rrset in answer.answer for row in rrset if rrset.rdtype == wanted]
        for label, addresses in ((BLOCKED, _NOWHERE), (OPEN, _OPEN), (GARDEN, _GARDEN)):
            if rows and set(rows) <= addresses:
                return label
        return f"{dns.rcode.to_text(answer.rcode())} {sorted(rows)}"


@contextmanager
def running(
    program: Program, run: Run, settings: str, addresses: Mapping[str, str], more: str = ""
) -> Iterator[Resolver]:
    """The resolver answers with these settings; any name has an address, those in `addresses` theirs.

    Raises:
        DoesNotStartError: it ended, or did not answer in time.
    """
    # one of its own: BIND gives up root's right to write where nobody else may
    home = run.folder / program.binary
    home.mkdir(exist_ok=True)
    with everything.name_server(addresses) as upstream:
        places = {"folder": home, "port": programs.free_port(), "upstream": upstream}
        places |= {"list": settings, "more": more}
        for name, text in program.files.items():
            (home / name).write_text(text.format_map(places), encoding="utf-8")
        command = [
            programs.path_of(program.binary),
            *(part.format_map(places) for part in program.command),
        ]
        resolver = Resolver(int(str(places["port"])), home / "output")
        with programs.started(
            command, home, lambda: _answers(resolver, program.ready), run.deadline
        ):
            yield resolver


def _answers(resolver: Resolver, ready: bytes) -> bool:
    if ready and ready not in resolver.log.read_bytes():
        return False
    with suppress(dns.exception.DNSException, OSError):
        query = dns.message.make_query(_READY_NAME, "A")
        dns.query.udp(query, "127.0.0.1", port=resolver.port, timeout=0.5)
        return True
    return False


def consumer(key: str, program: Program) -> Consumer:
    """The resolver as a consumer of lists."""
    return Consumer(
        key=key,
        name=program.name,
        package=program.package,
        asked=Asked.NAMES,
        uses=program.uses,
        why_not_here=lambda: programs.missing(program.binary, program.package),
        version=lambda: programs.version_of(program.binary, program.version_flag),
        answers=_answerer(program),
    )


def _answerer(program: Program) -> Callable[[Use, Path, Sequence[Question], Run], Answers]:
    def answers(use: Use, lists: Path, questions: Sequence[Question], run: Run) -> Answers:
        settings = use.settings.format(folder=lists.absolute())
        addresses = {each.what: each.address for each in questions if each.address}
        with running(program, run, settings, addresses) as resolver:
            for question in questions:
                yield question, _answer(resolver, question, run.deadline)

    return answers


def _answer(resolver: Resolver, question: Question, deadline: float) -> str:
    """What becomes of the question; a packet that was lost is sent once more."""
    for _ in range(_TRIES):
        if time.monotonic() > deadline:
            break
        try:
            if question.address:
                is_reached = resolver.reaches(question.what, question.address)
                return OPEN if is_reached else BLOCKED
            return resolver.state(question.what)
        except (dns.exception.DNSException, OSError):
            continue
    return NO_ANSWER
