"""A copy of a store on a disc that only reads: shown and verified, or told what has to be done first."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from review_queue import audit, seeds
from review_queue.records import Seed
from review_queue.store import FILE_NAME, Store, open_store

_BOUND = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
_ALONE = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--mount")
_COMMANDS = """
import sys
from qalqan.cli import cli
for line in sys.argv[2:]:
    print(line)
    cli.main([*line.split(), "--data", sys.argv[1]], standalone_mode=False)
"""
_READING = (
    "audit verify",
    "audit list",
    "queue list",
    "seeds list",
    "entries figures",
    "entries list",
    "entries proposals",
    "entries terms show",
    "overrides list",
    "providers list",
    "providers report",
    "rounds list",
    "guards check host a.example.kz",
    "evidence verify",
)


def _read_only(folder: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    """The commands were run where `folder` is a mount that only reads."""
    if not shutil.which("unshare"):
        pytest.skip("unshare is not installed")
    mounted = [*_ALONE, "sh", "-c", _BOUND, str(folder)]
    if subprocess.run([*mounted, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this account may not mount, not even for itself")
    return subprocess.run(
        [*mounted, sys.executable, "-c", _COMMANDS, str(folder), *commands],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.fixture
def written(tmp_path: Path) -> Store:
    """A store that is still open: what it holds is in the journal alone."""
    store = open_store(tmp_path / "data")
    seeds.add(store, [Seed("http://one.example/")])
    audit.append(store, actor="a", action="b", subject="c", detail={})
    return store


def _copied(store: Store, target: Path, *endings: str) -> Path:
    target.mkdir()
    for ending in endings:
        shutil.copy(f"{store.path}{ending}", target)
    return target


def test_what_shows_and_verifies_reads_a_copy_that_cannot_be_written(written: Store) -> None:
    with written:
        head = audit.head(written)
    before = written.path.read_bytes()

    read = _read_only(written.path.parent, *_READING)

    assert read.returncode == 0, read.stderr
    assert f"the log holds: 1 rows, head 1:{head.hash}" in read.stdout
    assert "hxxp://one[.]example/" in read.stdout
    assert written.path.read_bytes() == before
    assert [path.name for path in written.path.parent.iterdir()] == [FILE_NAME]


def test_what_lies_in_the_journal_is_read_too_or_missed_aloud(
    written: Store, tmp_path: Path
) -> None:
    with written:
        whole = _copied(written, tmp_path / "whole", "", "-wal", "-shm")
        partial = _copied(written, tmp_path / "partial", "", "-wal")

    read, refused = (_read_only(folder, "audit verify") for folder in (whole, partial))

    assert "the log holds: 1 rows" in read.stdout, read.stderr
    assert "StoreReadOnlyError" in refused.stderr
    assert f"because of {FILE_NAME}-wal beside it: copy both to a place" in refused.stderr


def test_a_copy_of_an_older_version_says_what_to_do_first(written: Store) -> None:
    with written:
        written.run("DELETE FROM _sqlite_migrations WHERE name = '0021_captures_address'")

    refused = _read_only(written.path.parent, "audit verify")

    assert "written by an older Qalqan, before 0021_captures_address" in refused.stderr
    assert "copy its folder to a place that can be written" in refused.stderr


def test_what_would_write_says_that_it_cannot(written: Store, tmp_path: Path) -> None:
    written.close()

    refused = _read_only(written.path.parent, f"export --out {tmp_path / 'lists'}")

    assert "cannot be opened for writing" in refused.stderr
    assert not (tmp_path / "lists").exists()
