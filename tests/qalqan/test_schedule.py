"""Rounds by the clock: planned times, no overlap, catching up, the alert, the record of each run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from qalqan.schedule import (
    EXIT_BUSY,
    RoundRunningError,
    UnknownRoundError,
    carry_out,
    due,
    last_planned,
    missing,
    named,
    planned_after,
    runs,
)
from qalqan.settings import Round
from review_queue import audit
from review_queue.errors import QalqanError
from review_queue.rounds import Outcome
from review_queue.store import open_store
from tests.conftest import TickingClock

HOLD = """
import pathlib, sys, time
from qalqan.schedule import carry_out
from qalqan.settings import Round

def work(one, counts):
    print("at work", flush=True)
    time.sleep(60)

carry_out(Round("nightly", "30 3 * * *", pathlib.Path("s"), pathlib.Path(sys.argv[1])), work, actor="a")
"""


def a_round(data: Path, **changes: Any) -> Round:
    return replace(Round("nightly", "30 3 * * *", data / "seeds.txt", data), **changes)


def nothing(_: Round, counts: dict[str, Any]) -> None:
    counts["crawl"] = {"pages": 3}


def fails(_: Round, __: dict[str, Any]) -> None:
    raise QalqanError("no page of http://s1.example/ could be fetched")


def stopped(_: Round, __: dict[str, Any]) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that carries out a round in the folder of the test."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    assert child.stdout.readline() == "at work\n"
    yield child
    child.kill()
    child.wait(200)
    child.stdout.close()


@pytest.mark.parametrize(
    "cron",
    ["30 3 * * *", "*/15 * * * *", "0 4 * * MON", "0 0 1 1,7 *", "0 5 13 * FRI", "0 6 L * *"],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Almaty", "Europe/Berlin"])
def test_the_last_time_is_the_one_before_the_next(tmp_path: Path, cron: str, zone: str) -> None:
    one = a_round(tmp_path, cron=cron, timezone=ZoneInfo(zone))
    start = datetime(2026, 10, 20, 1, 2, 3, 4, tzinfo=UTC)
    times = list(islice(planned_after(one, start), 300))

    assert times == sorted(set(times))
    for before, at in pairwise(times):
        assert last_planned(one, at) == at
        assert last_planned(one, at + timedelta(microseconds=1)) == at
        assert last_planned(one, at - timedelta(microseconds=1)) == before
        assert next(planned_after(one, before)) == at


def test_a_round_is_planned_in_its_own_time_zone(tmp_path: Path) -> None:
    one = a_round(tmp_path, timezone=ZoneInfo("Asia/Almaty"))

    assert next(planned_after(one, datetime(2026, 11, 1, tzinfo=UTC))) == datetime(
        2026, 11, 1, 22, 30, tzinfo=UTC
    )


def test_in_the_hour_a_clock_shows_twice_no_time_lies_in_the_past(tmp_path: Path) -> None:
    one = a_round(tmp_path, cron="30 2 * * *", timezone=ZoneInfo("Europe/Berlin"))
    second_time = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 for the second time

    assert next(planned_after(one, second_time)) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert last_planned(one, second_time) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_run_is_kept_with_its_times_outcome_and_counts(
    tmp_path: Path, clock: TickingClock
) -> None:
    def work(_: Round, counts: dict[str, Any]) -> None:
        counts["crawl"] = {"pages": 7, "errors": {"dns": 1}}
        clock.move(hours=2)

    run = carry_out(a_round(tmp_path), work, actor="timer", clock=clock)

    assert list(runs(tmp_path)) == [run]
    assert run.outcome is Outcome.DONE
    assert run.counts == {"crawl": {"pages": 7, "errors": {"dns": 1}}}
    assert (run.started_at[:16], run.ended_at[:16]) == ("2026-11-01T09:00", "2026-11-01T11:00")
    with open_store(tmp_path) as store:
        audit.verify(store)
        assert [row.action for row in audit.rows(store)] == ["round.ended", "round.begun"]
        assert {row.actor for row in audit.rows(store)} == {"timer"}


def test_a_failed_run_is_kept_with_its_reason_and_no_live_link(
    tmp_path: Path, clock: TickingClock
) -> None:
    run = carry_out(a_round(tmp_path), fails, actor="a", clock=clock)

    assert run.outcome is Outcome.FAILED
    assert run.error == "no page of hxxp://s1[.]example/ could be fetched"
    assert list(runs(tmp_path)) == [run]


def test_a_fault_of_the_program_is_recorded_and_not_hidden(
    tmp_path: Path, clock: TickingClock
) -> None:
    def faulty(_: Round, __: dict[str, Any]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_out(a_round(tmp_path), faulty, actor="a", clock=clock)

    (run,) = runs(tmp_path)
    assert (run.outcome, run.error[:17]) == (Outcome.FAILED, "ZeroDivisionError")


def test_rounds_that_share_a_folder_keep_their_runs_apart(
    tmp_path: Path, clock: TickingClock
) -> None:
    first, second = a_round(tmp_path), a_round(tmp_path, name="weekly")
    for one in (first, second, second, first):
        carry_out(one, nothing, actor="a", clock=clock)

    assert [run.name for run in runs(tmp_path)] == ["nightly", "weekly", "weekly", "nightly"]
    assert {run.outcome for run in runs(tmp_path)} == {Outcome.DONE}


def test_runs_are_found_behind_thousands_of_other_rows(tmp_path: Path, clock: TickingClock) -> None:
    carry_out(a_round(tmp_path), nothing, actor="a", clock=clock)
    with open_store(tmp_path, clock=clock) as store, store.atomic():
        for number in range(4500):
            audit.append(store, actor="x", action="case.opened", subject=str(number), detail={})
    seen = runs(tmp_path)

    assert next(seen).outcome is Outcome.DONE
    assert next(seen, None) is None


def test_a_second_run_in_the_same_folder_is_refused_with_a_code_of_its_own(
    tmp_path: Path, at_work: subprocess.Popen[str]
) -> None:
    other = a_round(tmp_path, name="weekly")

    with pytest.raises(RoundRunningError, match="another round is at work") as refused:
        carry_out(other, nothing, actor="a")

    assert refused.value.exit_code == EXIT_BUSY == 75
    assert [(run.name, run.outcome) for run in runs(tmp_path)] == [("nightly", Outcome.RUNNING)]
    assert at_work.poll() is None


def test_a_run_that_is_killed_shows_as_dead_is_due_again_and_blocks_nothing(
    tmp_path: Path, at_work: subprocess.Popen[str]
) -> None:
    os.kill(at_work.pid, signal.SIGKILL)
    at_work.wait(200)
    one = a_round(tmp_path)

    assert [run.outcome for run in runs(tmp_path)] == [Outcome.DIED]
    assert due([one], datetime.now(UTC)) == [one]
    carry_out(one, nothing, actor="a")
    assert [run.outcome for run in runs(tmp_path)] == [Outcome.DONE, Outcome.DIED]


def test_a_missed_round_is_due_once_however_many_times_were_missed(
    tmp_path: Path, clock: TickingClock
) -> None:
    one = a_round(tmp_path)
    assert due([one], clock()) == [one]  # never ran

    carry_out(one, nothing, actor="a", clock=clock)
    assert due([one], clock()) == []
    clock.move(hours=18)
    assert due([one], clock()) == []  # 03:00
    clock.move(hours=1)
    assert due([one], clock()) == [one]
    clock.move(days=9)
    assert due([one], clock()) == [one]
    carry_out(one, nothing, actor="a", clock=clock)
    assert due([one], clock()) == []


def test_a_failed_round_waits_for_its_next_time_and_a_stopped_one_does_not(
    tmp_path: Path, clock: TickingClock
) -> None:
    failing, halted = a_round(tmp_path / "a"), a_round(tmp_path / "b", name="halted")
    carry_out(failing, fails, actor="a", clock=clock)
    with pytest.raises(KeyboardInterrupt):
        carry_out(halted, stopped, actor="a", clock=clock)

    assert [run.outcome for run in runs(halted.data)] == [Outcome.STOPPED]
    assert due([failing, halted], clock()) == [halted]


def test_a_round_is_missing_once_its_grace_period_is_over(
    tmp_path: Path, clock: TickingClock
) -> None:
    one = a_round(tmp_path, grace=timedelta(hours=2))
    carry_out(one, nothing, actor="a", clock=clock)  # 1 November, 09:00

    clock.move(hours=20)  # 05:00: planned for 03:30, within the grace period
    assert missing([one], clock()) == []
    clock.move(minutes=31)
    (found,) = missing([one], clock())
    assert found.planned_at == datetime(2026, 11, 2, 3, 30, tzinfo=UTC)
    assert timedelta(hours=2) < found.late < timedelta(hours=2, minutes=2)
    assert found.last is not None
    assert found.last.outcome is Outcome.DONE
    carry_out(one, nothing, actor="a", clock=clock)
    assert missing([one], clock()) == []


def test_a_round_that_never_ran_or_always_fails_is_missing(
    tmp_path: Path, clock: TickingClock
) -> None:
    one = a_round(tmp_path)
    assert [found.last for found in missing([one], clock())] == [None]

    carry_out(one, fails, actor="a", clock=clock)
    (found,) = missing([one], clock())
    assert found.last is not None
    assert found.last.outcome is Outcome.FAILED


def test_a_name_nobody_gave_is_told_with_those_there_are(tmp_path: Path) -> None:
    one = a_round(tmp_path)

    assert named([one], "nightly") is one
    with pytest.raises(UnknownRoundError, match="no round 'x'; there are: nightly"):
        named([one], "x")
