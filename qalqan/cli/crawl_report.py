"""What `qalqan crawl` shows while it works, and what it tells at its end."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import click

from crawler.advice import advice_for
from crawler.plan import CrawlReport, Idle, Progress


@contextmanager
def progress_shown() -> Iterator[Callable[[Progress], None]]:
    """A function that draws a crawl's progress on standard error; it draws nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("crawling", total=None)

        def show(now: Progress) -> None:
            done = now.pages + now.errors
            rate = done / now.seconds if now.seconds else 0.0
            text = f"crawling {now.sites} sites, {rate:.0f} a second, {now.errors} errors"
            bar.update(task, description=text, completed=done, total=done + now.pending)

        yield show


def tell(report: CrawlReport, *, as_json: bool) -> None:
    """The report stands on standard output, what went wrong and what to do about it on standard error."""
    for kind, count in sorted(report.errors.items(), key=lambda item: (-item[1], item[0])):
        click.echo(f"{count} x {kind}: {advice_for(kind)}", err=True)
    is_idle = not (report.pages or report.errors or report.stopped)
    if is_idle:
        for failed in report.idle.failed:
            click.echo(
                f"{failed.count} x {failed.kind} lately, not due before {_minute(failed.due_at)}:"
                f" {advice_for(failed.kind)}",
                err=True,
            )
    if report.stopped:
        click.echo("Stopped; run the same command again to go on.", err=True)
    if as_json:
        click.echo(json.dumps(report.summary()))
        return
    if is_idle:
        click.echo(f"Nothing is due yet: {_why_idle(report.idle)}.")
        return
    click.echo(
        f"{report.pages} pages of {report.sites} sites stored in {report.seconds:.1f} s"
        f" ({report.bytes / 1e6:.1f} MB, {sum(report.errors.values())} errors, {report.peak_memory_mb:.0f} MB memory)"
    )
    if report.discovered:
        click.echo(
            f"{report.discovered} new sites followed; more candidates: qalqan seeds list --candidates"
        )


def _why_idle(idle: Idle) -> str:
    causes = []
    if idle.fresh:
        causes.append(f"{idle.fresh} pages of these sites were fetched lately")
    if idle.failed:
        count = sum(failed.count for failed in idle.failed)
        first = min(failed.due_at for failed in idle.failed)
        causes.append(f"{count} addresses failed lately and wait until {_minute(first)}")
    if idle.over_budget:
        causes.append(f"{idle.over_budget} more are known, but --max-pages is used up")
    if idle.held:
        causes.append(f"{idle.held} are being fetched by another crawl")
    return "; ".join(causes) or "no address of these sites is known"


def _minute(at: str) -> str:
    """The minute that has begun when `at` is past."""
    return f"{datetime.fromisoformat(at) + timedelta(minutes=1):%Y-%m-%d %H:%M} UTC"
