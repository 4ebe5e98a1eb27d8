"""The local zones in a running Unbound, and what one bad line would do there."""

from pathlib import Path

import dns.rcode
import pytest

from blocklist import lint
from review_queue.errors import ExportError
from tests.blocklist.canaries import BELOW_HOSTS, ENTRIES, EXPECTED, MUST_RESOLVE
from tests.blocklist.consumers_dns import UNBOUND, DoesNotStart, running
from tests.blocklist.samples import HEADING, lines_of


def included(folder: Path, lines: list[str]) -> str:
    """The setting that includes these lines."""
    path = folder / "list.conf"
    path.write_text("".join(lines), encoding="ascii", newline="\n")
    return f'include: "{path}"'


def a_list(*bad_lines: str) -> list[str]:
    """The list of the canaries, with bad lines that the writer would never give."""
    return [f"{line}\n" for line in [*lines_of("unbound", ENTRIES), *bad_lines]]


def test_unbound_blocks_every_entry_as_far_as_its_scope_says(tmp_path: Path) -> None:
    lines = a_list()
    lint.check("unbound", "unbound.conf", lines, serial=HEADING.serial)

    with running(UNBOUND, tmp_path, included(tmp_path, lines)) as unbound:
        assert len(MUST_RESOLVE) == 20
        assert unbound.states(*EXPECTED) == EXPECTED


def test_unbound_gives_no_record_of_another_kind_for_an_exact_host(tmp_path: Path) -> None:
    with running(UNBOUND, tmp_path, included(tmp_path, a_list())) as unbound:
        answer = unbound.ask("shop.mixed.example", "HTTPS")

    assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])


def test_unbound_lets_a_lifted_block_go_within_minutes(tmp_path: Path) -> None:
    with running(UNBOUND, tmp_path, included(tmp_path, a_list())) as unbound:
        (answer,) = unbound.ask("shop.mixed.example").answer

    assert 0 < answer.ttl <= 300


def test_unbound_loads_an_empty_list_and_blocks_nothing(tmp_path: Path) -> None:
    lines = [f"{line}\n" for line in lines_of("unbound", ())]

    with running(UNBOUND, tmp_path, included(tmp_path, lines)) as unbound:
        assert set(unbound.states(*BELOW_HOSTS, *MUST_RESOLVE).values()) == {"open"}


# what the last check keeps away: measured with Unbound 1.17
@pytest.mark.parametrize(
    "line",
    [
        "<!DOCTYPE html>",
        f'local-zone: "{"z" * 64}.example" always_nxdomain',
        'local-zone: "" always_nxdomain',
        'local-data: "shop.other.example 300 IN A nowhere"',
    ],
)
def test_without_the_last_check_one_bad_line_keeps_unbound_from_starting(
    tmp_path: Path, line: str
) -> None:
    lines = a_list(line)

    with pytest.raises(ExportError):
        lint.check("unbound", "unbound.conf", lines, serial=HEADING.serial)
    with pytest.raises(DoesNotStart), running(UNBOUND, tmp_path, included(tmp_path, lines)):
        pass


@pytest.mark.parametrize(("name", "hit"), [(".", "github.io"), ("kz", "egov.kz")])
def test_without_the_last_check_one_bad_line_blocks_far_more_in_unbound(
    tmp_path: Path, name: str, hit: str
) -> None:
    lines = a_list(f'local-zone: "{name}" always_nxdomain')

    with pytest.raises(ExportError):
        lint.check("unbound", "unbound.conf", lines, serial=HEADING.serial)
    with running(UNBOUND, tmp_path, included(tmp_path, lines)) as unbound:
        assert unbound.state(hit) == "blocked"
