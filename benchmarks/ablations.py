"""What each part of the classifier is worth: variants of the model, same rows, same run.

    python benchmarks/ablations.py [--shared ../shared] [--share .5] [--only WORD ...] [--embeddings]

Trained on public training rows and pages composed from the training part, calibrated on held-out pages,
measured on the development part: the web of development rows, composed pages against hard harmless ones,
single fragments. `--share` takes a part of the training texts: enough to compare, and quicker.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ablation_embeddings import GATE, Encoder, fitted_weights, staged, taught
from ablation_heads import Bench, Fitted, Training, Variant, raw_scores
from ablation_pages import Counts, Held, count_pages, count_texts

from classifier import (
    calibration,
    compose,
    corpus,
    evaluate_pages,
    evaluate_queue,
    evaluate_rows,
    evaluate_web,
    training,
)
from classifier.corpus import Part
from classifier.evaluate_rows import Written
from classifier.evaluate_web import Site
from classifier.evaluation import READ_SHARES, average_precision
from classifier.examples import LANGUAGES, Example, HeldOut, Topic, Use, development_rows
from classifier.languages import calibrated_as, detect
from crawler.extract import extract
from review_queue.categories import HARMS, Category

Floats = npt.NDArray[np.float64]
SHIPPED = Variant("shipped: topic, stance and pair; characters 3-5 and words 1-2")
VARIANTS = (
    SHIPPED,
    replace(SHIPPED, name="the same, pages composed with another seed", bags=(1,)),
    replace(SHIPPED, name="the same, a third seed", bags=(2,)),
    replace(SHIPPED, name="the three averaged (bagging)", bags=(0, 1, 2)),
    replace(SHIPPED, name="topic at half", topic_share=0.5),
    replace(SHIPPED, name="topic at half, the three averaged", topic_share=0.5, bags=(0, 1, 2)),
    replace(SHIPPED, name="without topic", heads=("stance", "pair")),
    replace(
        SHIPPED, name="without topic, the three averaged", heads=("stance", "pair"), bags=(0, 1, 2)
    ),
    replace(SHIPPED, name="without stance", heads=("topic", "pair")),
    replace(SHIPPED, name="without pair", heads=("topic", "stance")),
    replace(SHIPPED, name="pair alone", heads=("pair",)),
    *(replace(SHIPPED, name=f"C = {c:g}", inverse_penalty=float(c)) for c in (1, 2, 4, 16)),
    *(
        replace(
            SHIPPED, name=f"without topic, C = {c:g}", heads=("stance", "pair"), inverse_penalty=c
        )
        for c in (1.0, 2.0)
    ),
    replace(SHIPPED, name="NB-weighted", learner="nb", inverse_penalty=1.0),
    replace(SHIPPED, name="linear SVM", learner="svm", inverse_penalty=0.5),
    replace(SHIPPED, name="characters alone", blocks=("chars",)),
    replace(SHIPPED, name="words alone", blocks=("words",)),
    replace(SHIPPED, name="in at least 6 texts", fewest=6),
    replace(SHIPPED, name="a third of the bins", bins=(20_000, 7_000)),
    replace(SHIPPED, name="twice the bins", bins=(120_000, 40_000)),
    replace(SHIPPED, name="characters 2-5", blocks=("chars and more", "words")),
    replace(SHIPPED, name="+ structure features", dense=("structure",)),
    replace(SHIPPED, name="+ how much was disguised", dense=("changed",)),
)
FURTHER_SIZES = (2,)


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything a variant is calibrated and measured on."""

    held_out: HeldOut
    calibrating: Held
    sites: Sequence[Site]
    web: Held
    written: Sequence[Written]
    composed: Held
    single: Sequence[Written]
    alone: Held


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one variant."""

    name: str
    mean: Mapping[float, float]
    cells: Mapping[str, float]  # found at 1 %, by language and harm
    saved: float
    hard: float
    against_hard: Mapping[str, float]
    alone: Mapping[str, float]
    seconds: float

    def shown(self) -> str:
        found = " / ".join(f"{self.mean[s]:.3f}" for s in READ_SHARES)
        pages, single = list(self.against_hard.values()), list(self.alone.values())
        return (
            f"{self.name[:58]:<58} {found}  {self.saved:.3f}  {self.hard:5.1%}"
            f"  {np.mean(pages):.3f} {min(pages):.3f}  {np.mean(single):.3f}  {self.seconds:4.0f}"
        )


HEADING = (
    f"{'variant':<58} 1 / 2 / 5 %, mean of cells  WSS95  hard written"
    "  AP against hard, mean and least  AP of fragments  s"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--share", type=float, default=0.5, help="of the training texts")
    parser.add_argument("--only", nargs="*", default=[], help="variants whose name has a word")
    parser.add_argument("--embeddings", action="store_true", help="the second stage as well; uv")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chosen = [v for v in VARIANTS if not options.only or any(w in v.name for w in options.only)]
    sizes = FURTHER_SIZES if any("chars and more" in v.blocks for v in chosen) else ()
    corpora = options.shared / "corpora"
    bags = range(1 + max((bag for v in chosen for bag in v.bags), default=0))
    materials = [training.material(corpora, (Use.SHIP,), 1 + i, _quiet) for i in bags]
    sets = [_counted(part(examples, options.share), sizes) for examples, _ in materials]
    measures = measured_on(options.shared, materials[0][1], sizes)
    tell(f"{len(sets[0].examples)} training texts, {len(measures.sites)} sites")
    bench, rows = Bench(sets), []
    if not options.json:
        print(HEADING)
    for variant in chosen:
        began = time.perf_counter()
        row = measure(variant.name, scores(bench.fit(variant), measures), measures, began)
        rows.append(row)
        print(row.shown() if not options.json else json.dumps(plain(row)), flush=True)
    if options.embeddings:
        fitted = bench.fit(SHIPPED)
        for row in second_stage(fitted, sets[0], measures):
            print(row.shown() if not options.json else json.dumps(plain(row)), flush=True)


def part(examples: Sequence[Example], share: float) -> list[Example]:
    """Evenly taken examples: every source, label and kind of composed page keeps its share."""
    return [e for i, e in enumerate(examples) if int((i + 1) * share) > int(i * share)]


def measured_on(shared: Path, held_out: HeldOut, sizes: Sequence[int]) -> Measures:
    """The development pages, counted."""
    held = corpus.load(Part.DEVELOPMENT)
    filler = compose.filler_sentences(list(development_rows(shared / "corpora", Use)))
    written = evaluate_rows.written_pages(held, filler)
    rows = evaluate_rows.as_rows(written)
    sites = evaluate_web.build(
        shared / "bench" / evaluate_web.SCRIPT, shared / "corpora", rows, extract
    )
    both = [*written, *evaluate_rows.in_latin(written)]
    single = evaluate_pages.sentences(held, evaluate_rows.SEED)
    return Measures(
        held_out,
        _held([("", e.text) for e in held_out.examples], sizes),
        sites,
        _held([(site.title, site.text) for site in sites], sizes),
        both,
        _held([("", page.text) for page in both], sizes),
        single,
        _held([("", page.text) for page in single], sizes),
    )


@dataclass(frozen=True, slots=True)
class Scores:
    """Calibrated scores per harm of the three things measured."""

    web: Mapping[Category, Floats]
    composed: Mapping[Category, Floats]
    alone: Mapping[Category, Floats]


def scores(fitted: Fitted, measures: Measures) -> Scores:
    """Scores of a variant, calibrated on the held-out pages."""
    lines = calibration.fit(raw_scores(fitted, measures.calibrating.pages), measures.held_out)
    return Scores(
        *(
            calibrated(raw_scores(fitted, held.pages), held.langs, lines)
            for held in (measures.web, measures.composed, measures.alone)
        )
    )


def calibrated(
    raw: Mapping[Category, Floats], langs: Sequence[str], lines: calibration.Calibration
) -> dict[Category, Floats]:
    """Scores in 0..1, each page by the line of its language."""
    shown = {harm: np.zeros(len(langs)) for harm in HARMS}
    for lang in set(langs):
        own = np.array([name == lang for name in langs], np.bool_)
        for harm in HARMS:
            shown[harm][own] = lines[lang][harm].apply(raw[harm][own])
    return shown


def measure(name: str, found: Scores, measures: Measures, began: float) -> Row:
    """The figures of calibrated scores."""
    risks = np.max([found.web[harm] for harm in HARMS], axis=0)
    queue = evaluate_queue.measure(measures.sites, risks.tolist())
    return Row(
        name,
        {share: queue.mean[share].value or 0.0 for share in READ_SHARES},
        {" ".join(cell): row[READ_SHARES[0]].value or 0.0 for cell, row in queue.cells.items()},
        queue.saved_mean.value or 0.0,
        queue.hard_written.value or 0.0,
        told_apart(measures.written, found.composed, hard_only=True),
        told_apart(measures.single, found.alone, hard_only=False),
        time.perf_counter() - began,
    )


def told_apart(
    pages: Sequence[Written], shown: Mapping[Category, Floats], *, hard_only: bool
) -> dict[str, float]:
    """AP by language and harm: what promotes it against harmless pages, all or the hard ones."""
    found = {}
    for lang in dict.fromkeys(page.lang for page in pages):
        for harm in HARMS:
            own = [
                i
                for i, page in enumerate(pages)
                if page.lang == lang
                and (
                    page.topic is Topic(harm.value)
                    if page.is_harmful
                    else page.is_hard or not hard_only
                )
            ]
            wanted = [pages[i].is_harmful for i in own]
            found[f"{lang} {harm.value}"] = (
                average_precision(shown[harm][own].tolist(), wanted) or 0.0
            )
    return found


def _unsettled(fitted: Fitted, measures: Measures, gate: float) -> npt.NDArray[np.bool_]:
    """Which of the calibrating pages the first stage gives a risk from `gate` on."""
    calibrating = measures.calibrating
    lines = calibration.fit(raw_scores(fitted, calibrating.pages), measures.held_out)
    shown = calibrated(raw_scores(fitted, calibrating.pages), calibrating.langs, lines)
    return np.asarray(np.max([shown[harm] for harm in HARMS], axis=0) >= gate)


def second_stage(fitted: Fitted, texts: Training, measures: Measures) -> list[Row]:
    """The shipped shape with sentence embeddings on the riskiest tenth of the sites, weighed in four ways."""
    encoder, began = Encoder(), time.perf_counter()
    second = taught(fitted, texts.examples, encoder)
    first = scores(fitted, measures)
    risks = np.max([first.web[harm] for harm in HARMS], axis=0)
    gate = float(np.quantile(risks, 1 - GATE))
    unsettled = _unsettled(fitted, measures, gate)
    everything = {"composed": measures.composed, "alone": measures.alone}
    held = staged(fitted, second, measures.calibrating, unsettled, encoder)
    encoder.milliseconds, encoder.texts = 0.0, 0
    web = staged(fitted, second, measures.web, risks >= gate, encoder)
    tell(
        f"second stage: {web.asked.mean():.0%} of the sites, {encoder.texts / web.asked.sum():.1f} windows"
        f" a page, {encoder.milliseconds / web.asked.sum():.1f} ms a page"
    )
    others = {
        name: staged(fitted, second, part, np.ones(len(part.langs), np.bool_), encoder)
        for name, part in everything.items()
    }
    asked = HeldOut(
        tuple(
            e for e, is_asked in zip(measures.held_out.examples, unsettled, strict=True) if is_asked
        )
    )
    weighed = fitted_weights(held, measures.held_out)
    tell(f"fitted weights of the second stage: {weighed}")
    ways = {
        "embeddings, weight .25": dict.fromkeys(LANGUAGES, 0.25),
        "embeddings, weight .5": dict.fromkeys(LANGUAGES, 0.5),
        "embeddings, weight .5, not Kazakh": {"kk": 0.0, "ru": 0.5, "en": 0.5},
        "embeddings, weights by language": weighed,
    }
    rows = []
    for name, weights in ways.items():
        raw = {h: v[unsettled] for h, v in held.joined(weights, measures.calibrating.langs).items()}
        both = calibration.fit(raw, asked)
        later = calibrated(web.joined(weights, measures.web.langs), measures.web.langs, both)
        ranked = Scores(
            # Whatever the second stage says, a page it was asked about stands before the others.
            {h: np.where(web.asked, 1 + later[h], first.web[h]) for h in HARMS},
            *(
                calibrated(others[part].joined(weights, of_part.langs), of_part.langs, both)
                for part, of_part in everything.items()
            ),
        )
        rows.append(measure(f"+ second stage: {name}", ranked, measures, began))
    return rows


def plain(row: Row) -> dict[str, object]:
    """The row for programs."""
    return {
        "variant": row.name,
        "mean_over_language_and_harm": {f"{s:.0%}": round(v, 4) for s, v in row.mean.items()},
        "found_at_1%": {cell: round(v, 4) for cell, v in row.cells.items()},
        "work_saved_at_95_mean": round(row.saved, 4),
        "hard_written_above_80_cut": round(row.hard, 4),
        "ap_against_hard": {cell: round(v, 4) for cell, v in row.against_hard.items()},
        "ap_of_fragments": {cell: round(v, 4) for cell, v in row.alone.items()},
        "seconds": round(row.seconds, 1),
    }


def _counted(examples: Sequence[Example], sizes: Sequence[int]) -> Training:
    counts: Counts = count_texts([e.text for e in examples], sizes)
    return Training(examples, counts)


def _held(texts: Sequence[tuple[str, str]], sizes: Sequence[int]) -> Held:
    langs = [calibrated_as(detect(f"{title}\n{text}"), text or title) for title, text in texts]
    return Held(texts, langs, count_pages(texts, sizes))


def _quiet(_: str) -> None:
    return


def tell(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
