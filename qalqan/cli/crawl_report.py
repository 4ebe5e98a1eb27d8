"""What `qalqan crawl` shows while it works, and what it tells at its end."""

import json
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import click

from crawler.advice import advice_for
from crawler.plan import CrawlReport, Idle, Progress

WINDOW_S: Final = 10.0
_SHOWN_KINDS: Final = 4
_LONGEST_S: Final = 1000 * 86_400.0  # an estimate beyond is none


class Pulse:
    """How fast a crawl works now, told from where it stood a little earlier."""

    def __init__(self) -> None:
        self._past: deque[Progress] = deque()

    def beat(self, now: Progress) -> None:
        """The crawl stands at `now`; what lies further back than the window no longer counts."""
        self._past.append(now)
        while len(self._past) > 1 and self._past[1].seconds <= now.seconds - WINDOW_S:
            self._past.popleft()

    @property
    def pages_s(self) -> float:
        """Pages a second within the window."""
        return self._per_second(self._past[-1].pages - self._past[0].pages) if self._past else 0.0

    @property
    def eta_s(self) -> float | None:
        """Seconds until what is known now is fetched; None while nothing moves."""
        if not self._past:
            return None
        speed = self._per_second(_done(self._past[-1]) - _done(self._past[0]))
        return self._past[-1].pending / speed if speed else None

    def _per_second(self, count: int) -> float:
        span = self._past[-1].seconds - self._past[0].seconds
        return count / span if span > 0 else 0.0


def status_line(now: Progress, pulse: Pulse) -> str:
    """Speed, harvest, memory, what is left and the commonest errors, in one line."""
    parts = [f"{pulse.pages_s:.1f} pages/s", f"{now.harvested} harvested"]
    if now.memory_mb:
        parts.append(f"{now.memory_mb:.0f} MB")
    if (eta := pulse.eta_s) is not None:
        parts.append(f"{timedelta(seconds=round(min(eta, _LONGEST_S)))} left")
    if now.is_waiting:
        parts.append("waiting for another crawl at these sites")
    if now.killed:
        parts.append(f"{sum(now.killed.values())} readers killed")
    if now.errors:
        commonest = sorted(now.errors.items(), key=lambda item: (-item[1], item[0]))
        kinds = ", ".join(f"{kind} {count}" for kind, count in commonest[:_SHOWN_KINDS])
        more = ", ..." if len(commonest) > _SHOWN_KINDS else ""
        parts.append(f"{sum(now.errors.values())} errors ({kinds}{more})")
    return "  ".join(parts)


@contextmanager
def progress_shown() -> Iterator[Callable[[Progress], None]]:
    """A function that draws a crawl's progress on standard error; it draws nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    bar = Bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )
    task = bar.add_task("crawling", total=None)
    pulse = Pulse()
    with Live(bar, console=Console(stderr=True), transient=True) as live:

        def show(now: Progress) -> None:
            pulse.beat(now)
            done = _done(now)
            bar.update(
                task,
                description=f"crawling {now.sites} sites",
                completed=done,
                total=done + now.pending,
            )
            live.update(Group(bar, Text(status_line(now, pulse), overflow="ellipsis")))

        yield show


def _done(now: Progress) -> int:
    return now.pages + sum(now.errors.values())


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
    if report.harvested:
        click.echo(f"{report.harvested} of them reach a threshold")
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
