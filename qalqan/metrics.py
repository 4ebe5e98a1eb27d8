"""What a crawl and the rounds by the clock tell a Prometheus: figures of few names and few labels, never an address."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crawler.advice import group_of
from crawler.plan import CrawlReport, Progress
from crawler.tally import KILLED
from qalqan.listen import Listen
from qalqan.settings import Round
from review_queue.errors import QalqanError
from review_queue.rounds import Run

_MB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ListState:
    """What waits at the listed sites: looks that are due, entries past their review date, proposals to lift."""

    looks_due: int
    reviews_due: int
    proposals: int


@dataclass(frozen=True, slots=True)
class RoundState:
    """A round by the clock as a monitor sees it; `late_s` is 0 where it was done in time.

    `listed` is None where the round looks at no listed sites.
    """

    planned: Round
    next_at: datetime
    late_s: float
    last_done: Run | None
    listed: ListState | None = None


class CrawlFigures(Collector):
    """The figures of one crawl, as of the last time it was told of."""

    def __init__(self, *, is_scoring: bool, now_s: float) -> None:
        self._is_scoring = is_scoring
        self._now = Progress()
        self._is_running = True
        self._began_s = self._told_s = now_s

    def tell(self, progress: Progress, now_s: float) -> None:
        """The crawl stands at `progress`."""
        self._now, self._told_s = progress, now_s

    def end(self, report: CrawlReport | None, now_s: float) -> None:
        """The crawl has ended, with this report or without any."""
        self._is_running, self._told_s = False, now_s
        if report is not None:
            self._now = Progress(
                round_id=report.round_id,
                pages=report.pages,
                errors=report.errors,
                bytes=report.bytes,
                pending=self._now.pending,
                sites=report.sites,
                harvested=report.harvested,
                killed={why: count for why, count in report.unread.items() if why in KILLED},
                seconds=report.seconds,
            )

    def collect(self) -> Iterator[Metric]:
        """The figures in Prometheus's terms."""
        now = self._now
        yield _counter("pages", "Pages stored with status 200.", now.pages)
        yield _counter("bytes", "Bytes received, after decompression.", now.bytes)
        if self._is_scoring:
            yield _counter("harvested", "Pages whose score reached a threshold.", now.harvested)
        errors: Counter[str] = Counter()
        for kind, count in now.errors.items():
            errors[group_of(kind)] += count
        yield _counter("errors", "Addresses that gave no page.", errors, "kind")
        killed = {reason: now.killed.get(reason, 0) for reason in sorted(KILLED)}
        yield _counter("readers_killed", "Readers that a page was the end of.", killed, "reason")
        yield _gauge("qalqan_crawl_pending", "Known addresses still to be fetched.", now.pending)
        yield _gauge("qalqan_crawl_sites", "Sites asked so far.", now.sites)
        yield _gauge("qalqan_crawl_round", "The round's number in the store.", now.round_id)
        yield _gauge("qalqan_crawl_memory_bytes", "Held by all its processes.", now.memory_mb * _MB)
        yield _gauge("qalqan_crawl_duration_seconds", "Since the crawl began.", now.seconds)
        yield _gauge("qalqan_crawl_running", "1 while the crawl runs.", int(self._is_running))
        yield _gauge("qalqan_crawl_start_timestamp_seconds", "When it began.", self._began_s)
        yield _gauge("qalqan_crawl_update_timestamp_seconds", "When it was here.", self._told_s)


class RoundFigures(Collector):
    """Which rounds by the clock are late, as of one check."""

    def __init__(self, rounds: Sequence[RoundState], now_s: float) -> None:
        self._rounds = rounds
        self._now_s = now_s

    def collect(self) -> Iterator[Metric]:
        """The figures in Prometheus's terms; a round that was never done has no time of its last success."""
        late = _named("qalqan_round_late_seconds", "How long ago it should have been done, or 0.")
        upcoming = _named("qalqan_round_next_timestamp_seconds", "When it is planned next.")
        done = _named("qalqan_round_success_timestamp_seconds", "When its last good run began.")
        looks = _named("qalqan_round_looks_due", "Listed sites to be looked at again by now.")
        reviews = _named("qalqan_round_reviews_due", "Entries past their review date.")
        proposals = _named("qalqan_round_lift_proposals", "Proposals to lift that wait for people.")
        for one in self._rounds:
            labels = [one.planned.name]
            if one.listed is not None:
                looks.add_metric(labels, one.listed.looks_due)
                reviews.add_metric(labels, one.listed.reviews_due)
                proposals.add_metric(labels, one.listed.proposals)
            late.add_metric(labels, one.late_s)
            upcoming.add_metric(labels, one.next_at.timestamp())
            if one.last_done is not None:
                began = datetime.fromisoformat(one.last_done.started_at)
                done.add_metric(labels, began.timestamp())
        yield from (late, upcoming, done)
        yield from (family for family in (looks, reviews, proposals) if family.samples)
        yield _gauge("qalqan_rounds_check_timestamp_seconds", "When this was told.", self._now_s)


@contextmanager
def served(figures: Collector, listen: Listen) -> Iterator[int]:
    """Whoever asks `listen` is told the figures during the block; gives the port.

    Raises:
        QalqanError: the address cannot be listened on.
    """
    try:
        server, thread = start_http_server(listen.port, listen.host, registry=_only(figures))
    except OSError as error:
        raise QalqanError(
            f"metrics cannot be served on {listen} ({error.strerror}); name another port with --metrics"
        ) from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write(figures: Collector, path: Path) -> None:
    """The file at `path` holds the figures; whoever reads it meanwhile sees the old ones or these, all of them.

    Raises:
        QalqanError: it cannot be written.
    """
    try:
        # its name has not the ending that is collected
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(generate_latest(_only(figures)))
                os.fchmod(file.fileno(), 0o644)  # the collector runs under an account of its own
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise QalqanError(
            f"cannot write {path} ({error.strerror}); name another --metrics-file"
        ) from None


def _only(figures: Collector) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return registry


def _counter(
    name: str, text: str, value: float | Counter[str] | dict[str, int], label: str = ""
) -> Metric:
    if isinstance(value, dict):
        family = CounterMetricFamily(f"qalqan_crawl_{name}", text, labels=[label])
        for key, count in sorted(value.items()):
            family.add_metric([key], count)
        return family
    return CounterMetricFamily(f"qalqan_crawl_{name}", text, value=value)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _named(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["round"])
