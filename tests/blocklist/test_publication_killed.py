"""What a reader finds after a publication was killed with SIGKILL: a whole list whose signatures verify."""

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from blocklist import heartbeat, served
from blocklist.consumers import CONSUMERS, programs
from blocklist.publication import Outcome
from blocklist.served import Served
from review_queue.store import open_store
from tests.blocklist import killing
from tests.blocklist.holding import damage, lifted
from tests.blocklist.killed_publications import HELD, published, signers_of
from tests.blocklist.publications import host, key_at, listed

ROOT = Path(__file__).parents[2]
RANDOM_KILLS = 8
STRIDE = 5


def killer(data: Path, out: Path) -> AbstractContextManager[Callable[[str], int]]:
    """A function that has a publication killed as told, and gives its exit code."""
    return killing.killer("tests.blocklist.killed_publications", str(data), str(out))


def grow(data: Path, number: int) -> None:
    """One entry more is to be published."""
    with open_store(data) as store:
        listed(store, host(number))


def state(data: Path, out: Path) -> tuple[int, int, str]:
    """Serial and number of entries of what is served, and until when its heartbeat says it holds.

    Every file is the manifest's, the manifest is the one the store knows, and every signature verifies.
    """
    signers = signers_of(data)
    whole = served.served(out)
    assert whole
    with open_store(data) as store:
        served.check_store(store, whole)
        assert served.faults(store, whole, signers) == []
    lists: list[Served] = [whole, *served.parts(whole).values()]
    assert len(lists) == 2
    assert {one.serial for one in lists} == {whole.serial}
    until = {heartbeat.until(one, signers) for one in lists}
    assert "" not in until
    assert served.proofs(whole)["serial"] == whole.serial
    for name in whole.found["files"]:
        assert (out / name).resolve() == (whole.folder / name).resolve()
    assert json.loads((out / "manifest.json").read_bytes())["serial"] == whole.serial
    return whole.serial, whole.found["entries"], max(until)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A store with one entry that is published, and the folder it is served from."""
    key_at(tmp_path / "list.key")
    data, out = tmp_path / "data", tmp_path / "lists"
    grow(data, 0)
    assert published(data, out, "none") is Outcome.PUBLISHED
    return data, out


def test_killed_at_steps_of_a_publication_readers_have_one_whole_signed_list(
    folders: tuple[Path, Path],
) -> None:
    data, out = folders
    kills, switched, step = 0, 0, 1
    with killer(data, out) as kill:
        while True:
            before, entries, _ = state(data, out)
            grow(data, step)
            # not every step, for the time it takes: benchmarks/publish_kills.py takes all of them
            code = kill(f"step {step} none")
            if code == 0:
                break
            assert code == -signal.SIGKILL
            kills += 1
            step += STRIDE
            serial, found, _ = state(data, out)
            assert (
                before <= serial <= before + kills
            )  # one killed before the switch has used up its serial
            is_switched = serial > before
            switched += is_switched
            assert found > entries if is_switched else found == entries

    print(f"killed at {kills} steps, {switched} after the switch")  # noqa: T201  # pytest -s
    assert kills > 10


def test_killed_at_steps_of_removals_alone_readers_have_one_whole_signed_list_and_nothing_new(
    folders: tuple[Path, Path],
) -> None:
    data, out = folders
    lifts, step, code = 0, 1, -signal.SIGKILL
    with open_store(data) as store:
        listed(store, *map(host, range(1, 50)))
    assert published(data, out, "none") is Outcome.PUBLISHED
    grow(data, 99)
    damage(data)
    with killer(data, out) as kill:
        while code == -signal.SIGKILL:
            before, entries, _ = state(data, out)
            with open_store(data) as store:
                lifted(store, host(lifts))
            code = kill(f"step {step} none")
            lifts += 1
            step += 7
            serial, found, _ = state(data, out)
            assert found == (50 - lifts if serial > before else entries)
            assert host(99) not in (out / "entries.jsonl").read_text()

    print(f"killed at {lifts - 1} steps")  # noqa: T201  # pytest -s
    assert lifts > 10
    assert (code, found) == (HELD, 50 - lifts)


def test_killed_at_any_step_of_a_heartbeat_readers_have_the_old_or_the_new_one(
    folders: tuple[Path, Path],
) -> None:
    data, out = folders
    serial, entries, last = state(data, out)
    steps = 0
    with killer(data, out) as kill:
        # before that many the candidate is written and dropped, which is the test above
        for step in range(2, 400, STRIDE):
            if kill(f"step {step} none") == 0:
                break
            steps += 1
            now, found, until = state(data, out)
            assert (now, found) == (serial, entries)
            assert until >= last
            last = until

    print(f"killed at {steps} steps")  # noqa: T201  # pytest -s
    assert steps > 7


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for the folders of consumers, which some of them read as nobody."""
    with tempfile.TemporaryDirectory(prefix="qalqan-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_killed_while_a_list_is_proved_nothing_is_published_and_no_program_is_left(
    folders: tuple[Path, Path], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := CONSUMERS["dnsmasq"].why_not_here():
        pytest.skip(reason)
    monkeypatch.setenv("TMPDIR", str(place))
    data, out = folders
    moments = random.Random(11)  # noqa: S311  # moments, not secrets
    grow(data, 1)
    last = state(data, out)[0]
    with killer(data, out) as kill:
        for _ in range(RANDOM_KILLS):
            kill(f"moment {moments.uniform(0.0, 0.3):.4f} dnsmasq")
            serial, _, _ = state(data, out)
            assert serial >= last
            last = serial

    assert left_in(place) == []


def test_no_consumer_outlives_the_process_that_started_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system is told to kill them: a process that is killed cannot do it any more."""
    if not programs.path_of("setpriv"):
        pytest.skip("setpriv is not installed (Debian: apt install util-linux)")
    monkeypatch.setenv("TMPDIR", str(place))
    command = [sys.executable, "-m", "tests.blocklist.held_consumers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as program:
        assert program.stdout is not None
        held = program.stdout.readline().split()
        answers = {program.stdout.readline() for _ in held}
        running = running_in(place)
        program.kill()

    assert answers == {f"{key} True\n" for key in held}
    assert len(running) >= len(held)
    assert left_in(place) == []


def test_a_consumer_whose_starter_has_died_meanwhile_is_not_run(tmp_path: Path) -> None:
    """It has another parent by then: here a shell, which stands for the system's first process."""
    if not programs.path_of("setpriv"):
        pytest.skip("setpriv is not installed (Debian: apt install util-linux)")
    ours, adopted = tmp_path / "ours", tmp_path / "adopted"

    subprocess.run(programs.tied(["/bin/touch", str(ours)]), check=True)
    subprocess.run(
        ["/bin/sh", "-c", '"$@"; true', "sh", *programs.tied(["/bin/touch", str(adopted)])],
        check=True,
    )

    assert (ours.exists(), adopted.exists()) == (True, False)


def left_in(place: Path) -> list[str]:
    """The programs that run from settings in the folder, once those that were killed have had time to end."""
    for _ in range(60):
        if not running_in(place):
            return []
        time.sleep(0.05)
    return running_in(place)


def running_in(place: Path) -> list[str]:
    """The programs that run with the folder in their command line."""
    return [line for line in _command_lines() if str(place) in line]


def _command_lines() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:  # it has ended meanwhile
            continue
