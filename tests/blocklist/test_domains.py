"""The plain list of names in a running rbldnsd, whose own grammar it is, and what one bad line would do there."""

import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import dns.exception
import pytest

from blocklist.consumers import programs, rbldnsd
from blocklist.consumers.questions import Run
from blocklist.consumers.rbldnsd import LONGEST_ASKED, Server
from review_queue.errors import ExportError
from tests.blocklist.canaries import BELOW_HOSTS, ENTRIES, EXPECTED, MUST_RESOLVE
from tests.blocklist.odd_names import COUNT, above, longest_of, odd_names
from tests.blocklist.odd_names import fits as fits_dns
from tests.blocklist.samples import domain, entry, lines_of, passed
from tests.blocklist.test_providers_doc import block

ASKED: Final = 200
START_S: Final = 20.0


@contextmanager
def loaded(lines: Sequence[str]) -> Iterator[Server]:
    """Rbldnsd with a file of these lines; the test is skipped where it is missing."""
    if reason := rbldnsd.CONSUMER.why_not_here():
        pytest.skip(reason)
    with programs.own_folder() as folder:
        path = folder / "domains.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii", newline="\n")
        with rbldnsd.running(path, Run(folder, time.monotonic() + START_S)) as server:
            yield server


def fits(name: str) -> bool:
    """Whether the name can be asked of rbldnsd, whose zone is a part of the question."""
    return fits_dns(name) and len(name) <= LONGEST_ASKED


def test_rbldnsd_lists_every_entry_as_far_as_its_scope_says() -> None:
    lines = passed("domains", lines_of("domains", ENTRIES))

    with loaded(lines) as server:
        assert len(MUST_RESOLVE) == 20
        assert server.states(*EXPECTED) == EXPECTED
        assert f"e/w={sum('*' not in each for each in lines)}/" in server.log.read_text()


def test_odd_and_longest_names_are_listed_and_their_neighbours_are_not() -> None:
    source = odd_names(253)
    names = [*dict.fromkeys(next(source) for _ in range(COUNT))]
    hosts, domains = [longest_of(LONGEST_ASKED), *names[::2]], names[1::2]
    lines = passed("domains", lines_of("domains", (*map(entry, hosts), *map(domain, domains))))
    asked = [*hosts[:ASKED], *domains[:ASKED]]
    said = [*asked, *(f"a.{name}" for name in domains[:ASKED])]
    beside = [f"{mark}{name}" for name in asked for mark in ("a.", "a")]
    listed, wide = {*hosts, *domains}, {*domains}
    beside = [name for name in beside if name not in listed and not wide & {*above(name)}]

    with loaded(lines) as server:
        assert [name for name in said if fits(name) and server.state(name) != "blocked"] == []
        assert [name for name in beside if fits(name) and server.state(name) != "open"] == []


def test_an_empty_list_lists_nothing() -> None:
    with loaded(passed("domains", lines_of("domains", ()))) as server:
        assert set(server.states(*BELOW_HOSTS, *MUST_RESOLVE).values()) == {"open"}


# measured with rbldnsd 1.0~20210120, which loads each of these without a word
@pytest.mark.parametrize(
    ("line", "hit"),
    [
        (".kz", ["kz", "egov.kz", "www.egov.kz"]),
        ("*.kz", ["egov.kz", "www.egov.kz"]),
        ("egov.kz other.mixed.example", ["egov.kz"]),
        (".mixed.example", ["mixed.example", "other.mixed.example"]),
        ("EGOV.kz", ["egov.kz"]),
        ("egov.kz.", ["egov.kz"]),
    ],
)
def test_without_the_last_check_one_bad_line_lists_far_more(line: str, hit: Sequence[str]) -> None:
    lines = [*lines_of("domains", ENTRIES), line]

    with pytest.raises(ExportError):
        passed("domains", lines)
    with loaded(lines) as server:
        assert server.states(*hit) == dict.fromkeys(hit, "blocked")


@pytest.mark.parametrize(
    ("line", "state"), [("!.casino.example", "open"), (":127.0.0.3:", "NOERROR ['127.0.0.3']")]
)
def test_without_the_last_check_one_bad_line_says_something_else_of_what_is_listed(
    line: str, state: str
) -> None:
    """The first is an exception to rbldnsd, the second its answer for all that follows."""
    lines = [line, *lines_of("domains", ENTRIES)]

    with pytest.raises(ExportError):
        passed("domains", lines)
    with loaded(lines) as server:
        assert server.states("casino.example") == {"casino.example": state}


def test_what_rbldnsd_passes_over_is_stopped_before() -> None:
    lines = lines_of("domains", ENTRIES)
    bad_lines = ["<!DOCTYPE html>", "", ".", "*.", "*", f"{'z' * 64}.example"]

    for line in bad_lines:
        with pytest.raises(ExportError):
            passed("domains", [*lines, line])
    with loaded([*lines, *bad_lines]) as server:
        assert server.states("casino.example", *MUST_RESOLVE[:5]) == {
            "casino.example": "blocked",
            **dict.fromkeys(MUST_RESOLVE[:5], "open"),
        }


def test_the_command_of_the_guide_lists_what_is_listed() -> None:
    if reason := rbldnsd.CONSUMER.why_not_here():
        pytest.skip(reason)
    port = programs.free_port()
    with programs.own_folder() as folder:
        (folder / "domains.txt").write_text("".join(f"{x}\n" for x in lines_of("domains", ENTRIES)))
        text = (
            block("rbldnsd -n").replace("/var/lib/rbldns", str(folder)).replace("5353", f"{port}")
        )
        name, *rest = shlex.split(text)
        server = Server(port, folder / "output", "list.provider.example")

        def answers() -> bool:
            try:
                return server.state("ready.example", 0.5) == "open"
            except (dns.exception.DNSException, OSError):
                return False

        command = [programs.path_of(name), *rest]
        end = time.monotonic() + START_S
        with programs.started(command, folder, answers, end, who=programs.as_nobody()):
            fit = {name: state for name, state in EXPECTED.items() if len(name) < 230}
            assert server.states(*fit) == fit
