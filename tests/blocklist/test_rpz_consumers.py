"""The policy zones in every resolver that reads one, and what one bad line would do there.

What one resolver shrugs off stops another, so a zone that loads in one is no proof for the next.
"""

from pathlib import Path

import pytest

from blocklist import lint
from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.publish import export
from review_queue.categories import Scope
from review_queue.errors import ExportError
from review_queue.store import Store
from tests.blocklist.approvals import agree, approve, case_of
from tests.blocklist.canaries import BELOW_HOSTS, ENTRIES, EXPECTED, MUST_RESOLVE
from tests.blocklist.consumers_dns import (
    BIND,
    KNOT,
    LISTED_V4,
    LISTED_V6,
    NEXT_V4,
    NEXT_V6,
    POWERDNS,
    UNBOUND,
    DoesNotStart,
    Program,
    rpz_settings,
    running,
)
from tests.blocklist.samples import HEADING, entry, lines_of

READERS = (BIND, UNBOUND, POWERDNS, KNOT)
READS_ADDRESSES = (BIND, UNBOUND, POWERDNS)
FOLLOWS_TARGETS = (BIND, UNBOUND, POWERDNS)

# an address inside a listed network is listed too, as people may decide it
ADDRESSES = (
    entry(LISTED_V4, Scope.IP),
    entry("192.88.99.128/29", Scope.CIDR),
    entry("192.88.99.130", Scope.IP),
    entry(LISTED_V6, Scope.IP),
    entry("2620:4f:8000:8::/64", Scope.CIDR),
)
AT = {
    "at-v4.example": LISTED_V4,
    "at-v6.example": LISTED_V6,
    "first-of-v4.example": "192.88.99.128",
    "in-both.example": "192.88.99.130",
    "last-of-v4.example": "192.88.99.135",
    "in-v6.example": "2620:4f:8000:8:ffff::1",
}
BESIDE = {
    "next-v4.example": NEXT_V4,
    "next-v6.example": NEXT_V6,
    "before-v4.example": "192.88.99.127",
    "after-v4.example": "192.88.99.136",
    "after-v6.example": "2620:4f:8000:9::1",
}


def zone(folder: Path, *bad_lines: str, file: str = "rpz.zone", is_checked: bool = True) -> Path:
    """The zone of the canaries, with bad lines that the writer would never give."""
    lines = [f"{line}\n" for line in [*lines_of("rpz", (*ENTRIES, *ADDRESSES), file), *bad_lines]]
    if is_checked:
        lint.check("rpz", file, lines, serial=HEADING.serial)
    else:
        with pytest.raises(ExportError):
            lint.check("rpz", file, lines, serial=HEADING.serial)
    path = folder / file
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    return path


def by_name(program: Program) -> str:
    return program.binary


@pytest.mark.parametrize("program", READERS, ids=by_name)
def test_the_zone_blocks_every_entry_as_far_as_its_scope_says(
    program: Program, tmp_path: Path
) -> None:
    with running(program, tmp_path, rpz_settings(program, zone(tmp_path))) as resolver:
        assert len(MUST_RESOLVE) == 20
        assert resolver.states(*EXPECTED) == EXPECTED


@pytest.mark.parametrize("program", FOLLOWS_TARGETS, ids=by_name)
def test_the_garden_leads_every_entry_to_the_page_that_says_why(
    program: Program, tmp_path: Path
) -> None:
    path = zone(tmp_path, file="rpz-garden.zone")

    with running(program, tmp_path, rpz_settings(program, path), AT) as resolver:
        assert resolver.states(*EXPECTED) == {
            name: "garden" if state == "blocked" else state for name, state in EXPECTED.items()
        }
        assert not any(resolver.reaches(name, AT[name]) for name in AT)


def test_knot_resolver_ignores_the_garden_and_blocks_nothing(tmp_path: Path) -> None:
    """The guide says so: there the answer is set beside `rpz.zone`."""
    path = zone(tmp_path, file="rpz-garden.zone")

    with running(KNOT, tmp_path, rpz_settings(KNOT, path)) as resolver:
        assert resolver.state("casino.example") == "open"
        assert "custom target in RPZ is not supported" in resolver.log.read_text()


@pytest.mark.parametrize("program", READS_ADDRESSES, ids=by_name)
def test_the_zone_blocks_names_at_listed_addresses_and_none_beside(
    program: Program, tmp_path: Path
) -> None:
    settings = rpz_settings(program, zone(tmp_path))

    with running(program, tmp_path, settings, {**AT, **BESIDE}) as resolver:
        assert {name: resolver.reaches(name, AT[name]) for name in AT} == dict.fromkeys(AT, False)
        assert {name: resolver.reaches(name, BESIDE[name]) for name in BESIDE} == dict.fromkeys(
            BESIDE, True
        )


def test_knot_resolver_ignores_listed_addresses_and_says_nothing(tmp_path: Path) -> None:
    """The guide says so: a provider with Knot Resolver blocks addresses in its firewall."""
    with running(KNOT, tmp_path, rpz_settings(KNOT, zone(tmp_path)), AT) as resolver:
        assert {name: resolver.reaches(name, AT[name]) for name in AT} == dict.fromkeys(AT, True)
        assert "rpz-ip" not in resolver.log.read_text()


@pytest.mark.parametrize("program", READERS, ids=by_name)
@pytest.mark.parametrize("file", list(FORMATS["rpz"].files))
def test_an_empty_list_blocks_nothing(program: Program, file: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_text("".join(f"{line}\n" for line in lines_of("rpz", (), file)))

    with running(program, tmp_path, rpz_settings(program, path)) as resolver:
        assert set(resolver.states(*BELOW_HOSTS[:3], *MUST_RESOLVE[:5]).values()) == {"open"}


# What the last check keeps away, measured with BIND 9.18, Unbound 1.17, PowerDNS Recursor 4.8, Knot Resolver 5.6.
STOPS = [
    (UNBOUND, "zoo.example. CNAME ."),
    (UNBOUND, f"{'.'.join(['z' * 60] * 4)} CNAME ."),
    (UNBOUND, "*. CNAME ."),
    (UNBOUND, "<!DOCTYPE html>"),
    (POWERDNS, "4.3.2.1.rpz-ip CNAME ."),
]


@pytest.mark.parametrize(("program", "line"), STOPS)
def test_without_the_last_check_one_bad_line_keeps_a_resolver_from_starting(
    program: Program, line: str, tmp_path: Path
) -> None:
    settings = rpz_settings(program, zone(tmp_path, line, is_checked=False))

    with pytest.raises(DoesNotStart), running(program, tmp_path, settings):
        pass


UNFILTERED = [
    (POWERDNS, "casino.example CNAME ."),
    (POWERDNS, "CASINO.example CNAME ."),
    (POWERDNS, "<!DOCTYPE html>"),
    (BIND, "casino.example A 192.0.2.1"),
    (BIND, f"{'.'.join(['z' * 60] * 4)} CNAME ."),
    (BIND, "<!DOCTYPE html>"),
]


@pytest.mark.parametrize(("program", "line"), UNFILTERED)
def test_without_the_last_check_one_bad_line_leaves_a_resolver_unfiltered(
    program: Program, line: str, tmp_path: Path
) -> None:
    settings = rpz_settings(program, zone(tmp_path, line, is_checked=False))

    with running(program, tmp_path, settings) as resolver:
        assert resolver.states("casino.example", "shop.mixed.example") == {
            "casino.example": "open",
            "shop.mixed.example": "open",
        }


def test_without_the_last_check_bind_ignores_an_address_that_is_written_in_full(
    tmp_path: Path,
) -> None:
    line = "128.67.0.0.0.0.8000.4f.2620.rpz-ip CNAME ."
    settings = rpz_settings(BIND, zone(tmp_path, line, is_checked=False))

    with running(BIND, tmp_path, settings, {**AT, **BESIDE}) as resolver:
        assert resolver.reaches("next-v6.example", NEXT_V6)
        assert not resolver.reaches("at-v6.example", LISTED_V6)


@pytest.mark.parametrize("line", ["* CNAME .", "*. CNAME ."])
@pytest.mark.parametrize("program", [POWERDNS, KNOT], ids=by_name)
def test_without_the_last_check_one_star_blocks_everything(
    program: Program, line: str, tmp_path: Path
) -> None:
    settings = rpz_settings(program, zone(tmp_path, line, is_checked=False))

    with running(program, tmp_path, settings) as resolver:
        assert set(resolver.states(*MUST_RESOLVE[:5]).values()) == {"blocked"}


def test_an_address_goes_through_an_export_into_the_lists_that_can_say_it(
    store: Store, tmp_path: Path
) -> None:
    approve(store, "casino.example")
    for site, name, scope in (
        ("one.example", LISTED_V4, Scope.IP),
        ("two.example", "2620:4f:8000:8::/64", Scope.CIDR),
    ):
        agree(store, case_of(store, site), name, scope, people=3)
    admit(store)
    forms = ["rpz", "adguard", "unbound"]

    manifest = export(store, tmp_path / "lists", forms, actor="test")

    counts = {name: (row.entries, row.skipped) for name, row in manifest.formats.items()}
    assert counts == {"adguard": (2, 1), "rpz": (3, 0), "unbound": (1, 2)}
    settings = rpz_settings(UNBOUND, tmp_path / "lists" / "rpz.zone")
    with running(UNBOUND, tmp_path, settings, AT) as resolver:
        assert resolver.state("casino.example") == "blocked"
        assert not resolver.reaches("at-v4.example", LISTED_V4)
        assert not resolver.reaches("in-v6.example", AT["in-v6.example"])
        assert resolver.reaches("at-v6.example", LISTED_V6)
