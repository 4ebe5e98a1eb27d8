"""Overrides from the command line: each person signs with an account of their own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qalqan.cli import cli
from qalqan.signing_in import MayNotError
from review_queue import overrides
from review_queue.errors import AccountError, RefusedError
from review_queue.overrides import Guard
from review_queue.store import open_store
from review_ui.accounts import add_user
from review_ui.config import ServeConfig
from tests.review_ui.sites import PASSWORD, close_accounts

KEY = ("--guard", "rank", "--scope", "host", "--name", "popular-qalqan.kz")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder with a store, a senior, a supervisor and a reviewer."""
    with open_store(tmp_path):
        pass
    for name, role in (("aigul", "senior"), ("berik", "supervisor"), ("dana", "reviewer")):
        add_user(ServeConfig(tmp_path), name, PASSWORD, role=role, full_name=name.title())
    yield tmp_path
    close_accounts()


def run(data: Path, *arguments: str, person: str = "") -> Result:
    """What the command answers; the person's password comes by standard input."""
    signed = ("--as", person, "--password-file", "-") if person else ()
    return CliRunner().invoke(
        cli,
        ["overrides", *arguments, "--data", str(data), *signed],
        input=f"{PASSWORD}\n",
        catch_exceptions=False,
    )


def asked(data: Path) -> str:
    """The id of an override that Aigul has asked for."""
    result = run(data, "ask", *KEY, "--reason", "All of it.", "--json", person="aigul")
    return str(json.loads(result.stdout)["id"])


def test_two_people_sign_and_one_withdraws(data: Path) -> None:
    override_id = asked(data)
    assert "pending" in run(data, "list", "--pending").stdout
    with open_store(data) as store:
        assert overrides.standing(store) == {}

    signed = run(data, "sign", override_id, person="berik").stdout
    assert "standing" in signed
    assert "rank host popular-qalqan[.]kz: All of it. (Aigul, Berik)" in signed
    with open_store(data) as store:
        assert overrides.standing(store) == {(Guard.RANK, "host", "popular-qalqan.kz"): override_id}
    gone = run(data, "withdraw", override_id, "--reason", "A shop.", person="aigul").stdout

    assert "withdrawn by Aigul: A shop." in gone
    assert run(data, "list", "--pending").stdout == ""
    (row,) = json.loads(run(data, "list", "--json").stdout)
    assert (row["state"], row["name"]) == ("withdrawn", "popular-qalqan.kz")


def test_the_same_person_signs_once(data: Path) -> None:
    override_id = asked(data)

    for name in ("aigul", "AIGUL"):
        with pytest.raises(RefusedError, match="has signed this override"):
            run(data, "sign", override_id, person=name)


def test_what_was_asked_for_already_is_named_by_its_id(data: Path) -> None:
    override_id = asked(data)

    with pytest.raises(RefusedError, match=f"withdraw that one: {override_id}, which is pending"):
        run(data, "ask", *KEY, "--reason", "Once more.", person="berik")
    with pytest.raises(RefusedError, match=r"reason(?!.*which is)"):
        run(data, "ask", *KEY[:-1], "other-qalqan.kz", "--reason", "a\nb", person="berik")


def test_a_reviewer_signs_nothing_and_a_wrong_password_is_nobody(data: Path) -> None:
    override_id = asked(data)
    with pytest.raises(MayNotError, match="may not sign"):
        run(data, "sign", override_id, person="dana")
    with pytest.raises(AccountError, match="wrong"):
        run(data, "sign", override_id, person="nobody")

    with open_store(data) as store:
        assert overrides.standing(store) == {}


@pytest.mark.parametrize("guard", ["form", "reserved", "anything"])
def test_a_guard_that_nobody_overrides_is_no_choice(data: Path, guard: str) -> None:
    result = run(data, "ask", "--guard", guard, *KEY[2:], "--reason", "All of it.", person="aigul")

    assert result.exit_code == 2
    assert "is not one of" in result.stderr


def test_the_size_of_a_list_is_signed_for_by_its_own_name(data: Path) -> None:
    key = ("--guard", "size", "--scope", "list", "--name", "41-600")

    result = run(data, "ask", *key, "--reason", "A court's whole list.", person="aigul")

    assert "size list 41-600: A court's whole list." in result.stdout
    assert "1 more must sign" in result.stdout
