"""The zone in a running BIND: what is listed answers NXDOMAIN, everything else as before."""

from pathlib import Path

import pytest

from blocklist import lint
from tests.blocklist.conftest import StartBind
from tests.blocklist.samples import HEADING, domain, entry, lines_of

HOSTS = ("shop.mixed.example", "xn--80aodfsg.kz", "under_score.example", "someone.github.io")
DOMAINS = ("casino.example", "deep.down.example", "b.covered.example")
LONG_HOST = ".".join(["a" * 61, "b" * 61, "c" * 55, "example"])
# Covered by a wider entry: written out they would open a hole below themselves.
COVERED = (entry("www.casino.example"), domain("x.y.z.casino.example"), entry("deep.down.example"))
ENTRIES = (*map(entry, HOSTS), *map(domain, DOMAINS), *COVERED, domain(LONG_HOST))

MUST_RESOLVE = (
    "egov.kz",
    "www.egov.kz",
    "example.com",
    "mixed.example",
    "other.mixed.example",
    "github.io",
    "someone-else.github.io",
    "kz",
    "io",
    "example",
    "down.example",
    "other.down.example",
    "covered.example",
    "c.covered.example",
    "notcasino.example",
    "casino.example.kz",
    "xn--80aodfsg.example",
    "score.example",
    "rpz-ip",
    "localhost.example",
)


@pytest.mark.parametrize("zone", ["rpz", f"{'z' * 31}.{'policy'.ljust(31, 'y')}"])
def test_bind_blocks_every_entry_as_far_as_its_scope_says(
    start_bind: StartBind, tmp_path: Path, zone: str
) -> None:
    lines = [f"{line}\n" for line in lines_of("rpz", ENTRIES)]
    lint.check("rpz", "rpz.zone", lines, serial=HEADING.serial)
    path = tmp_path / "rpz.zone"
    path.write_text("".join(lines), encoding="ascii", newline="\n")
    resolver = start_bind(path, zone)

    domains = (*DOMAINS, LONG_HOST)
    below = [f"{label}.{name}" for name in domains for label in ("a", "w" * 60)]
    below += ["a.www.casino.example", "y.z.casino.example", "a.b.x.y.z.casino.example"]
    open_below_hosts = [f"a.{name}" for name in HOSTS]

    assert len(MUST_RESOLVE) == 20
    assert {name: resolver.rcode(name) for name in (*HOSTS, *domains)} == dict.fromkeys(
        (*HOSTS, *domains), "NXDOMAIN"
    )
    assert {name: resolver.rcode(name) for name in below if len(name) < 250} == dict.fromkeys(
        [name for name in below if len(name) < 250], "NXDOMAIN"
    )
    assert {name: resolver.rcode(name) for name in open_below_hosts} == dict.fromkeys(
        open_below_hosts, "NOERROR"
    )
    assert {name: resolver.rcode(name) for name in MUST_RESOLVE} == dict.fromkeys(
        MUST_RESOLVE, "NOERROR"
    )


def test_bind_loads_an_empty_list_and_blocks_nothing(start_bind: StartBind, tmp_path: Path) -> None:
    path = tmp_path / "rpz.zone"
    path.write_text("".join(f"{line}\n" for line in lines_of("rpz", ())))
    resolver = start_bind(path, "rpz.test")

    assert {resolver.rcode(name) for name in MUST_RESOLVE} == {"NOERROR"}
