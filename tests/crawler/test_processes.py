"""Who holds a lease, and is he alive."""

import os
import subprocess
import sys

from crawler.processes import (
    allow_many_files,
    is_alive,
    memory_held_mb,
    owner_of,
    peak_memory_mb,
)


def test_this_process_is_alive_and_a_later_one_of_the_same_id_is_another() -> None:
    owner = owner_of(os.getpid())

    assert is_alive(owner)
    assert not is_alive(owner.partition(":")[0] + ":12345")


def test_a_process_that_has_ended_is_dead_even_while_nobody_has_taken_note() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = owner_of(child.pid)
    assert is_alive(owner)

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert not is_alive(owner)
    child.communicate()
    assert not is_alive(owner)


def test_what_names_no_process_is_dead() -> None:
    assert not is_alive("")
    assert not is_alive("officer:1")


def test_memory_is_measured_and_files_are_allowed() -> None:
    allow_many_files()

    assert 5 < peak_memory_mb() < 100_000


def test_the_memory_of_a_process_is_that_of_its_children_too() -> None:
    code = "held = b'x' * 60_000_000; print('ready', flush=True); input()"
    before = memory_held_mb(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"

        assert memory_held_mb(os.getpid()) > before + 55
        child.communicate(b"\n")
    assert memory_held_mb(child.pid) == 0
