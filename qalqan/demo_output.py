"""What the demo tells a person: tables on standard output, bars where somebody watches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from blocklist.entries import RefusedBlock
from blocklist.manifest import Manifest
from crawler.plan import CrawlReport
from qalqan.demo_findings import Finding, false_alarms, missed, rows
from qalqan.demo_officers import Account, tally
from qalqan.sample_web.sites import SampleSite
from review_queue import cases
from review_queue.hosts import defang
from review_queue.records import Decision, Entry
from review_queue.store import Store


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for the block, moved by the function it gives; silent where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=total)

        def move_to(done: int) -> None:
            progress.update(task, completed=done)

        yield move_to


def show_crawl(console: Console, report: CrawlReport, pages: int) -> None:
    """How much of the sample web was fetched, and what stood in the way."""
    errors = ", ".join(f"{count} {kind}" for kind, count in sorted(report.errors.items()))
    console.print(
        f"Crawled {report.pages} of {pages} pages in {report.seconds:.1f} s;"
        f" errors: {errors or 'none'}."
    )


def show_findings(console: Console, found: Sequence[Finding]) -> None:
    """What was there against what the queue holds, then every miss and every false alarm by name."""
    table = Table(title="Found against what was there (sites)", title_justify="left")
    table.add_column("kind")
    for heading in ("there", "in the queue", "referral lane", "neither"):
        table.add_column(heading, justify="right")
    for row in rows(found):
        figures = (row.there, row.in_review, row.in_referral, row.in_neither)
        table.add_row(row.kind, *(str(figure) for figure in figures))
    console.print(table)
    lost = missed(found)
    console.print(f"Missed: {len(lost)}.", *(_named(site) for site in lost), sep="\n  ")
    alarms = false_alarms(found)
    lines = [f"{_named(site)}: {case.category} {case.risk:.2f}" for site, case in alarms]
    console.print(f"Cases that people will dismiss: {len(alarms)}.", *lines, sep="\n  ")
    console.print("So small a sample shows the loop; what a model finds is measured in its card.")


def show_decisions(
    console: Console, store: Store, made: Sequence[Decision], left: frozenset[str]
) -> None:
    """How the officers decided, and which cases wait for a visitor."""
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in tally(made).items())
    console.print(f"Two officers made {len(made)} decisions: {verdicts or 'none'}.")
    for case in (cases.get(store, ref) for ref in sorted(left)):
        console.print(f"Left for you: {case.ref} {case.category} {defang(case.site)}")


def show_export(
    console: Console,
    live: Sequence[Entry],
    refused: Sequence[RefusedBlock],
    manifest: Manifest,
    out: Path,
) -> None:
    """The block list, defanged, and the files it was written to."""
    table = Table(title=f"Block list, serial {manifest.serial}", title_justify="left")
    for heading in ("name", "scope", "category"):
        table.add_column(heading)
    table.add_column("people", justify="right")
    for entry in live:
        table.add_row(defang(entry.unicode_name), entry.scope, entry.category, str(entry.people))
    console.print(table)
    for block in refused:
        console.print(f"Refused {defang(block.name)}: {block.told}")
    files = ", ".join(listing.file for listing in manifest.formats.values())
    console.print(f"Written to {out}: {files}, manifest.json", soft_wrap=True)


def show_accounts(console: Console, accounts: Sequence[Account]) -> None:
    """Who may sign in; the passwords were made for this run and stand nowhere else."""
    table = Table(title="Demo accounts", title_justify="left")
    for heading in ("user", "password", "role"):
        table.add_column(heading)
    for account in accounts:
        table.add_row(account.username, account.password, account.role)
    console.print(table)


def _named(site: SampleSite) -> str:
    return f"{defang(site.host.unicode)} ({site.language}, {site.kind})"
