"""The rules for AdGuard Home in AdGuard's own filtering engine, and what one bad line would do there.

The engine is the npm package `@adguard/tsurlfilter`, in the version that `.ci/run` installs below the checkout. AdGuard
Home has the same rules in another language; it is in no Debian, so it is not run here.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pytest

from blocklist.consumers import programs
from review_queue.categories import Scope
from review_queue.errors import ExportError
from tests.blocklist.canaries import BELOW_HOSTS, ENTRIES, EXPECTED, MUST_RESOLVE
from tests.blocklist.odd_names import COUNT, above, fits, longest_of, odd_names
from tests.blocklist.samples import domain, entry, lines_of, passed

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = Path(__file__).with_name("adguard_engine.mjs")
MODULES: Final = ROOT / ".adguard" / "node_modules"
ENGINE: Final = MODULES / "@adguard" / "tsurlfilter" / "package.json"

ADDRESSES: Final = (entry("192.88.99.66", Scope.IP), entry("2620:4f:8000::66", Scope.IP))
NEXT: Final = (
    "192.88.99.6",
    "192.88.99.67",
    "192.88.99.166",
    "92.88.99.66",
    "2620:4f:8000::66:1",
    "2620:4f:8000::6",
    "2620:4f:8000::67",
)


@pytest.fixture(scope="module")
def node() -> str:
    """The program that runs the engine; the test is skipped where either is missing."""
    if reason := programs.missing("node", "nodejs"):
        pytest.skip(reason)
    if not ENGINE.is_file():
        pytest.skip("AdGuard's engine is not installed (.ci/run does it, by npm)")
    return programs.path_of("node")


def rules(
    node: str, folder: Path, lines: Iterable[str], names: Iterable[str]
) -> dict[str, str | None]:
    """The rule by which the engine blocks each name, None where it blocks it by none."""
    path = folder / "adguard.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii", newline="\n")
    done = subprocess.run(
        [node, SCRIPT, MODULES, path],
        input=json.dumps([*names]),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


def states(node: str, folder: Path, lines: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """What becomes of each name."""
    found = rules(node, folder, lines, names)
    return {name: "blocked" if rule else "open" for name, rule in found.items()}


def is_a_host_to_it(name: str) -> bool:
    """Whether the engine's URL parser takes the name for a host; AdGuard Home asks by the name itself, without one."""
    return not name.startswith("_") and "_." not in name


def test_the_engine_blocks_every_entry_as_far_as_its_scope_says(node: str, tmp_path: Path) -> None:
    lines = passed("adguard", lines_of("adguard", (*ENTRIES, *ADDRESSES)))
    expected = {
        **{name: state for name, state in EXPECTED.items() if is_a_host_to_it(name)},
        **dict.fromkeys((each.name for each in ADDRESSES), "blocked"),
        **dict.fromkeys(NEXT, "open"),
    }

    assert EXPECTED.keys() - expected.keys() == {"_dmarc.bad.example"}
    assert len(MUST_RESOLVE) == 20
    assert states(node, tmp_path, lines, expected) == expected


def test_odd_and_longest_names_are_blocked_and_their_neighbours_are_not(
    node: str, tmp_path: Path
) -> None:
    source = odd_names(253)
    names = [*dict.fromkeys(next(source) for _ in range(COUNT))]
    hosts, domains = {*names[::2], longest_of(253)}, {*names[1::2]}
    lines = passed("adguard", lines_of("adguard", (*map(entry, hosts), *map(domain, domains))))
    said = {*hosts, *domains, *(f"a.{name}" for name in domains)}
    beside = {f"{mark}{name}" for name in (*hosts, *domains) for mark in ("a.", "a")} - said
    beside = {name for name in beside if not domains & {*above(name)}}

    found = states(node, tmp_path, lines, filter(fits, (*said, *beside)))

    assert found[longest_of(253)] == "blocked"
    missed = [name for name in filter(fits, said) if found[name] != "blocked"]
    assert [name for name in missed if is_a_host_to_it(name)] == []
    assert [name for name in found if name in beside and found[name] != "open"] == []


def test_an_empty_list_blocks_nothing(node: str, tmp_path: Path) -> None:
    lines = passed("adguard", lines_of("adguard", ()))

    assert set(states(node, tmp_path, lines, (*BELOW_HOSTS, *MUST_RESOLVE)).values()) == {"open"}


# measured with tsurlfilter 2.2.23
@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("||*^", MUST_RESOLVE),
        ("||*.*^", [name for name in MUST_RESOLVE if "." in name]),
        ("/.*/", ["egov.kz", "example.com"]),
        ("||kz^", ["egov.kz", "kz"]),
        ("||mixed.example^", ["other.mixed.example"]),
        ("egov", ["egov.kz", "www.egov.kz"]),
        ("down.example^", ["other.down.example"]),
        ("|egov.kz", ["egov.kz", "egov.kz.example"]),
        ("0.0.0.0 egov.kz", ["egov.kz"]),
    ],
)
def test_without_the_last_check_one_bad_line_blocks_far_more_in_the_engine(
    node: str, tmp_path: Path, line: str, hit: Sequence[str]
) -> None:
    lines = [*lines_of("adguard", ENTRIES), line]

    with pytest.raises(ExportError):
        passed("adguard", lines)
    assert rules(node, tmp_path, lines, hit) == dict.fromkeys(hit, line)


@pytest.mark.parametrize("line", ["||^", "|^", "^", "*", "/./", "||", "com"])
def test_a_line_that_the_engine_drops_as_too_wide_is_stopped_before(
    node: str, tmp_path: Path, line: str
) -> None:
    """Other readers of the same syntax have no such limit of four characters."""
    lines = [*lines_of("adguard", ENTRIES), line]

    with pytest.raises(ExportError):
        passed("adguard", lines)
    assert states(node, tmp_path, lines, MUST_RESOLVE) == dict.fromkeys(MUST_RESOLVE, "open")


@pytest.mark.parametrize("line", ["@@||casino.example^", "@@/casino/"])
def test_without_the_last_check_one_bad_line_opens_what_is_listed(
    node: str, tmp_path: Path, line: str
) -> None:
    lines = [*lines_of("adguard", ENTRIES), line]

    with pytest.raises(ExportError):
        passed("adguard", lines)
    assert states(node, tmp_path, lines, ["a.casino.example"]) == {"a.casino.example": "open"}


def test_the_guide_names_the_version_that_is_installed(node: str) -> None:
    assert node
    version = json.loads(ENGINE.read_text("utf-8"))["version"]

    guide = (ROOT / "docs" / "providers.md").read_text("utf-8")
    assert re.findall(r"tsurlfilter[ @]([0-9.]+\d)", guide) == [version]
    assert f"tsurlfilter@{version}" in (ROOT / ".ci" / "run").read_text("utf-8")
