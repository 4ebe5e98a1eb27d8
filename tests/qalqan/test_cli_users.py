"""`qalqan users` and `qalqan serve` as typed."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qalqan.cli.serve import serve
from qalqan.cli.users import users
from qalqan.signing_in import person_of
from review_queue.store import open_store
from tests.review_ui.sites import close_accounts

PASSWORD = "calm-river-under-nine-bridges"


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_accounts()


def _users(data: Path, *words: str, given: str = "") -> Result:
    return CliRunner().invoke(users, [*words, "--data", str(data)], input=given)


def test_a_person_is_added_listed_and_disabled(tmp_path: Path) -> None:
    added = _users(
        tmp_path, "add", "aigul", "--role", "senior", "--full-name", "Aigul S.", "--language", "kk",
        "--password-stdin", given=f"{PASSWORD}\n",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    assert "added aigul, senior" in added.output

    (person,) = json.loads(_users(tmp_path, "list", "--json").output)
    assert (person["username"], person["role"], person["full_name"], person["language"]) == (
        "aigul", "senior", "Aigul S.", "kk",
    )  # fmt: skip

    assert _users(tmp_path, "disable", "aigul").exit_code == 0
    assert "disabled" in _users(tmp_path, "list").output


def test_the_password_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    result = _users(
        tmp_path, "add", "aigul", "--role", "reviewer", given=f"{PASSWORD}\n{PASSWORD}\n"
    )

    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output


def test_the_password_is_read_from_a_file_that_is_the_owners_alone(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "password"
    file.write_text(f"{PASSWORD}\na second line\n")
    words = ("add", "aigul", "--role", "senior", "--password-file", str(file))

    file.chmod(0o644)
    assert _users(data, *words).exit_code == 1
    file.chmod(0o600)
    assert _users(data, *words).exit_code == 0
    assert person_of(data, "aigul", PASSWORD).name == "aigul"
    dash = ("add", "berik", "--role", "senior", "--password-file", "-")
    assert _users(data, *dash, given=f"{PASSWORD}\n").exit_code == 0
    both = _users(data, *words, "--password-stdin")
    assert both.exit_code == 2
    assert "either --password-file or --password-stdin" in both.output


def test_a_bad_password_adds_nobody(tmp_path: Path) -> None:
    result = _users(
        tmp_path, "add", "aigul", "--role", "reviewer", "--password-stdin", given="short\n"
    )

    assert result.exit_code == 1
    assert json.loads(_users(tmp_path, "list", "--json").output) == []


def test_an_unknown_role_is_a_usage_error(tmp_path: Path) -> None:
    assert _users(tmp_path, "add", "aigul", "--role", "king").exit_code == 2


@pytest.mark.parametrize("given", [b"\xff" * 20, b"\xed\xa0\xbd" * 9])
def test_a_password_that_is_no_text_is_refused_in_one_line(tmp_path: Path, given: bytes) -> None:
    result = CliRunner().invoke(
        users,
        ["add", "aigul", "--role", "reviewer", "--password-stdin", "--data", str(tmp_path)],
        input=given + b"\n",
    )

    assert result.exit_code == 2
    assert "is not UTF-8" in result.output


def test_a_full_name_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qalqan", "users", "add", "aigul", "--role", "reviewer",
         "--full-name", b"\xff", "--password-stdin", "--data", tmp_path],
        input=PASSWORD.encode(), capture_output=True, timeout=200, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith(b"Error: the full name '\\udcff' holds characters")
    assert done.stderr.count(b"\n") == 1


def test_serving_a_folder_with_nothing_in_it_is_one_line_and_makes_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qalqan", "serve", "--data", tmp_path / "nothing", "--port", "0"],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("Error: neither accounts nor a store in ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_serving_prints_the_address_and_ends_with_an_interrupt(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    command = [sys.executable, "-m", "qalqan", "serve", "--data", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().removeprefix("serving at ").strip()
        with urllib.request.urlopen(f"{url}healthz", timeout=20) as answer:  # noqa: S310  # our own loopback address
            assert answer.read() == b"ok\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=200) == 0


def test_serving_beyond_this_machine_without_tls_warns(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")

    for host, warns in (
        ("0.0.0.0", True),  # noqa: S104  # what is warned about
        ("::1", False),
        ("localhost", False),
    ):
        result = CliRunner().invoke(
            serve, ["--data", str(blocked / "data"), "--host", host, "--port", "0"]
        )
        assert ("without TLS" in result.output) == warns


def test_where_nobody_is_there_to_type_a_password_the_file_is_named(tmp_path: Path) -> None:
    result = _users(tmp_path, "add", "dana", "--role", "senior")

    assert result.exit_code == 2
    assert "name a file of it with --password-file" in result.stderr
