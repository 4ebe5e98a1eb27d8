"""The provider guide's commands and settings, run as they stand there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.publish import export
from review_queue.categories import Scope
from review_queue.store import Store
from tests.blocklist.approvals import approve

GUIDE = Path(__file__).parents[2] / "docs" / "providers.md"
SBIN = "/usr/sbin:/usr/local/sbin:/usr/bin:/bin"


def block(containing: str) -> str:
    """The one code block of the guide that contains this text."""
    blocks: list[str] = re.findall(
        r"^```\w+\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (found,) = [text for text in blocks if containing in text]
    return found


@pytest.fixture
def lists(store: Store, tmp_path: Path) -> Path:
    approve(store, "casino.example")
    approve(store, "wide.example", scope=Scope.DOMAIN)
    admit(store)
    export(store, tmp_path / "lists", tuple(FORMATS), actor="test")
    return tmp_path / "lists"


def sh(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command as a provider gives it in that folder."""
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={"PATH": SBIN},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_check_of_the_manifest_passes_a_whole_folder_and_fails_a_changed_one(
    lists: Path,
) -> None:
    command = block("sha256sum")

    whole = sh(command, lists)
    with (lists / "rpz.zone").open("a") as zone:
        zone.write("* CNAME .\n")
    changed = sh(command, lists)

    assert (whole.returncode, whole.stderr) == (0, "")
    checked = {line.removesuffix(": OK") for line in whole.stdout.splitlines()}
    assert checked == {path.name for path in (lists / "current").iterdir()} - {"manifest.json"}
    assert checked >= {file for form in FORMATS.values() for file in form.files}
    assert changed.returncode != 0
    assert "rpz.zone: FAILED" in changed.stdout


@pytest.mark.skipif(
    shutil.which("named-checkzone", path=SBIN) is None, reason="bind9-utils is not installed"
)
def test_the_check_of_the_zone_passes(lists: Path) -> None:
    assert sh(block("named-checkzone"), lists).returncode == 0


@pytest.mark.skipif(
    shutil.which("named-checkconf", path=SBIN) is None, reason="bind9-utils is not installed"
)
def test_the_settings_for_bind_are_valid_and_load_the_zone(lists: Path) -> None:
    settings = block("response-policy").replace("/etc/bind", str(lists))
    (lists / "named.conf").write_text(settings)

    found = sh("named-checkconf -z named.conf", lists)

    assert found.returncode == 0, found.stdout + found.stderr
    assert "zone rpz.provider.example/IN: loaded serial 1" in found.stdout


def test_the_guide_names_every_format() -> None:
    text = GUIDE.read_text("utf-8")

    files = [file for form in FORMATS.values() for file in form.files]
    assert [file for file in files if f"`{file}`" not in text] == []
