"""What the gate measures: fixed pages, the model in use, figures where more is better."""

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from classifier import artefacts, corpus, evaluate_pages, evaluate_rows
from classifier.corpus import Part
from classifier.evaluation import average_precision
from classifier.examples import is_development
from classifier.scoring import Scorer
from review_queue.categories import HARMS, Category, Stance

ROOT: Final = Path(__file__).parents[2]
FLOORS: Final = Path(__file__).with_name("floors.json")
WRITTEN: Final = ROOT / "classifier" / "corpus"
PUBLIC: Final = ROOT.parent / "shared" / "corpora"
COMMAND: Final = "python -m tests.gate.pin"
_SAMPLE: Final = 250  # public development rows of a language
_NEEDLES: Final = 100
_HARMLESS: Final = frozenset(
    {
        "benign_other",
        "news",
        "prevention_support",
        "hate_nonviolent",
        "hostile_other",
        "sensitive_topic_neutral",
    }
)


def digests(folder: Path, pattern: str) -> dict[str, str]:
    """The SHA-256 of every text file the figures rest on."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
    }


def state() -> dict[str, Any]:
    """Which texts, and what the model in use gives on them; public ones only where they are."""
    scorer = Scorer(artefacts.load(artefacts.default_models_dir()))
    found: dict[str, Any] = {
        "model": f"{scorer.model_id.name}/{scorer.model_id.version} {scorer.model_id.digest}",
        "written_corpus": digests(WRITTEN, "*/*/*.txt"),
        "written": {name: round(value, 4) for name, value in sorted(_written(scorer))},
    }
    if PUBLIC.is_dir():
        found["public_corpus"] = digests(PUBLIC, "*.json*")
        found["public"] = {name: round(value, 4) for name, value in sorted(_public(scorer))}
    return found


def _written(scorer: Scorer) -> Iterator[tuple[str, float]]:
    held = corpus.load(Part.CHECK)
    pages = evaluate_rows.written_pages(held, {})
    scores = scorer.score([("", page.text) for page in pages])
    latin = evaluate_rows.in_latin(pages)
    of_all = [*scores, *scorer.score([("", page.text) for page in latin])]
    for name, figure in evaluate_pages.told_apart(
        [*pages, *latin], of_all, whole_only=False
    ).items():
        if figure.value is not None:
            yield f"AP pages {name}", figure.value
    single = evaluate_pages.sentences(held, evaluate_rows.SEED)
    of_single = scorer.score([("", one.text) for one in single])
    for name, figure in evaluate_pages.told_apart(single, of_single).items():
        if figure.value is not None:
            yield f"AP fragments {name}", figure.value
    counts: dict[str, list[bool]] = defaultdict(list)
    for page, score in zip(pages, scores, strict=True):
        due = evaluate_pages.opened(score, scorer.thresholds)
        if page.is_harmful:
            counts[f"found {page.lang} {page.topic.value}"].append(
                Category(page.topic.value) in due
            )
        elif page.stance is Stance.DISTRESS:
            counts["distress not opened as harm"].append(not {*due} & {*HARMS})
        elif page.is_hard:
            counts[f"hard harmless left alone {page.lang}"].append(not {*due} & {*HARMS})
    for name, hits in counts.items():
        yield name, sum(hits) / len(hits)


def _public(scorer: Scorer) -> Iterator[tuple[str, float]]:
    for lang in ("kk", "ru", "en"):
        rows = sorted(_rows(lang), key=lambda row: hashlib.sha256(row["id"].encode()).hexdigest())
        harmless = [row for row in rows if row["label"] in _HARMLESS][:_SAMPLE]
        needles = [row for row in rows if row["label"] == "violence_promotion"][:_NEEDLES]
        scores = scorer.score([("", row["text"]) for row in [*needles, *harmless]])
        left = [not {*evaluate_pages.opened(s, scorer.thresholds)} & {*HARMS} for s in scores]
        yield f"harmless left alone {lang}", sum(left[len(needles) :]) / max(1, len(harmless))
        figure = average_precision(
            [score.scores[Category.VIOLENCE] for score in scores],
            [i < len(needles) for i in range(len(scores))],
        )
        if figure is not None:
            yield f"AP {lang} violence", figure


def _rows(lang: str) -> Iterator[Mapping[str, Any]]:
    with gzip.open(PUBLIC / f"train.{lang}.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if is_development(row["id"]):
                yield row
