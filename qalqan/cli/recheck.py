"""`qalqan recheck`: looks at listed sites again and proposes what to lift."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from crawler.plan import Budget, CrawlPlan, Pace
from qalqan.cli import EXIT_INTERRUPTED
from qalqan.cli.crawl_browser import browser_option, browsing, sandbox_option
from qalqan.cli.crawl_network import (
    allow_option,
    network_of,
    proxy_option,
    resolve_option,
    robots_option,
)
from qalqan.cli.crawl_report import progress_shown
from qalqan.cli.options import data_option, json_option, model_option, models_option
from review_queue.hosts import defang

if TYPE_CHECKING:
    from qalqan.recheck import RecheckReport
    from review_queue.records import Entry

_PAGES: Final = 5
_MOST: Final = 1_000_000
_AT_ONCE: Final = 1000  # some 5,000 addresses: minutes, and a list of any size is held nowhere
_MOST_DAYS: Final = 3650
_SHOWN: Final = 50


@click.command()
@data_option
@click.option(
    "--due-within",
    "days",
    type=click.IntRange(0, _MOST_DAYS),
    default=0,
    show_default=True,
    metavar="DAYS",
    help="Look also at entries that are due so soon.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=_AT_ONCE,
    show_default=True,
    help="So many entries at the most, longest due first.",
)
@click.option(
    "--pages",
    type=click.IntRange(2, 100),
    default=_PAGES,
    show_default=True,
    help="Addresses asked of a site.",
)
@robots_option
@proxy_option
@allow_option
@resolve_option
@click.option(
    "--delay",
    type=click.FloatRange(0, 3600),
    default=Pace().delay_s,
    show_default=True,
    help="Seconds between two requests to one host.",
)
@browser_option
@sandbox_option
@models_option
@model_option
@json_option
def recheck(
    *,
    data: Path,
    days: int,
    limit: int,
    pages: int,
    robots: str,
    proxy: str,
    allowed: tuple[str, ...],
    resolved: tuple[str, ...],
    delay: float,
    browser: bool,
    browser_sandbox: bool,
    models: Path | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Look again at the listed sites that are due, and propose to lift what is gone.

    Nothing is lifted by this command: people settle the proposals. An interrupted run is taken up where it stood.

    \b
    Example:
      qalqan recheck --data /srv/qalqan
      qalqan recheck --data /srv/qalqan --due-within 7 --limit 200 --json
    """
    from qalqan.scoring import scoring_of

    plan = CrawlPlan(
        budget=Budget(max_pages=pages),
        pace=Pace(delay_s=delay),
        network=network_of(proxy, allowed, resolved),
        obey_robots=robots == "obey",
        scoring=scoring_of(data, models, name),
        browsing=browsing(browser=browser, sandbox=browser_sandbox, screenshots="blurred"),
    )
    _run(data, plan, timedelta(days=days), limit, as_json=as_json)


def _run(data: Path, plan: CrawlPlan, within: timedelta, limit: int, *, as_json: bool) -> None:
    """What is due was looked at, and it is told what was found."""
    from qalqan.recheck import recheck as look_again

    with progress_shown() as show:
        report = look_again(
            data,
            plan,
            detect_language=_detect_language,
            within=within,
            limit=limit,
            on_progress=show,
        )
    if as_json:
        click.echo(json.dumps(_summary(report)))
    else:
        _tell(report)
    if report.stopped:
        click.echo("Stopped; run the same command again to go on.", err=True)
        sys.exit(EXIT_INTERRUPTED)


def _detect_language(text: str) -> str:
    from classifier.languages import detect

    return detect(text)


def _summary(report: "RecheckReport") -> dict[str, object]:
    return {
        "checked": [
            {
                **asdict(one.check),
                "outcome": one.check.outcome.value,
                "name": one.entry.name,
                "scope": one.entry.scope.value,
                "proposal": one.proposal,
            }
            for one in report.checked
        ],
        "left": [_named(entry) for entry in report.left],
        "not_checkable": [_named(entry) for entry in report.not_checkable],
        "at_review": [_named(entry) for entry in report.at_review],
        "stopped": report.stopped,
    }


def _named(entry: "Entry") -> dict[str, str]:
    return {"entry_id": entry.id, "scope": entry.scope.value, "name": entry.name}


def _tell(report: "RecheckReport") -> None:
    for one in report.checked:
        check = one.check
        why = check.error or f"page {check.page_id}"
        score = "" if check.score is None else f", score {check.score:.2f}"
        click.echo(f"{check.outcome.value:12} {_shown(one.entry)}  ({why}{score})")
        if one.proposal:
            click.echo(f"{'':12} proposed to lift: {one.proposal}")
    for title, listed in (
        ("not looked at, still due", report.left),
        ("not checkable, addresses and networks have no page of their own", report.not_checkable),
        ("at the review date, for two people to renew or one to lift", report.at_review),
    ):
        if listed:
            click.echo(f"{len(listed)} {title}:")
            for entry in listed[:_SHOWN]:
                click.echo(f"  {_shown(entry)}")
            if len(listed) > _SHOWN:
                click.echo(f"  ... and {len(listed) - _SHOWN} more")
    counts = Counter(one.check.outcome.value for one in report.checked)
    found = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    click.echo(f"{len(report.checked)} entries looked at{': ' if found else ''}{found}")


def _shown(entry: "Entry") -> str:
    return f"{entry.scope.value} {defang(entry.name)} ({entry.id})"
