"""The pull client of the provider kit, run as a provider runs it."""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.provider.feeds import TOKEN

KIT: Final = Path(__file__).parents[2] / "docs" / "provider"
# of a provider: another shell may be named to try it
SHELL: Final = os.environ.get("QALQAN_CLIENT_SHELL", "sh").split()
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OK, SETTINGS, NOT_FETCHED, REFUSED, CHECK, ROLLED_BACK, NEITHER, STALE, BUSY = range(9)


@dataclass(frozen=True, slots=True)
class Client:
    """A client with its settings and its folder of lists."""

    home: Path
    settings: Path

    @property
    def target(self) -> Path:
        """The folder of lists."""
        return self.home / "target"

    @property
    def current(self) -> Path:
        """What the consumer loads."""
        return self.target / "current"

    @property
    def serial(self) -> int:
        """The serial in force; 0 where nothing is listed."""
        return int(self.current.readlink().name.split("-")[0])

    def command(self, *more: str) -> list[str]:
        """The command a provider's timer runs."""
        return [
            *SHELL,
            str(KIT / "qalqan-pull"),
            "--settings",
            str(self.settings),
            *more,
        ]

    def run(self, *more: str, path: str = PATH) -> subprocess.CompletedProcess[str]:
        """One run of the client."""
        return subprocess.run(
            self.command(*more),
            env={"PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.home,
        )

    def set(self, **settings: str) -> None:
        """These settings hold from now on."""
        with self.settings.open("a") as file:
            file.writelines(f"{name}='{value}'\n" for name, value in settings.items())

    def is_whole(self) -> bool:
        """What is in force is what a manifest says; an empty list has none."""
        if self.serial == 0:
            return "CNAME" not in (self.current / "rpz.zone").read_text()
        manifest = json.loads((self.current / "manifest.json").read_bytes())
        assert manifest["serial"] == self.serial
        files = [name for name in manifest["files"] if (self.current / name).exists()]
        assert files
        return all(
            hashlib.sha256((self.current / name).read_bytes()).hexdigest()
            == manifest["files"][name]["sha256"]
            for name in files
        )


def client(home: Path, feed: str, public_key: Path, **settings: str) -> Client:
    """A client that has fetched nothing yet; its consumer does nothing unless the settings name one."""
    if not (shutil.which("curl") or shutil.which("wget")):
        pytest.skip("neither curl nor wget is installed")
    home.mkdir(exist_ok=True)
    token = home / "token"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o600)
    path = home / "pull.conf"
    found = Client(home, path)
    path.write_text("")
    path.chmod(0o600)
    usual = {
        "FEED": feed,
        "TOKEN_FILE": str(token),
        "PUBLIC_KEYS": str(public_key),
        "TARGET": str(found.target),
        "CONSUMER": "none",
        "FILES": "rpz.zone",
        "ALLOW_HTTP": "yes",
        "CANARY_TIME": "10",
        "AGAIN_AFTER": "0",
        "VERIFY": "minisign" if shutil.which("minisign") else "openssl",
        "FETCH_TIME": "1",
        "SLOW_TIME": "1",
    }
    found.set(**(usual | settings))
    return found


def only_with(folder: Path, *hidden: str) -> str:
    """A PATH on which everything is but the programs named."""
    folder.mkdir()
    for place in PATH.split(":"):
        if Path(place).is_dir():
            for program in Path(place).iterdir():
                link = folder / program.name
                if program.name not in hidden and not link.is_symlink():
                    link.symlink_to(program)
    assert not any((folder / name).exists() for name in hidden)
    return os.fspath(folder)
