import json
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from blocklist.guard_data import GuardDataError
from qalqan.cli import cli
from review_queue import audit
from review_queue.store import open_store


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        cli, ["guards", *arguments, "--data", str(data)], catch_exceptions=False
    )


@time_machine.travel("2026-11-23T12:00:00Z", tick=False)
def test_which_data_of_which_date_are_shown_and_old_ones_warned_of(tmp_path: Path) -> None:
    result = run(tmp_path, "show")

    assert result.stdout.splitlines()[0].split()[:3] == ["rank", "2025-01-15", "32659"]
    assert "public_suffix" in result.stdout
    assert "Warning: rank of 2025-01-15 is 677 days old" in result.stderr
    assert "qalqan guards update --kind rank FILE --dated DATE" in result.stderr
    assert "never_block" not in result.stderr


@time_machine.travel("2026-11-23T12:00:00Z", tick=False)
def test_newer_data_are_taken_and_shown_without_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "tranco.csv"
    file.write_text("1,one-qalqan.kz\n2,two words\n3,three-qalqan.kz\n")

    update = ["update", "--kind", "rank", str(file), "--dated", "2026-06-01"]

    with pytest.raises(GuardDataError, match="2 rows that can be used, and 32659 would be gone"):
        run(tmp_path, *update)
    assert not (tmp_path / "guards").exists()
    result = run(tmp_path, *update, "--smaller")

    assert result.stdout == "rank of 2026-06-01: 2 rows, 1 left out\n"
    assert "line 2: 'two words' is not a host name" in result.stderr
    shown = run(tmp_path, "show", "--json")
    rows = {row["kind"]: row for row in json.loads(shown.stdout)}
    assert (rows["rank"]["rows"], rows["rank"]["is_ours"], rows["rank"]["is_stale"]) == (2, False, False)  # fmt: skip
    assert "rank" not in shown.stderr


@time_machine.travel("2026-11-23T12:00:00Z", tick=False)
def test_a_program_reads_what_was_left_out(tmp_path: Path) -> None:
    file = tmp_path / "rows.txt"
    file.write_text("one-qalqan.kz\n" + "two words\n" * 30)

    result = run(tmp_path, "update", "--kind", "never_block", str(file), "--dated", "2026-11-01", "--json")  # fmt: skip

    told = json.loads(result.stdout)
    assert (told["rows"], len(told["bad"])) == (1, 30)
    assert "... and 10 more" in result.stderr


def test_who_gave_the_guards_other_data_stands_in_the_audit_log(tmp_path: Path) -> None:
    file = tmp_path / "rows.txt"
    file.write_text("one-qalqan.kz\ntwo-qalqan.kz\n")
    open_store(tmp_path).close()
    run(tmp_path, "update", "--kind", "never_block", str(file), "--dated", "2026-11-01")
    file.write_text("one-qalqan.kz\n")
    run(tmp_path, "update", "--kind", "never_block", str(file), "--dated", "2026-11-02")

    with open_store(tmp_path) as store:
        newest, first = audit.rows(store, 2)
    assert (newest.action, newest.subject) == ("guards.updated", "never_block")
    assert newest.actor.startswith("cli:")
    assert [row.detail["rows"] for row in (first, newest)] == [2, 1]
    assert len(str(newest.detail["sha256"])) == 64


def test_a_date_to_come_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.txt"
    file.write_text("one-qalqan.kz\n")

    with pytest.raises(GuardDataError, match="still to come"):
        run(tmp_path, "update", "--kind", "rank", str(file), "--dated", "2999-01-01")


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("shop-qalqan.kz", 0, "no guard stops it"),
        ("github.io", 1, "shared_platform: it is a shared platform: unrelated people hold the"),
        ("shop.example", 1, "reserved: example is reserved"),
    ],
)
def test_what_would_stop_a_block_is_asked_without_making_it(
    tmp_path: Path, name: str, code: int, words: str
) -> None:
    with open_store(tmp_path):
        pass

    result = run(tmp_path, "check", "host", name)
    found = json.loads(run(tmp_path, "check", "host", name, "--json").stdout)

    assert result.exit_code == code
    assert result.stdout.startswith(words)
    assert ("two people can override" in result.stdout) == (name == "github.io")
    assert (found["guard"] if found else "no guard") in words
