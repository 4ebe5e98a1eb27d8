"""What must not come of a bad hour: a full disk, a false alarm, a list that waits for a year, a lost receipt."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.provider import feeds
from tests.provider.clients import (
    NEITHER,
    NOT_FETCHED,
    OK,
    ROLLED_BACK,
    SETTINGS,
    STALE,
    only_with,
)
from tests.provider.conftest import World
from tests.provider.feeds import Answer, Handler, only

GOES_ON = 'test "$SERIAL" -lt 3'


def test_a_list_that_is_rolled_back_again_and_again_fills_no_disk(world: World) -> None:
    world.client.set(RELOAD="true", CANARY_KIND="dns", CANARY=GOES_ON, CANARY_TIME="0", KEPT="2")
    world.serve(3)

    for _ in range(5):
        assert world.client.run("--now").returncode == ROLLED_BACK

    kept = list((world.client.target / "lists").iterdir())
    assert len(kept) == 3, kept  # the one in force and KEPT
    assert world.client.serial == 2


def test_a_list_that_was_rolled_back_by_a_clock_that_was_ahead_is_tried_again(world: World) -> None:
    world.client.set(RELOAD="true", CANARY_KIND="dns", CANARY=GOES_ON, CANARY_TIME="0")
    world.serve(3)
    assert world.client.run().returncode == ROLLED_BACK
    failed = world.client.target / "failed"
    at, digest = failed.read_text().split()
    world.client.set(CANARY="true")
    assert world.client.run().returncode == ROLLED_BACK  # not before RETRY_AFTER
    failed.write_text(f"{int(at) + 365 * 86400} {digest}\n")

    assert world.client.run().returncode == OK
    assert world.client.serial == 3


def test_a_new_list_between_a_manifest_and_its_signature_is_no_false_alarm(world: World) -> None:
    world.feed.receipts.clear()
    turned: list[Path] = []
    resting = world.publisher.lists / "snapshots" / "0000000002" / "manifest.json"

    def turn(_path: str, answer: Answer, _handler: Handler) -> Answer:
        if turned:
            return answer
        turned.append(world.serve(3))
        return Answer(200, {}, resting.read_bytes())

    (world.client.current / "etag").write_text("")
    with world.proxy.spoiling(only("manifest.json", turn)):
        done = world.client.run()

    assert (done.returncode, world.client.serial) == (OK, 3), done.stderr
    assert [receipt["outcome"] for receipt in world.feed.receipts] == ["applied"]


def test_a_last_good_list_that_works_no_longer_does_not_keep_the_next_one_out(
    world: World,
) -> None:
    """It may block what must go on working, and the next one no longer."""
    world.client.set(
        RELOAD="true", CANARY_KIND="dns", CANARY='test "$SERIAL" -ge 3', CANARY_TIME="0"
    )
    (world.client.target / "pending").write_text("2\n")  # of a run that was killed
    stuck = world.client.run()
    assert (stuck.returncode, world.client.serial) == (NEITHER, 2)
    assert "look at the program" in stuck.stderr
    world.serve(3)

    assert world.client.run().returncode == OK
    assert world.client.serial == 3
    assert not (world.client.target / "pending").exists()


def test_a_last_good_list_that_works_again_after_the_new_one_failed_leaves_nobody_alarmed(
    world: World,
) -> None:
    """The program may have been starting yet when the last good list was tried."""
    seen = world.client.home / "seen"
    canary = f'if [ "$SERIAL" = 3 ]; then touch {seen}; exit 1; fi; test -e {seen}'
    world.client.set(RELOAD="true", CANARY_KIND="dns", CANARY=canary, CANARY_TIME="0")
    (world.client.target / "pending").write_text("2\n")  # of a run that was killed
    world.serve(3)

    done = world.client.run()

    assert (done.returncode, world.client.serial) == (ROLLED_BACK, 2), done.stderr
    assert "look at the program" not in done.stderr


@pytest.mark.parametrize(("works_with_none", "code"), [("true", STALE), ("false", NEITHER)])
def test_of_a_program_that_works_with_the_list_that_was_emptied_nobody_is_told_to_look_at_it(
    world: World, works_with_none: str, code: int
) -> None:
    canary = f'test "$SERIAL" = 0 && {works_with_none}'
    world.client.set(RELOAD="true", CANARY_KIND="dns", CANARY=canary, CANARY_TIME="0", STALE="drop")
    (world.client.target / "pending").write_text("2\n")
    (world.client.current / "not_after").write_text("2001-01-01T00:00:00Z\n")
    world.client.set(FEED="http://127.0.0.1:9/v1")

    done = world.client.run()

    assert (done.returncode, world.client.serial) == (code, 0), done.stderr
    assert ("look at the program" in done.stderr) == (code == NEITHER)


def test_where_neither_works_that_is_said_and_nothing_is_forgotten(world: World) -> None:
    world.client.set(RELOAD="true", CANARY_KIND="dns", CANARY="false", CANARY_TIME="0")
    world.serve(3)

    for _ in range(2):
        done = world.client.run("--now")
        assert (done.returncode, world.client.serial) == (NEITHER, 2), done.stderr
        assert (world.client.target / "pending").exists()
    world.feed.asked.clear()
    assert (
        world.client.run().returncode == NEITHER
    )  # by the clock the same list is not fetched anew
    assert "/v1/rpz.zone" not in world.feed.asked
    world.client.set(FEED="http://127.0.0.1:9/v1")
    unreachable = world.client.run("--now")
    assert (unreachable.returncode, world.client.serial) == (NEITHER, 2), unreachable.stderr


@pytest.mark.parametrize("fetcher", ["curl", "wget"])
@pytest.mark.parametrize("status", [200, 403, 511])
def test_a_receipt_that_a_portal_took_is_sent_again(
    world: World, fetcher: str, status: int
) -> None:
    world.client.set(FETCHER=fetcher)
    world.serve(3)
    world.feed.receipts.clear()
    with world.proxy.spoiling(only("receipts", feeds.instead(feeds.PAGE, status))):
        assert world.client.run().returncode == OK
    assert json.loads((world.client.target / "receipt.json").read_text())["serial"] == 3
    world.feed.receipts.clear()  # the one the portal answered for

    assert world.client.run().returncode == OK
    assert [(receipt["serial"], receipt["outcome"]) for receipt in world.feed.receipts] == [
        (3, "applied")
    ]
    assert not (world.client.target / "receipt.json").exists()


@pytest.mark.parametrize(
    "says",
    [
        "echo 'BusyBox v1.35.0 multi-call binary.' >&2; exit 1",
        "echo 'GNU Wget2 2.1.0 - multithreaded metalink/file/website downloader'",
    ],
    ids=["busybox", "wget2"],
)
def test_a_wget_that_cannot_do_it_is_named(world: World, tmp_path: Path, says: str) -> None:
    path = only_with(tmp_path / "bin", "curl", "wget")
    (Path(path) / "wget").write_text(f"#!/bin/sh\n{says}\n")
    (Path(path) / "wget").chmod(0o755)

    done = world.client.run(path=path)

    assert (done.returncode, "not GNU Wget 1" in done.stderr) == (SETTINGS, True), done.stderr


def test_wget_tells_why_there_was_no_answer_and_which_one_there_was(world: World) -> None:
    world.client.set(FETCHER="wget")
    (world.client.home / "token").write_text("another\n")
    refused = world.client.run()
    assert (refused.returncode, "answered 401" in refused.stderr) == (NOT_FETCHED, True)
    world.client.set(FEED="http://127.0.0.1:9/v1")
    silent = world.client.run()
    assert (silent.returncode, "refused" in silent.stderr) == (NOT_FETCHED, True), silent.stderr


def test_a_full_disk_is_no_fault_of_the_list(world: World, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(disk)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here")
    try:
        world.client.set(TARGET=str(disk / "target"))
        assert world.client.run().returncode == OK
        world.serve(3)
        current, filler = disk / "target/current", disk / "filler"
        for left in (0, *range(20, 40, 4), 48, 56):
            filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - left * 1024))
            done = world.client.run()
            filler.unlink()
            assert done.returncode == NOT_FETCHED, (left, done.stderr)
            assert current.readlink().name.startswith("0000000002")
        assert "rolled_back" not in {receipt["outcome"] for receipt in world.feed.receipts}
        assert "refused" not in {receipt["outcome"] for receipt in world.feed.receipts}
        assert world.client.run().returncode == OK
        assert current.readlink().name.startswith("0000000003")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_clock_that_is_set_back_does_not_hold_a_run(world: World, tmp_path: Path) -> None:
    path = only_with(tmp_path / "bin", "date")
    clock, real = Path(path) / "date", tmp_path / "clock"
    clock.write_text(f"#!/bin/sh\nat=$(($(cat {real}) - 1000))\necho $at | tee {real}\n")
    clock.chmod(0o755)
    real.write_text(str(int(datetime.now(UTC).timestamp())))
    world.client.set(RELOAD="true", CANARY_KIND="dns", CANARY=GOES_ON, CANARY_TIME="1")
    world.serve(3)

    assert world.client.run(path=path).returncode == ROLLED_BACK
