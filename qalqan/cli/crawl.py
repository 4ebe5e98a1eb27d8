"""`qalqan crawl`: fetches what is due of the seeds' sites into the store."""

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from crawler.plan import DAY_S, Budget, CrawlPlan, CrawlReport, Pace, Progress, Scoring
from crawler.seeds import SeedList, parse_seeds, read_seeds
from qalqan.cli import EXIT_INTERRUPTED
from qalqan.cli.crawl_browser import (
    browser_option,
    browsing,
    sandbox_option,
    screenshots_option,
)
from qalqan.cli.crawl_focus import focus_mode, focus_option, total_option
from qalqan.cli.crawl_metrics import metrics_file_option, metrics_option, monitored
from qalqan.cli.crawl_network import (
    allow_option,
    network_of,
    proxy_option,
    resolve_option,
    robots_option,
    warn_of_allowed,
)
from qalqan.cli.crawl_report import progress_shown, tell
from qalqan.cli.options import data_option, json_option, model_option, models_option
from qalqan.listen import Listen
from review_queue.errors import QalqanError, UnreadableInputError
from review_queue.hosts import defang

_SHOWN_ROWS = 50
_MOST_PAGES = 1_000_000_000
_MOST_BYTES = 2**50  # what SQLite and JSON can hold
_MOST_DAYS = 3650
_BUDGET = Budget()
_PACE = Pace()


class _Finite(click.FloatRange):
    """A span of time: `inf` and `nan` compare like numbers, but no plan can be kept with them."""

    unit = ""

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number `value` writes; refused where it is not finite."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a number of {self.unit}.", param, ctx)
        return number


class _Seconds(_Finite):
    unit = "seconds"


class _Days(_Finite):
    unit = "days"


@click.command()
@click.argument("seeds", metavar="SEEDS")
@data_option
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    help="Only seeds with this source; may be given several times.",
)
@click.option(
    "--max-pages",
    type=click.IntRange(1, _MOST_PAGES),
    default=_BUDGET.max_pages,
    show_default=True,
    help="Pages a site.",
)
@click.option(
    "--max-depth",
    type=click.IntRange(0, _MOST_PAGES),
    default=_BUDGET.max_depth,
    show_default=True,
    help="Clicks from a seed.",
)
@click.option(
    "--max-seconds",
    type=_Seconds(1),
    default=_BUDGET.max_seconds,
    show_default=True,
    help="Seconds a site.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(1, _MOST_BYTES),
    default=_BUDGET.max_bytes,
    show_default=True,
    help="Bytes a site.",
)
@click.option(
    "--revisit-days",
    type=_Days(0, _MOST_DAYS),
    default=_BUDGET.revisit_s / DAY_S,
    show_default=True,
    help="Days until a page is due again; a failed one never waits longer.",
)
@robots_option
@proxy_option
@allow_option
@resolve_option
@click.option(
    "--discover",
    type=click.IntRange(0, _MOST_PAGES),
    default=0,
    show_default=True,
    help="Follow at most so many new sites seen through links.",
)
@click.option(
    "--delay",
    type=_Seconds(0),
    default=_PACE.delay_s,
    show_default=True,
    help="Seconds between two requests to one host.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 512),
    default=_PACE.concurrency,
    show_default=True,
    help="Requests running at once, over all hosts.",
)
@focus_option
@total_option
@browser_option
@sandbox_option
@screenshots_option
@click.option(
    "--score/--no-score",
    default=True,
    show_default=True,
    help="Score pages as they come; `qalqan score` then opens their cases.",
)
@models_option
@model_option
@metrics_option
@metrics_file_option
@json_option
def crawl(
    *,
    seeds: str,
    data: Path,
    sources: tuple[str, ...],
    max_pages: int,
    max_depth: int,
    max_seconds: float,
    max_bytes: int,
    revisit_days: float,
    robots: str,
    proxy: str,
    allowed: tuple[str, ...],
    resolved: tuple[str, ...],
    discover: int,
    delay: float,
    concurrency: int,
    focus: str | None,
    max_total_pages: int | None,
    browser: bool,
    browser_sandbox: bool,
    screenshots: str,
    score: bool,
    models: Path | None,
    name: str | None,
    metrics: Listen | None,
    metrics_file: Path | None,
    as_json: bool,
) -> None:
    """Fetch the sites named in SEEDS: a text file with one URL a line, CSV, JSONL, or - for standard input.

    Only what is due is fetched: the same command again goes on where a run ended or was killed.

    \b
    Example:
      qalqan crawl seeds.txt --data data
      qalqan crawl seeds.csv --data data --max-pages 20 --discover 100
    """
    listed = _of_sources(_listed(seeds), sources)
    plan = CrawlPlan(
        budget=Budget(max_pages, max_depth, max_bytes, max_seconds, revisit_days * DAY_S),
        pace=Pace(concurrency=concurrency, delay_s=delay),
        network=network_of(proxy, allowed, resolved),
        obey_robots=robots == "obey",
        discover=discover,
        scoring=_scoring(data, models, name) if score else None,
        focus=focus_mode(focus, is_scored=score),
        max_total_pages=max_total_pages,
        browsing=browsing(browser=browser, sandbox=browser_sandbox, screenshots=screenshots),
    )
    warn_of_allowed(allowed)
    with monitored(metrics, metrics_file, is_scoring=score) as monitors:
        report = _run(data, listed, plan, monitors.tell)
        monitors.end(report)
    _end(report, as_json=as_json)


def _end(report: CrawlReport, *, as_json: bool) -> None:
    """What the crawl did is told, and the exit code says how it ended."""
    tell(report, as_json=as_json)
    if report.stopped:
        sys.exit(EXIT_INTERRUPTED)
    if report.is_fruitless:
        raise QalqanError("no page at all could be fetched; the lines above say why")


def _scoring(data: Path, models: Path | None, name: str | None) -> Scoring:
    from qalqan.scoring import scoring_of

    return scoring_of(data, models, name)


def _listed(name: str) -> SeedList:
    """The seeds, after each row that was left out has been told.

    Raises:
        UnreadableInputError: there is not one good row.
    """
    listed = parse_seeds(sys.stdin.buffer.read()) if name == "-" else read_seeds(Path(name))
    for note in listed.notes:
        click.echo(f"Warning: {note}", err=True)
    for row in listed.bad_rows[:_SHOWN_ROWS]:
        click.echo(f"line {row.line}: {defang(row.reason)}", err=True)
    if len(listed.bad_rows) > _SHOWN_ROWS:
        click.echo(f"... and {len(listed.bad_rows) - _SHOWN_ROWS} more rows left out", err=True)
    if not listed.seeds:
        raise UnreadableInputError(
            "no readable seed; write one URL a line, such as https://name.kz/"
        )
    return listed


def _of_sources(listed: SeedList, sources: tuple[str, ...]) -> SeedList:
    """The seeds of these sources; all where none is named.

    Raises:
        UnreadableInputError: a source has no seed: it is misspelled, or its list is empty.
    """
    known = {seed.source for seed in listed.seeds}
    for name in sources:
        if name not in known:
            there = ", ".join(sorted(known - {""})) or "none"
            raise UnreadableInputError(f"no seed of source {name!r}; there are: {defang(there)}")
    chosen = tuple(seed for seed in listed.seeds if not sources or seed.source in sources)
    return replace(listed, seeds=chosen)


def _run(
    data: Path, listed: SeedList, plan: CrawlPlan, also: Callable[[Progress], None]
) -> CrawlReport:
    from crawler.run import crawl as run_crawl

    with progress_shown() as show:

        def told(now: Progress) -> None:
            show(now)
            also(now)

        return run_crawl(
            data, listed.seeds, plan, detect_language=_detect_language, on_progress=told
        )


def _detect_language(text: str) -> str:
    """The language of `text`; the detector and its libraries are read by the crawl's own process, when first asked."""
    from classifier.languages import detect

    return detect(text)
