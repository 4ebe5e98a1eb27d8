"""The process a crawl runs in: Twisted's reactor starts once in a process, and a hostile page may take it down."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from logging.handlers import RotatingFileHandler
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crawler import archive
from crawler.browser import CrawlBrowser
from crawler.browser_readers import BrowsingReaders
from crawler.job import LOG_NAME, STOP, Job
from crawler.ledger import Ledger
from crawler.plan import CrawlReport
from crawler.processes import allow_many_files, die_with_parent, is_alive, owner_of, peak_memory_mb
from crawler.readers import Readers, ReadLimits
from crawler.reading import ReadingJob
from review_queue import frontier, rechecks
from review_queue import seeds as stored_seeds
from review_queue.errors import QalqanError
from review_queue.hosts import parse_url
from review_queue.store import Store, open_store

if TYPE_CHECKING:
    from scrapy.crawler import AsyncCrawlerRunner

_LOG_BYTES: Final = 5 * 1024 * 1024
_PROGRESS_S: Final = 0.5
_STOP_AGAIN_S: Final = 0.05


def run_job(job: Job, pipe: Connection) -> None:
    """The crawl is done; the parent has been sent progress and, last, the report or the error."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the parent decides
    die_with_parent(job.parent_pid)
    allow_many_files()
    try:
        job.data_dir.mkdir(parents=True, exist_ok=True)
        _log_to(job.data_dir / LOG_NAME)
        with open_store(job.data_dir) as store:
            _send(pipe, _crawl(job, store, pipe))
    except QalqanError as error:
        _send(pipe, error)
    except OSError as error:
        _send(
            pipe,
            QalqanError(f"cannot write in {job.data_dir}: {error.strerror}; choose another --data"),
        )


def _crawl(job: Job, store: Store, pipe: Connection) -> CrawlReport:
    ledgers: list[Ledger] = []
    # first of all: loading a model takes longer than all that comes before the first page
    readers = _readers(job, lambda site: ledgers[0].bytes_left(site))  # noqa: PLW0108  # not there yet
    try:
        ledger = _opened_ledger(job, store)
        ledgers.append(ledger)
        stopped = _run_reactor(job, ledger, readers, pipe)
    finally:
        readers.kill()
    memory_mb = job.parent_memory_mb + peak_memory_mb() + readers.peak_memory_mb()
    report = ledger.close(stopped=stopped, memory_mb=memory_mb)
    if ledger.failure:
        raise ledger.failure
    return report


def _opened_ledger(job: Job, store: Store) -> Ledger:
    """The ledger of a new round over the job's seeds; what a crash has left is mended."""
    frontier.release(store, is_alive)
    archive.recover(store)
    stored_seeds.add(store, job.seeds)
    round_id = frontier.open_round(
        store,
        sites={parse_url(seed.url).host.site for seed in job.seeds},
        policy=job.plan.policy(),
        max_pages=job.plan.budget.max_pages,
        reopen=job.plan.retried_at_once(),
    )
    if job.plan.afresh is not None:
        urls = [parse_url(seed.url).canonical for seed in job.seeds]
        rechecks.line_up(store, round_id, urls, job.plan.afresh)
    ledger = Ledger(store, round_id, job.plan, owner_of(os.getpid()))
    ledger.discover_known()
    return ledger


def _readers(job: Job, bytes_left: Callable[[str], int]) -> Readers:
    """The readers, which get ready while the round is opened and Scrapy is imported."""
    pace, scoring = job.plan.pace, job.plan.scoring
    reading = ReadingJob(
        memory_mb=pace.read_mb,
        addresses=job.plan.network.addresses,
        detect_language=job.detect_language,
        load=scoring.load if scoring else None,
    )
    limits = ReadLimits(wall_s=2 * pace.read_s, cpu_s=pace.read_s)
    if job.plan.browsing is None:
        return Readers(reading, limits, pace.readers)
    # bytes of a page in which each letter takes two
    browser = CrawlBrowser(job.plan.network, job.plan.browsing, max_chars=pace.max_body_bytes // 2)
    return BrowsingReaders(reading, limits, pace.readers, browser=browser, bytes_left=bytes_left)


def _run_reactor(job: Job, ledger: Ledger, readers: Readers, pipe: Connection) -> bool:
    """The crawl has ended; returns whether it was told to."""
    from scrapy.utils.reactor import install_reactor  # noqa: PLC0415  # imports nothing of Twisted's reactor yet

    from crawler.settings import REACTOR, scrapy_settings  # noqa: PLC0415

    # a third less CPU a request where it is installed
    loop = "uvloop.Loop" if find_spec("uvloop") else None
    install_reactor(REACTOR, loop)
    from scrapy.crawler import AsyncCrawlerRunner  # noqa: PLC0415  # the reactor had to be chosen first
    from scrapy.utils.asyncio import create_looping_call  # noqa: PLC0415
    from twisted.internet import reactor  # noqa: PLC0415

    from crawler.resolver import GuardedResolver  # noqa: PLC0415
    from crawler.spiders.site import SiteSpider  # noqa: PLC0415

    running: Any = reactor  # Twisted makes its methods at run time
    network = job.plan.network
    GuardedResolver(
        running, network.addresses, network.overrides, network.proxy_address()
    ).install_on_reactor()
    runner = AsyncCrawlerRunner({**scrapy_settings(job.plan), "ASYNCIO_EVENT_LOOP": loop})
    stopped = _stop_when_told(runner, running, ledger, pipe)
    readers.on_failure = ledger.fail
    readers.on_hostile = ledger.leave
    task = runner.crawl(SiteSpider, ledger=ledger, plan=job.plan, readers=readers)
    task.add_done_callback(lambda _: running.callLater(0, running.stop))
    progress = create_looping_call(lambda: _send(pipe, ledger.progress()))
    progress.start(_PROGRESS_S, now=False)
    running.run(installSignalHandlers=False)
    task.result()
    return stopped.is_set()


def _stop_when_told(
    runner: "AsyncCrawlerRunner",
    running: Any,  # noqa: ANN401  # the reactor: Twisted makes its methods at run time
    ledger: Ledger,
    pipe: Connection,
) -> threading.Event:
    """The crawl ends when the parent says so, which sets the event returned, or when the store fails."""
    told = threading.Event()

    def stop() -> None:
        # Scrapy takes a stop before its engine runs for done and never asks the engine again
        engines = [getattr(crawler, "engine", None) for crawler in runner.crawlers]
        if all(engine is not None and engine.running for engine in engines):
            asyncio.ensure_future(runner.stop())  # noqa: RUF006  # the reactor outlives it
        else:
            running.callLater(_STOP_AGAIN_S, stop)

    def told_to_stop() -> None:
        told.set()
        stop()

    ledger.on_failure = lambda: running.callLater(0, stop)
    threading.Thread(
        target=_listen, args=(pipe, lambda: running.callFromThread(told_to_stop)), daemon=True
    ).start()
    return told


def _listen(pipe: Connection, stop: Callable[[], None]) -> None:
    """The parent's word is passed on; when the parent is gone, so is this process."""
    try:
        while pipe.recv() != STOP:
            pass
        stop()
        pipe.recv()
    except (EOFError, OSError):
        os._exit(1)


def _send(pipe: Connection, message: object) -> None:
    try:
        pipe.send(message)
    except OSError:
        os._exit(1)


def _log_to(path: Path) -> None:
    """Warnings, and whatever a library prints, go to the file at `path`: standard output is the command's."""
    logging.raiseExceptions = False  # a log that cannot be written must not print to the console
    handler = RotatingFileHandler(
        path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", errors="replace"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(capture=True)
    sys.stdout.flush()
    with path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
