"""The lock files belong to the pyproject.toml beside them and name no index."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "requirements-browser.lock", "requirements-dev.lock"]


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_made_from_the_present_inputs(lock: str) -> None:
    inputs = subprocess.run(
        [sys.executable, ROOT / ".ci" / "lock", "--inputs"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert f"(inputs {inputs})" in (ROOT / lock).read_text(encoding="utf-8"), "run .ci/lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_meets_what_the_project_asks_for(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = list(project["project"]["dependencies"])
    if "dev" in lock:
        wanted += project["dependency-groups"]["dev"]
    if "browser" in lock:
        wanted += project["project"]["optional-dependencies"]["browser"]
    pins = _pins(lock)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pins[requirement.name.lower()])


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_hashes_every_pin(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
