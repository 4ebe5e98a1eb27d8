"""The lines for dnsmasq and the hosts file in a running dnsmasq, and what one bad line would do there."""

import subprocess
from pathlib import Path

import dns.rcode
import pytest

from blocklist import lint
from review_queue.errors import ExportError
from tests.blocklist.canaries import (
    BELOW_HOSTS,
    ENTRIES,
    EXPECTED,
    EXPECTED_OF_HOSTS,
    MUST_RESOLVE,
)
from tests.blocklist.consumers_dns import DNSMASQ, DoesNotStart, path_of, running
from tests.blocklist.samples import HEADING, lines_of


def a_list(*bad_lines: str) -> list[str]:
    """The list of the canaries, with bad lines that the writer would never give."""
    return [f"{line}\n" for line in [*lines_of("dnsmasq", ENTRIES), *bad_lines]]


def written(folder: Path, lines: list[str], name: str = "list") -> Path:
    """The file with these lines."""
    path = folder / name
    path.write_text("".join(lines), encoding="ascii", newline="\n")
    return path


def says_it_is_valid(path: Path) -> bool:
    """Whether dnsmasq's own check accepts the file."""
    done = subprocess.run(
        [path_of(DNSMASQ), "--test", f"--conf-file={path}"],
        capture_output=True,
        check=False,
        timeout=20,
    )
    return done.returncode == 0


def test_dnsmasq_blocks_every_entry_as_far_as_its_scope_says(tmp_path: Path) -> None:
    lines = a_list()
    lint.check("dnsmasq", "dnsmasq.conf", lines, serial=HEADING.serial)
    path = written(tmp_path, lines)

    hosts = [f"{line}\n" for line in lines_of("dnsmasq", ENTRIES, "dnsmasq-hosts.txt")]
    lint.check("dnsmasq", "dnsmasq-hosts.txt", hosts, serial=HEADING.serial)

    assert says_it_is_valid(path)
    settings = f"conf-file={path}\naddn-hosts={written(tmp_path, hosts, 'hosts')}"
    with running(DNSMASQ, tmp_path, settings) as dnsmasq:
        assert dnsmasq.states(*EXPECTED) == EXPECTED


def test_dnsmasq_asks_upstream_for_other_records_of_an_exact_host(tmp_path: Path) -> None:
    """The guide says so: who needs them gone sets `filter-rr`."""
    hosts = [f"{line}\n" for line in lines_of("dnsmasq", ENTRIES, "dnsmasq-hosts.txt")]
    settings = f"conf-file={written(tmp_path, a_list())}"
    settings += f"\naddn-hosts={written(tmp_path, hosts, 'hosts')}"

    with running(DNSMASQ, tmp_path, settings) as dnsmasq:
        exact = dnsmasq.ask("shop.mixed.example", "TXT")
        below = dnsmasq.ask("a.casino.example", "TXT")

    assert exact.answer != []
    assert below.rcode() == dns.rcode.NXDOMAIN


def test_dnsmasq_loads_the_hosts_file_and_blocks_exact_hosts_alone(tmp_path: Path) -> None:
    lines = [f"{line}\n" for line in lines_of("hosts", ENTRIES)]
    lint.check("hosts", "hosts.txt", lines, serial=HEADING.serial)
    path = written(tmp_path, lines)

    with running(DNSMASQ, tmp_path, f"addn-hosts={path}") as dnsmasq:
        assert dnsmasq.states(*EXPECTED_OF_HOSTS) == EXPECTED_OF_HOSTS


@pytest.mark.parametrize(("form", "setting"), [("dnsmasq", "conf-file"), ("hosts", "addn-hosts")])
def test_dnsmasq_loads_an_empty_list_and_blocks_nothing(
    tmp_path: Path, form: str, setting: str
) -> None:
    path = written(tmp_path, [f"{line}\n" for line in lines_of(form, ())])

    with running(DNSMASQ, tmp_path, f"{setting}={path}") as dnsmasq:
        assert set(dnsmasq.states(*BELOW_HOSTS, *MUST_RESOLVE).values()) == {"open"}


# what the last check keeps away: measured with dnsmasq 2.90, whose own check accepts these
@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("address=/kz/", "egov.kz"),
        ("address=/http://mixed.example/page/", "other.mixed.example"),
        ("address=/*.example/", "localhost.example"),
        ("address=//", "github"),
    ],
)
def test_without_the_last_check_one_bad_line_blocks_far_more_in_dnsmasq(
    tmp_path: Path, line: str, hit: str
) -> None:
    lines = a_list(line)
    path = written(tmp_path, lines)

    assert says_it_is_valid(path)
    with pytest.raises(ExportError):
        lint.check("dnsmasq", "dnsmasq.conf", lines, serial=HEADING.serial)
    with running(DNSMASQ, tmp_path, f"conf-file={path}") as dnsmasq:
        assert dnsmasq.state(hit) == "blocked"


@pytest.mark.parametrize("line", ["<!DOCTYPE html>", f"address=/{'z' * 64}.example/"])
def test_without_the_last_check_one_bad_line_keeps_dnsmasq_from_starting(
    tmp_path: Path, line: str
) -> None:
    lines = a_list(line)
    path = written(tmp_path, lines)

    with pytest.raises(ExportError):
        lint.check("dnsmasq", "dnsmasq.conf", lines, serial=HEADING.serial)
    with pytest.raises(DoesNotStart), running(DNSMASQ, tmp_path, f"conf-file={path}"):
        pass
