"""`qalqan schedule` as it is typed, over a loopback web."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qalqan.cli import schedule_run
from qalqan.cli.schedule import schedule
from qalqan.schedule import carry_out
from qalqan.settings import SettingsError, read_rounds
from qalqan.timers import NotSayableError
from review_queue import progress
from review_queue.store import open_store
from tests.site.web import Web


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as served:
        served.put("http://s1.example/", "<p>Bread needs flour.</p><a href='/more'>more</a>")
        served.put("http://s1.example/more", "<p>And water.</p>")
        yield served


def config(folder: Path, *rounds: str) -> Path:
    path = folder / "qalqan.toml"
    (folder / "seeds.txt").write_text("http://s1.example/\n")
    path.write_text("".join(f"[[rounds]]\nseeds = 'seeds.txt'\n{one}\n" for one in rounds))
    return path


def nightly(web: Web, more: str = "") -> str:
    return (
        f"name = 'nightly'\ncron = '30 3 * * *'\ndata = 'data'\nproxy = '{web.proxy}'\n"
        f"delay = 0\nmax-pages = 9\n{more}"
    )


def typed(path: Path, *words: str) -> Result:
    return CliRunner().invoke(schedule, [*words, "--config", str(path)])


def test_a_round_is_crawled_scored_and_recorded(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web))

    done = typed(path, "run", "nightly")

    assert done.exit_code == 0, done.stderr
    assert "done" in done.stdout
    assert "2 pages, 0 errors; 0 cases opened; evidence sealed\n" in done.stdout
    (past,) = json.loads(typed(path, "history", "--json").stdout)
    assert (past["name"], past["outcome"]) == ("nightly", "done")
    assert (past["counts"]["crawl"]["pages"], past["counts"]["score"]["pages"]) == (2, 0)
    manifest = past["counts"]["evidence"]["manifest"]
    assert (tmp_path / "data" / "evidence" / "manifests" / manifest).exists()
    with open_store(tmp_path / "data") as store:
        assert store.value("SELECT count(*) FROM scores") >= 2
    assert "No round is due." in typed(path, "run", "--due").stdout
    assert typed(path, "check").exit_code == 0
    assert "last: done" in typed(path, "list").stdout


def test_due_rounds_are_run_once_and_one_that_fails_keeps_no_other_from_it(
    tmp_path: Path, web: Web
) -> None:
    broken = "name = 'broken'\ncron = '0 1 * * *'\ndata = 'other'\nproxy = 'http://127.0.0.1:1'"
    path = config(tmp_path, broken, nightly(web, "score = false"))

    first = typed(path, "run", "--due", "--json")
    second = typed(path, "run", "--due")

    assert first.exit_code == 1
    rows = [json.loads(line) for line in first.stdout.splitlines()]
    assert [(row["name"], row["outcome"]) for row in rows] == [
        ("broken", "failed"),
        ("nightly", "done"),
    ]
    assert rows[0]["counts"]["crawl"]["errors"] == {"proxy": 1}
    assert "score" not in rows[1]["counts"]
    assert (second.exit_code, second.stdout) == (0, "No round is due.\n")
    alerted = typed(path, "check")
    assert alerted.exit_code == 1
    assert alerted.stdout.startswith("broken: planned for ")
    assert "failed (no page at all could be fetched" in alerted.stdout
    assert "nightly" not in alerted.stdout


def test_while_a_round_is_at_work_another_ends_with_code_75(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web))
    (one,) = read_rounds(path)
    seen: list[Result] = []

    carry_out(one, lambda _, __: seen.append(typed(path, "run", "nightly")), actor="a")

    assert seen[0].exit_code == 75
    assert "nightly: another round is at work in" in seen[0].stderr
    assert web.requests == []


def test_ctrl_c_ends_a_round_which_is_due_again(tmp_path: Path) -> None:
    with Web(pause_s=0.5) as web:
        for number in range(50):
            web.put(f"http://s1.example/{number}", f"<a href='/{number + 1}'>next</a>")
        path = config(tmp_path, nightly(web).replace("max-pages = 9", "max-depth = 60"))
        (tmp_path / "seeds.txt").write_text("http://s1.example/0\n")
        command = [sys.executable, "-m", "qalqan", "schedule", "run", "nightly"]
        running = subprocess.Popen(
            [*command, "--config", str(path)], stderr=subprocess.PIPE, text=True
        )
        until = time.monotonic() + 60
        while not web.pages_asked() and time.monotonic() < until:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=200)

    assert running.returncode == 130
    assert "Interrupted." in said
    (past,) = json.loads(typed(path, "history", "nightly", "--json").stdout)
    assert past["outcome"] == "stopped"
    assert json.loads(typed(path, "check", "--json").stdout)[0]["last"]["outcome"] == "stopped"


def test_next_shows_times_in_the_zone_of_the_round(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web, "timezone = 'Asia/Almaty'"))

    shown = typed(path, "next", "--count", "3").stdout.splitlines()
    times = json.loads(typed(path, "next", "nightly", "--count", "2", "--json").stdout)

    assert len(shown) == 3
    assert all(line.endswith("03:30 Asia/Almaty") for line in shown)
    assert [at[10:] for at in times["nightly"]] == ["T22:30:00.000Z"] * 2


def test_before_the_first_run_everything_says_so(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web))

    assert "last: never ran" in typed(path, "list").stdout
    assert json.loads(typed(path, "list", "--json").stdout)[0]["last"] is None
    assert typed(path, "history").stdout == "No round ran yet.\n"
    alerted = typed(path, "check")
    assert alerted.exit_code == 1
    assert "it never ran" in alerted.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("max-pges = 3", "'max-pges' is no setting of a round and no option of qalqan crawl"),
        ("json = true", "'json' is no setting"),
        ("help = true", "'help' is no setting"),
        ("max-depth = 'deep'", "Invalid value for '--max-depth'"),
        ("max-depth = -1", "Invalid value for '--max-depth'"),
        ("max-depth = [1, 2]", "max-depth takes one value"),
        ("max-depth = true", "max-depth is no yes or no"),
        ("robots = 'perhaps'", "Invalid value for '--robots'"),
        ("metrics = 'here'", "Invalid value for '--metrics'"),
        ("metrics = [1, 2]", "metrics takes one value"),
        ("allow-address = [true]", "allow-address is no yes or no"),
    ],
)
def test_an_option_the_crawl_would_refuse_is_refused_before_anything_is_run(
    tmp_path: Path, web: Web, more: str, said: str
) -> None:
    path = config(tmp_path, nightly(web, more))

    refused = typed(path, "list")

    assert isinstance(refused.exception, SettingsError)
    assert "round nightly: " in str(refused.exception)
    assert said in str(refused.exception)


def test_a_round_takes_lists_paths_and_flags_as_the_crawl_does(tmp_path: Path, web: Web) -> None:
    more = "robots = 'ignore'\nmetrics-file = 'told/a.prom'\nmetrics = '0'\nmax-bytes = 9_000_000\n"
    more += f"allow-address = ['127.0.0.1/32:{web.port}', '10.0.0.0/8']\nresolve = ['*.example:127.0.0.1']\n"
    path = config(tmp_path, nightly(web, more + "score = false"))
    (tmp_path / "told").mkdir()

    done = typed(path, "run", "nightly")

    assert done.exit_code == 0, done.output
    # a path starts at the folder of the file, not where the command is typed
    assert "qalqan_crawl_pages_total 2.0" in (tmp_path / "told" / "a.prom").read_text()
    with open_store(tmp_path / "data") as store:
        policy = progress.rounds(store, limit=1)[0].policy
    assert policy["robots"] == "ignore"
    assert policy["allowed_addresses"] == [f"127.0.0.1/32:{web.port}", "10.0.0.0/8:*"]
    assert policy["resolved"] == ["*.example:127.0.0.1"]


def test_an_authority_that_does_not_answer_makes_no_failed_round(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web, "score = false"))
    path.write_text(path.read_text() + "[evidence]\nauthority = 'http://127.0.0.1:1/'\n")

    done = typed(path, "run", "nightly")

    assert done.exit_code == 0, done.output
    assert "evidence sealed, not time-stamped" in done.stdout
    assert "the next round asks again" in done.stderr


def test_a_model_named_for_a_round_is_the_one_its_cases_are_opened_by(
    tmp_path: Path, web: Web
) -> None:
    path = config(tmp_path, nightly(web, "models = 'models'\nmodel = 'none-such'"))

    failed = typed(path, "run", "nightly")

    assert failed.exit_code == 1
    assert "none-such" in failed.stdout
    (one,) = read_rounds(path)
    assert schedule_run.model_of(one) == [
        "--models",
        str(tmp_path / "models"),
        "--model",
        "none-such",
    ]


def test_the_check_tells_a_monitor_which_rounds_are_late(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web, "score = false"))
    file = tmp_path / "rounds.prom"

    before = typed(path, "check", "--metrics-file", str(file))
    late = file.read_text()
    typed(path, "run", "nightly")
    after = typed(path, "check", "--metrics-file", str(file))
    done = file.read_text()

    assert (before.exit_code, after.exit_code) == (1, 0)
    assert not re.search(r'late_seconds{round="nightly"} 0\.0', late)
    assert "qalqan_round_success_timestamp_seconds{" not in late
    assert 'qalqan_round_late_seconds{round="nightly"} 0.0' in done
    assert "qalqan_round_success_timestamp_seconds{" in done


def test_a_run_is_listed_with_its_harvest(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web))
    (one,) = read_rounds(path)
    crawled = {"pages": 40, "errors": {"dns": 2}, "harvested": 3}
    carry_out(one, lambda _, counts: counts.update(crawl=crawled), actor="test")

    assert "40 pages, 2 errors, 3 harvested" in typed(path, "history").stdout


def test_seeds_that_cannot_be_read_make_a_failed_run(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web))
    (tmp_path / "seeds.txt").unlink()

    failed = typed(path, "run", "nightly")

    assert failed.exit_code == 1
    assert "cannot read seeds" in failed.stdout


@pytest.mark.parametrize("words", [["run"], ["run", "nightly", "--due"]])
def test_run_wants_a_name_or_due(tmp_path: Path, web: Web, words: list[str]) -> None:
    refused = typed(config(tmp_path, nightly(web)), *words)

    assert refused.exit_code == 2
    assert "either the NAME of a round or --due" in refused.stderr


def test_install_writes_units_that_run_the_round_and_says_how_to_start_them(
    tmp_path: Path, web: Web
) -> None:
    path = config(tmp_path, nightly(web, "score = false"))
    units = tmp_path / "units"

    done = typed(path, "install", "--user", str(units))

    assert done.exit_code == 0, done.output
    assert sorted(unit.name for unit in units.iterdir()) == [
        "qalqan-nightly.service",
        "qalqan-nightly.timer",
    ]
    assert done.stdout.splitlines() == [
        f"install -d -m 700 {tmp_path}/data",
        f"systemctl --user link {units}/qalqan-nightly.service {units}/qalqan-nightly.timer",
        "systemctl --user daemon-reload",
        "systemctl --user enable --now qalqan-nightly.timer",
        "loginctl enable-linger  # else the timers stop when you sign out",
    ]
    text = (units / "qalqan-nightly.service").read_text()
    (command,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    ran = subprocess.run(
        shlex.split(command.removeprefix("ExecStart=")),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stderr
    assert "2 pages, 0 errors" in ran.stdout


def test_the_units_of_a_machine_run_under_an_account_that_is_not_root(
    tmp_path: Path, web: Web
) -> None:
    path = config(tmp_path, nightly(web))

    refused = typed(path, "install", str(tmp_path / "units"), "--account", "root")
    done = typed(path, "install", str(tmp_path / "units"), "--account", "qalqan")

    assert refused.exit_code == 2
    assert "does not run as root" in refused.stderr
    assert "systemctl enable --now qalqan-nightly.timer" in done.stdout
    assert f"install -d -m 700 -o qalqan {tmp_path}/data" in done.stdout
    assert "User=qalqan" in (tmp_path / "units" / "qalqan-nightly.service").read_text()


def test_a_round_systemd_cannot_be_told_of_leaves_no_units(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web, "timezone = 'Europe/Berlin'").replace("30 3", "30 2"))

    refused = typed(path, "install", "--user", str(tmp_path / "units"))

    assert isinstance(refused.exception, NotSayableError)
    assert "round nightly: the clock of Europe/Berlin changes" in str(refused.exception)
    assert not (tmp_path / "units").exists()


def test_the_crontab_line_runs_what_is_due_from_any_folder(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web, "score = false"))

    line = typed(path, "install", "--cron").stdout.strip()
    ran = subprocess.run(
        ["/bin/sh", "-c", line.removeprefix("*/5 * * * * ")],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )

    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    (past,) = json.loads(typed(path, "history", "--json").stdout)
    assert (past["name"], past["outcome"]) == ("nightly", "done")


def test_units_that_cannot_be_written_are_told(tmp_path: Path, web: Web) -> None:
    path = config(tmp_path, nightly(web))
    (tmp_path / "file").write_text("")

    refused = typed(path, "install", "--user", str(tmp_path / "file" / "units"))

    assert "name another UNIT_DIR" in str(refused.exception)
