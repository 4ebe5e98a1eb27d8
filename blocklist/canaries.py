"""What consumers of a list are asked before it is published: some of what it lists, and what it must leave alone.

What must be left alone are names nobody may ever lose, and the neighbours of what is listed: a name above it, beside
it, below an exact host; the address before and after it. A list that takes one of them with it blocks what nobody
decided about.
"""

import ipaddress
import json
import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from blocklist import canonical, guards
from blocklist.consumers.everything import OPEN_V4, OPEN_V6
from blocklist.consumers.questions import BLOCKED, NAMES, NETWORKS, OPEN, Asked, Question, Use
from blocklist.rendering import LONGEST_NAME, Capability, reason_against
from review_queue.categories import Scope
from review_queue.hosts import parse_url
from review_queue.lookups import Network

SAMPLE: Final = 34  # of each scope
MUST_RESOLVE: Final = (
    "egov.kz",
    "www.gov.kz",
    "www.nationalbank.kz",
    "112.gov.kz",
    "example.com",
    "github.io",
    "google.com",
    "kz",
    "wikipedia.org",
    "www.who.int",
)
_LONGEST_LABEL: Final = 63
# names that some resolvers answer by themselves, whatever is listed (RFC 6761, RFC 7686, RFC 8375, RFC 9476)
_SPECIAL: Final = frozenset(
    {"alt", "arpa", "internal", "invalid", "local", "localhost", "onion", "test"}
)
Asking = tuple[Question, str]  # and what is to become of it


@dataclass(frozen=True, slots=True)
class Listed:
    """All that a list names, by scope, each scope in the order of the list."""

    names: Mapping[Scope, Sequence[str]]
    hosts: frozenset[str]
    domains: frozenset[str]
    urls: frozenset[str]
    # starts and ends of the listed networks, by IP version; none overlaps the next
    ranges: Mapping[int, tuple[Sequence[int], Sequence[int]]]

    def names_exactly(self, name: str) -> bool:
        """Whether the name itself is a host or a domain of the list."""
        return name in self.hosts or name in self.domains

    def has_name(self, name: str) -> bool:
        """Whether a host or a domain of the list covers the name."""
        if name in self.hosts:
            return True
        rest = f".{name}"
        while rest:
            rest = rest.partition(".")[2]
            if rest in self.domains:
                return True
        return False

    def has_address(self, address: str) -> bool:
        """Whether an address or a network of the list covers the address."""
        found = ipaddress.ip_address(address)
        starts, ends = self.ranges.get(found.version, ((), ()))
        place = bisect_right(starts, int(found)) - 1
        return place >= 0 and int(found) <= ends[place]


@dataclass(frozen=True, slots=True)
class Canaries:
    """What consumers are asked of one list."""

    listed: Mapping[Scope, Sequence[str]]
    open_names: Sequence[str]
    open_hosts: Sequence[str]  # those of the open names whose front page is not listed as a URL
    open_urls: Sequence[str]
    open_addresses: Sequence[str]
    label: str  # which no listed name begins with


def read(path: Path) -> Listed:
    """All that the canonical list at `path` names."""
    names: dict[Scope, list[str]] = {scope: [] for scope in Scope}
    with path.open(encoding="ascii", newline="\n") as lines:
        for line in lines:
            found = json.loads(line)
            names[canonical.granularity_of(found["granularity"])].append(found["name"])
    networks = [ipaddress.ip_network(name) for scope in NETWORKS for name in names[scope]]
    return Listed(
        names,
        frozenset(names[Scope.HOST]),
        frozenset(names[Scope.DOMAIN]),
        frozenset(names[Scope.URL]),
        {version: _ranges(networks, version) for version in (4, 6)},
    )


def choose(listed: Listed, *, seed: int, always: str = "", never: Sequence[str] = ()) -> Canaries:
    """What to ask of the list: another sample for each seed, and the name `always` whatever the sample is.

    Of the names in `never`, which no list may take from people, there is a sample as well.
    """
    chance = random.Random(seed)  # noqa: S311  # a sample, no secret
    sample = {
        scope: _sampled(listed.names[scope], chance, {always} - {""}) for scope in listed.names
    }
    label = f"n{chance.getrandbits(40):x}"
    names = {*MUST_RESOLVE, *_sampled(never, chance, ())}
    for scope in NAMES:
        for name in sample[scope]:
            names |= set(_beside(scope, name, label))
    urls = {f"{url}x" for url in sample[Scope.URL]}
    urls |= {f"http://{parse_url(url).host.name}/" for url in sample[Scope.URL]}
    addresses = {OPEN_V4, OPEN_V6}
    for scope in NETWORKS:
        for name in sample[scope]:
            addresses |= set(_around(name))
    open_names = sorted(name for name in names if _is_open(listed, name))
    return Canaries(
        sample,
        open_names,
        [name for name in open_names if f"http://{name}/" not in listed.urls],
        sorted(url for url in urls if _is_open_url(listed, url)),
        sorted(each for each in addresses if not _is_listed_address(listed, each)),
        label,
    )


def questions(
    use: Use, asked: Asked, capability: Capability, canaries: Canaries
) -> Iterator[Asking]:
    """What a consumer is asked of a format, and what has to become of it.

    What the format cannot say is left out, and so is a name too long to be asked.
    """
    for asking in _questions(use, asked, capability, canaries):
        if asked is not Asked.NAMES or len(asking[0].what) <= use.longest_asked:
            yield asking


def _questions(
    use: Use, asked: Asked, capability: Capability, canaries: Canaries
) -> Iterator[Asking]:
    spots = _spots(canaries.label)
    for scope, names in canaries.listed.items():
        for name in names if scope in use.scopes else ():
            if not reason_against(capability, scope, name):
                for question in _of_entry(asked, scope, name, canaries.label, spots):
                    # a rule on addresses has no other answer than that the address is not told
                    is_by_address = question.address and asked is Asked.NAMES
                    yield question, BLOCKED if is_by_address else use.state
    for question in _open(use, asked, canaries, spots):
        yield question, OPEN


def _open(use: Use, asked: Asked, canaries: Canaries, spots: Iterator[str]) -> Iterator[Question]:
    if asked is Asked.NAMES:
        yield from map(Question, canaries.open_names)
    elif asked is Asked.PAGES:
        yield from map(_page, canaries.open_hosts)
        if Scope.URL in use.scopes:
            yield from map(_question_of_url, canaries.open_urls)
    if NETWORKS & use.scopes:
        for address in canaries.open_addresses:
            yield from _of_entry(asked, Scope.IP, address, canaries.label, spots)


def _spots(label: str) -> Iterator[str]:
    """Names for addresses to be reached by, each another."""
    number = 0
    while True:
        number += 1
        yield f"a{number}.{label}.example"


def _of_entry(
    asked: Asked, scope: Scope, name: str, label: str, spots: Iterator[str]
) -> Iterator[Question]:
    """The questions that meet one entry."""
    if scope in NETWORKS:
        for address in _ends(name):
            match asked:
                case Asked.NAMES:
                    yield Question(next(spots), address)
                case Asked.PAGES:
                    yield Question(f"http://{f'[{address}]' if ':' in address else address}/")
                    if ":" not in address:
                        yield Question(f"http://{next(spots)}/", address)
                case Asked.PACKETS:
                    yield Question(address)
        return
    if scope is Scope.URL:
        yield replace(_question_of_url(name), is_of_url=True)
        return
    names = [name]
    if scope is Scope.DOMAIN and len(name) + len(label) < LONGEST_NAME:
        names.append(f"{label}.{name}")
    for each in names:
        yield _page(each) if asked is Asked.PAGES else Question(each)


def _page(host: str) -> Question:
    """The front page of a host; its name leads where nothing is listed, so that no name server need be asked."""
    return Question(f"http://{host}/", "" if guards.is_address(host) else OPEN_V4)


def _question_of_url(url: str) -> Question:
    return Question(url, "" if parse_url(url).host.is_ip else OPEN_V4)


def _sampled(names: Sequence[str], chance: random.Random, always: Iterable[str]) -> Sequence[str]:
    """Some of the names; among them the first, the last, where a list that is cut off ends, and the longest."""
    if not names:
        return ()
    kept = {names[0], names[-1], max(names, key=len), *(set(always) & set(names))}
    more = [name for name in chance.sample(names, min(SAMPLE, len(names))) if name not in kept]
    return sorted({*kept, *more[: SAMPLE - len(kept)]})


def _beside(scope: Scope, name: str, label: str) -> Iterator[str]:
    """Names next to a listed one: above it, beside it, one that ends like it and, of a host, below it."""
    if guards.is_address(name):
        return
    first, _, above = name.partition(".")
    yield above
    yield f"{label}.{above}"
    if len(first) + len(label) <= _LONGEST_LABEL:
        yield f"{label}{name}"
    if scope is Scope.HOST:
        yield f"{label}.{name}"


def _is_open(listed: Listed, name: str) -> bool:
    is_askable = name and len(name) <= LONGEST_NAME and name.rpartition(".")[2] not in _SPECIAL
    return bool(is_askable) and not listed.has_name(name)


def _is_open_url(listed: Listed, url: str) -> bool:
    host = parse_url(url).host
    if url in listed.urls or listed.has_name(host.name):
        return False
    return not (host.is_ip and listed.has_address(host.name.strip("[]")))


def _is_listed_address(listed: Listed, address: str) -> bool:
    literal = f"[{address}]" if ":" in address else address
    return listed.has_address(address) or literal in listed.hosts


def _ends(name: str) -> list[str]:
    """The first and the last address of a network, or the one address."""
    network = ipaddress.ip_network(name)
    return list(dict.fromkeys([str(network[0]), str(network[-1])]))


def _around(name: str) -> Iterator[str]:
    """The address before a network and the one after it, where anybody can be reached there."""
    network = ipaddress.ip_network(name)
    for address in (str(network[0] - 1), str(network[-1] + 1)):
        if not guards.refusal(Scope.IP, address):
            yield address


def _ranges(networks: Iterable[Network], version: int) -> tuple[Sequence[int], Sequence[int]]:
    starts: list[int] = []
    ends: list[int] = []
    for first, last in sorted(
        (int(each[0]), int(each[-1])) for each in networks if each.version == version
    ):
        if ends and first <= ends[-1] + 1:
            ends[-1] = max(ends[-1], last)
        else:
            starts.append(first)
            ends.append(last)
    return starts, ends
