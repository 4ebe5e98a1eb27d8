"""The guide's settings for resolvers, loaded as they stand there but for the paths of the files."""

from pathlib import Path
from typing import Final

import pytest

from tests.blocklist.canaries import ENTRIES, EXPECTED, EXPECTED_OF_HOSTS
from tests.blocklist.consumers_dns import (
    BIND,
    DNSMASQ,
    GARDEN_NAME,
    KNOT,
    POWERDNS,
    UNBOUND,
    Program,
    rpz_settings,
    running,
)
from tests.blocklist.samples import lines_of
from tests.blocklist.test_providers_doc import block

FILES: Final = (
    ("rpz", "rpz.zone"),
    ("rpz", "rpz-garden.zone"),
    ("unbound", "unbound.conf"),
    ("dnsmasq", "dnsmasq.conf"),
    ("dnsmasq", "dnsmasq-hosts.txt"),
    ("hosts", "hosts.txt"),
)
# by a text that the block of the guide has and no other
SETTINGS: Final = (
    (UNBOUND, 'zonefile: "/var/lib/unbound/rpz.zone"', EXPECTED),
    (UNBOUND, "include:", EXPECTED),
    (DNSMASQ, "conf-file=", EXPECTED),
    (DNSMASQ, "addn-hosts=/var/lib/qalqan/hosts.txt", EXPECTED_OF_HOSTS),
    (POWERDNS, "rpzFile", EXPECTED),
    (KNOT, "policy.DENY", EXPECTED),
)
IN_GARDEN: Final = {
    name: "garden" if state == "blocked" else state for name, state in EXPECTED.items()
}


def settings_of(text: str, folder: Path) -> str:
    """The block of the guide with the files where the test has them."""
    found = block(text)
    for place in (
        "/var/lib/unbound/qalqan",
        "/var/lib/unbound",
        "/var/lib/qalqan",
        "/etc/powerdns",
        "/var/lib/knot-resolver",
        "/etc/bind",
    ):
        found = found.replace(place, str(folder))
    return found


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    for form, file in FILES:
        text = "".join(f"{line}\n" for line in lines_of(form, ENTRIES, file))
        (folder / file).write_text(text, encoding="ascii", newline="\n")
    (folder / "garden.zone").write_text(block("192.0.2.80\n@ AAAA"), encoding="ascii")
    return folder


@pytest.mark.parametrize(("program", "text", "expected"), SETTINGS)
def test_the_settings_of_the_guide_block_what_is_listed(
    program: Program, text: str, expected: dict[str, str], lists: Path, tmp_path: Path
) -> None:
    with running(program, tmp_path, settings_of(text, lists)) as resolver:
        assert resolver.states(*expected) == expected


def garden_settings(program: Program, lists: Path) -> str:
    """The policy zone and the zone of the block page, as the guide has them."""
    zone = rpz_settings(program, lists / "rpz-garden.zone")
    match program.name:
        case "BIND":
            page = settings_of('zone "blocked.qalqan.invalid"', lists)
            return f"{zone}\n{page}"
        case "Unbound":
            return f"{zone}\n{settings_of('auth-zone:', lists)}"
        case "Knot Resolver":
            return settings_of("policy.ANSWER", lists)
        case _:
            return zone


@pytest.mark.parametrize("program", [BIND, UNBOUND, POWERDNS, KNOT], ids=lambda each: each.binary)
def test_the_settings_of_the_guide_lead_to_the_block_page(
    program: Program, lists: Path, tmp_path: Path
) -> None:
    more = settings_of("auth-zones=", lists) if program is POWERDNS else ""
    # what the tests' own name server says of the page is another address
    elsewhere = {GARDEN_NAME: "192.0.2.99"}

    with running(program, tmp_path, garden_settings(program, lists), elsewhere, more) as resolver:
        assert resolver.states(*IN_GARDEN) == IN_GARDEN
