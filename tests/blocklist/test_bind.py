"""The zone in a running BIND: what is listed answers NXDOMAIN, everything else as before."""

from pathlib import Path

import pytest

from blocklist import lint
from tests.blocklist.canaries import BELOW_HOSTS, BLOCKED, ENTRIES, MUST_RESOLVE
from tests.blocklist.conftest import StartBind
from tests.blocklist.samples import HEADING, lines_of


@pytest.mark.parametrize("zone", ["rpz", f"{'z' * 31}.{'policy'.ljust(31, 'y')}"])
def test_bind_blocks_every_entry_as_far_as_its_scope_says(
    start_bind: StartBind, tmp_path: Path, zone: str
) -> None:
    lines = [f"{line}\n" for line in lines_of("rpz", ENTRIES)]
    lint.check("rpz", "rpz.zone", lines, serial=HEADING.serial)
    path = tmp_path / "rpz.zone"
    path.write_text("".join(lines), encoding="ascii", newline="\n")
    resolver = start_bind(path, zone)
    left_alone = (*BELOW_HOSTS, *MUST_RESOLVE)

    assert len(MUST_RESOLVE) == 20
    assert {name: resolver.rcode(name) for name in BLOCKED} == dict.fromkeys(BLOCKED, "NXDOMAIN")
    assert {name: resolver.rcode(name) for name in left_alone} == dict.fromkeys(
        left_alone, "NOERROR"
    )


def test_bind_loads_an_empty_list_and_blocks_nothing(start_bind: StartBind, tmp_path: Path) -> None:
    path = tmp_path / "rpz.zone"
    path.write_text("".join(f"{line}\n" for line in lines_of("rpz", ())))
    resolver = start_bind(path, "rpz.test")

    assert {resolver.rcode(name) for name in MUST_RESOLVE} == {"NOERROR"}
