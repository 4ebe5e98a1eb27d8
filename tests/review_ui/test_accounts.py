"""Accounts as the command line and the demo make them."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from review_queue.errors import AccountError, StoreBusyError, StoreDamagedError, StoreTooNewError
from review_ui.accounts import add_user, disable_user, list_users, prepare
from review_ui.config import ServeConfig
from review_ui.secret import signing_key
from tests import unmeasured
from tests.review_ui.sites import PASSWORD, close_accounts


@pytest.fixture
def config(tmp_path: Path) -> Iterator[ServeConfig]:
    yield ServeConfig(tmp_path / "data")
    close_accounts()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_account_has_an_opaque_id_that_stays(config: ServeConfig) -> None:
    person = add_user(
        config, "aigul", PASSWORD, role="reviewer", full_name="Aigul S.", language="kk"
    )

    assert len(person.public_id) == 32
    assert "aigul" not in person.public_id
    assert list_users(config) == [person]
    assert disable_user(config, "Aigul") == replace(person, is_active=False)


def test_the_accounts_and_the_key_are_readable_by_their_owner_alone(config: ServeConfig) -> None:
    prepare(config)

    assert _mode(config.accounts_path) == 0o600
    assert _mode(config.key_path) == 0o600


def test_two_data_folders_have_their_own_people_and_keys(
    tmp_path: Path, config: ServeConfig
) -> None:
    other = ServeConfig(tmp_path / "other")
    add_user(config, "aigul", PASSWORD, role="reviewer")
    add_user(other, "berik", PASSWORD, role="senior")

    assert [person.username for person in list_users(config)] == ["aigul"]
    assert [person.username for person in list_users(other)] == ["berik"]
    assert signing_key(config.key_path) != signing_key(other.key_path)


@pytest.mark.parametrize(
    ("name", "password", "role", "language", "says"),
    [
        ("aigul", PASSWORD, "king", "ru", "no role is called 'king'"),
        ("aigul", PASSWORD, "reviewer", "xx", "no language is called 'xx'"),
        ("aigul", "short", "reviewer", "ru", "too short"),
        ("aigul", "password1234", "reviewer", "ru", "too common"),
        ("a b", PASSWORD, "reviewer", "ru", "cannot be a user name"),
        ("", PASSWORD, "reviewer", "ru", "^'' cannot be a user name; write 1 to 64 Latin letters"),
        ("р1", PASSWORD, "reviewer", "ru", "cannot be a user name"),  # a Cyrillic letter
        ("..", PASSWORD, "reviewer", "ru", "cannot be a user name"),
        ("a" * 65, PASSWORD, "reviewer", "ru", "cannot be a user name"),
        ("\udcff", PASSWORD, "reviewer", "ru", "cannot be a user name"),
        ("aigul", PASSWORD + "\udcff", "reviewer", "ru", "are no text"),
    ],
)
def test_what_is_wrong_with_a_new_account_is_said(
    name: str, password: str, role: str, language: str, says: str, config: ServeConfig
) -> None:
    with pytest.raises(AccountError, match=says):
        add_user(config, name, password, role=role, language=language)

    assert list_users(config) == []


@pytest.mark.parametrize(
    "full_name", ["half \ud83d", "byte \udcff", "two\nlines", "\u202edesrever"]
)
def test_a_full_name_that_cannot_be_shown_is_refused(full_name: str, config: ServeConfig) -> None:
    with pytest.raises(AccountError, match="cannot be shown") as caught:
        add_user(config, "aigul", PASSWORD, role="reviewer", full_name=full_name)

    assert str(caught.value).isascii()
    assert "\n" not in str(caught.value)
    assert list_users(config) == []


def test_a_message_says_a_thing_once(config: ServeConfig) -> None:
    with pytest.raises(AccountError) as caught:
        add_user(config, "", PASSWORD, role="reviewer")

    sentences = str(caught.value).split(". ")
    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize("limit", [10, 8_192, 120_000])
def test_a_full_disk_is_said_to_be_full(limit: int, tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from review_ui.config import ServeConfig;"
        "from review_ui.accounts import add_user; from review_queue.errors import DiskFullError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "try:\n for n in range(2_000): add_user(ServeConfig(Path(sys.argv[1])), f'p{n}', sys.argv[3],"
        " role='admin', full_name='x' * 120)\n"
        "except DiskFullError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(limit), PASSWORD],
        capture_output=True, text=True, timeout=200, check=False, env=unmeasured.environment(),
    )  # fmt: skip

    assert done.stderr == ""
    assert done.stdout.startswith(f"no room left to write {tmp_path}")
    assert "restore" not in done.stdout


def test_accounts_another_process_holds_are_not_called_damaged(config: ServeConfig) -> None:
    prepare(config)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(config.accounts_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusyError, match="wait for it to end"):
            add_user(config, "aigul", PASSWORD, role="reviewer")
    finally:
        other.close()


def test_nobody_has_a_name_that_is_no_text(config: ServeConfig) -> None:
    prepare(config)

    with pytest.raises(AccountError, match="nobody is called"):
        disable_user(config, "\udcff")


def test_a_name_is_taken_in_any_case(config: ServeConfig) -> None:
    add_user(config, "aigul", PASSWORD, role="reviewer")

    with pytest.raises(AccountError, match="taken"):
        add_user(config, "AIGUL", PASSWORD, role="reviewer")


def test_nobody_is_disabled_who_is_not_there(config: ServeConfig) -> None:
    prepare(config)

    with pytest.raises(AccountError, match="nobody is called"):
        disable_user(config, "aigul")


def test_a_folder_without_accounts_is_left_as_it_was(config: ServeConfig) -> None:
    for ask in (list_users, lambda at: disable_user(at, "aigul")):
        with pytest.raises(AccountError, match="no accounts at"):
            ask(config)

    assert not config.data_dir.exists()


def test_an_accounts_file_of_a_newer_version_is_not_touched(config: ServeConfig) -> None:
    prepare(config)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations(app, name, applied) VALUES ('review_ui', '9999_later', '2030-01-01')"
        )

    with pytest.raises(StoreTooNewError, match="9999_later"):
        prepare(config)


def test_a_file_that_holds_no_accounts_is_said_to_be_damaged(config: ServeConfig) -> None:
    config.data_dir.mkdir()
    config.accounts_path.write_bytes(b"not a database" * 1000)

    with pytest.raises(StoreDamagedError, match="not a readable accounts file"):
        prepare(config)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    with pytest.raises(AccountError, match="cannot make"):
        prepare(ServeConfig(tmp_path / "file"))


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 80])
def test_a_damaged_key_is_not_used(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)

    with pytest.raises(AccountError):
        signing_key(path)


def test_the_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "key"

    assert signing_key(path) == signing_key(path)
    assert [one.name for one in tmp_path.iterdir()] == ["key"]
