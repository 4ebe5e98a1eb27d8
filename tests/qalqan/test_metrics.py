"""Figures for a Prometheus: its names and formats, few labels, and a file that is never half written."""

import threading
import urllib.request
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from crawler.plan import CrawlReport, Progress
from qalqan.listen import Listen
from qalqan.metrics import CrawlFigures, ListState, RoundFigures, RoundState, served, write
from qalqan.settings import Round
from review_queue.errors import QalqanError
from review_queue.rounds import Outcome, Run


def figures_of(progress: Progress, *, is_scoring: bool = True) -> CrawlFigures:
    figures = CrawlFigures(is_scoring=is_scoring, now_s=1000.0)
    figures.tell(progress, 1060.0)
    return figures


def rounds_of(*, late_s: float = 0.0, done: bool = True) -> RoundFigures:
    planned = Round("nightly", "0 3 * * *", Path("seeds.txt"), Path("data"))
    run = Run("nightly", "2026-11-01T03:00:00.000Z", "", Outcome.DONE) if done else None
    upcoming = datetime(2026, 11, 2, 3, tzinfo=UTC)
    listed = ListState(looks_due=3, reviews_due=2, proposals=1)
    return RoundFigures([RoundState(planned, upcoming, late_s, run, listed)], 1_793_500_000.0)


def values(text: str) -> dict[tuple[str, ...], float]:
    """Each sample's value by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def written(path: Path, figures: CrawlFigures | RoundFigures) -> dict[tuple[str, ...], float]:
    write(figures, path)
    return values(path.read_text())


def test_a_crawls_figures_have_prometheus_names_and_units(tmp_path: Path) -> None:
    now = Progress(7, 30, {"dns": 4, "tls": 1}, 5000, 60, 9, 3, {"memory": 2}, 60.5, 100.0)

    found = written(tmp_path / "a.prom", figures_of(now))

    assert found == {
        ("qalqan_crawl_pages_total",): 30,
        ("qalqan_crawl_bytes_total",): 5000,
        ("qalqan_crawl_harvested_total",): 3,
        ("qalqan_crawl_errors_total", "dns"): 4,
        ("qalqan_crawl_errors_total", "tls"): 1,
        ("qalqan_crawl_readers_killed_total", "died"): 0,
        ("qalqan_crawl_readers_killed_total", "memory"): 2,
        ("qalqan_crawl_readers_killed_total", "time"): 0,
        ("qalqan_crawl_pending",): 60,
        ("qalqan_crawl_sites",): 9,
        ("qalqan_crawl_round",): 7,
        ("qalqan_crawl_memory_bytes",): 100 * 1024 * 1024,
        ("qalqan_crawl_duration_seconds",): 60.5,
        ("qalqan_crawl_running",): 1,
        ("qalqan_crawl_start_timestamp_seconds",): 1000,
        ("qalqan_crawl_update_timestamp_seconds",): 1060,
    }


def test_a_crawl_that_does_not_score_has_no_harvest_to_be_alerted_of(tmp_path: Path) -> None:
    found = written(tmp_path / "a.prom", figures_of(Progress(pages=3), is_scoring=False))

    assert ("qalqan_crawl_harvested_total",) not in found


def test_whatever_servers_answer_there_are_few_kinds_of_error(tmp_path: Path) -> None:
    errors = {f"http_{status}": 1 for status in range(100, 1000)} | {"x<script>": 5, "new": 6}

    found = written(tmp_path / "a.prom", figures_of(Progress(errors=errors)))

    kinds = {key[1]: value for key, value in found.items() if key[0] == "qalqan_crawl_errors_total"}
    assert kinds == {f"http_{first}xx": 100 for first in range(1, 10)} | {"other": 11}


def test_the_end_is_told_with_the_last_figures_or_without_any(tmp_path: Path) -> None:
    ended = figures_of(Progress(pages=3, pending=2))
    ended.end(CrawlReport(pages=5, unread={"time": 1, "failed": 4}, round_id=8), 1100.0)
    died = figures_of(Progress(pages=3, pending=2))
    died.end(None, 1100.0)

    of_ended, of_died = (written(tmp_path / "a.prom", one) for one in (ended, died))

    for found, pages in ((of_ended, 5), (of_died, 3)):
        assert found["qalqan_crawl_running",] == 0
        assert found["qalqan_crawl_pages_total",] == pages
        assert found["qalqan_crawl_update_timestamp_seconds",] == 1100
    assert of_ended["qalqan_crawl_readers_killed_total", "time"] == 1


def test_a_late_round_is_told_with_its_last_success(tmp_path: Path) -> None:
    late = written(tmp_path / "a.prom", rounds_of(late_s=7200.0))
    never = written(tmp_path / "a.prom", rounds_of(late_s=60.0, done=False))

    assert late["qalqan_round_late_seconds", "nightly"] == 7200
    assert late["qalqan_round_looks_due", "nightly"] == 3
    assert late["qalqan_round_reviews_due", "nightly"] == 2
    assert late["qalqan_round_lift_proposals", "nightly"] == 1
    began = datetime(2026, 11, 1, 3, tzinfo=UTC).timestamp()
    assert late["qalqan_round_success_timestamp_seconds", "nightly"] == began
    assert late["qalqan_round_next_timestamp_seconds", "nightly"] == began + 86_400
    assert late["qalqan_rounds_check_timestamp_seconds",] == 1_793_500_000
    assert ("qalqan_round_success_timestamp_seconds", "nightly") not in never


def get(port: int) -> HTTPResponse:
    response = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10)
    assert isinstance(response, HTTPResponse)
    return response


def test_figures_are_served_while_the_block_lasts() -> None:
    figures = figures_of(Progress(pages=3))
    with served(figures, Listen.parse("0")) as port:
        with get(port) as response:
            assert "text/plain" in response.headers["Content-Type"]
            first = values(response.read().decode())
        figures.tell(Progress(pages=4), 1070.0)
        with get(port) as response:
            second = values(response.read().decode())

    assert first["qalqan_crawl_pages_total",] == 3
    assert second["qalqan_crawl_pages_total",] == 4
    with served(figures, Listen.parse(str(port))) as again:
        assert again == port


def test_a_port_that_is_taken_is_told() -> None:
    with (
        served(figures_of(Progress()), Listen.parse("0")) as port,
        pytest.raises(QalqanError, match=f"on 127.0.0.1:{port} .*another port with --metrics"),
        served(figures_of(Progress()), Listen.parse(str(port))),
    ):
        pytest.fail("listened twice")


def test_a_file_is_never_seen_half_written(tmp_path: Path) -> None:
    path = tmp_path / "qalqan.prom"
    errors = {f"http_{status}": 1 for status in range(100, 1000)}
    figures = figures_of(Progress(errors=errors))
    write(figures, path)
    whole = len(path.read_bytes())
    done = threading.Event()
    seen: set[int] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(len(path.read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(200):
        write(figures, path)
    done.set()
    reader.join()

    assert seen == {whole}
    assert [one.name for one in tmp_path.iterdir()] == ["qalqan.prom"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_file_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    for path in (tmp_path / "missing" / "a.prom", tmp_path / "taken"):
        with pytest.raises(QalqanError, match="name another --metrics-file"):
            write(figures_of(Progress()), path)
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]
