"""`qalqan crawl` with focus against the same crawl without, and against plain breadth-first, on one linked web.

    uv run python benchmarks/focus.py --seeds 1 2 3

Each crawl starts from the same 40 seeds in an empty store, follows up to `--discover` new sites (any number, unless
told), at most 50 pages of a site, and ends after `--share` of the web's pages (10 % unless told). Scores are those of
the model in use. What the linked web is made of stands in `linked_web.py`; the focus was developed on its seeds 100 to
105, so others are to be reported.

Two baselines: `--focus off`, which goes to every new site's first page before it goes deeper, and breadth-first over
the links without any crawler: first seen, first fetched, the same budgets, no traps met but those that are linked.

Printed for each: harmful pages fetched ("needles") and their share of all fetched (harvest), needle sites found, the
ratios of needles to both baselines, and needles after 2, 5 and 10 % of the web (and 20 % with `--share .2`).
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from linked_web import LinkedWeb

MAX_PAGES = 50
MARKS = (0.02, 0.05, 0.10, 0.20)
ANY = 1_000_000


@dataclass(frozen=True)
class Crawl:
    """The URLs one crawl fetched, in their order, and what it cost."""

    name: str
    order: Sequence[str]
    seconds: float = 0.0
    harvested: int = 0


def breadth_first(web: LinkedWeb, budget: int, discover: int) -> Crawl:
    """First seen, first fetched, over the pages of the web."""
    sites = {urlsplit(url).netloc for url in web.seeds()}
    room = len(sites) + discover
    waiting, seen = deque(web.seeds()), set(web.seeds())
    fetched: Counter[str] = Counter()
    order: list[str] = []
    while waiting and len(order) < budget:
        url = waiting.popleft()
        site = urlsplit(url).netloc
        if fetched[site] >= MAX_PAGES or (site not in sites and len(sites) >= room):
            continue
        sites.add(site)
        fetched[site] += 1
        order.append(url)
        for link, _ in web.pages[url].links if url in web.pages else ():
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    return Crawl("breadth-first", order)


def crawled(web: LinkedWeb, port: int, mode: str, budget: int, discover: int) -> Crawl:
    """One `qalqan crawl` in a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds.txt")
        seeds.write_text("\n".join(web.seeds()))
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "qalqan", "crawl", str(seeds), "--data", folder, "--json",
             "--proxy", f"http://127.0.0.1:{port}", "--robots", "ignore", "--delay", "0", "--score",
             "--concurrency", "8", "--max-pages", str(MAX_PAGES), "--max-depth", "20",
             "--focus", mode, "--discover", str(discover), "--max-total-pages", str(budget)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout.splitlines()[-1])
        with sqlite3.connect(Path(folder, "qalqan.sqlite3")) as store:
            order = [url for (url,) in store.execute("SELECT url FROM pages ORDER BY id")]
        return Crawl(f"--focus {mode}", order, seconds, int(report.get("harvested", 0)))


def tell(web: LinkedWeb, crawl: Crawl, baselines: Sequence[Crawl]) -> None:
    """Print what one crawl found."""
    found = _found(web, crawl.order)
    sites = {web.pages[url].site.name for url in found}
    all_sites = sum(site.kind == "needle" for site in web.sites)
    marks = " ".join(
        f"{mark:.0%} {len(_found(web, crawl.order[: int(mark * len(web.pages))]))}"
        for mark in MARKS
        if mark * len(web.pages) <= len(crawl.order) + 1
    )
    ratios = " ".join(
        f"{len(found) / max(1, len(_found(web, other.order))):.1f} x {other.name}"
        for other in baselines
        if other is not crawl
    )
    print(
        f"  {crawl.name:13} {len(crawl.order):5} pages {len(found):4} needles of {len(web.needles)}"
        f" (harvest {len(found) / max(1, len(crawl.order)):.2%}), {len(sites):2} of {all_sites} needle sites;"
        f" after {marks}; {ratios}; {crawl.seconds:.0f} s, {crawl.harvested} reached a threshold",
        flush=True,
    )


def _found(web: LinkedWeb, urls: Sequence[str]) -> list[str]:
    return [url for url in urls if url in web.needles]


def compare(seed: int, modes: Sequence[str], share: float, discover: int) -> None:
    """Run all crawls on one web and print what they found."""
    web = LinkedWeb(seed)
    budget = int(share * len(web.pages))
    print(
        f"seed {seed}: {len(web.sites)} sites, {len(web.pages)} pages, budget {budget}", flush=True
    )
    server_py = str(Path(__file__).with_name("linked_web.py"))
    with subprocess.Popen(
        [sys.executable, server_py, "--seed", str(seed), "--serve"],
        stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            baselines = [breadth_first(web, budget, discover)]
            tell(web, baselines[0], [])
            for mode in modes:
                crawl = crawled(web, port, mode, budget, discover)
                tell(web, crawl, baselines)
                if mode == "off":
                    baselines.append(crawl)
        finally:
            server.kill()
    print(f"  load {os.getloadavg()[0]:.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--modes", nargs="+", default=["off", "soft", "hard"])
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--discover", type=int, default=ANY)
    chosen = parser.parse_args()
    for seed in chosen.seeds:
        compare(seed, chosen.modes, chosen.share, chosen.discover)


if __name__ == "__main__":
    main()
