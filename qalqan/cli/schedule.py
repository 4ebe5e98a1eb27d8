"""`qalqan schedule`: rounds by the clock, from qalqan.toml."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import click

from qalqan import schedule as clockwork
from qalqan import timers
from qalqan.cli.crawl_metrics import metrics_file_option
from qalqan.cli.options import json_option, limit_option, login
from qalqan.cli.schedule_run import rounds_of, work
from qalqan.schedule import EXIT_BUSY, Missing, RoundRunningError
from qalqan.settings import Round, default_config, default_unit_dir
from review_queue.clock import iso, system_clock
from review_queue.errors import QalqanError
from review_queue.rounds import Outcome, Run

_HOUR: Final = timedelta(hours=1)

config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    default=default_config,
    show_default="$QALQAN_CONFIG, else qalqan.toml in this folder",
    help="The file the rounds are written in.",
)


@click.group()
def schedule() -> None:
    """Crawl and score by the clock: rounds from qalqan.toml, their times, runs and alerts."""


@schedule.command("list")
@config_option
@json_option
def list_(config: Path, as_json: bool) -> None:
    """List the rounds with their next time and how their last run ended.

    \b
    Example:
      qalqan schedule list --config /srv/qalqan/qalqan.toml
    """
    now = system_clock()
    shown = []
    for one in rounds_of(config):
        last = next((run for run in clockwork.runs(one.data) if run.name == one.name), None)
        upcoming = next(clockwork.planned_after(one, now))
        shown.append((one, upcoming, last))
    if as_json:
        rows = [_listed(*one) for one in shown]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for one, upcoming, last in shown:
        state = f"{last.outcome} {_minute(last.started_at)}" if last else "never ran"
        when = f"{upcoming.astimezone(one.timezone):%Y-%m-%d %H:%M} {one.timezone}"
        click.echo(f"{one.name:<20}  {one.cron:<15}  next {when}  last: {state}")


@schedule.command("next")
@click.argument("name", required=False)
@click.option(
    "--count",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="So many of each.",
)
@config_option
@json_option
def next_(name: str | None, count: int, config: Path, as_json: bool) -> None:
    """Show when a round, or every round, will be run next.

    \b
    Example:
      qalqan schedule next nightly --count 10
    """
    now = system_clock()
    rounds = rounds_of(config)
    chosen = [clockwork.named(rounds, name)] if name else rounds
    times = {one.name: list(islice(clockwork.planned_after(one, now), count)) for one in chosen}
    if as_json:
        click.echo(json.dumps({key: [iso(at) for at in found] for key, found in times.items()}))
        return
    for one in chosen:
        for at in times[one.name]:
            local = at.astimezone(one.timezone)
            click.echo(f"{one.name:<20}  {local:%a %Y-%m-%d %H:%M} {one.timezone}")


@schedule.command()
@click.argument("name", required=False)
@click.option("--due", is_flag=True, help="Run every round that was missed, once each.")
@config_option
@json_option
def run(name: str | None, due: bool, config: Path, as_json: bool) -> None:
    """Carry out a round now: crawl, then score, alone in its data folder; the run is recorded.

    With --due instead of a name: every round whose last planned time has passed since its last run, once each,
    however many times were missed. The exit code is 75 where another round is at work in the same folder.

    \b
    Example:
      qalqan schedule run nightly --config /srv/qalqan/qalqan.toml
      qalqan schedule run --due
    """
    if due == bool(name):
        raise click.UsageError("say either the NAME of a round or --due")
    rounds = rounds_of(config)
    chosen = clockwork.due(rounds, system_clock()) if due else [clockwork.named(rounds, name or "")]
    if due and not chosen and not as_json:
        click.echo("No round is due.")
    codes = [_carried_out(one, config, as_json=as_json) for one in chosen]
    worst = next((code for code in (1, EXIT_BUSY) if code in codes), 0)
    if worst:
        sys.exit(worst)


@schedule.command()
@click.argument("name", required=False)
@limit_option(20)
@config_option
@json_option
def history(name: str | None, limit: int, config: Path, as_json: bool) -> None:
    """Show the last runs of a round, or of every round, the newest first, with what they counted.

    \b
    Example:
      qalqan schedule history nightly --limit 5
    """
    rounds = rounds_of(config)
    chosen = [clockwork.named(rounds, name)] if name else rounds
    names = {one.name for one in chosen}
    found: list[Run] = []
    for data in dict.fromkeys(one.data for one in chosen):
        ours = (past for past in clockwork.runs(data) if past.name in names)
        found += islice(ours, limit)
    found = sorted(found, key=lambda past: past.started_at, reverse=True)[:limit]
    if as_json:
        click.echo(json.dumps([asdict(past) for past in found], ensure_ascii=False))
        return
    for past in found:
        click.echo(_line(past))
    if not found:
        click.echo("No round ran yet.")


@schedule.command()
@config_option
@metrics_file_option
@json_option
def check(config: Path, metrics_file: Path | None, as_json: bool) -> None:
    """Say which rounds are missing: planned longer ago than their grace period and not done since.

    The exit code is then 1, so a monitor can call this. Only a run that did its work counts.

    \b
    Example:
      qalqan schedule check --config /srv/qalqan/qalqan.toml
    """
    rounds, now = rounds_of(config), system_clock()
    found = clockwork.missing(rounds, now)
    if metrics_file is not None:
        _write_metrics(metrics_file, rounds, found, now)
    if as_json:
        rows = [
            {
                "name": one.name,
                "planned_at": iso(one.planned_at),
                "late_s": one.late.total_seconds(),
            }
            | {"last": asdict(one.last) if one.last else None}
            for one in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for one in found:
            click.echo(_alert(one))
        if not found:
            click.echo("Every round was done in time.")
    if found:
        sys.exit(1)


@schedule.command()
@click.argument("unit_dir", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--user", "of_user", is_flag=True, help="Units of your own account's systemd.")
@click.option("--account", help="The account the machine's units run under.  [default: yours]")
@click.option("--cron", "as_cron", is_flag=True, help="Write nothing; print a crontab line.")
@config_option
def install(
    unit_dir: Path | None, of_user: bool, account: str | None, as_cron: bool, config: Path
) -> None:
    """Write a systemd service and timer for each round into UNIT_DIR, and print how to start them.

    UNIT_DIR is where systemd looks for them where it is not given.

    \b
    Example:
      qalqan schedule install --user
      qalqan schedule install --account qalqan --config /srv/qalqan/qalqan.toml
      qalqan schedule install --cron
    """
    rounds = rounds_of(config)
    program = [sys.executable, "-P", "-m", "qalqan", "schedule", "run"]
    named_config = ["--config", str(config.absolute())]
    if as_cron:
        click.echo(timers.crontab_line([*program, "--due", *named_config]))
        return
    account = "" if of_user else account or login()
    if account == "root":
        raise click.UsageError("a crawler does not run as root; name another --account, or --user")
    usual = default_unit_dir(of_user=of_user)
    folder = (unit_dir or usual).absolute()
    texts = {}
    for one in rounds:
        command = [*program, one.name, *named_config]
        try:
            texts[f"qalqan-{one.name}.service"] = timers.service(one, command, account=account)
            texts[f"qalqan-{one.name}.timer"] = timers.timer(one, system_clock())
        except timers.NotSayableError as error:
            raise timers.NotSayableError(f"round {one.name}: {error}") from None
    _write(folder, texts)
    _tell_how_to_start(rounds, folder, is_usual=folder == usual, account=account)


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Each file holds its text: all of them, or the error says which could not be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise QalqanError(
            f"cannot write {error.filename} ({error.strerror}); name another UNIT_DIR, or --user"
        ) from None


def _tell_how_to_start(
    rounds: Sequence[Round], folder: Path, *, is_usual: bool, account: str
) -> None:
    systemctl = "systemctl" if account else "systemctl --user"
    click.echo(f"Units written to {folder}. Now run:", err=True)
    for data in dict.fromkeys(one.data for one in rounds if not one.data.exists()):
        # the service may write nowhere else, so it cannot make the folder
        owner = f"-o {shlex.quote(account)} " if account else ""
        click.echo(f"install -d -m 700 {owner}{shlex.quote(str(data))}")
    units = [f"qalqan-{one.name}" for one in rounds]
    if not is_usual:
        paths = [str(folder / f"{unit}.{kind}") for unit in units for kind in ("service", "timer")]
        click.echo(f"{systemctl} link {shlex.join(paths)}")
    click.echo(f"{systemctl} daemon-reload")
    click.echo(f"{systemctl} enable --now {' '.join(f'{unit}.timer' for unit in units)}")
    if not account:
        click.echo("loginctl enable-linger  # else the timers stop when you sign out")


def _listed(one: Round, upcoming: datetime, last: Run | None) -> dict[str, object]:
    return {
        "name": one.name,
        "cron": one.cron,
        "timezone": str(one.timezone),
        "data": str(one.data),
        "next": iso(upcoming),
        "last": asdict(last) if last else None,
    }


def _write_metrics(
    path: Path, rounds: Sequence[Round], found: Sequence[Missing], now: datetime
) -> None:
    from qalqan.metrics import RoundFigures, RoundState, write
    from qalqan.recheck_state import listed_state

    late = {one.name: one.late.total_seconds() for one in found}
    states = []
    for one in rounds:
        upcoming = next(clockwork.planned_after(one, now))
        done, listed = clockwork.last_done(one), listed_state(one.data) if one.recheck else None
        states.append(RoundState(one, upcoming, late.get(one.name, 0.0), done, listed))
    write(RoundFigures(states, now.timestamp()), path)


def _carried_out(one: Round, config: Path, *, as_json: bool) -> int:
    """The exit code of the round's run, after the run was told."""
    try:
        past = clockwork.carry_out(
            one, lambda each, counts: work(each, counts, config), actor=login()
        )
    except RoundRunningError as error:
        click.echo(f"{one.name}: {error}", err=True)
        return error.exit_code
    click.echo(json.dumps(asdict(past), ensure_ascii=False) if as_json else _line(past))
    return 0 if past.outcome is Outcome.DONE else 1


def _line(past: Run) -> str:
    text = f"{past.name:<20}  {_minute(past.started_at)}  {past.outcome:<7}"
    if past.ended_at:
        text += f"  {_span(past.ended_at, past.started_at)}"
    crawled, scored = past.counts.get("crawl"), past.counts.get("score")
    sealed = past.counts.get("evidence")
    if crawled:
        text += f"  {crawled['pages']} pages, {sum(crawled['errors'].values())} errors"
        if crawled.get("harvested"):
            text += f", {crawled['harvested']} harvested"
    if scored:
        # most are scored as they come; these are what earlier crawls left
        later = f"{scored['pages']} scored later, " if scored["pages"] else ""
        text += f"; {later}{scored['cases_opened']} cases opened"
    if sealed and sealed["manifest"]:
        text += "; evidence sealed" + (", not time-stamped" if sealed["problem"] else "")
    return f"{text}  {past.error}".rstrip()


def _alert(one: Missing) -> str:
    late = f"{one.late / _HOUR:.1f} hours ago"
    text = f"{one.name}: planned for {_minute(iso(one.planned_at))}, {late}, and not done since"
    if one.last is None:
        return f"{text}; it never ran"
    why = f" ({one.last.error})" if one.last.error else ""
    return f"{text}; last run {_minute(one.last.started_at)}: {one.last.outcome}{why}"


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"


def _span(end: str, begin: str) -> timedelta:
    return timedelta(
        seconds=round((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds())
    )
