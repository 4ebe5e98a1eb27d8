"""What the docs tell people to type is what the program takes; what they point to is there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from qalqan.cli import COMMANDS, cli

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_CODE = re.compile(r"```[a-z]*\n(.*?)```|`(qalqan [^`]+)`", re.DOTALL)
_COMMAND = re.compile(r"(?:\$ )?(?:pipx run )?(?:uv run )?(?:\S*/)?qalqan((?:\s.*)?)$")
_END = re.compile(r"\s(?:\||>|2>|&&|\|\||;|#|<)(?:\s|$)")


def _shown(page: Path) -> Iterator[list[str]]:
    """The words of each qalqan command the page shows, without the program's name."""
    for block, inline in _CODE.findall(page.read_text(encoding="utf-8")):
        for line in (block or inline).replace("\\\n", " ").splitlines():
            for part in re.split(r"\s(?:&&|\|\||\|)\s", line):
                found = _COMMAND.match(part.strip())
                if found:
                    yield shlex.split(_END.split(found.group(1) + " ")[0])


def _resolve(words: list[str]) -> tuple[click.Command, list[str]]:
    command: click.Command = cli
    context = click.Context(cli)
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        inner = command.get_command(context, rest.pop(0))
        assert inner is not None, f"no such command: {words}"
        command = inner
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_a_page_shows_exist_with_the_options_it_shows(page: Path) -> None:
    for words in _shown(page):
        command, rest = _resolve(words)
        known = {name for parameter in command.params for name in parameter.opts}
        known |= {"--help", "-h", "--version", "-"}
        for word in rest:
            option = word.split("=")[0]
            assert not word.startswith("-") or option in known, f"{words}: no option {option}"


def test_the_readme_has_the_two_commands_and_the_docs_show_some() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "pip install uv && uv run qalqan demo" in readme
    assert "uv run pytest" in readme
    assert sum(len(list(_shown(page))) for page in PAGES) >= len(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_local_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []
