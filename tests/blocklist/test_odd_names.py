"""Names at the edge of what the DNS holds, in every resolver: long ones, short ones, odd ones, many at once."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_lowercase, digits

import pytest

from blocklist import guards, lint
from blocklist.formats import FORMATS
from review_queue.categories import Scope
from review_queue.records import Entry
from tests.blocklist.consumers_dns import (
    BIND,
    DNSMASQ,
    KNOT,
    POWERDNS,
    UNBOUND,
    Program,
    rpz_settings,
    running,
)
from tests.blocklist.samples import HEADING, domain, entry, lines_of

SEED = 5
COUNT = 1500
ASKED = 60
LOADS = [
    (BIND, "rpz"),
    (UNBOUND, "rpz"),
    (POWERDNS, "rpz"),
    (KNOT, "rpz"),
    (UNBOUND, "unbound"),
    (DNSMASQ, "dnsmasq"),
    (DNSMASQ, "hosts"),
]


def odd_names(longest: int) -> Iterator[str]:
    """Names the guards let through, the same in every run."""
    dice = random.Random(SEED)  # noqa: S311  # the same names in every run
    while True:
        labels = ["".join(label(dice)) for _ in range(dice.randint(1, 6))]
        name = ".".join([*labels, "odd", "example"])
        if len(name) <= longest and not guards.refusal(Scope.DOMAIN, name):
            yield name


def label(dice: random.Random) -> Iterator[str]:
    size = dice.choice([1, 2, 3, 8, 30, 62, 63])
    inner = ascii_lowercase + digits + "-_"
    for place in range(size):
        yield dice.choice(inner.replace("-", "") if place in (0, size - 1) else inner)


def settings_of(program: Program, form: str, path: Path) -> str:
    """The setting that makes the program load the file."""
    match form:
        case "rpz":
            return rpz_settings(program, path)
        case "unbound":
            return f'include: "{path}"'
        case "dnsmasq":
            return f"conf-file={path}\naddn-hosts={path.parent / 'dnsmasq-hosts.txt'}"
        case _:
            return f"addn-hosts={path}"


@pytest.mark.parametrize(("program", "form"), LOADS, ids=lambda each: getattr(each, "binary", each))
def test_odd_names_are_blocked_and_their_neighbours_are_not(
    program: Program, form: str, tmp_path: Path
) -> None:
    source = odd_names(FORMATS[form].capability.longest_name)
    names = list(dict.fromkeys(next(source) for _ in range(COUNT)))
    hosts, domains = names[::2], set() if form == "hosts" else set(names[1::2])
    hosts.insert(0, longest_of(FORMATS[form].capability.longest_name))
    path = written(tmp_path, form, [*map(entry, hosts), *map(domain, sorted(domains))])
    asked = [*hosts[:ASKED], *sorted(domains)[:ASKED]]
    said = [*asked, *(f"a.{name}" for name in asked if name in domains)]
    beside = [f"{mark}{name}" for name in asked for mark in ("a.", "a")]
    listed = {*hosts, *domains}
    beside = [name for name in beside if name not in listed and not domains & {*above(name)}]

    with running(program, tmp_path, settings_of(program, form, path)) as resolver:
        assert [name for name in said if fits(name) and resolver.state(name) != "blocked"] == []
        assert [name for name in beside if fits(name) and resolver.state(name) != "open"] == []


def longest_of(size: int) -> str:
    """A name of exactly that many characters."""
    rest = size - len(".example")
    labels = ["e" * 63] * (rest // 64)
    return ".".join([*labels, "e" * (rest % 64 - bool(labels) + 1), "example"])[-size:]


def above(name: str) -> Iterator[str]:
    """Every name that the name lies below."""
    while "." in name:
        name = name.partition(".")[2]
        yield name


def fits(name: str) -> bool:
    """Whether the DNS can hold the name."""
    return len(name) <= 253 and all(len(each) <= 63 for each in name.split("."))


def written(folder: Path, form: str, entries: Sequence[Entry]) -> Path:
    """The list as the format writes it, its last check passed."""
    for file in FORMATS[form].files:
        lines = [f"{line}\n" for line in lines_of(form, entries, file)]
        lint.check(form, file, lines, serial=HEADING.serial)
        (folder / file).write_text("".join(lines), encoding="ascii", newline="\n")
    return folder / FORMATS[form].file_name
