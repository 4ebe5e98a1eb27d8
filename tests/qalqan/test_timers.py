"""What systemd and cron are told of a round: the same times, units that systemd's own verifier takes."""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from qalqan.schedule import planned_after
from qalqan.settings import OptionValue, Round
from qalqan.timers import NotSayableError, crontab_line, on_calendar, service, timer

NOW = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = timedelta(days=366)
with_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed"
)


def a_round(**changes: Any) -> Round:
    return replace(Round("nightly", "30 3 * * *", Path("/srv/seeds"), Path("/srv/data")), **changes)


def elapses(event: str, count: int) -> set[datetime]:
    """The first `count` times systemd itself finds for the event."""
    said = subprocess.run(
        [
            *("systemd-analyze", "calendar", f"--iterations={count}"),
            *(f"--base-time={NOW:%F %T} UTC", event),
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
    ).stdout
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", said)
    return {datetime.fromisoformat(f"{at}+00:00") for at in found}


@with_systemd
@pytest.mark.parametrize(
    ("cron", "zone"),
    [
        ("30 3 * * *", "UTC"),
        ("30 3 * * *", "Asia/Almaty"),
        ("*/15 * * * *", "UTC"),
        ("7-59/13 */5 * * *", "Asia/Almaty"),
        ("0 4 * * MON", "UTC"),
        ("0 4 * * 0,3", "Asia/Almaty"),
        ("0 4 * * 5-7", "UTC"),
        ("0,30 8-18 * * mon-fri", "Asia/Almaty"),
        ("0 0 1 1,7 *", "UTC"),
        ("0 5 13 * FRI", "UTC"),  # either: the 13th, and every Friday
        ("0 5 */2 * FRI", "UTC"),  # both: one of the fields starts with a star
        ("0 5 1-31 * FRI", "UTC"),
        ("0 6 L * *", "Asia/Almaty"),
        ("0 6 LW * *", "UTC"),
        ("0 6 15,L * *", "UTC"),
        ("0 6 * * 5L", "UTC"),
        ("0 6 * * 1#2,1#5", "UTC"),
        ("0 6 */3 * 1#2", "UTC"),
        ("0 6 L */2 7L", "UTC"),
        ("0 5 31 * *", "UTC"),
        ("15 10 * * *", "Europe/Berlin"),
        ("10 4-22 * * *", "Europe/Berlin"),
        ("7 */5 * * *", "UTC"),
    ],
)
def test_systemd_finds_the_times_of_the_cron_expression_over_a_year(cron: str, zone: str) -> None:
    one = a_round(cron=cron, timezone=ZoneInfo(zone))
    end = NOW + YEAR
    planned = set(takewhile(lambda at: at < end, planned_after(one, NOW)))

    events = on_calendar(one, NOW)
    found = {at for event in events for at in elapses(event, len(planned) + 1) if at < end}

    assert planned
    assert found == planned, events


@pytest.mark.parametrize(
    ("cron", "events"),
    [
        ("30 3 * * *", ["*-*-* 03:30:00 UTC"]),
        ("*/5 * * * *", ["*-*-* *:00,05,10,15,20,25,30,35,40,45,50,55:00 UTC"]),
        ("0 5 13 * FRI", ["*-*-13 05:00:00 UTC", "Fri *-*-* 05:00:00 UTC"]),
        ("0 6 LW 1 *", ["Mon,Tue,Wed,Thu,Fri *-01~01 06:00:00 UTC", "Fri *-01~02,03 06:00:00 UTC"]),
        ("0 4 1-31 * FRI", ["*-*-* 04:00:00 UTC"]),
    ],
)
def test_events_are_short(cron: str, events: list[str]) -> None:
    assert on_calendar(a_round(cron=cron), NOW) == events


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("30 2 * * *", "Europe/Berlin", "changes on 2027-03-28 in hour 2, where systemd and cron"),
        ("0 * * * *", "America/New_York", "changes on 2026-11-01 in hour 1"),
        ("0 2 * * *", "America/New_York", "changes on 2027-03-14 in hour 2"),
        ("0 1 * * *", "America/New_York", "in hour 1"),
        ("0 6 */2 * 5L", "UTC", "from its beginning and from its end"),
    ],
)
def test_what_systemd_cannot_say_is_refused(cron: str, zone: str, said: str) -> None:
    with pytest.raises(NotSayableError, match=re.escape(said)):
        on_calendar(a_round(cron=cron, timezone=ZoneInfo(zone)), NOW)


@with_systemd
@pytest.mark.parametrize("account", ["", "games"])
@pytest.mark.parametrize("folder", ["plain", 'a "b" c', "100% of $HOME", "a\\b;c", "it's"])
def test_systemd_takes_the_units_without_a_word(tmp_path: Path, account: str, folder: str) -> None:
    data = tmp_path / folder
    program = tmp_path / "100% of $HOME" / "program"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    told: dict[str, tuple[OptionValue, ...]] = {"metrics-file": (f"{folder}/told/a.prom",)}
    one = a_round(data=data, cron="0 5 13 * FRI", options=told, base=tmp_path)
    paths = [tmp_path / "qalqan-nightly.service", tmp_path / "qalqan-nightly.timer"]
    paths[0].write_text(service(one, [str(program), "run", str(data)], account=account))
    paths[1].write_text(timer(one, NOW))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verified.returncode, verified.stderr) == (0, "")


def test_a_service_is_hardened_and_writes_nowhere_but_in_the_data_folder() -> None:
    text = service(a_round(), ["/bin/qalqan"], account="qalqan").splitlines()

    assert {
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "ReadWritePaths=/srv/data",
        "PrivateTmp=true",
        "MemoryMax=2G",
        "RuntimeMaxSec=1d",
        "User=qalqan",
    } <= set(text)
    assert "Persistent=true" in timer(a_round(), NOW).splitlines()


def test_a_service_may_write_where_its_metrics_go_whether_that_is_there_or_not() -> None:
    options: dict[str, tuple[OptionValue, ...]] = {"metrics-file": ("told/a.prom",)}
    one = a_round(options=options, base=Path("/srv/qalqan"))

    text = service(one, ["/bin/qalqan"], account="qalqan").splitlines()

    assert "ReadWritePaths=/srv/data -/srv/qalqan/told" in text


def test_the_unit_of_an_account_asks_for_no_rights_its_manager_lacks() -> None:
    text = service(a_round(), ["/bin/qalqan"], account="")

    assert "User=" not in text
    assert "Capability" not in text
    assert "network-online" not in text


def test_signs_that_mean_something_to_systemd_or_cron_are_written_so_that_they_do_not() -> None:
    words = ["/srv/100% of $HOME/q", 'say "x"', "$HOME"]

    assert 'ExecStart="/srv/100%% of $HOME/q" "say \\"x\\"" $$HOME\n' in service(
        a_round(), words, account=""
    )
    line = crontab_line(words)
    assert line.startswith("*/5 * * * * ")
    assert shlex.split(line.replace(r"\%", "%"))[5:8] == words
    assert r"100\% of" in line


@pytest.mark.parametrize("path", ["/a 'b'/c", '/a"', "/a\\b"])
def test_a_program_systemd_would_not_run_is_refused(path: str) -> None:
    with pytest.raises(NotSayableError, match="no program with a quote or backslash"):
        service(a_round(), [path], account="")


def test_a_path_with_a_line_break_is_refused() -> None:
    with pytest.raises(NotSayableError, match="path"):
        service(a_round(data=Path("/srv/a\nUser=root")), ["/bin/qalqan"], account="")
    with pytest.raises(NotSayableError, match="path"):
        crontab_line(["/bin/q", "a\nb"])
