"""How many URLs a second the frontier gives to a crawl, and how much memory that takes, by the frontier's size.

    uv run python benchmarks/frontier_speed.py [--rows 1000000] [--shape few] [--json]

A real store is filled with waiting rows by one process; another opens a round over all of its sites and claims
through the crawl's own ledger as a running crawl does: 512 held at most, asked for more when half of them are done,
two of a site at once, fifty pages a site (`--max-pages`). Each outcome names three new links and no page: what a
page costs is another benchmark's (crawl_speed.py). Shapes: `many` sites of four rows, `few` sites (500) that share all
rows, and `spent`: like `few`, but most rows belong to sites whose budget is used up and which come first. The
machine's noise is in the figures: look at the best of several runs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from crawler.ledger import Ledger
from crawler.plan import Budget, CrawlPlan
from crawler.processes import peak_memory_mb
from review_queue import frontier, seeds
from review_queue.records import Link, Outcome
from review_queue.store import open_store

ROWS = (20_000, 200_000, 1_000_000)
SHAPES = ("many", "few", "spent")
FEW_SITES = 500
ROWS_A_SITE = 4
SPENT_SHARE = 0.8  # of the rows of `spent`
HELD = 512  # what the crawl's scheduler holds: eight for each of 64 running requests
LINKS = 3
CHUNK = 50_000


@dataclass(frozen=True)
class Figures:
    """What one run measured; rates are rows a second."""

    shape: str
    rows: int
    sites: int
    claimed: int
    claim_rate: float
    claim_and_acknowledge_rate: float
    slowest_claim_s: float
    open_s: float
    peak_mb_before: float
    peak_mb: float
    load: float


def site_names(shape: str, sites: int) -> Iterator[str]:
    """The names of the sites, those whose budget is used up first."""
    if shape == "spent":
        yield from (f"spent{n}.example" for n in range(sites))
    yield from (f"s{n}.example" for n in range(sites))


def waiting_rows(shape: str, rows: int, sites: int) -> Iterator[tuple[str, str, int, int]]:
    """(url, site, depth, priority) of each row, one site after the other: the worst order to spread claims in."""
    spent = int(rows * SPENT_SHARE) if shape == "spent" else 0
    for prefix, count, priority in (("spent", spent, 1), ("s", rows - spent, 0)):
        for n in range(count):
            number = n * sites // count
            site = f"{prefix}{number}.example"
            yield (
                f"http://{site}/{n}",
                site,
                int(n > 0 and (n - 1) * sites // count == number),
                priority,
            )


def fill(folder: Path, shape: str, rows: int, sites: int) -> None:
    """The store in `folder` has the rows, all waiting."""
    with open_store(folder) as store, store.atomic():
        now = store.now()
        seeds.add_sites(store, site_names(shape, sites))
        waiting = waiting_rows(shape, rows, sites)
        while chunk := list(islice(waiting, CHUNK)):
            store.run_many(
                "INSERT INTO frontier(url, site, depth, priority, state, due_at)"
                f" VALUES (?,?,?,?,'waiting','{now}')",
                chunk,
            )


def measure(folder: Path, shape: str, rows: int, sites: int, wanted: int, pages: int) -> Figures:
    """Claim and acknowledge `wanted` rows of the filled store."""
    before = peak_memory_mb()
    plan = CrawlPlan(budget=Budget(max_pages=pages))
    with open_store(folder) as store:
        began = time.perf_counter()
        round_id = frontier.open_round(
            store,
            sites=site_names(shape, sites),
            policy=plan.policy(),
            max_pages=plan.budget.max_pages,
        )
        if shape == "spent":
            with store.atomic():
                for name in islice(site_names(shape, sites), sites):
                    frontier.exhaust(store, round_id, name)
        ledger = Ledger(store, round_id, plan, "benchmark")
        opened = time.perf_counter()
        claimed, times = claim_all(ledger, wanted)
        seconds = time.perf_counter() - opened
    return Figures(
        shape,
        rows,
        sites,
        claimed,
        round(claimed / sum(times)),
        round(claimed / seconds),
        round(max(times), 4),
        round(opened - began, 2),
        round(before, 1),
        round(peak_memory_mb(), 1),
        round(os.getloadavg()[0], 1),
    )


def claim_all(ledger: Ledger, wanted: int) -> tuple[int, list[float]]:
    """How many rows were claimed and acknowledged, and what each claim took."""
    held: deque[Outcome] = deque()
    claimed, times = 0, []
    while claimed < wanted:
        ledger.flush()
        began = time.perf_counter()
        claims = ledger.claims(min(HELD - len(held), wanted - claimed))
        times.append(time.perf_counter() - began)
        assert ledger.failure is None, ledger.failure
        if not claims and not held:
            break
        claimed += len(claims)
        for claim in claims:
            links = (Link(f"http://{claim.site}/{claim.id}/{n}", claim.site) for n in range(LINKS))
            held.append(Outcome(claim, links=tuple(links)))
        while len(held) > HELD // 2 or (held and not claims):
            ledger.record(held.popleft())
    while held:
        ledger.record(held.popleft())
    ledger.flush()
    return claimed, times


def run(shape: str, rows: int, sites: int, wanted: int, pages: int) -> Figures:
    """One store filled and measured, each by a process of its own: filling does not count as memory."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--folder", folder, "--shape", shape,
                   "--rows", str(rows), "--sites", str(sites), "--claims", str(wanted),
                   "--max-pages", str(pages)]  # fmt: skip
        subprocess.run([*command, "--part", "fill"], check=True)
        done = subprocess.run([*command, "--part", "measure"], check=True, stdout=subprocess.PIPE)
        return Figures(**json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="*", default=ROWS)
    parser.add_argument("--shape", choices=SHAPES, nargs="*", default=SHAPES)
    parser.add_argument("--sites", type=int, help="how many; by default what the shape says")
    parser.add_argument("--claims", type=int, default=20_000)
    parser.add_argument("--max-pages", type=int, default=50, help="a site's budget")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=["fill", "measure"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        one = (chosen.folder, chosen.shape[0], chosen.rows[0], chosen.sites)
        if chosen.part == "fill":
            fill(*one)
        else:
            print(json.dumps(asdict(measure(*one, chosen.claims, chosen.max_pages))))
        return
    for shape in chosen.shape:
        for rows in chosen.rows:
            sites = chosen.sites or (rows // ROWS_A_SITE if shape == "many" else FEW_SITES)
            figures = run(shape, rows, sites, chosen.claims, chosen.max_pages)
            told(figures, as_json=chosen.json)


def told(figures: Figures, *, as_json: bool) -> None:
    """One line of what was measured is printed."""
    if as_json:
        print(json.dumps(asdict(figures)), flush=True)
        return
    print(
        f"{figures.shape:5} {figures.rows:9,} rows {figures.sites:8,} sites: claimed {figures.claimed:,},"
        f" {figures.claim_rate:7,.0f}/s claiming, {figures.claim_and_acknowledge_rate:6,.0f}/s with acknowledging,"
        f" slowest claim {figures.slowest_claim_s:.3f} s, opening {figures.open_s:.1f} s,"
        f" {figures.peak_mb:.0f} MB peak (load {figures.load})",
        flush=True,
    )


if __name__ == "__main__":
    main()
