"""What it saves officers that the queue learns from their reviews, on webs as rare in needles as a real year's.

    python benchmarks/queue_learning.py [--shared ../shared] [--models DIR] [--draws 5] [--reviews 800] [--json]

Development rows as a web of about 7,700 sites with the written development pages among them: 4 needles of every
language and harm, 10 English threats, 60 hard harmless pages, drawn anew each time. Two figures in one table: the
shipped order and the one that learns. Composed needles of a language and harm are put together from the same few
development fragments, which makes them easier to learn from one another than pages of the open web.
"""

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import mean

import numpy as np

from classifier import artefacts, compose, corpus, evaluate_rows, evaluate_web
from classifier.corpus import Part
from classifier.evaluate_queue import HARD_LABELS, HARD_WRITTEN, NEEDLES_EACH, PUBLIC_NEEDLES
from classifier.evaluate_web import Site
from classifier.examples import Use, development_rows
from classifier.scoring import Scorer
from classifier.simulation import (
    LEARNING,
    STATIC,
    JudgedPage,
    Plan,
    Replay,
    Sites,
    prepare,
    replay,
)
from crawler.extract import extract

READ = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--models", type=Path, default=artefacts.default_models_dir())
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--reviews", type=int, default=800)
    parser.add_argument("--batch", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    scorer = Scorer(artefacts.load(options.models))
    web = whole_web(options.shared)
    began = time.perf_counter()
    known = prepare(
        (
            JudgedPage(str(i), site.title, site.text, site.is_needle, f"{site.lang} {site.label}")
            for i, site in enumerate(web)
        ),
        scorer,
    )
    print(f"{len(web)} sites scored in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    made = []
    for seed in range(1, options.draws + 1):
        rows = drawn(web, random.Random(seed))
        made.append(
            replay(chosen(known, rows), Plan(options.batch, options.reviews, seed=seed), tell)
        )
    shown = figures(made, scorer)
    print(json.dumps(shown) if options.json else json.dumps(shown, indent=2))


def whole_web(shared: Path) -> list[Site]:
    corpora = shared / "corpora"
    filler = compose.filler_sentences(list(development_rows(corpora, Use)))
    written = evaluate_rows.written_pages(corpus.load(Part.CHECK), filler)
    script = shared / "bench" / evaluate_web.SCRIPT
    return evaluate_web.build(script, corpora, evaluate_rows.as_rows(written), extract)


def drawn(web: list[Site], rng: random.Random) -> list[int]:
    """The sites of one web, by index."""
    kept: list[int] = []
    pools = defaultdict(list)
    for i, site in enumerate(web):
        is_written = site.source.startswith(compose.SOURCE)
        if site.is_needle:
            pools[site.lang, site.label, is_written].append(i)
        elif is_written and site.label in HARD_LABELS:
            pools["hard", "", True].append(i)
        elif not is_written:
            kept.append(i)
    for (lang, _, is_written), pool in sorted(pools.items()):
        wanted = HARD_WRITTEN if lang == "hard" else NEEDLES_EACH if is_written else PUBLIC_NEEDLES
        kept += rng.sample(pool, min(wanted, len(pool)))
    return kept


def chosen(known: Sites, rows: list[int]) -> Sites:
    at = np.array(rows)
    kinds = tuple(known.kinds[i] for i in rows)
    return Sites(known.risks[at], known.vectors[at], known.is_needle[at], kinds)


def figures(made: list[Replay], scorer: Scorer) -> dict[str, object]:
    shares = {}
    until = {}
    for name in (STATIC, LEARNING):
        curves = [next(c for c in run.curves if c.name == name) for run in made]
        shares[name] = {
            f"{read:.1%}": round(
                mean(
                    curve.found[min(round(read * run.sites), len(curve.found) - 1)] / run.needles
                    for run, curve in zip(made, curves, strict=True)
                ),
                3,
            )
            for read in READ
        }
        until[name] = [c.reviews_until(r.needles) for r, c in zip(made, curves, strict=True)]
    return {
        "model": f"{scorer.model_id.name} {scorer.model_id.version}",
        "draws": len(made),
        "sites": made[0].sites,
        "needles": made[0].needles,
        "found": shares,
        "reviews_until_95_percent": until,
        "longest_fit_s": round(max(run.longest_fit_s for run in made), 2),
    }


def tell(_: int) -> None:
    print(".", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
