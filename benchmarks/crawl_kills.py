"""kill -9 of a crawl's processes at random moments, and what is lost or doubled by it: counts.

    uv run python -m benchmarks.crawl_kills [--kills 120] [--score-kills 10] [--seal-kills 10] [--seed 7]

A loopback web of some hundred pages is crawled with reading, scores, WARC and store on. One of the crawl's processes
(the command, the crawl, the reader of pages) is killed when a random number of pages has been asked for, after a random
time, or just after a WARC file has grown, which is before the transaction that accounts for it. The same command runs
again on the same store; after a few kills it may run to its end, sometimes with a second crawl beside it, and the
store is counted: every page of the web once, as it was served, each with one score and one capture, no WARC byte
without a row, nothing unread, nothing held. `qalqan score` and `qalqan evidence seal` are killed as well.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from crawler.processes import is_alive, owner_of
from tests.site.web import Web

HOSTS = 8
PAGES = 40
PAUSE_S = 0.05
MOST_KILLS_OF_A_STORE = 9
COMMAND, CRAWL, READER = "command", "crawl", "reader"


@dataclass(slots=True)
class Counts:
    """What was done, and what was found wrong by it."""

    kills: Counter[str] = field(default_factory=Counter)
    stores: int = 0
    pages: int = 0
    lost: int = 0
    doubled: int = 0
    altered: int = 0
    without_capture: int = 0
    captured_twice: int = 0
    scores_missing: int = 0
    scores_doubled: int = 0
    unread: int = 0
    held: int = 0
    tails_seen: int = 0
    tails_left: int = 0
    not_verified: int = 0
    failed_ends: int = 0

    @property
    def faults(self) -> int:
        return (
            self.lost + self.doubled + self.altered + self.without_capture + self.captured_twice
            + self.scores_missing + self.scores_doubled + self.unread + self.held + self.tails_left
            + self.not_verified + self.failed_ends
        )  # fmt: skip


def fill(web: Web) -> dict[str, str]:
    """Sites whose pages link in a chain and crosswise; returns each URL's SHA-256."""
    digests = {}
    for host in range(HOSTS):
        for page in range(PAGES):
            links = "".join(
                f'<a href="/{n}">x</a>' for n in {(page + 1) % PAGES, (page * 7 + 3) % PAGES}
            )
            text = "".join(f"<p>Line {n} of page {page} of site {host}.</p>" for n in range(60))
            html = f"<title>{host} {page}</title>{text}{links}"
            web.put(f"http://h{host}.test/{page}", html)
            url = f"http://h{host}.test:{web.port}/{page}"
            digests[url] = hashlib.sha256(html.encode()).hexdigest()
    return digests


class Processes:
    """A running command with the processes below it."""

    def __init__(self, web: Web, data: Path, extra: tuple[str, ...] = ()) -> None:
        seeds = data.parent / "seeds.txt"
        seeds.write_text("".join(f"http://h{host}.test:{web.port}/0\n" for host in range(HOSTS)))
        command = [sys.executable, "-m", "qalqan", "crawl", str(seeds), "--data", str(data), "--json",
                   "--delay", "0", "--max-depth", "99", "--resolve", "*.test:127.0.0.1",
                   "--allow-address", f"127.0.0.1/32:{web.port}", *extra]  # fmt: skip
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as this object
        self.running = subprocess.Popen(command, stdout=self.output, stderr=self.output)
        self._seen: set[str] = set()

    def by_role(self) -> dict[str, int]:
        """The ids of those that run now."""
        found = {COMMAND: self.running.pid}
        for role, parent in ((CRAWL, COMMAND), (READER, CRAWL)):
            below = [pid for pid in _children(found[parent]) if _is_worker(pid)]
            if not below:
                break
            found[role] = below[-1]
        self._seen.update(owner_of(pid) for pid in found.values())
        return found

    def kill(self, role: str) -> bool:
        """The process of that role was killed; False where there is none (yet)."""
        pid = self.by_role().get(role)
        if pid is None or self.running.poll() is not None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def wait(self) -> int:
        """All of them have ended; returns the command's exit code."""
        code = self.running.wait(120)
        end = time.monotonic() + 30
        while any(is_alive(owner) for owner in self._seen):
            assert time.monotonic() < end, "a process of a killed crawl lives on"
            time.sleep(0.005)
        return code

    def told(self) -> str:
        """The end of what the command printed."""
        self.output.seek(0)
        return self.output.read().decode(errors="replace")[-600:]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:
        pass
    return sorted(found)


def _is_worker(pid: int) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"resource_tracker" not in line and b"python" in line


def moment(rng: random.Random, web: Web, data: Path, running: subprocess.Popen[bytes]) -> str:
    """Waits for a random moment of the crawl, or its end; returns what was waited for."""
    kind = rng.choice(("time", "requests", "write", "write"))
    ended: Callable[[], bool] = lambda: running.poll() is not None  # noqa: E731
    if kind == "time":
        end = time.monotonic() + rng.uniform(0.05, 5.0)
        while time.monotonic() < end and not ended():
            time.sleep(0.002)
    elif kind == "requests":
        wanted = len(web.requests) + rng.randint(1, HOSTS * PAGES // 2)
        while len(web.requests) < wanted and not ended():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.05))
    else:
        growths, size = rng.randint(1, 4), warc_bytes(data)
        while growths and not ended():
            now = warc_bytes(data)
            growths -= now > size
            size = now
            time.sleep(0.0002)
        time.sleep(rng.choice((0.0, 0.0, rng.uniform(0, 0.004))))
    return kind


def warc_bytes(data: Path) -> int:
    """How many bytes the WARC files have together."""
    try:
        return sum(path.stat().st_size for path in (data / "warc").rglob("*.warc.gz"))
    except OSError:
        return 0


def one_store(rng: random.Random, counts: Counts, most: int, extra: tuple[str, ...]) -> None:
    """A store is crawled to its end with up to `most` kills on the way, and counted."""
    with tempfile.TemporaryDirectory() as folder, Web(pause_s=PAUSE_S) as web:
        data = Path(folder, "data")
        expected = fill(web)
        kills = 0
        while kills < most:
            crawls = [Processes(web, data, extra) for _ in range(rng.choice((1, 1, 2)))]
            kills += killed(rng, counts, crawls, web, data, most - kills)
            codes = [crawl.wait() for crawl in crawls]
            counts.tails_seen += warc_bytes(data) > accounted(data)
            if 0 in codes and len(stored(data)) == len(expected):
                break
        last = Processes(web, data, extra)
        counts.failed_ends += last.wait() != 0
        count_store(counts, data, expected, last.told())


def killed(
    rng: random.Random, counts: Counts, crawls: list[Processes], web: Web, data: Path, most: int
) -> int:
    """One kill after the other, until none of the crawls is left to kill; returns how many."""
    done = 0
    while done < most and (left := [c for c in crawls if c.running.poll() is None]):
        crawl = rng.choice(left)
        kind = moment(rng, web, data, crawl.running)
        role = rng.choice((COMMAND, CRAWL, CRAWL, READER, READER))
        if crawl.kill(role):
            done += 1
            counts.kills[f"{role} by {kind}"] += 1
    return done


def rows(data: Path, sql: str) -> list[tuple[object, ...]]:
    """What the store answers; nothing where there is no store yet."""
    try:
        with closing(
            sqlite3.connect(f"file:{data / 'qalqan.sqlite3'}?mode=ro", uri=True)
        ) as connection:
            return connection.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []


def stored(data: Path) -> list[str]:
    """The URL of every page version."""
    return [str(url) for (url,) in rows(data, "SELECT url FROM pages WHERE status = 200")]


def accounted(data: Path) -> int:
    """How many bytes of the WARC files the store has rows for."""
    found = rows(data, "SELECT (SELECT coalesce(sum(info_length), 0) FROM warc_files)"
                       " + (SELECT coalesce(sum(length), 0) FROM captures)")  # fmt: skip
    return int(str(found[0][0])) if found else 0


def count_store(counts: Counts, data: Path, expected: dict[str, str], told: str) -> None:
    """What is wrong with a store whose crawl has ended is added to the counts."""
    before = counts.faults
    urls = Counter(stored(data))
    counts.stores += 1
    counts.pages += len(expected)
    counts.lost += len(expected.keys() - urls.keys())
    counts.doubled += sum(n - 1 for n in urls.values())
    digests = rows(data, "SELECT url, body_sha256 FROM pages")
    counts.altered += sum(expected.get(str(url)) != digest for url, digest in digests)
    per_page = rows(data, "SELECT (SELECT count(*) FROM captures c WHERE c.page_id = p.id),"
                          " (SELECT count(*) FROM scores s WHERE s.page_id = p.id) FROM pages p")  # fmt: skip
    captures, scores = Counter(c for c, _ in per_page), Counter(s for _, s in per_page)
    counts.without_capture += captures[0]
    counts.captured_twice += len(per_page) - captures[0] - captures[1]
    counts.scores_missing += scores[0]
    counts.scores_doubled += len(per_page) - scores[0] - scores[1]
    counts.unread += len(rows(data, "SELECT 1 FROM unread"))
    counts.held += len(rows(data, "SELECT 1 FROM frontier WHERE state <> 'done'"))
    counts.tails_left += warc_bytes(data) != accounted(data)
    verified = qalqan("evidence", "verify", "--data", str(data))
    counts.not_verified += verified.returncode != 0
    if counts.faults > before:
        print(f"faults in store {counts.stores}: {counts}\n{told}\n{verified.stderr[-600:]}")


def qalqan(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qalqan", *words], capture_output=True, text=True, check=False
    )


def command_killed(rng: random.Random, counts: Counts, kills: int, words: tuple[str, ...]) -> None:
    """A command over a whole store is killed again and again, then runs to its end."""
    with tempfile.TemporaryDirectory() as folder, Web() as web:
        data = Path(folder, "data")
        expected = fill(web)
        crawl = Processes(web, data, ("--no-score",) if words == ("score",) else ())
        assert crawl.wait() == 0, crawl.told()
        command = [sys.executable, "-m", "qalqan", *words, "--data", str(data)]
        began = time.monotonic()
        whole = shutil.copytree(data, data.with_name("copy"))
        assert qalqan(*words, "--data", str(whole)).returncode == 0
        takes_s = time.monotonic() - began
        done = 0
        for _ in range(4 * kills):
            running = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                running.wait(rng.uniform(0.2, 1) * takes_s)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                done += 1
                counts.kills[f"qalqan {' '.join(words)}"] += 1
            if done == kills:
                break
        last = qalqan(*words, "--data", str(data))
        counts.failed_ends += last.returncode != 0
        count_store(counts, data, expected, last.stderr)


def lines(counts: Counts) -> Iterator[str]:
    """The report."""
    yield (
        f"{counts.kills.total()} kills over {counts.stores} stores of {HOSTS * PAGES} pages: "
        + ", ".join(f"{n} {what}" for what, n in sorted(counts.kills.items()))
    )
    yield (
        f"of {counts.pages} pages: {counts.lost} lost, {counts.doubled} stored twice, {counts.altered} altered,"
        f" {counts.unread} unread, {counts.held} still held"
    )
    yield (
        f"captures: {counts.without_capture} missing, {counts.captured_twice} doubled; WARC tails without a row:"
        f" {counts.tails_seen} seen after a kill, {counts.tails_left} left at the end;"
        f" {counts.not_verified} stores that do not verify"
    )
    yield (
        f"scores: {counts.scores_missing} missing, {counts.scores_doubled} doubled;"
        f" {counts.failed_ends} last runs that failed"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--score-kills", type=int, default=10)
    parser.add_argument("--seal-kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--option", action="append", default=[], help="one more for `qalqan crawl`")
    chosen = parser.parse_args()
    rng, counts = random.Random(chosen.seed), Counts()
    while (left := chosen.kills - counts.kills.total()) > 0:
        one_store(rng, counts, min(left, MOST_KILLS_OF_A_STORE), tuple(chosen.option))
        print(f"{counts.kills.total()} kills, {counts.faults} faults", file=sys.stderr)
    if chosen.score_kills:
        command_killed(rng, counts, chosen.score_kills, ("score",))
    if chosen.seal_kills:
        command_killed(rng, counts, chosen.seal_kills, ("evidence", "seal"))
    print("\n".join(lines(counts)))
    sys.exit(bool(counts.faults))


if __name__ == "__main__":
    main()
