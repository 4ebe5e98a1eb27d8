"""The command line as a whole: help everywhere, errors as one line, no heavy import before it is needed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from qalqan.cli import COMMANDS, cli
from review_queue.categories import Category
from review_queue.store import Store, open_store
from tests.builders import a_case

DOCS = Path(__file__).parent.parent.parent / "docs"


def _commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            for inner, child in command.commands.items():
                yield f"{name} {inner}", child


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qalqan", *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_every_command_has_help_with_an_example() -> None:
    without = [
        name
        for name, command in _commands()
        if not isinstance(command, click.Group) and f"qalqan {name}" not in (command.help or "")
    ]

    assert without == []


def test_every_option_says_what_it_is_for_and_every_command_stands_in_the_docs() -> None:
    docs = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    missing = [
        name
        for name, command in _commands()
        if not isinstance(command, click.Group) and f"qalqan {name}" not in docs
    ]

    assert missing == []


def test_help_does_not_wait_for_the_heavy_parts() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom qalqan.cli import cli\n"
        "import qalqan.cli\n"
        "print([m for m in ('scrapy', 'sklearn', 'django') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "[]"


def test_an_unknown_command_is_named() -> None:
    result = _run("nonsense")

    assert result.returncode == 2
    assert "No such command" in result.stderr


def test_an_error_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    result = _run("queue", "list", "--data", str(tmp_path / "nowhere"))

    assert result.returncode == 1
    assert result.stderr.startswith("Error: no store at ")
    assert result.stderr.count("\n") == 1


@pytest.fixture
def data(store: Store) -> Path:
    a_case(store, "http://low.example/", risk=0.2)
    a_case(store, "http://high.example/", risk=0.9)
    a_case(store, "http://pain.example/", Category.DISTRESS, risk=0.99)
    return store.path.parent


def _out(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_queue_is_listed_riskiest_first_and_referrals_apart(data: Path) -> None:
    rows = json.loads(_out("queue", "list", "--data", str(data), "--json"))

    assert [row["site"] for row in rows] == ["high.example", "low.example", "pain.example"]
    assert [row["lane"] for row in rows] == ["review", "review", "referral"]


def test_the_queue_for_people_makes_no_link(data: Path) -> None:
    listed = _out("queue", "list", "--data", str(data), "--lane", "review", "--limit", "1")

    assert "high[.]example" in listed
    assert "low" not in listed
    assert "high.example" not in listed


def test_seeds_are_listed(data: Path) -> None:
    rows = json.loads(_out("seeds", "list", "--data", str(data), "--json"))

    assert [row["url"] for row in rows] == [
        "http://low.example/", "http://high.example/", "http://pain.example/",
    ]  # fmt: skip
    assert "hxxp://low[.]example/" in _out("seeds", "list", "--data", str(data))


def test_candidates_are_listed(data: Path) -> None:
    with open_store(data) as store:
        store.run(
            "INSERT INTO candidates VALUES ('far.example', 'http://far.example/', 'http://low.example/', 'x', 't')"
        )

    assert (
        json.loads(_out("seeds", "list", "--candidates", "--data", str(data), "--json"))[0]["site"]
        == "far.example"
    )
    assert "far[.]example  found on" in _out("seeds", "list", "--candidates", "--data", str(data))


def test_the_audit_log_is_verified_and_a_noted_head_is_remembered(data: Path) -> None:
    head = json.loads(_out("audit", "verify", "--data", str(data), "--json"))
    noted = f"{head['seq']}:{head['hash']}"

    assert noted in _out("audit", "verify", "--data", str(data), "--head", noted)
    assert "case.opened" in _out("audit", "list", "--data", str(data))
    assert len(json.loads(_out("audit", "list", "--data", str(data), "--json"))) == head["seq"]


def test_a_head_that_is_gone_is_an_error(data: Path) -> None:
    lost = _run("audit", "verify", "--data", str(data), "--head", "99:" + "0" * 64)
    garbled = _run("audit", "verify", "--data", str(data), "--head", "nonsense")

    assert (lost.returncode, garbled.returncode) == (1, 2)
    assert "cut off" in lost.stderr
