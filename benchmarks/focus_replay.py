"""The focus on many linked webs in little time: the crawl's own ledger, store and model, but no network and no process.

    uv run python benchmarks/focus_replay.py --seeds 1 2 3 4 5 6 7 8 9 10

Claims, links, scores, learning and what is queued are those of a crawl; a page is taken from the web in memory instead
of being fetched. So the order of pages is that of a crawl whose downloads all take equally long. Ten seeds show how
much the figures differ from web to web. The time is that of everything the ledger does, for each page.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from focus import ANY, MAX_PAGES, Crawl, breadth_first, tell
from linked_web import LinkedWeb

from classifier import artefacts
from classifier.scoring import Scorer
from crawler.extract import read_document
from crawler.guard import AddressPolicy
from crawler.ledger import Ledger
from crawler.links import sort_links
from crawler.outcomes import error_outcome
from crawler.plan import Budget, CrawlPlan, FocusMode, Pace, Scoring
from review_queue import frontier, seeds
from review_queue.hosts import parse_url
from review_queue.records import Claim, Outcome, Page, PageScore, Seed
from review_queue.store import open_store

WINDOW = 64


class Reader:
    """Reads and scores pages of one web; each text is scored once."""

    def __init__(self, web: LinkedWeb, scorer: Scorer) -> None:
        self._web = web
        self._scorer = scorer
        self._scores: dict[str, PageScore] = {}
        self._addresses = AddressPolicy()

    def read(self, claim: Claim) -> Outcome:
        """The outcome of the claim."""
        body = self._web.body(claim.url)
        if body is None:
            return error_outcome(claim, "http_404")
        url = parse_url(claim.url)
        document = read_document(body, "text/html")
        links = sort_links(document, url, follow=True, addresses=self._addresses)
        digest = hashlib.sha256(body).hexdigest()
        page = Page(
            url.canonical, url.host.name, url.host.site, "2026-11-01T00:00:00.000Z", 200, "", "", "", digest
        )  # fmt: skip
        # the menu is left out of what is cached by: it differs from page to page
        known = self._web.pages.get(claim.url)
        text = self._web.texts[known.about][known.text] if known else document.text
        if text not in self._scores:
            (score,) = self._scorer.score([(document.title, document.text)])
            self._scores[text] = replace(score, evidence=())
        return Outcome(
            claim,
            page,
            links.followed,
            links.offsite,
            size_bytes=len(body),
            score=self._scores[text],
        )


def replayed(web: LinkedWeb, reader: Reader, mode: str, budget: int, scoring: Scoring) -> Crawl:
    """What `qalqan crawl --focus MODE` would fetch, in its order."""
    plan = CrawlPlan(
        budget=Budget(MAX_PAGES, max_depth=20), pace=Pace(delay_s=0), discover=ANY,
        scoring=scoring, focus=FocusMode(mode), max_total_pages=budget,
    )  # fmt: skip
    order: list[str] = []
    spent = 0.0
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        seeds.add(store, [Seed(url) for url in web.seeds()])
        sites = {parse_url(url).host.site for url in web.seeds()}
        round_id = frontier.open_round(store, sites=sites, policy={}, max_pages=MAX_PAGES)
        ledger = Ledger(store, round_id, plan, "1:1")
        ledger.discover_known()
        waiting: deque[Claim] = deque()
        while True:
            began = time.process_time()
            if len(waiting) <= WINDOW // 2:
                waiting.extend(ledger.claims(WINDOW - len(waiting)))
            spent += time.process_time() - began
            if not waiting:
                break
            outcome = reader.read(waiting.popleft())
            order.append(outcome.claim.url)
            began = time.process_time()
            ledger.record(outcome)
            spent += time.process_time() - began
        report = ledger.close(stopped=False)
    name = f"{mode} ({spent / max(1, len(order)) * 1000:.2f} ms/page)"
    return Crawl(name, order, harvested=report.harvested)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--modes", nargs="+", default=["off", "soft", "hard"])
    parser.add_argument("--share", type=float, default=0.1)
    chosen = parser.parse_args()
    model = artefacts.load(artefacts.default_models_dir())
    scoring = Scoring(lambda: Scorer(model).score, model.id, model.thresholds)
    needles: dict[str, list[float]] = {}
    for seed in chosen.seeds:
        web = LinkedWeb(seed)
        budget = int(chosen.share * len(web.pages))
        reader = Reader(web, Scorer(model))
        crawls: Sequence[Crawl] = [
            breadth_first(web, budget, ANY),
            *(replayed(web, reader, mode, budget, scoring) for mode in chosen.modes),
        ]
        print(f"seed {seed}", flush=True)
        for crawl in crawls:
            tell(web, crawl, crawls[:1])
            share = sum(url in web.needles for url in crawl.order) / len(web.needles)
            needles.setdefault(crawl.name.split(" ")[0], []).append(share)
    for name, shares in needles.items():
        print(
            f"{name:13} {statistics.median(shares):.1%} of the needles (median of {len(shares)} webs),"
            f" {min(shares):.1%} to {max(shares):.1%}"
        )


if __name__ == "__main__":
    main()
