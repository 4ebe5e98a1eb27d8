import json
import os
import pwd
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocklist.entries import AdmitReport, RefusedBlock, admit, admitted_or_not
from blocklist.formats import FORMATS
from blocklist.removals import HeldError
from blocklist.served import ClockError
from qalqan.cli.export import export
from review_queue import audit, entries, terms
from review_queue.categories import Category, Scope
from review_queue.clock import system_clock
from review_queue.errors import ExportError, StoreDamagedError, StoreMissingError
from review_queue.store import FILE_NAME, open_store
from tests.blocklist.approvals import approve
from tests.blocklist.holding import damage, lifted
from tests.review_queue.damage import emptied
from tests.review_queue.lives import DANA


def run(*args: str | Path) -> Result:
    """The command as a person gives it; errors meant for the front door come out as they are."""
    return CliRunner().invoke(export, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with open_store(folder) as store:
        approve(store, "casino.example", "github.io")
        approve(store, "wide.example", scope=Scope.DOMAIN)
    return folder


def test_what_was_listed_skipped_and_refused_is_printed_without_a_live_name(
    data: Path, tmp_path: Path
) -> None:
    result = run("--data", data, "--out", tmp_path / "lists")

    assert result.exit_code == 0
    assert "serial 1, 2 new entries" in result.stdout
    assert "skipped wide[.]example in hosts: " in result.stdout
    assert "refused" in result.stderr
    assert "github[.]io: shared_platform: it is a shared platform" in result.stderr
    assert "casino.example" not in result.output
    assert (tmp_path / "lists" / "domains.txt").read_text().splitlines() == [
        "casino.example",
        "wide.example",
        "*.wide.example",
    ]
    with open_store(data) as store:
        row = next(row for row in audit.rows(store) if row.action == "list.exported")
    assert row.actor == f"cli:{pwd.getpwuid(os.getuid()).pw_name}"


def test_a_name_left_out_of_several_lists_is_printed_once_and_on_one_line(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = "two\nlines\x1b[2J.example"
    live = entries.live
    with_bad = lambda store, *at: [replace(next(live(store, *at)), name=bad), *live(store, *at)]  # noqa: E731
    monkeypatch.setattr(entries, "live", with_bad)

    result = run("--data", data, "--out", tmp_path / "lists")

    (line,) = [line for line in result.stdout.splitlines() if line.startswith("skipped two")]
    assert line == (
        f"skipped two lines[U+001B][2J[.]example in {', '.join(FORMATS)}:"
        " form: it is not a host name the DNS can hold"
    )
    for form in FORMATS:
        raw = (tmp_path / "lists" / f"{form}.skipped.json").read_bytes()
        assert raw.isascii()
        assert b"two\\nlines\\u001b[2J.example" in raw


@pytest.mark.parametrize("actor", ["\udcff", "two\nlines", "", " ", "x" * 101])
def test_an_actor_that_cannot_stand_in_the_log_is_refused_before_anything_is_done(
    data: Path, tmp_path: Path, actor: str
) -> None:
    result = run("--data", data, "--out", tmp_path / "lists", "--actor", actor)

    assert result.exit_code == 2
    assert "cannot stand in the audit log" in result.stderr
    assert not (tmp_path / "lists").exists()


def test_a_folder_whose_name_is_no_text_can_be_written(data: Path, tmp_path: Path) -> None:
    out = os.fsencode(tmp_path) + b"/\xff"

    done = subprocess.run(
        [sys.executable, "-m", "qalqan", "export", "--data", data, "--out", out],
        capture_output=True, timeout=200, check=False,
    )  # fmt: skip

    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_json_is_one_line_with_the_manifest_and_what_was_left_out(
    data: Path, tmp_path: Path
) -> None:
    result = run(
        "--data", data, "--out", tmp_path / "l", "--format", "rpz", "--format", "hosts",
        "--actor", "officer", "--json",
    )  # fmt: skip

    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    manifest = json.loads((tmp_path / "l" / "manifest.json").read_bytes())
    assert {name: found[name] for name in manifest} == manifest
    assert set(manifest["formats"]) == {"rpz", "hosts"}
    assert found["admitted"] == 2
    (refused,) = found["refused"]
    assert (refused["name"], refused["guard"]) == ("github.io", "shared_platform")
    assert refused["can_override"]
    assert [row["name"] for row in found["skipped"]["hosts"]] == ["wide.example"]
    with open_store(data) as store:
        assert audit.rows(store, limit=1)[0].actor == "officer"


def test_an_empty_list_is_written_with_a_warning(tmp_path: Path) -> None:
    open_store(tmp_path / "data").close()

    result = run("--data", tmp_path / "data", "--out", tmp_path / "lists")

    assert result.exit_code == 0
    assert "Warning: the lists are empty" in result.stderr
    assert (tmp_path / "lists" / "rpz.zone").exists()


def test_an_unknown_format_is_named(data: Path, tmp_path: Path) -> None:
    result = run("--data", data, "--out", tmp_path / "lists", "--format", "excel")

    assert result.exit_code == 2
    assert f"'excel' is not one of {str([*FORMATS])[1:-1]}" in result.stderr


def test_a_missing_store_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        run("--data", tmp_path / "none", "--out", tmp_path / "lists")

    assert not (tmp_path / "none").exists()


def test_an_out_folder_that_cannot_be_written_is_one_line(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ExportError) as caught:
        run("--data", data, "--out", tmp_path / "file" / "lists")

    assert "\n" not in str(caught.value)


def test_a_user_without_a_login_name_is_known_by_number(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_001)

    run("--data", data, "--out", tmp_path / "lists")

    with open_store(data) as store:
        assert audit.rows(store, limit=1)[0].actor == "cli:4000001"


def test_by_a_clock_that_jumped_ahead_nothing_ends_for_good(tmp_path: Path) -> None:
    long_ago = timedelta(days=200)
    with open_store(tmp_path / "data", clock=lambda: system_clock() - long_ago) as store:
        terms.set_term(
            store, Category.VIOLENCE, review_days=30, expiry_days=90, person=DANA, reason="Short."
        )
        approve(store, "casino.example")
        assert admit(store).refused == ()
    words = ("--data", tmp_path / "data", "--out", tmp_path / "lists")

    with pytest.raises(ClockError, match="run `qalqan export` with --clock-is-right"):
        run(*words)
    with open_store(tmp_path / "data") as store:
        lifted_by_it = store.value("SELECT count(*) FROM lifts")
    known = run(*words, "--clock-is-right")

    assert lifted_by_it == 0
    assert known.exit_code == 0
    with open_store(tmp_path / "data") as store:
        assert store.value("SELECT count(*) FROM lifts") == 1


def test_no_list_is_made_of_a_damaged_store(data: Path, tmp_path: Path) -> None:
    emptied(data / FILE_NAME, "decisions_case")

    with pytest.raises(StoreDamagedError, match="restore the file from the last backup"):
        run("--data", data, "--out", tmp_path / "lists")

    assert not (tmp_path / "lists").exists()


def test_a_held_list_loses_what_was_lifted_and_says_so(data: Path, tmp_path: Path) -> None:
    plain = ("--data", data, "--out", tmp_path / "lists", "--json")
    run(*plain)
    with open_store(data) as store:
        lifted(store, "casino.example")
        approve(store, "new.example")
    damage(data)

    result = CliRunner().invoke(export, [str(arg) for arg in plain])

    assert isinstance(result.exception, HeldError)
    told = json.loads(result.stdout)
    assert (told["outcome"], told["serial"], told["removed"]) == ("removals_only", 2, 1)
    assert (tmp_path / "lists" / "domains.txt").read_text().split() == [
        "wide.example",
        "*.wide.example",
    ]


def test_the_json_of_a_held_list_is_written_as_that_of_any_other(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ("--data", data, "--out", tmp_path / "lists", "--json")
    run(*plain)
    with open_store(data) as store:
        lifted(store, "casino.example")
    damage(data)
    told = AdmitReport((), (RefusedBlock("c1", "a.example", "қате"),))
    monkeypatch.setattr(
        "qalqan.cli.export.admitted_or_not", lambda store: (told, admitted_or_not(store)[1])
    )

    result = CliRunner().invoke(export, [str(arg) for arg in plain])

    assert isinstance(result.exception, HeldError)
    assert '"reason": "қате"' in result.stdout


def test_names_that_the_same_formats_left_out_for_the_same_reason_are_one_line(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = entries.live
    wide = lambda store, *at: [  # noqa: E731
        replace(each, id=f"{each.id[:-2]}{number:02}", name=f"w{number}.example")
        for each in live(store, *at) if each.scope == "domain" for number in range(30)
    ]  # fmt: skip
    monkeypatch.setattr(entries, "live", wide)

    result = run("--data", data, "--out", tmp_path / "lists", "--format", "hosts")

    lines = [line for line in result.stdout.splitlines() if line.startswith("skipped")]
    assert len(lines) == 1
    assert lines[0].startswith("skipped w0[.]example and others in hosts: ")
    assert "0 listed    30 skipped" in result.stdout
