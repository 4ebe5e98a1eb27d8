"""rbldnsd, which answers mail and web filters whether a name is listed, with the plain list of names as its data.

Its own grammar (`dnset` in rbldnsd(8)) is that of the list: `name` is that name alone, `*.name` is what lies below it.
So it reads the file as it stands.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dns.exception
import dns.message
import dns.query
import dns.rcode

from blocklist.consumers import programs
from blocklist.consumers.questions import (
    BLOCKED,
    NAMES,
    NO_ANSWER,
    OPEN,
    Answers,
    Asked,
    Consumer,
    Question,
    Run,
    Use,
)
from blocklist.rendering import LONGEST_NAME

BINARY: Final = "rbldnsd"
PACKAGE: Final = "rbldnsd"
ZONE: Final = "z"  # as short as can be
LONGEST_ASKED: Final = LONGEST_NAME - len(ZONE) - 1
_LISTED: Final = "127.0.0.2"  # what it says of a name where the list says nothing else
_ANSWER_S: Final = 4.0
_READY_S: Final = 0.5
_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Server:
    """A running rbldnsd."""

    port: int
    log: Path
    zone: str = ZONE  # what is asked ends in it

    def state(self, name: str, patience: float = _ANSWER_S) -> str:
        """What a filter that asks for `name` learns."""
        query = dns.message.make_query(f"{name}.{self.zone}", "A")
        answer = dns.query.udp(query, "127.0.0.1", port=self.port, timeout=patience)
        if answer.rcode() == dns.rcode.NXDOMAIN:
            return OPEN
        rows = sorted(row.to_text() for rrset in answer.answer for row in rrset)
        return BLOCKED if rows == [_LISTED] else f"{dns.rcode.to_text(answer.rcode())} {rows}"

    def states(self, *names: str) -> dict[str, str]:
        """What a filter learns of each name."""
        return {name: self.state(name) for name in names}


@contextmanager
def running(path: Path, run: Run) -> Iterator[Server]:
    """The server answers from the file.

    Raises:
        DoesNotStartError: it ended, or did not answer in time.
    """
    port = programs.free_port()
    copy = run.folder / "names"
    shutil.copyfile(path, copy)
    copy.chmod(0o644)
    server = Server(port, run.folder / "output")
    # -n: in the foreground; -c 0: the file does not change; -w: a path with a comma would be two
    command = [programs.path_of(BINARY), "-n", "-c", "0", "-w", str(run.folder)]
    command += ["-b", f"127.0.0.1/{port}", f"{ZONE}:dnset:{copy.name}"]
    with programs.started(
        command, run.folder, lambda: _is_ready(server), run.deadline, who=programs.as_nobody()
    ):
        yield server


def _is_ready(server: Server) -> bool:
    # it takes questions before it has read the file, and answers them after that
    with suppress(dns.exception.DNSException, OSError):
        server.state("ready.example", _READY_S)
        return True
    return False


def _answers(use: Use, lists: Path, questions: Sequence[Question], run: Run) -> Answers:
    with running(lists / use.files[0], run) as server:
        for question in questions:
            yield question, _answer(server, question.what, run.deadline)


def _answer(server: Server, name: str, deadline: float) -> str:
    """What it says of the name; a packet that was lost is sent once more."""
    for _ in range(_TRIES):
        if time.monotonic() > deadline:
            break
        with suppress(dns.exception.DNSException, OSError):
            return server.state(name)
    return NO_ANSWER


CONSUMER: Final = Consumer(
    key="rbldnsd",
    name="rbldnsd",
    package=PACKAGE,
    asked=Asked.NAMES,
    uses=(Use("domains", ("domains.txt",), NAMES, longest_asked=LONGEST_ASKED),),
    why_not_here=lambda: programs.missing(BINARY, PACKAGE),
    version=lambda: programs.version_of(BINARY, "-h"),
    answers=_answers,
)
