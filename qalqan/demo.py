"""The whole loop on a sample web of our own: crawl, score, decide, export, look at it."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.manifest import Manifest
from blocklist.publish import export
from classifier import artefacts
from classifier.languages import detect
from classifier.scoring import Scorer
from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import Budget, CrawlPlan, Network, Pace, Progress
from crawler.run import crawl
from crawler.shaping import Shaper
from qalqan.cycle import score_store
from qalqan.demo_findings import Finding, findings
from qalqan.demo_officers import Account, decide_all, open_accounts, set_aside
from qalqan.demo_output import (
    bar,
    show_accounts,
    show_crawl,
    show_decisions,
    show_export,
    show_findings,
)
from qalqan.lent import lent
from qalqan.sample_web.server import ADDRESS, SampleWeb, serve_sample_web
from review_queue import allowances, entries
from review_queue.errors import QalqanError
from review_queue.pages import count_unscored
from review_queue.records import Seed
from review_queue.store import Store, open_store
from review_ui.config import ServeConfig
from review_ui.server import serve

EXPORT_FOLDER: Final = "export"
_SUFFIX: Final = "example"  # reserved: no name below it leads anywhere
_ACTOR: Final = "demo"
_MAX_PAGES: Final = 10
_LEFT_FOR_A_VISITOR: Final = 3


class DemoFolderError(QalqanError):
    """The folder named for the demo cannot be used, or holds something already."""


class DemoPortError(QalqanError):
    """The port named for the review pages is taken."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the loop came to; a needle is found when its site has a case in the review queue."""

    needles_there: int
    needles_found: int
    cases_opened: int
    entries_exported: int

    def line(self) -> str:
        """The last line the demo prints."""
        return (
            f"needles found {self.needles_found} of {self.needles_there},"
            f" cases opened {self.cases_opened}, entries exported {self.entries_exported}"
        )


@contextmanager
def demo_folder(named: Path | None) -> Iterator[Path]:
    """A folder for one demo: `named`, which is kept, or a temporary one, which is gone after the block.

    Raises:
        DemoFolderError: `named` is not a new or empty folder.
    """
    if named is None:
        with tempfile.TemporaryDirectory(prefix="qalqan-demo-") as temporary:
            yield Path(temporary)
        return
    try:
        named.mkdir(parents=True, exist_ok=True)
        is_empty = next(named.iterdir(), None) is None
    except OSError as error:
        raise DemoFolderError(
            f"cannot use {named} ({error.strerror}); choose another --data"
        ) from None
    if not is_empty:
        raise DemoFolderError(
            f"{named} is not empty, and the demo never mixes its pages with others; choose a new --data"
        )
    yield named


def check_port(port: int) -> None:
    """The review pages will find `port` free, as far as can be told before they need it.

    Raises:
        DemoPortError: another program listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise DemoPortError(
                f"cannot serve on {ADDRESS}:{port} ({error.strerror}); choose another --port, 0 takes a free one"
            ) from None


def run_demo(
    data_dir: Path, *, with_pages: bool, is_kept: bool, port: int, console: Console
) -> DemoReport:
    """The loop has run over the sample web in `data_dir`; with `with_pages` the review pages were served after it.

    Args:
        data_dir: a new folder; the store, the accounts and the lists go there.
        with_pages: leave some cases undecided and serve the review pages until interrupted.
        is_kept: `data_dir` outlives the demo, so that its accounts are worth telling.
        port: the port of the review pages.
        console: where everything is told.
    """
    config = ServeConfig(data_dir, port=port, lent=lent(data_dir, None))
    with serve_sample_web() as web:
        _crawl(web, data_dir, console)
    with open_store(data_dir) as store:
        # reserved names, which no other store may list; this one may list exactly those of its own sites
        allowances.allow(store, [site.host.name for site in web.sites])
        _score(store, console)
        found = findings(store, web.sites)
        show_findings(console, found)
        accounts = open_accounts(config)
        left = set_aside(store, web.sites, _LEFT_FOR_A_VISITOR) if with_pages else frozenset()
        decisions = decide_all(store, web.sites, accounts[:2], left)
        show_decisions(console, store, decisions, left)
        manifest = _export(store, data_dir / EXPORT_FOLDER, console)
        report = _report(findings(store, web.sites), manifest)
    if with_pages or is_kept:
        show_accounts(console, accounts)
    if with_pages:
        _serve(config, accounts, report, console)
    else:
        if is_kept:
            console.print(f"To look at it: qalqan serve --data {data_dir}", soft_wrap=True)
        else:
            told = "This folder is removed now. To keep it: qalqan demo --no-serve --data demo-data"
            console.print(told, soft_wrap=True)
        console.print(report.line())
    return report


def _crawl(web: SampleWeb, data_dir: Path, console: Console) -> None:
    pages = sum(len(site.pages) for site in web.sites)
    console.print(
        f"A sample web of {len(web.sites)} sites with {pages} pages answers on {ADDRESS}:{web.port}."
    )
    seeds = [Seed(web.url(site), source="sample web") for site in web.sites]
    plan = CrawlPlan(
        budget=Budget(max_pages=_MAX_PAGES),
        pace=Pace(delay_s=0.05),  # our own machine: there is nobody to be polite to
        network=Network(
            addresses=AddressPolicy((Allowance.parse(f"{ADDRESS}/32:{web.port}"),)),
            overrides=(Override.parse(f"*.{_SUFFIX}:{ADDRESS}"),),
        ),
    )
    with bar("Crawling", pages) as move_to:

        def tell(progress: Progress) -> None:
            move_to(progress.pages)

        report = crawl(data_dir, seeds, plan, detect_language=detect, on_progress=tell)
    show_crawl(console, report, pages)
    if report.stopped:
        raise KeyboardInterrupt  # the crawl ends in good order on Ctrl-C; so does the demo


def _score(store: Store, console: Console) -> None:
    scorer = Scorer(artefacts.load(artefacts.default_models_dir()))
    done = 0
    with bar("Scoring", count_unscored(store, scorer.model_id)) as move_to, Shaper() as shaper:

        def tell(count: int) -> None:
            nonlocal done
            done += count
            move_to(done)

        report = score_store(store, scorer, shaper.surroundings, tell)
    model = scorer.model_id
    console.print(
        f"Scored {report.pages} pages with {model.name} {model.version}:"
        f" {report.cases_opened} review cases and {report.referrals_opened} referrals opened."
    )


def _export(store: Store, out: Path, console: Console) -> Manifest:
    admitted = admit(store)
    manifest = export(store, out, tuple(FORMATS), actor=_ACTOR)
    show_export(console, list(entries.live(store)), admitted.refused, manifest, out)
    return manifest


def _report(found: tuple[Finding, ...], manifest: Manifest) -> DemoReport:
    needles = [finding for finding in found if finding.site.is_needle]
    return DemoReport(
        needles_there=len(needles),
        needles_found=sum(finding.is_in_review for finding in needles),
        cases_opened=sum(len(finding.cases) for finding in found),
        entries_exported=max(listing.entries for listing in manifest.formats.values()),
    )


def _serve(
    config: ServeConfig, accounts: tuple[Account, ...], report: DemoReport, console: Console
) -> None:
    def ready(address: str) -> None:
        console.print(
            f"The review pages are at {address} (Ctrl-C ends)."
            f" A block needs two people: sign in as {accounts[0].username}, decide, then as {accounts[1].username}."
        )
        console.print(report.line())

    serve(config, on_ready=ready)
