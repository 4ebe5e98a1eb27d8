"""Suricata in its inline mode, reading connections from a file: which of them it drops.

A name is asked for in three ways, in the hello of a TLS client over TCP and over QUIC and in the Host of an http
request; a page in a request alone. All are in one file, each of a client of its own, and the engine runs once. It needs
no rights and sends nothing. Rules of ours say which connections it has found a name in: only of those is it told that
they are let through.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blocklist.consumers import pcap, programs, quic
from blocklist.consumers.everything import OPEN_V4
from blocklist.consumers.pcap import Connection, Datagrams
from blocklist.consumers.programs import DoesNotStartError
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
from review_queue.categories import Scope
from review_queue.hosts import parse_url

BINARY: Final = "suricata"
PACKAGE: Final = "suricata"
FILES: Final = ("suricata.rules", "suricata-hosts.lst")
SETTINGS: Final = """%YAML 1.1
---
stats: {enabled: no}
unix-command: {enabled: no}
default-rule-path: .
rule-files: [suricata.rules, witness.rules]
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [alert]}
logging:
  outputs:
    - console: {enabled: yes}
app-layer:
  protocols:
    tls: {enabled: yes, detection-ports: {dp: 443}}
    http: {enabled: yes}
    quic: {enabled: yes}
"""
WITNESS: Final = """
alert tls any any -> any any (msg:"asked"; flow:established,to_server; tls.sni; bsize:>0; sid:1699998;)
alert http any any -> any any (msg:"asked"; flow:established,to_server; http.host; bsize:>0; sid:1699999;)
alert quic any any -> any any (msg:"asked"; flow:to_server; quic.sni; bsize:>0; sid:1699997;)
"""
_WITNESSES: Final = range(1_699_997, 1_700_000)  # the list has those from 1,700,000
_ENGINE: Final = ("-c", "suricata.yaml", "-l", ".", "--init-errors-fatal")
# what is read is not captured, so no checksum has been made; one thread, so that two programs have a core each
_READ: Final = ("-r", "asked.pcap", "-k", "none", "--simulate-ips", "--runmode", "single")
_TLS_PORT: Final = 443
_WAYS: Final = ("http", "TLS", "QUIC")


@dataclass(frozen=True, slots=True)
class Ask:
    """What one client sends, in packets of its own where that is over UDP, and what it is answered."""

    data: bytes | tuple[bytes, ...]
    port: int
    answer: bytes = b""


def page(host: str, target: str = "/", port: int = 80) -> Ask:
    """A request for a page, with what stands in its Host header."""
    return Ask(pcap.request(host, target), port, pcap.HTTP_ANSWER)


def hello(name: str, port: int = _TLS_PORT) -> Ask:
    """The hello of a TLS client that asks for the name."""
    return Ask(pcap.hello(name), port, pcap.TLS_ANSWER)


def over_quic(name: str) -> Ask:
    """The same hello over QUIC."""
    return Ask(tuple(quic.initials(pcap.hello(name))), _TLS_PORT)


def states(asks: Sequence[Ask], lists: Path, run: Run) -> list[tuple[str, int]]:
    """What becomes of each connection, and the number of the rule that dropped it; the lists lie in `lists`.

    Raises:
        DoesNotStartError: the engine refused a line of them, or did not end in time.
    """
    for name in FILES:
        shutil.copyfile(lists / name, run.folder / name)
    for name, text in (("suricata.yaml", SETTINGS), ("witness.rules", WITNESS)):
        (run.folder / name).write_text(text, encoding="ascii")
    pcap.write(run.folder / "asked.pcap", _connections(asks))
    done = programs.told_by([programs.path_of(BINARY), *_ENGINE, *_READ], run.folder, run.deadline)
    if done.returncode != 0:
        told = (done.stderr or done.stdout).strip()
        raise DoesNotStartError(f"it ended with {done.returncode}: {told}")
    found = _found_in(run.folder / "eve.json")
    return [found.get(_client(number), (NO_ANSWER, 0)) for number in range(len(asks))]


def _connections(asks: Sequence[Ask]) -> Iterator[Connection | Datagrams]:
    for number, each in enumerate(asks):
        client, server = _client(number), (OPEN_V4, each.port)
        if isinstance(each.data, bytes):
            yield Connection(client, server, each.data, each.answer)
        else:
            yield Datagrams(client, server, each.data)


def _client(number: int) -> tuple[str, int]:
    """An address and a port that no other client has."""
    return f"198.18.{number >> 8 & 0xFF}.{number & 0xFF}", 40_000 + (number >> 16)


def _found_in(path: Path) -> Mapping[tuple[str, int], tuple[str, int]]:
    """By client, what became of it, and the rule that it fell under; of one no rule knows there is nothing."""
    found: dict[tuple[str, int], tuple[str, int]] = {}
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            rule = row["alert"]["signature_id"]
            client = row["src_ip"], row["src_port"]
            if row["alert"]["action"] == "blocked":
                found[client] = (BLOCKED, rule)
            elif rule in _WITNESSES:
                found.setdefault(client, (OPEN, 0))
    return found


def _asks(question: Question) -> Iterator[Ask]:
    """What people send for a question: for a front page in every way, for another page a request alone."""
    url = parse_url(question.what)
    _, _, rest = question.what.partition("://")
    authority, _, target = rest.partition("/")
    yield page(authority, f"/{target}", url.port)
    if not target and not url.host.is_ip:  # which no hello names
        name = authority.partition(":")[0]
        yield hello(name)
        yield over_quic(name)


def _answers(_use: Use, lists: Path, questions: Sequence[Question], run: Run) -> Answers:
    asks = [[*_asks(question)] for question in questions]
    found = iter(states([each for some in asks for each in some], lists, run))
    of_pages = frozenset(_rules_of_pages(lists / FILES[0]))
    for question, some in zip(questions, asks, strict=True):
        told = [next(found) for _ in some]
        yield question, _joined(told, of_pages if question.is_of_url else frozenset())


def _joined(found: Sequence[tuple[str, int]], of_pages: frozenset[int]) -> str:
    """The state of a name that is asked for in more than one way, which must be the same in all."""
    told = [state for state, _ in found]
    if len(set(told)) == 1:
        return told[0]
    if told == [BLOCKED, OPEN, OPEN] and found[0][1] in of_pages:
        # of a listed front page the site stays open in TLS; of a listed name it must not, whatever pages are listed
        return BLOCKED
    return ", ".join(f"{state} in {way}" for state, way in zip(told, _WAYS, strict=True))


def _rules_of_pages(path: Path) -> Iterator[int]:
    """The numbers of the rules that are about one page."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        yield from _numbers(line for line in lines if " http.uri.raw; " in line)


def _numbers(lines: Iterable[str]) -> Iterator[int]:
    for line in lines:
        number = line.rpartition("sid:")[2].partition(";")[0]
        if number.isdecimal():
            yield int(number)


CONSUMER: Final = Consumer(
    key="suricata",
    name="Suricata",
    package=PACKAGE,
    asked=Asked.PAGES,
    uses=(Use("suricata", FILES, NAMES | {Scope.URL}),),
    why_not_here=lambda: programs.missing(BINARY, PACKAGE),
    version=lambda: programs.version_of(BINARY, "-V"),
    answers=_answers,
)
