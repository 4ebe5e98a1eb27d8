"""Names at the edge of what the DNS holds, in every resolver, many at once."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from blocklist.formats import FORMATS
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
from tests.blocklist.odd_names import COUNT, above, fits, longest_of, odd_names
from tests.blocklist.samples import domain, entry, lines_of, passed

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


def written(folder: Path, form: str, entries: Sequence[Entry]) -> Path:
    """The list as the format writes it, its last check passed."""
    for file in FORMATS[form].files:
        lines = passed(form, lines_of(form, entries, file), file)
        text = "".join(f"{line}\n" for line in lines)
        (folder / file).write_text(text, encoding="ascii", newline="\n")
    return folder / FORMATS[form].file_name
