"""The sets for nftables: read back, loaded in a network namespace of its own, and what one bad line would do there."""

import ipaddress
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklist import guards, lint
from blocklist.consumers import nftables
from blocklist.consumers.nftables import REACHED, RULES
from review_queue.categories import Scope
from review_queue.errors import ExportError
from review_queue.records import Entry
from tests.blocklist import samples
from tests.blocklist.canaries import ENTRIES
from tests.blocklist.consumers_proxy import (
    LISTED_V4,
    LISTED_V6,
    NEXT_V4,
    NEXT_V6,
    OPEN_V4,
    path_of,
)
from tests.blocklist.samples import entry, left_out

NETWORKS = (
    entry(LISTED_V4, Scope.IP),
    entry(LISTED_V6, Scope.IP),
    entry("192.31.196.0/28", Scope.CIDR),
    entry("192.31.196.16/28", Scope.CIDR),
    entry("192.31.196.3", Scope.IP),
    entry("2620:4f:8000:1::/64", Scope.CIDR),
)


def lines_of(*entries: Entry) -> list[str]:
    """The file, its last check passed."""
    return samples.passed("nftables", samples.lines_of("nftables", entries))


def elements(lines: list[str]) -> dict[str, list[str]]:
    """The elements of each set, as they stand in the file."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if line.startswith("add element"):
            name = line.split()[4]
        elif name and line.endswith(","):
            found.setdefault(name, []).append(line[:-1])
    return found


def in_namespace(script: str, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """What the script did in a network namespace that ends with it."""
    nft = path_of("nft", "nftables")
    command = [path_of("unshare", "util-linux"), "--net"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    can = subprocess.run([*command, nft, "list", "ruleset"], capture_output=True, check=False)
    if can.returncode != 0:
        pytest.skip("this machine gives no network namespace with nftables in it")
    return subprocess.run(
        [*command, "sh", "-ec", script, "sh", *args],
        cwd=folder,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def listed(told: str) -> set[str]:
    """The addresses and networks that `nft --json list ruleset` shows in the sets."""
    found: set[str] = set()
    for row in json.loads(told)["nftables"]:
        for element in row.get("set", {}).get("elem", ()):
            found |= set(_networks(element))
    return found


def _networks(element: Any) -> list[str]:
    match element:
        case {"prefix": {"addr": address, "len": length}}:
            return [f"{address}/{length}"]
        case {"range": [first, last]}:
            ends = ipaddress.ip_address(first), ipaddress.ip_address(last)
            return [str(each) for each in ipaddress.summarize_address_range(*ends)]
        case _:
            return [str(element)]


def write(folder: Path, name: str, lines: list[str]) -> None:
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def test_each_family_has_its_set_and_what_a_network_covers_is_written_once() -> None:
    assert elements(lines_of(*NETWORKS)) == {
        "listed4": ["192.31.196.0/28", "192.31.196.16/28", LISTED_V4],
        "listed6": [LISTED_V6, "2620:4f:8000:1::/64"],
    }


def test_names_and_urls_are_left_out() -> None:
    found = left_out("nftables", [*ENTRIES, entry("http://platform.example/x", Scope.URL)])

    assert len(found) == len({each.name for each in ENTRIES}) + 1
    assert all("never names" in reason or "not a DNS name" in reason for reason in found.values())
    assert elements(lines_of(*ENTRIES)) == {}


ADDRESSES = st.ip_addresses() | st.sampled_from(
    ["192.88.99.0", "192.88.99.128", "2620:4f:8000::"]
).map(ipaddress.ip_address)


@given(st.lists(st.tuples(ADDRESSES, st.integers(0, 16)), max_size=12))
def test_the_sets_hold_exactly_the_listed_addresses(
    found: list[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]],
) -> None:
    entries = []
    for address, fewer in found:
        network = ipaddress.ip_network((address, address.max_prefixlen - fewer), strict=False)
        scope = Scope.IP if fewer == 0 else Scope.CIDR
        name = str(network).removesuffix(f"/{address.max_prefixlen}")
        if not guards.refusal(scope, name):
            entries.append(entry(name, scope))

    told = elements(lines_of(*entries))

    for name, version in (("listed4", 4), ("listed6", 6)):
        networks = [ipaddress.ip_network(text) for text in told.get(name, ())]
        wanted = [ipaddress.ip_network(each.name) for each in entries]
        of_family = [each for each in wanted if each.version == version]
        assert list(ipaddress.collapse_addresses(networks)) == list(  # type: ignore[type-var]
            ipaddress.collapse_addresses(of_family)  # type: ignore[type-var]
        )


@pytest.mark.parametrize(
    "line",
    [
        "add element inet qalqan listed4 { 0.0.0.0/0 }",
        "flush ruleset",
        'include "/etc/passwd"',
        "}",
        "add element inet qalqan listed4 {\n192.88.99.99,\n}",
        "add element inet qalqan listed6 {\n}",
        "add element inet qalqan listed6 {",
        "# comment",
        "",
        "<!DOCTYPE html>",
    ],
)
def test_one_bad_line_after_the_sets_keeps_the_file_from_being_published(line: str) -> None:
    lines = [*samples.lines_of("nftables", NETWORKS), *line.split("\n")]

    with pytest.raises(ExportError, match="nothing was published"):
        lint.check("nftables", "nftables.nft", (f"{each}\n" for each in lines), serial=7)


@pytest.mark.parametrize(
    "element",
    [
        "0.0.0.0/0,",
        "::/0,",
        "10.0.0.1,",
        "192.31.196.3,",
        "192.31.196.0/24,",
        "192.88.99.6-192.88.99.9,",
        f"{LISTED_V4},",
        f"{LISTED_V6},",
        "192.88.99.99",
        "zoo.example,",
        "192.88.99.99 timeout 1s,",
        "192.88.99.99, 10.0.0.0/8,",
        "192.88.99.099,",
        "2620:4F:8000::99,",
        "2620:4f:8000:2::99%eth0,",
        ",",
    ],
)
@pytest.mark.parametrize("family", ["listed4", "listed6"])
def test_one_bad_element_keeps_the_file_from_being_published(element: str, family: str) -> None:
    lines = samples.lines_of("nftables", NETWORKS)
    if family == "listed6" and element == f"{LISTED_V6},":
        element = "2620:4f:8000::/48,"
    place = lines.index("}") if family == "listed4" else len(lines) - 1
    lines.insert(place, element)

    with pytest.raises(ExportError, match=f"line {place + 1} "):
        lint.check("nftables", "nftables.nft", (f"{each}\n" for each in lines), serial=7)


# every line but the five elements: a list with an address less is a good list
@pytest.mark.parametrize("missing", [*range(7), 10, 11, 14])
def test_a_file_without_one_of_its_own_lines_is_refused(missing: int) -> None:
    lines = samples.lines_of("nftables", NETWORKS)
    assert len(lines) == 15
    del lines[missing]

    with pytest.raises(ExportError):
        lint.check("nftables", "nftables.nft", (f"{each}\n" for each in lines), serial=7)


def test_nft_loads_the_sets_and_a_newer_file_replaces_them(tmp_path: Path) -> None:
    write(tmp_path, "first.nft", lines_of(*NETWORKS))
    write(tmp_path, "second.nft", lines_of(entry(NEXT_V4, Scope.IP), *NETWORKS[1:3]))
    write(tmp_path, "empty.nft", lines_of())
    show = "nft --json list ruleset"

    done = in_namespace(
        f"nft -c -f first.nft; nft -f first.nft; {show}; nft -f second.nft; {show}; nft -f empty.nft; {show}",
        tmp_path,
    )

    assert done.returncode == 0, done.stderr
    first, second, empty = (listed(told) for told in done.stdout.splitlines())
    # nft joins the two networks that lie side by side
    assert first == {"192.31.196.0/27", LISTED_V4, "2620:4f:8000:1::/64", LISTED_V6}
    assert second == {"192.31.196.0/28", NEXT_V4, LISTED_V6}
    assert empty == set()


def test_packets_to_listed_addresses_are_stopped_and_all_others_pass(tmp_path: Path) -> None:
    path_of("ip", "iproute2")
    write(tmp_path, "list.nft", lines_of(*NETWORKS))
    (tmp_path / "rules.nft").write_text(RULES)
    (tmp_path / "reached.py").write_text(REACHED)
    stopped = [LISTED_V4, LISTED_V6, "192.31.196.0", "192.31.196.31", "2620:4f:8000:1:ffff::1"]
    passing = [NEXT_V4, NEXT_V6, OPEN_V4, "192.31.195.255", "192.31.196.32", "2620:4f:8000:2::"]
    script = (
        "ip link set lo up; ip route add local default dev lo; ip -6 route add local default dev lo;"
        f' nft -f list.nft; nft -f rules.nft; {sys.executable} reached.py "$@"'
    )

    done = in_namespace(script, tmp_path, *stopped, *passing)

    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == sorted(passing)


def test_a_file_that_was_cut_off_changes_nothing(tmp_path: Path) -> None:
    lines = lines_of(*NETWORKS)
    write(tmp_path, "whole.nft", lines)
    write(tmp_path, "cut.nft", lines_of(entry(NEXT_V4, Scope.IP))[:-1])

    done = in_namespace(
        "nft -f whole.nft; nft -f cut.nft && exit 9; nft --json list ruleset", tmp_path
    )

    assert done.returncode == 0, done.stderr
    assert LISTED_V4 in listed(done.stdout)


def test_without_the_last_check_one_bad_line_stops_every_packet(tmp_path: Path) -> None:
    """Measured with nftables 1.0.6."""
    lines = lines_of(*NETWORKS)
    lines.insert(lines.index("}"), "0.0.0.0/0,")
    write(tmp_path, "bad.nft", lines)

    done = in_namespace("nft -c -f bad.nft; nft -f bad.nft; nft --json list ruleset", tmp_path)

    assert done.returncode == 0, done.stderr
    assert "0.0.0.0/0" in listed(done.stdout)


def test_a_machine_too_slow_to_try_it_is_named_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for binary, package in (("nft", "nftables"), ("ip", "iproute2"), ("unshare", "util-linux")):
        path_of(binary, package)
    monkeypatch.setattr(nftables, "_CAN_S", 0.2)
    monkeypatch.setattr(nftables, "namespace", lambda: ["/bin/sh", "-c", "sleep 60"])

    assert "took more than" in nftables.CONSUMER.why_not_here()
