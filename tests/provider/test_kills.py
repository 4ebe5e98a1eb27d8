"""Killed at any moment, the client leaves the last good list or the new one, whole; the next run ends the matter."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.provider.clients import BUSY, OK, PATH, ROLLED_BACK, only_with
from tests.provider.conftest import World
from tests.provider.feeds import only, slow

KILLS = int(os.environ.get("QALQAN_CLIENT_KILLS", "15"))


def killed_after(world: World, seconds: float, *, alone: bool) -> None:
    """A run is killed at that moment, alone or with all that it started."""
    process = subprocess.Popen(
        world.client.command("--now"),
        env={"PATH": PATH},
        cwd=world.client.home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    if alone:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def next_run(world: World) -> subprocess.CompletedProcess[str]:
    """The run after one that was killed; what that one had started may hold its lock for a moment."""
    end = time.monotonic() + 10
    while True:
        done = world.client.run("--now")
        if done.returncode != BUSY or time.monotonic() > end:
            return done
        time.sleep(0.1)


def loaded(world: World) -> str:
    """What the program of these tests has loaded: a copy of the list."""
    return (world.client.home / "loaded").read_text()


def in_force(world: World) -> str:
    return (world.client.current / "rpz.zone").read_text()


@pytest.fixture
def program(world: World) -> Path:
    """A program that copies what it is told to load; returns a folder of lists with list 2 in force."""
    copy = world.client.home / "loaded"
    world.client.set(
        RELOAD=f'cp "$LIST/rpz.zone" {copy}', CANARY_KIND="dns", CANARY="true", RECEIPTS="no"
    )
    shutil.rmtree(world.client.target)
    assert world.client.run().returncode == OK
    kept = world.client.home / "kept"
    shutil.copytree(world.client.target, kept, symlinks=True)
    return kept


@pytest.mark.parametrize("is_good", [True, False], ids=["a good list", "a bad list"])
def test_a_run_killed_at_any_moment_leaves_a_whole_list_and_the_next_one_ends_it(
    *, is_good: bool, program: Path, world: World
) -> None:
    world.serve(3)
    if not is_good:
        world.client.set(CANARY='test "$SERIAL" -lt 3', CANARY_TIME="0")
    started = time.monotonic()
    world.client.run()
    whole_s = time.monotonic() - started
    moments = random.Random(7)  # noqa: S311  # the same moments in every run
    seen = set()
    for number in range(KILLS):
        shutil.rmtree(world.client.target)
        shutil.copytree(program, world.client.target, symlinks=True)
        # stratified: every part of a run is met
        killed_after(world, whole_s * (number + moments.random()) / KILLS, alone=number % 2 == 0)

        assert world.client.is_whole()
        assert (world.client.target / "good").readlink().name[:10] in {"0000000002", "0000000003"}
        seen.add(world.client.serial)
        done = next_run(world)
        assert (done.returncode, world.client.serial) == (
            (OK, 3) if is_good else (ROLLED_BACK, 2)
        ), done.stderr
        assert world.client.is_whole()
        assert loaded(world) == in_force(world)
        assert not (world.client.target / "pending").exists()
    assert 2 in seen
    world.client.run()  # what was still written when the last one began is gone now
    assert not list(world.client.target.glob(".work.*"))


def test_two_runs_never_work_at_once(world: World) -> None:
    world.serve(3)
    world.client.set(RELOAD="sleep 1.5")
    first = subprocess.Popen(world.client.command(), env={"PATH": PATH}, cwd=world.client.home)
    while not (world.client.target / "pending").exists():
        time.sleep(0.02)

    second = world.client.run()

    assert second.returncode == BUSY
    assert first.wait(timeout=20) == OK


def test_a_lock_dies_with_its_holder_and_not_with_what_the_holder_started(world: World) -> None:
    world.serve(3)
    started = world.client.home / "started"
    world.client.set(RELOAD=f"touch {started}; sleep 5")
    killed = subprocess.Popen(world.client.command(), env={"PATH": PATH}, cwd=world.client.home)
    while not started.exists():
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    world.client.set(RELOAD="true")

    done = world.client.run()

    assert done.returncode == OK, done.stderr
    assert "the last run was cut off" in done.stderr


def test_a_lock_dies_with_its_holder_and_not_with_the_body_it_waits_for(world: World) -> None:
    world.serve(3)
    world.client.set(FETCH_TIME="20", SLOW_TIME="20")
    world.feed.asked.clear()
    with world.proxy.spoiling(only("rpz.zone", slow)):
        killed = subprocess.Popen(world.client.command(), env={"PATH": PATH}, cwd=world.client.home)
        while "/v1/rpz.zone" not in world.feed.asked:
            time.sleep(0.02)
        time.sleep(0.3)
        killed.kill()
        killed.wait()

    assert world.client.run().returncode == OK
    assert world.client.serial == 3


def test_a_small_system_is_enough(world: World, tmp_path: Path) -> None:
    path = only_with(
        tmp_path / "bin", "flock", "timeout", "curl", "minisign", "logger", "dig", "kdig"
    )
    world.client.set(VERIFY="openssl", RELOAD="sleep 1.5", LOG="syslog")
    world.serve(3)
    first = subprocess.Popen(world.client.command(), env={"PATH": path}, cwd=world.client.home)
    while not (world.client.target / "pending").exists():
        time.sleep(0.02)

    second = world.client.run(path=path)

    assert second.returncode == BUSY
    assert "another run is at work" in second.stderr
    assert (first.wait(timeout=20), world.client.serial) == (OK, 3)
    lock = world.client.target / ".lock.d"
    assert not lock.exists()
    lock.mkdir()
    (lock / "pid").write_text(f"{first.pid}\n")  # of a run that was killed
    assert world.client.run(path=path).returncode == OK


def test_old_lists_are_kept_for_a_while_and_no_longer(world: World) -> None:
    for number in range(6):
        (world.client.target / "lists" / f"000000000{number % 2}-{number}").mkdir()
    world.serve(3)

    assert world.client.run().returncode == OK

    kept = sorted(path.name[:10] for path in (world.client.target / "lists").iterdir())
    assert kept[-2:] == ["0000000002", "0000000003"]
    assert len(kept) == 4
