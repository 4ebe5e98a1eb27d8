"""How programs are started: folders and ports that are theirs alone, and nothing left of them."""

import os
import shutil
import socket
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from blocklist.consumers import programs


def test_what_a_killed_process_left_of_its_folders_is_gone_with_the_next() -> None:
    with programs.own_folder() as first:
        left = first.parent / f"{first.name}-left"
        left.mkdir()
        (left / ".lock").touch()
        try:
            with programs.own_folder():
                assert not left.exists()
                assert first.exists()  # somebody holds it
        finally:
            shutil.rmtree(left, ignore_errors=True)


def test_a_folder_that_a_stranger_made_with_a_pipe_for_its_lock_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    theirs = tmp_path / "qalqan-consumer-theirs"
    theirs.mkdir()
    os.mkfifo(theirs / ".lock")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    linked = tmp_path / "qalqan-consumer-linked"
    linked.mkdir()
    (linked / ".lock").symlink_to(elsewhere)

    with programs.own_folder() as own:
        assert {*tmp_path.iterdir()} == {elsewhere, linked, own}


def test_a_port_is_of_loopback_and_above_1023() -> None:
    ports = [programs.free_port() for _ in range(20)]

    assert min(ports) > 1023
    with socket.socket() as one:
        one.bind(("127.0.0.1", ports[-1]))


def test_a_port_is_of_nobody_who_takes_datagrams_either() -> None:
    with ExitStack() as opened:
        taken = set()
        for _ in range(400):  # of 28,000, so 500 looks would find one of them by chance
            one = opened.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            one.bind(("127.0.0.1", 0))
            taken.add(one.getsockname()[1])

        assert not taken & {programs.free_port() for _ in range(500)}


def test_a_batch_program_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    begun = time.monotonic()

    with pytest.raises(programs.DoesNotStartError, match="did not end in time"):
        programs.told_by(
            [programs.path_of("sh"), "-c", "sleep 60 & sleep 60"], tmp_path, begun + 0.5
        )
