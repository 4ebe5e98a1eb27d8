"""The model beside what else could be used, on the same development rows in the same run.

    python benchmarks/peers.py [--shared ../shared] [--models DIR] [--model NAME] [--json] [--draws 5]

A keyword list, two packaged classifiers (alt-profanity-check, hatesonar; left out with a line where uv
cannot install them) and ASReview's published ELAS recipe, which alone is told after each batch what it
has found: TF-IDF of words and pairs, sublinear, linear SVM with C=.11 and class ratio 9.8, likeliest
first, 5 % at random. All rank the web of `qalqan evaluate`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from classifier import (
    artefacts,
    compose,
    corpus,
    evaluate_queue,
    evaluate_rows,
    evaluate_web,
    peers,
)
from classifier.corpus import Part
from classifier.evaluation import READ_SHARES
from classifier.examples import Use, development_rows
from classifier.scoring import Scorer
from crawler.extract import extract

PACKAGES = {"alt-profanity-check": "profanity", "hatesonar": "hatesonar"}
PROGRAM = Path(__file__).with_name("peer_packages.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--models", type=Path, default=artefacts.default_models_dir())
    parser.add_argument("--model")
    parser.add_argument("--part", choices=["development", "check"], default="check")
    parser.add_argument("--draws", type=int, default=5, help="webs ELAS reads; slow")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    scorer = Scorer(artefacts.load(options.models, options.model))
    corpora = options.shared / "corpora"
    filler = compose.filler_sentences(list(development_rows(corpora, Use)))
    rows = evaluate_rows.as_rows(
        evaluate_rows.written_pages(corpus.load(Part(options.part)), filler)
    )
    script = options.shared / "bench" / evaluate_web.SCRIPT
    sites = evaluate_web.build(script, corpora, rows, extract)
    texts = [f"{site.title}\n{site.text}" for site in sites]
    found: dict[str, dict[str, object]] = {}
    risks = {
        f"{scorer.model_id.name}/{scorer.model_id.version}": [
            s.risk for s in scorer.score([(site.title, site.text) for site in sites])
        ],
        "keyword list": peers.keyword_risks(texts),
    }
    for package, name in PACKAGES.items():
        scores = packaged(package, name, texts)
        if scores:
            risks[package] = scores
    for name, values in risks.items():
        found[name] = evaluate_queue.measure(sites, values).as_plain()
    began = time.perf_counter()
    prepared = peers.prepared(texts)
    found["ELAS (learns while reading)"] = evaluate_queue.measure_order(
        sites,
        lambda chosen, wanted, seed: peers.reading_order(prepared, chosen, wanted, seed),
        draws=options.draws,
    )
    tell(f"ELAS read {options.draws} webs in {time.perf_counter() - began:.0f} s")
    print(json.dumps(found) if options.json else "\n".join(shown(found)))


def packaged(package: str, name: str, texts: Sequence[str]) -> list[float]:
    """The scores of a package in an environment of its own, [] where it cannot be had."""
    command = ["uv", "run", "--quiet", "--no-project", "--with", package, "python", str(PROGRAM)]
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    try:
        done = subprocess.run(
            [*command, name], input=lines, capture_output=True, text=True, check=True, timeout=900
        )
    except (OSError, subprocess.SubprocessError) as error:
        reason = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1:]
        tell(f"{package} left out: {''.join(reason)[:200]}")
        return []
    scores = [float(line) for line in done.stdout.splitlines()]
    if len(scores) != len(texts):
        tell(f"{package} left out: {len(scores)} scores for {len(texts)} texts")
        return []
    return scores


def shown(found: dict[str, dict[str, object]]) -> list[str]:
    lines = [
        "found after reading 1 / 2 / 5 %: total; mean over language x harm; work saved at 95 %"
    ]
    for name, figures in found.items():
        if "mean_over_language_and_harm" in figures:
            total, mean = figures["total"], figures["mean_over_language_and_harm"]
            assert isinstance(total, dict)
            assert isinstance(mean, dict)
            rows = [[part[f"{s:.0%}"] for s in READ_SHARES] for part in (total, mean)]
            saved = figures["work_saved_at_95"]
        else:
            rows = [[figures[f"{part} {s}"] for s in READ_SHARES] for part in ("total", "mean")]
            saved = figures["saved"]
        text = "; ".join(" / ".join(figure(cell) for cell in row) for row in rows)
        lines.append(f"{name}: {text}; {figure(saved)}")
    return lines


def figure(cell: object) -> str:
    assert isinstance(cell, dict)
    return "-" if cell["value"] is None else f"{cell['value']:.2f}"


def tell(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
