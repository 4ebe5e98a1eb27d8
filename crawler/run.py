"""Runs a crawl in a process of its own and tells the caller how it goes."""

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from crawler.job import LOG_NAME, STOP, Job
from crawler.plan import CrawlPlan, CrawlReport, Progress
from crawler.processes import memory_held_mb, peak_memory_mb
from review_queue.errors import QalqanError
from review_queue.records import Seed

_POLL_S: Final = 0.2
_JOIN_S: Final = 10.0


def crawl(
    data_dir: Path,
    seeds: Sequence[Seed],
    plan: CrawlPlan,
    *,
    detect_language: Callable[[str], str],
    on_progress: Callable[[Progress], None] | None = None,
) -> CrawlReport:
    """Fetch what is due of the seeds' sites into the store in `data_dir`, within the plan's budgets.

    Ctrl-C ends the crawl after the running downloads, a second one at once; either way, and after a kill of this
    process or its child at any moment, the next crawl goes on where this one stood.

    Raises:
        QalqanError: the store could not be opened or written, or the crawl's process died.
    """
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    job = Job(
        data_dir.absolute(), tuple(seeds), plan, detect_language, os.getpid(), peak_memory_mb()
    )
    child = context.Process(target=_run_job, args=(job, theirs))
    child.start()
    theirs.close()
    try:
        report = _follow(child, ours, on_progress or (lambda _: None))
    finally:
        if child.is_alive():
            child.kill()
        child.join(_JOIN_S)
        ours.close()
    if report is None:
        raise QalqanError(
            f"the crawl's process ended before its time (code {child.exitcode}); nothing stored is lost: run the same"
            f" command again, and see {data_dir / LOG_NAME} if it happens twice"
        )
    return replace(report, seconds=time.monotonic() - began)


def _run_job(job: Job, pipe: Connection) -> None:
    # imported by the child alone: the store and its libraries cost the caller 0.4 s
    from crawler.child import run_job  # noqa: PLC0415

    run_job(job, pipe)


def _follow(
    child: BaseProcess, pipe: Connection, on_progress: Callable[[Progress], None]
) -> CrawlReport | None:
    """The child's report; None where it died without one."""
    interrupts = 0
    while True:
        try:
            if pipe.poll(_POLL_S):
                message = pipe.recv()
                if isinstance(message, Progress):
                    on_progress(replace(message, memory_mb=memory_held_mb(os.getpid())))
                elif isinstance(message, CrawlReport):
                    child.join(_JOIN_S)
                    return message
                else:
                    raise message
            elif not child.is_alive() and not pipe.poll():
                return None
        except (EOFError, ConnectionResetError):
            child.join(_JOIN_S)
            return None
        except KeyboardInterrupt:
            interrupts += 1
            if interrupts > 1:
                raise
            pipe.send(STOP)
