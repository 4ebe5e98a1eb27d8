"""`qalqan rounds`: what crawls have done, and how those at work are doing."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from crawler.advice import advice_for
from qalqan.cli.options import data_option, json_option, limit_option
from review_queue import progress
from review_queue.errors import QalqanError
from review_queue.progress import CrawlRound, Reading
from review_queue.rounds import CrawlState, state_of
from review_queue.store import Store, open_store

_MB = 1e6


class UnknownCrawlError(QalqanError):
    """No round of crawling has this number."""


@click.group()
def rounds() -> None:
    """Look at the rounds of crawling: counts, errors, harvest."""


@rounds.command("list")
@data_option
@limit_option(20)
@json_option
def list_(data: Path, limit: int, as_json: bool) -> None:
    """List the rounds, the newest first; those still at work as far as they are.

    \b
    Example:
      qalqan rounds list --data /srv/qalqan --limit 5
    """
    with open_store(data, create=False, for_reading=True) as store:
        found = [_seen(store, one) for one in progress.rounds(store, limit=limit)]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one))
    if not found:
        click.echo("No round yet.")


@rounds.command()
@click.argument("number", type=click.IntRange(1, 2**62))
@data_option
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.svg",
    help="Draw the harvest: pages that reached a threshold after pages fetched.",
)
@click.option(
    "--beside",
    multiple=True,
    type=click.IntRange(1, 2**62),
    metavar="NUMBER",
    help="Draw this round as well.",
)
@json_option
def show(
    number: int, data: Path, plot: Path | None, beside: tuple[int, ...], as_json: bool
) -> None:
    """Show a round: its rules, counts, errors by kind, and how its harvest came in.

    \b
    Example:
      qalqan rounds show 12 --data /srv/qalqan
      qalqan rounds show 12 --data /srv/qalqan --plot harvest.svg --beside 11
    """
    if beside and plot is None:
        raise click.UsageError("--beside is for --plot")
    with open_store(data, create=False, for_reading=True) as store:
        one = _round(store, number)
        seen = _seen(store, one)
        drawn = [(each, _readings(store, _round(store, each))) for each in (number, *beside)]
    readings = drawn[0][1]
    if plot is not None:
        _draw(plot, drawn)
    if as_json:
        rows = [asdict(reading) for reading in readings]
        whole = seen | {"policy": one.policy, "readings": rows}
        click.echo(json.dumps(whole, ensure_ascii=False))
        return
    _tell(one, seen, readings)


def _round(store: Store, number: int) -> CrawlRound:
    found = progress.round_of(store, number)
    if found is None:
        raise UnknownCrawlError(f"no round {number} in this store; see qalqan rounds list")
    return found


def _seen(store: Store, one: CrawlRound) -> dict[str, Any]:
    """The round in figures: those of its report, or where it has none those of its last reading."""
    newest = progress.newest(store, one.id)
    state = state_of(one, newest, store.clock())
    last = asdict(newest or Reading())
    figures = {
        key: one.report.get(key, last[key])
        for key in ("pages", "errors", "bytes", "sites", "harvested", "seconds")
    }
    return {
        "round": one.id,
        "opened_at": one.opened_at,
        "closed_at": one.closed_at,
        "state": state.value,
        **figures,
        "pending": last["pending"],
        "unread": one.report.get("unread", {}),
    }


def _readings(store: Store, one: CrawlRound) -> list[Reading]:
    return progress.of_round(store, one.id)


def _line(one: dict[str, Any]) -> str:
    text = (
        f"{one['round']:>6}  {_minute(one['opened_at'])}  {one['state']:<8}  {one['pages']} pages of {one['sites']}"
        f" sites, {one['harvested']} harvested, {sum(one['errors'].values())} errors,"
        f" {timedelta(seconds=round(one['seconds']))}"
    )
    left = one["state"] == CrawlState.RUNNING and one["pending"]
    return f"{text}, {one['pending']} to go" if left else text


def _tell(one: CrawlRound, seen: dict[str, Any], readings: Sequence[Reading]) -> None:
    from qalqan.plot_harvest import sparkline

    click.echo(_line(seen).strip())
    click.echo(
        f"{seen['bytes'] / _MB:.1f} MB received; robots.txt: {one.policy.get('robots', '?')}"
    )
    for kind, count in sorted(seen["errors"].items(), key=lambda item: (-item[1], item[0])):
        click.echo(f"{count:>8} x {kind}: {advice_for(kind)}")
    for reason, count in sorted(seen["unread"].items()):
        click.echo(f"{count:>8} pages that no program could read: {reason}")
    if seen["pages"] and seen["harvested"]:
        share = 100 * seen["harvested"] / seen["pages"]
        click.echo(f"Harvest {share:.1f} % of the pages, from the first to the last:")
        click.echo(sparkline(readings))


def _draw(path: Path, drawn: Sequence[tuple[int, Sequence[Reading]]]) -> None:
    from qalqan.plot_harvest import as_svg

    svg = as_svg([(f"round {number}", readings) for number, readings in drawn])
    try:
        path.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise QalqanError(f"cannot write {path} ({error.strerror}); name another --plot") from None


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M}"
