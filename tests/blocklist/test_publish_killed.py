"""What a reader finds in the folder after an export was killed with SIGKILL, at every step it takes."""

import hashlib
import json
import random
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from blocklist import lint
from blocklist.deltas import replay, since
from blocklist.entries import admit
from blocklist.formats import FORMATS
from review_queue.records import Entry
from review_queue.store import open_store
from tests.blocklist import killing
from tests.blocklist.approvals import approve
from tests.blocklist.killed_exports import signature, signed_export
from tests.blocklist.samples import HEADING, entry, lines_of

RANDOM_KILLS = 25
MENDED = 0.2  # so many of the kills are followed by an export that is let be


def _killer(
    data: Path, out: Path, *, in_parts: bool
) -> AbstractContextManager[Callable[[str], int]]:
    """A function that has an export killed as told, and gives its exit code."""
    what = "parts" if in_parts else "whole"
    return killing.killer("tests.blocklist.killed_exports", str(data), str(out), what)


def _grow(data: Path, name: str) -> None:
    with open_store(data) as store:
        approve(store, name)
        admit(store)


def _check_signed(folder: Path) -> dict[str, Any]:
    """The manifest of a list, which is signed and whose files are those it names."""
    signed = (folder / "manifest.json").read_bytes()
    manifest: dict[str, Any] = json.loads(signed)
    for name, signature_of in signature(signed).items():
        assert (folder / name).read_bytes() == signature_of
    for name, found in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == found["sha256"]
    return manifest


def _state(out: Path) -> tuple[int, dict[str, int]]:
    """The serial and how many entries each file has of what a reader finds; every file is the manifest's, it is signed.

    Every file passes the last check here, so none is cut off or blank.
    """
    served = out / "current"
    for part in served.glob("part-*"):
        _check_signed(part)
    manifest = _check_signed(served)
    for name in manifest["files"]:
        assert (out / name).read_bytes() == (served / name).read_bytes()
    counts: dict[str, int] = {}
    for name in manifest["formats"]:
        for file in FORMATS[name].files:
            path = served / file
            with path.open(encoding="ascii", errors="surrogateescape", newline="\n") as lines:
                counts[file] = lint.check(name, file, lines, serial=manifest["serial"])
    return manifest["serial"], {file: counts[file] for file in _files_of_hosts() if file in counts}


@cache
def _files_of_hosts() -> tuple[str, ...]:
    """The files whose last check counts exact hosts, which all entries here are."""
    two = (entry("a.example"), entry("b.example"))
    return tuple(
        file
        for name, form in FORMATS.items()
        for file in form.files
        if [_count(name, file, two[:1]), _count(name, file, two)] == [1, 2]
    )


def _count(name: str, file: str, entries: Sequence[Entry]) -> int:
    lines = (f"{line}\n" for line in lines_of(name, entries, file))
    return lint.check(name, file, lines, serial=HEADING.serial)


@pytest.mark.parametrize("in_parts", [False, True], ids=["whole", "in parts"])
def test_killed_at_any_step_readers_have_one_whole_export(tmp_path: Path, in_parts: bool) -> None:  # noqa: FBT001
    data, out = tmp_path / "data", tmp_path / "lists"
    _grow(data, "n0.example")
    signed_export(data, out, in_parts=in_parts)
    chance = random.Random(7)  # noqa: S311  # a sample, no secret
    steps, switched, approved = 0, 0, 1
    before, counts = _state(out)

    with _killer(data, out, in_parts=in_parts) as kill:
        while True:
            if set(counts.values()) == {approved}:
                _grow(data, f"n{approved}.example")
                approved += 1
            listed = (out / "entries.jsonl").read_text().splitlines(keepends=True)
            code = kill(f"step {steps + 1}")
            if code == 0:
                break
            steps += 1
            assert code == -signal.SIGKILL
            serial, found = _state(out)
            assert serial >= before
            is_switched = serial > before
            switched += is_switched
            assert found == (dict.fromkeys(counts, approved) if is_switched else counts)
            leads_to = "".join(replay(listed, since(out, before)))
            assert leads_to == (out / "entries.jsonl").read_text()
            if is_switched or chance.random() < MENDED:  # else the next one finds what was left
                now = signed_export(data, out, in_parts=in_parts).serial
                assert now > serial
                serial, found = _state(out)
                assert serial == now
                assert set(found.values()) == {approved}
            before, counts = serial, found

    print(f"killed at {steps} steps, {switched} after the switch")  # noqa: T201  # pytest -s
    assert steps > 20
    assert list(out.rglob("*.next")) == []


def test_killed_at_any_moment_the_serial_never_falls(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "lists"
    _grow(data, "casino.example")
    last = signed_export(data, out, in_parts=False).serial
    moments = random.Random(7)  # noqa: S311  # moments, not secrets

    with _killer(data, out, in_parts=False) as kill:
        for _ in range(RANDOM_KILLS):
            assert kill(f"moment {moments.uniform(0.0, 0.25):.4f}") == -signal.SIGKILL
            serial, counts = _state(out)
            assert serial >= last
            assert set(counts.values()) == {1}
            last = serial

    assert signed_export(data, out, in_parts=False).serial > last
    assert set(_state(out)[1].values()) == {1}
