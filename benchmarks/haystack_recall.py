"""How much reading the model saves on a web of about 7,700 sites made of development rows.

    python benchmarks/haystack_recall.py [--shared ../shared] [--models DIR] [--json]

Two figures, never mixed: the public web as it is (its needles are English threats alone), and the same web
with a few pages composed from the development fifth of the written fragments, harmful and harmless. For
the second, 4 composed needles of every language and kind and 10 public ones are drawn 20 times, so that
needles are about as rare as in a real year. Pages are composed in memory and never shown.
"""

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

from classifier import artefacts, compose, corpus
from classifier.evaluation import READ_SHARES, Recall, mean_recall, recall_at
from classifier.examples import LANGUAGES, Use, development_rows
from classifier.scoring import Scorer
from crawler.extract import extract
from review_queue.categories import HARMS, Stance

Cell = tuple[str, str]
HARD_LABELS = {"prevention_support", "hate_nonviolent", "hostile_other", "sensitive_topic_neutral"}
DRAWS, PER_CELL, PUBLIC, HARD = 20, 4, 10, 60
PLAN = compose.Plan(
    promoting=40, harmless=20, distress=0, neither=0, fragments=(3, 9), filler=(2, 12)
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--models", type=Path, default=artefacts.default_models_dir())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    scorer = Scorer(artefacts.load(options.models))
    script = options.shared / "bench" / "haystack.py"
    corpora = options.shared / "corpora"
    truth, pages = public_web(script, corpora)
    began = time.perf_counter()
    risks = [score.risk for score in scorer.score(pages)]
    seconds = time.perf_counter() - began
    needles = [bool(row["needle"]) for row in truth]
    written = composed_pages(haystack_module(script), corpora)
    written_risks = [s.risk for s in scorer.score([page for _, page in written])]
    found: dict[str, object] = {
        "model": f"{scorer.model_id.name} {scorer.model_id.version}",
        "sites": len(pages),
        "pages_per_s": round(len(pages) / seconds),
        "public": shown(recall_at(risks, needles)),
        "with_written": mixed(risks, truth, [cell for cell, _ in written], written_risks),
    }
    print(json.dumps(found) if options.json else json.dumps(found, indent=2))


def public_web(script: Path, corpora: Path) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    rows = sorted(map(str, corpora.glob("train.*.jsonl.gz")))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(script), folder, *rows, "--dev"]
        subprocess.run(command, check=True, capture_output=True)
        truth = [json.loads(line) for line in (Path(folder) / "truth.jsonl").open(encoding="utf-8")]
        pages = [
            read_html(json.loads(line)["html"])
            for line in (Path(folder) / "pages.jsonl").open(encoding="utf-8")
        ]
    return truth, pages


def composed_pages(
    haystack: ModuleType, corpora: Path
) -> list[tuple[Cell | None, tuple[str, str]]]:
    """Each page with its cell, None for a harmless one, in the same frame as the public pages."""
    filler = compose.filler_sentences(list(development_rows(corpora, Use)))
    rng = random.Random(77)
    made = []
    for e in compose.development_pages(corpus.load(), filler, 77, PLAN).examples:
        cell = (e.lang, str(e.topic)) if e.stance is Stance.PROMOTES else None
        html = haystack.page(rng, e.lang, e.text.split("\n")[0][:50], [e.text], [])
        made.append((cell, read_html(html)))
    return made


def read_html(html: str) -> tuple[str, str]:
    page = extract(html.encode(), "text/html; charset=utf-8")
    return page.title, page.text


def mixed(
    risks: list[float],
    truth: list[dict[str, Any]],
    written: list[Cell | None],
    written_risks: list[float],
) -> dict[str, object]:
    pools = defaultdict(list)
    for cell, risk in zip(written, written_risks, strict=True):
        pools[cell].append(risk)
    hay = [r for r, row in zip(risks, truth, strict=True) if not row["needle"]]
    threats = [r for r, row in zip(risks, truth, strict=True) if row["needle"]]
    hard_public = [
        r
        for r, row in zip(risks, truth, strict=True)
        if set(row["kinds"]) & HARD_LABELS and not row["needle"]
    ]
    cells = [(lang, harm.value) for lang in LANGUAGES for harm in HARMS]
    rng = random.Random(3)
    drawn: dict[Cell, list[Recall]] = defaultdict(list)
    alarms: dict[str, list[float]] = defaultdict(list)
    totals = []
    for _ in range(DRAWS):
        queue: list[tuple[float, Cell | None]] = [(risk, None) for risk in hay]
        queue += [(risk, None) for risk in rng.sample(pools[None], HARD)]
        queue += [(risk, ("en", "violence")) for risk in rng.sample(threats, PUBLIC)]
        for cell in cells:
            queue += [(risk, cell) for risk in rng.sample(pools[cell], PER_CELL)]
        values, owners = [r for r, _ in queue], [o for _, o in queue]
        is_needle = [o is not None for o in owners]
        for cell in cells:
            drawn[cell].append(recall_at(values, is_needle, [o == cell for o in owners]))
        totals.append(recall_at(values, is_needle))
        ordered = sorted((r for r, o in queue if o), reverse=True)
        cut = ordered[int(len(ordered) * 0.8)]
        for name, pool in (("written", pools[None]), ("public", hard_public)):
            alarms[name].append(sum(risk >= cut for risk in pool) / len(pool))
    everything = [recall for recalls in drawn.values() for recall in recalls]
    return {
        "needles_a_draw": totals[0].harmful,
        "total": rounded(mean_recall(totals)),
        "mean_over_language_and_kind": rounded(mean_recall(everything)),
        "cells": {" ".join(cell): rounded(mean_recall(drawn[cell])) for cell in cells},
        "hard_harmless_above_80_cut": {k: round(sum(v) / len(v), 3) for k, v in alarms.items()},
    }


def shown(recall: Recall) -> dict[str, object]:
    return {"needles": recall.harmful, "found": rounded(recall.found)}


def rounded(found: object) -> dict[str, float]:
    assert isinstance(found, dict)
    return {f"{share:.0%}": round(found[share], 3) for share in READ_SHARES}


def haystack_module(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("haystack", script)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
