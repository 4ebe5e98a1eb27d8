"""The list as keyed hashes: what a provider finds in it, and what nobody else does."""

import hashlib
import hmac
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings

from blocklist import hashed, hashed_file
from blocklist.entries import admit
from blocklist.hashed import Hashed
from blocklist.key_files import BadKeyError
from blocklist.publish import export
from blocklist.rendering import View, columns_of
from qalqan.cli.export_hashes import export_hashes
from review_queue import audit
from review_queue import entries as store_entries
from review_queue.categories import Scope
from review_queue.errors import ExportError
from review_queue.records import Entry
from review_queue.store import open_store
from tests.blocklist import records
from tests.blocklist.approvals import approve
from tests.blocklist.samples import HEADING, domain, entry, ordered

KEY = bytes(range(32))


def view(entries: list[Entry]) -> View:
    names = {scope: column.names for scope, column in columns_of(ordered(entries)).items()}
    return View(HEADING, names, lambda: iter(()))


def lines_of(*entries: Entry, key: bytes = KEY, size: int = 16) -> list[str]:
    return [f"{line}\n" for line in hashed.lines(view(list(entries)), key, size)]


def listed(*entries: Entry) -> Hashed:
    return hashed.read(lines_of(*entries))


LISTED = listed(
    domain("bad.example"),
    entry("shop.mixed.example"),
    entry("203.0.113.66"),
    entry("http://platform.example/users/evil/page.html", Scope.URL),
    entry("192.88.99.66", Scope.IP),
    entry("192.88.98.0/24", Scope.CIDR),
    entry("2620:4f:8000::/48", Scope.CIDR),
)


@pytest.mark.parametrize(
    ("url", "blocked"),
    [
        ("http://bad.example/", True),
        ("https://WWW.a.b.Bad.Example./x?y#z", True),
        ("https://notbad.example/", False),
        ("https://example/", False),
        ("https://shop.mixed.example:8443/deep/page", True),
        ("https://www.shop.mixed.example/", False),
        ("https://mixed.example/", False),
        ("http://platform.example/users/evil/page.html", True),
        ("http://platform.example/users/evil/page.html#part", True),
        ("http://user:word@platform.example/users/./evil/page.html", True),
        ("https://platform.example/users/evil/page.html", False),
        ("http://platform.example/users/evil/page.html?x", False),
        ("http://platform.example/users/evil/", False),
        ("http://platform.example/", False),
        ("http://203.0.113.66/x", True),
        ("http://192.88.99.66/", True),
        ("http://3227018050/", True),  # 192.88.99.66 as one number
        ("http://192.88.99.67/", False),
        ("http://192.88.98.7/", True),
        ("http://[2620:4f:8000::7]/", True),
        ("http://[2620:4f:8001::7]/", False),
        (f"http://bad.example/{'a' * 3000}", True),
        (f"http://good.example/{'a' * 3000}", False),
    ],
)
def test_a_url_is_blocked_where_an_entry_says_so_and_nowhere_else(
    url: str, *, blocked: bool
) -> None:
    assert hashed.matches(url, KEY, LISTED) is blocked


@pytest.mark.parametrize(
    ("address", "blocked"),
    [("192.88.99.66", True), ("192.88.98.255", True), ("203.0.113.66", False), ("1.1.1.1", False)],
)
def test_an_address_is_blocked_by_addresses_and_networks_alone(
    address: str, *, blocked: bool
) -> None:
    assert hashed.matches_address(address, KEY, LISTED) is blocked


@settings(max_examples=100, deadline=None)
@given(records.entries())
def test_every_entry_is_found_by_a_reader_with_the_key(entries: list[Entry]) -> None:
    found = listed(*entries)

    assert len(found.prefixes) == len({(each.scope, each.name) for each in entries})
    for each in entries:
        match each.scope:
            case Scope.IP:
                assert hashed.matches_address(each.name, KEY, found)
            case Scope.CIDR:
                assert hashed.matches_address(each.name.partition("/")[0], KEY, found)
            case Scope.URL:
                assert hashed.matches(each.name, KEY, found)
            case _:
                assert hashed.matches(f"https://{each.name}/p", KEY, found)


def test_a_line_is_the_first_bytes_of_the_hmac_of_scope_and_name() -> None:
    (_, line, end) = lines_of(domain("bad.example"))

    expected = hmac.new(KEY, b"domain bad.example", hashlib.sha256).hexdigest()[:32]
    assert (line, end) == (f"{expected}\n", "# end, 1 hashes\n")


def test_the_file_has_no_name_and_is_another_under_another_key() -> None:
    one, other = lines_of(domain("bad.example")), lines_of(domain("bad.example"), key=b"k" * 32)

    assert "bad" not in "".join(one)
    assert KEY.hex() not in "".join(one)
    assert not {*one[:2]} & {*other[:2]}


def test_a_list_under_another_key_is_named_and_not_read_as_blocking_nothing() -> None:
    with pytest.raises(ExportError, match="another key"):
        hashed.matches("http://bad.example/", b"k" * 32, LISTED)


@pytest.mark.parametrize("size", [0, 4, 7, 33])
def test_a_prefix_that_would_block_by_chance_is_refused(size: int) -> None:
    with pytest.raises(ExportError, match="by chance"):
        lines_of(size=size)


@pytest.mark.parametrize("size", [8, 32])
def test_the_reader_goes_by_the_length_the_file_says(size: int) -> None:
    found = hashed.read(lines_of(domain("bad.example"), size=size))

    assert found.prefix_bytes == size
    assert hashed.matches("http://bad.example/", KEY, found)


GOOD = lines_of(domain("bad.example"), domain("zoo.example"))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        GOOD[1:],
        GOOD[:-1],
        [*GOOD[:-1], GOOD[-1][:-1]],
        [GOOD[0], GOOD[1], GOOD[3]],
        [GOOD[0], GOOD[2], GOOD[1], GOOD[3]],
        [GOOD[0], GOOD[1], GOOD[1], GOOD[3]],
        [*GOOD, GOOD[1]],
        [GOOD[0], GOOD[1], GOOD[2].upper(), GOOD[3]],
        [GOOD[0], GOOD[1], GOOD[2][2:], GOOD[3]],
        ["<!DOCTYPE html>\n"],
    ],
)
def test_a_file_that_is_not_whole_is_not_read(lines: list[str]) -> None:
    with pytest.raises(ExportError, match="hashes"):
        hashed.read(lines)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_store(tmp_path / "data") as store:
        approve(store, "casino.example")
        admit(store)
        export(store, tmp_path / "lists", ["domains"], actor="test")
    return tmp_path / "data"


def key_file(folder: Path, text: str = KEY.hex(), mode: int = 0o600) -> Path:
    path = folder / "provider.key"
    path.write_text(f"{text}\n")
    path.chmod(mode)
    return path


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(export_hashes, [str(arg) for arg in args], catch_exceptions=False)


def test_the_command_writes_what_a_provider_can_look_a_url_up_in(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "provider.hashes"
    result = run("--data", data, "--key-file", key_file(tmp_path), "--out", out, "--json")

    with out.open() as lines:
        found = hashed.read(lines)
    assert hashed.matches("https://casino.example/", KEY, found)
    assert not hashed.matches("https://www.casino.example/", KEY, found)
    assert json.loads(result.stdout) == {
        "serial": 1,
        "key_id": hashed.key_id(KEY),
        "entries": 1,
        "unsafe": 0,
    }
    with open_store(data) as store:
        row = next(row for row in audit.rows(store) if row.action == "list.hashed")
    assert row.subject == hashed.key_id(KEY)
    assert row.detail["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_may_use_is_refused(data: Path, tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadKeyError, match="chmod 600"):
        run("--data", data, "--key-file", key_file(tmp_path, mode=mode), "--out", tmp_path / "h")

    assert not (tmp_path / "h").exists()


@pytest.mark.parametrize("text", ["", "00" * 31, "0" * 65, "zz" * 32, "кілт" * 20, "00" * 3000])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadKeyError, match=r"openssl rand|longer than a key or password"):
        hashed_file.read_key(key_file(tmp_path, text))


def test_a_key_that_is_missing_or_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)

    with pytest.raises(BadKeyError, match="No such file"):
        hashed_file.read_key(tmp_path / "none")
    with pytest.raises(BadKeyError, match="not a file"):
        hashed_file.read_key(pipe)


def test_without_an_export_there_is_no_serial_and_no_file(tmp_path: Path) -> None:
    with open_store(tmp_path / "data"):
        pass

    with pytest.raises(ExportError, match="qalqan export"):
        run("--data", tmp_path / "data", "--key-file", key_file(tmp_path), "--out", tmp_path / "h")


def test_what_cannot_be_written_leaves_what_stood_there(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "h"
    out.mkdir()
    (out / "kept").touch()

    with open_store(data) as store, pytest.raises(ExportError, match="cannot write"):
        hashed_file.write(store, out, KEY, actor="test")

    assert [path.name for path in out.iterdir()] == ["kept"]
    assert not list(tmp_path.glob(".h.*"))


def test_an_entry_the_guards_hold_back_is_not_among_the_hashes(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = store_entries.live
    monkeypatch.setattr(
        store_entries,
        "live",
        lambda store: [*live(store), replace(next(live(store)), name="github.io")],
    )

    with open_store(data) as store:
        report = hashed_file.write(store, tmp_path / "h", KEY, actor="test")

    assert (report.entries, report.unsafe) == (1, 1)
    assert len((tmp_path / "h").read_text().splitlines()) == 3
