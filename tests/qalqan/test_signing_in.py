"""A person signs with their account, and only where their role allows it."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from blocklist.key_files import BadKeyError
from qalqan.cli.signing import sign_in, signed
from qalqan.signing_in import MayNotError, person_of
from review_queue.errors import AccountError
from review_ui.accounts import add_user, disable_user
from review_ui.config import MAX_FAILED_SIGN_INS, ServeConfig
from review_ui.roles import Capability
from tests.review_ui.sites import PASSWORD, close_accounts


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder in which Dana is a supervisor."""
    add_user(ServeConfig(tmp_path), "dana", PASSWORD, role="supervisor", full_name="Dana D.")
    yield tmp_path
    close_accounts()


def _add(data: Path, name: str, role: str) -> None:
    add_user(ServeConfig(data), name, PASSWORD, role=role)


def test_a_person_is_who_decisions_remember(data: Path) -> None:
    person = person_of(data, "Dana", PASSWORD)

    assert (person.name, person.role) == ("Dana D.", "supervisor")
    assert len(person.id) == 32
    assert person_of(data, "dana", PASSWORD) == person


@pytest.mark.parametrize(
    ("name", "password"),
    [("dana", "another-password-altogether"), ("nobody", PASSWORD), ("", ""), ("da\0na", PASSWORD),
     ("dana\udcff", PASSWORD), ("dana", "\udcff")],
)  # fmt: skip
def test_a_wrong_name_or_password_is_nobody(data: Path, name: str, password: str) -> None:
    with pytest.raises(AccountError, match="wrong"):
        person_of(data, name, password)


def test_a_disabled_account_signs_nothing(data: Path) -> None:
    disable_user(ServeConfig(data), "dana")

    with pytest.raises(AccountError, match="disabled"):
        person_of(data, "dana", PASSWORD)


def test_a_name_that_failed_too_often_waits(data: Path) -> None:
    for _ in range(MAX_FAILED_SIGN_INS):
        with pytest.raises(AccountError, match="wrong"):
            person_of(data, "dana", "not-the-password")

    with pytest.raises(AccountError, match="wait 15 minutes"):
        person_of(data, "dana", PASSWORD)


@pytest.mark.parametrize("role", ["reviewer", "exporter", "auditor", "admin"])
def test_a_role_without_the_capability_is_refused(data: Path, role: str) -> None:
    _add(data, "berik", role)

    with pytest.raises(MayNotError, match=role):
        person_of(data, "berik", PASSWORD)


def test_a_command_names_the_capability_it_needs(data: Path) -> None:
    _add(data, "erlan", "exporter")

    assert person_of(data, "erlan", PASSWORD, needed=Capability.EXPORT).role == "exporter"
    with pytest.raises(MayNotError, match="account of a senior or supervisor"):
        person_of(data, "erlan", PASSWORD, needed=Capability.SIGN)


def test_a_folder_without_accounts_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(AccountError, match="users add"):
        person_of(tmp_path / "none", "dana", PASSWORD)


@click.command()
@click.argument("data", type=Path)
@signed
def _tell(data: Path, username: str, password_file: Path | None) -> None:
    click.echo(sign_in(data, username, password_file).name)


def test_the_password_is_typed_or_read_from_standard_input_or_a_file(data: Path) -> None:
    file = data / "password"
    file.write_text(f"{PASSWORD}\nnot this\n", encoding="utf-8")
    file.chmod(0o600)
    for words in ([], ["--password-file", "-"], ["--password-file", str(file)]):
        told = CliRunner().invoke(_tell, [str(data), "--as", "dana", *words], input=f"{PASSWORD}\n")
        assert told.exit_code == 0, told.output
        assert told.output.endswith("Dana D.\n")
        assert PASSWORD not in told.output


def test_a_file_of_a_password_that_others_may_read_is_refused(data: Path) -> None:
    file = data / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    file.chmod(0o644)

    with pytest.raises(BadKeyError, match="chmod 600"):
        sign_in(data, "dana", file)


def test_a_password_that_is_no_text_is_one_line(data: Path) -> None:
    told = CliRunner().invoke(
        _tell, [str(data), "--as", "dana", "--password-file", "-"], input=b"\xff\xff\n"
    )

    assert told.exit_code == 2
    assert "not UTF-8" in told.output
