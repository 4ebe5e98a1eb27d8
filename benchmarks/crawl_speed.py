"""Pages a second of `qalqan crawl` against bare Scrapy and crawlee with empty callbacks, all in one run.

    uv run python benchmarks/crawl_speed.py [--pages 20000] [--turns 3] [--uvloop both] [--json FILE]
    uv run python benchmarks/crawl_speed.py --pages 4000 --turns 1 --without crawlee   # while developing

`qalqan crawl` has everything on: links, text, language, scores, WARC and store. All fetch the same pages of 200 hosts
(loopback addresses, so that nobody looks names up) from one server, 64 requests at once; what the server alone can
give is printed first. The pages are about 40 KB of HTML, 20 to 60, with some 4,000 characters of text in Kazakh,
Russian or English, put together from the project's harmless lines. A list of all URLs is given to each; `--follow`
gives ours the front pages only and lets it find the others through links, as a real crawl does.

Whole processes are timed, from start to exit and with all their children: CPU is what the kernel has counted once
they are all waited for, memory the largest sum over a program's processes, looked at every half second (what two of
them share is counted once). Each runs over 200 pages first, unmeasured. Wall time is noisy on a busy machine: the
programs take turns, and the best and the median turn are told. `--uvloop` says whether all of them use it, where it
can be installed.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from crawl_speed_web import HOSTS, served

HERE = Path(__file__).parent
CONCURRENCY = 64
CRAWLEE = ("crawlee[httpx]==1.11.0",)
UVLOOP = "uvloop>=0.22"


@dataclass(frozen=True)
class Turn:
    """One timed run of one program."""

    program: str
    uvloop: bool
    pages: int
    seconds: float
    cpu_ms: float  # a page
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.pages / self.seconds


def timed(
    program: str, command: list[str], pages: int, environment: Mapping[str, str], *, uvloop: bool
) -> Turn:
    """Run the command, which must get all pages."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as told:
        running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=told, text=True, env=environment
        )
        with _peak_of(running.pid) as peaks:
            output, _ = running.communicate()
        seconds = time.perf_counter() - began
        told.seek(0)
        errors = told.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert running.returncode == 0, errors
    report = json.loads(output.splitlines()[-1])
    assert report["pages"] == pages, (report, errors)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Turn(program, uvloop, pages, seconds, cpu / pages * 1000, peaks[0] / 1024)


@contextmanager
def _peak_of(pid: int) -> Iterator[list[float]]:
    """A list whose one number grows to the most KB that the process and all below it hold together."""
    peak = [0.0]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            peak[0] = max(peak[0], sum(map(_memory_kb, _tree(pid))))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield peak
    finally:
        ended.set()
        watching.join()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def _memory_kb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("Pss:")), 0.0)


@dataclass(frozen=True)
class Programs:
    """The commands of one run, and where their packages are."""

    folder: Path
    port: int
    pages: int
    urls: str  # the file that lists them
    crawlee: str  # the interpreter of its environment
    uvloop: str  # a folder to import it from
    options: tuple[str, ...]
    follow: bool

    def run(self, program: str, turn: int, *, uvloop: bool) -> Turn:
        """One turn of `program`."""
        environment = dict(os.environ)
        # as in any installation, compiled modules are kept, wherever this program runs
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(self.folder / "compiled")
        if uvloop:
            environment["PYTHONPATH"] = self.uvloop
        command = self._ours(turn, uvloop=uvloop) if program == "qalqan" else self._peer(program)
        if uvloop and program != "qalqan":
            command.append("--uvloop")
        return timed(program, command, self.pages, environment, uvloop=uvloop)

    def _peer(self, peer: str) -> list[str]:
        python = self.crawlee if peer.startswith("crawlee") else sys.executable
        return [python, str(HERE / "crawl_peers.py"), peer, str(self.folder / self.urls),
                "--concurrency", str(CONCURRENCY)]  # fmt: skip

    def _ours(self, turn: int, *, uvloop: bool) -> list[str]:
        seeds = self.folder / ("fronts.txt" if self.follow else self.urls)
        return [sys.executable, "-m", "qalqan", "crawl", str(seeds), "--json",
                "--data", str(self.folder / f"data{turn}{uvloop}{self.pages}"),
                "--allow-address", f"127.0.1.0/24:{self.port}", "--robots", "ignore", "--delay", "0",
                "--max-pages", str(self.pages // HOSTS), "--max-depth", "99" if self.follow else "0",
                "--max-bytes", "9999999999", "--max-seconds", "99999",
                "--concurrency", str(CONCURRENCY), *self.options]  # fmt: skip


def installed(folder: Path, programs: list[str], *, uvloop: bool) -> tuple[str, str]:
    """Crawlee's interpreter and a folder with uvloop, in `folder`, for as long as it is there."""
    environment, place = folder / "crawlee", folder / "uvloop"
    packages = [*CRAWLEE, UVLOOP] if uvloop else list(CRAWLEE)
    if any(program.startswith("crawlee") for program in programs):
        _quiet(["uv", "venv", "--no-project", "--python", sys.executable, str(environment)])
        _quiet(["uv", "pip", "install", "--no-config", "-p", str(environment), *packages])
    if uvloop:
        _quiet(["uv", "pip", "install", "--no-config", "-p", sys.executable, "--no-deps",
                "--target", str(place), UVLOOP])  # fmt: skip
    return str(environment / "bin" / "python"), str(place)


def _quiet(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def compare(chosen: argparse.Namespace) -> list[Turn]:
    """Run all programs in turn and tell what each turn took."""
    names = [p for p in ("raw", "scrapy", "qalqan", "crawlee", "crawlee-httpx")
             if not any(p.startswith(left_out) for left_out in chosen.without)]  # fmt: skip
    loops = {"no": [False], "yes": [True], "both": [False, True]}[chosen.uvloop]
    turns = []
    # a folder that is named in the store's records: short, so that its length does not count
    with (
        tempfile.TemporaryDirectory(prefix="speed") as name,
        served(Path(name), chosen.pages) as port,
    ):
        folder = Path(name)
        crawlee, place = installed(folder, names, uvloop=True in loops)
        programs = Programs(
            folder,
            port,
            chosen.pages,
            "urls.txt",
            crawlee,
            place,
            tuple(chosen.option),
            chosen.follow,
        )
        for program in names:  # once each, so that modules are compiled and files are in memory
            first = replace(programs, pages=HOSTS, urls="fronts.txt")
            first.run(program, -1, uvloop=False)
        for number in range(chosen.turns):
            for uvloop in loops:
                for program in names:
                    turns.append(programs.run(program, number, uvloop=uvloop))
                    print(told(program, [turns[-1]]), file=sys.stderr, flush=True)
    return turns


def with_waiting(rows: int, pages: int) -> Turn:
    """A crawl of `pages` pages whose store has so many addresses waiting, of 500 sites."""
    sites = 500
    with (
        tempfile.TemporaryDirectory(prefix="speed") as name,
        served(Path(name), HOSTS) as port,
    ):
        data = Path(name, "data")
        data.mkdir()
        fill = [sys.executable, str(HERE / "frontier_speed.py"), "--part", "fill", "--shape", "few"]
        subprocess.run(
            [*fill, "--folder", str(data), "--rows", str(rows), "--sites", str(sites)], check=True
        )
        seeds = Path(name, "seeds.txt")
        seeds.write_text("".join(f"http://s{n}.example/0\n" for n in range(sites)))
        command = [sys.executable, "-m", "qalqan", "crawl", str(seeds), "--json", "--data", str(data),
                   "--proxy", f"http://127.0.0.1:{port}", "--robots", "ignore", "--delay", "0",
                   "--max-depth", "0", "--max-pages", str(pages // sites)]  # fmt: skip
        wanted = pages // sites * sites
        return timed(f"{rows:,} rows", command, wanted, os.environ, uvloop=False)


def told(program: str, turns: list[Turn]) -> str:
    """One line: the best and the median of a program's turns."""
    rates = [turn.rate for turn in turns]
    return (
        f"{program:14} {'uvloop ' if turns[0].uvloop else 'asyncio'} {max(rates):6.0f} pages/s best,"
        f" {statistics.median(rates):6.0f} median; CPU ms/page {min(t.cpu_ms for t in turns):5.2f} best,"
        f" {statistics.median(t.cpu_ms for t in turns):5.2f} median; {max(t.peak_mb for t in turns):5.0f} MB"
    )


def summary(turns: list[Turn]) -> Iterator[str]:
    """The lines of a report: each program, then ours against each of the others."""
    for uvloop in sorted({turn.uvloop for turn in turns}):
        by_name: dict[str, list[Turn]] = {}
        for turn in turns:
            if turn.uvloop == uvloop:
                by_name.setdefault(turn.program, []).append(turn)
        yield from (told(name, mine) for name, mine in by_name.items())
        ours = by_name.pop("qalqan", [])
        for name, theirs in by_name.items():
            if not ours or name == "raw":
                continue
            rates = [statistics.median(t.rate for t in part) for part in (ours, theirs)]
            cpu = [statistics.median(t.cpu_ms for t in part) for part in (ours, theirs)]
            best = max(t.rate for t in ours) / max(t.rate for t in theirs)
            yield (
                f"  against {name}: {rates[0] / rates[1]:.2f} x its pages/s (best of each {best:.2f}),"
                f" {cpu[0] / cpu[1]:.2f} x its CPU"
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=20_000, help=f"a multiple of {HOSTS}")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--uvloop", choices=("no", "yes", "both"), default="both")
    parser.add_argument("--follow", action="store_true", help="ours finds the pages through links")
    parser.add_argument("--without", action="append", default=[], help="leave a program out")
    parser.add_argument("--option", action="append", default=[], help="one more for `qalqan crawl`")
    parser.add_argument(
        "--waiting",
        type=int,
        nargs="*",
        help="only our memory, by how many addresses wait: 20000 200000",
    )
    parser.add_argument("--json", type=Path, help="write every turn there")
    chosen = parser.parse_args()
    chosen.pages -= chosen.pages % HOSTS
    if chosen.waiting:
        for rows in chosen.waiting:
            print(told(f"{rows:,} waiting", [with_waiting(rows, chosen.pages)]), flush=True)
        return
    turns = compare(chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(turn) for turn in turns]))
    print("\n".join(summary(turns)))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
