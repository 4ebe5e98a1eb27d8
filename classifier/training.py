"""From labelled rows to a model folder: weights, calibration, thresholds, card."""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from classifier import (
    artefacts,
    calibration,
    card,
    compose,
    corpus,
    evaluation,
    model,
    moves,
    officers,
    thresholds,
)
from classifier.calibration import Calibration
from classifier.corpus import Part
from classifier.examples import (
    Example,
    HeldOut,
    Source,
    Use,
    development_rows,
    held_out_pages,
    sources,
    training_rows,
)
from classifier.model import STANCES, Floats, Weights
from classifier.scoring import Raw, raw_of_texts
from review_queue.categories import HARMS, Category, Stance
from review_queue.errors import CorporaError
from review_queue.labels import LabelledPage
from review_queue.records import ModelId

RESTRICTED_NAME: Final = f"{artefacts.DEFAULT_NAME}-restricted"
Progress = Callable[[str], None]
Plans = tuple[compose.Plan, compose.Plan]
FULL: Final[Plans] = (compose.TRAINING_PLAN, compose.DEVELOPMENT_PLAN)

# No source and label speaks louder than this; more rows of the large news sources only cost time.
_ROWS_PER_KIND: Final = 2_000


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What was made, from how much, and what it gave on held-out pages."""

    model: ModelId
    folder: Path
    size_bytes: int
    rows: int
    held_out: int
    thresholds: dict[Category, thresholds.Threshold]

    def as_plain(self) -> dict[str, object]:
        """The report for programs."""
        return {
            "name": self.model.name,
            "version": self.model.version,
            "digest": self.model.digest,
            "folder": str(self.folder),
            "size_bytes": self.size_bytes,
            "rows": self.rows,
            "held_out": self.held_out,
            "thresholds": {category.value: cut.value for category, cut in self.thresholds.items()},
        }


@dataclass(frozen=True, slots=True)
class Fitted:
    weights: Weights
    calibration: Calibration
    cuts: dict[Category, thresholds.Threshold]
    cells: tuple[evaluation.Cell, ...]


def train(
    corpora_dir: Path,
    out_dir: Path,
    *,
    with_restricted: bool,
    seed: int,
    on_progress: Progress,
    plans: Plans = FULL,
    decisions: Sequence[LabelledPage] = (),
) -> TrainingReport:
    """A new version of the model in `out_dir`, unless the newest one has these very weights already.

    With `with_restricted` or `decisions` the model is named apart and its card forbids distributing it
    under the project's licence. `plans` says how many pages are composed for training and for development.
    """
    uses = (Use.SHIP, Use.RESTRICTED) if with_restricted else (Use.SHIP,)
    examples, held_out = material(corpora_dir, uses, seed, on_progress, plans)
    taught = officers.taught(decisions)
    examples += taught.examples
    fitted = fit(examples, held_out, on_progress)
    on_progress("writing the model")
    cuts = {category: cut.value for category, cut in fitted.cuts.items()}
    data = artefacts.dump(fitted.weights, fitted.calibration, cuts)
    facts = card.Facts(
        seed=seed,
        restricted=with_restricted or bool(decisions),
        sources=_used(examples, sources(corpora_dir) | {officers.SOURCE: taught.source}),
        rows=Counter((e.lang, e.label) for e in examples),
        held_out=Counter((e.lang, e.label) for e in held_out.examples),
        calibration=fitted.calibration,
        thresholds=fitted.cuts,
        cells=fitted.cells,
        moves=moves.measured(fitted.weights, corpus.load(Part.DEVELOPMENT)),
    )
    name = RESTRICTED_NAME if with_restricted else artefacts.DEFAULT_NAME
    name += officers.NAME_SUFFIX if decisions else ""
    made = artefacts.Model(ModelId(name, "", ""), fitted.weights, fitted.calibration, cuts)
    identity, folder = _write(out_dir, name, data, facts, officers.card_part(taught, made))
    return TrainingReport(
        identity, folder, len(data), len(examples), len(held_out.examples), fitted.cuts
    )


def material(
    corpora_dir: Path,
    uses: Sequence[Use],
    seed: int,
    on_progress: Progress,
    plans: Plans = FULL,
) -> tuple[list[Example], HeldOut]:
    """What to learn from and what to calibrate on: public rows and composed pages, kept apart."""
    on_progress("reading the labelled rows")
    public = _sampled(list(training_rows(corpora_dir, uses)), seed)
    if not public:
        raise CorporaError(f"no row in {corpora_dir} may be trained on: see sources.json there")
    public_held_out = list(development_rows(corpora_dir, uses))
    on_progress("composing pages in memory")
    composed = compose.training_pages(
        corpus.load(Part.TRAINING),
        compose.filler_sentences(public),
        seed,
        plans[0],
        compose.angry_sentences(public),
    )
    held_out = compose.held_out_pages(
        corpus.load(Part.DEVELOPMENT),
        compose.filler_sentences(public_held_out),
        seed,
        plans[1],
        compose.angry_sentences(public_held_out),
    )
    return (
        public + composed,
        HeldOut(held_out_pages(public_held_out, seed).examples + held_out.examples),
    )


def fit(examples: Sequence[Example], held_out: HeldOut, on_progress: Progress) -> Fitted:
    """Weights from `examples`; calibration and thresholds from `held_out` alone."""
    on_progress(f"fitting on {len(examples)} texts")
    weights = moves.taught(
        model.fit(examples), corpus.load(Part.TRAINING), corpus.load(Part.DEVELOPMENT)
    )
    on_progress(f"calibrating on {len(held_out.examples)} held-out pages")
    raw = raw_of_texts(weights, [example.text for example in held_out.examples])
    lines = calibration.fit(raw.harms, held_out)
    shown = _shown(raw, lines, held_out)
    return Fitted(
        weights, lines, thresholds.choose(shown, held_out), evaluation.by_cell(shown, held_out)
    )


def _shown(raw: Raw, lines: Calibration, held_out: HeldOut) -> dict[Category, Floats]:
    shown: dict[Category, Floats] = {}
    for harm in HARMS:
        shown[harm] = np.zeros(len(held_out.examples))
        for lang, by_harm in lines.items():
            own = calibration.of_language(held_out, lang)
            shown[harm][own] = by_harm[harm].apply(raw.harms[harm][own])
    distress = STANCES.index(Stance.DISTRESS)
    is_top = raw.stance.argmax(axis=1) == distress
    shown[Category.DISTRESS] = np.where(is_top, raw.stance[:, distress], 0.0)
    return shown


def _sampled(rows: list[Example], seed: int) -> list[Example]:
    random.Random(seed).shuffle(rows)
    taken: Counter[tuple[str, str]] = Counter()
    kept: list[Example] = []
    for row in rows:
        kind = (row.source, row.label)
        if taken[kind] < _ROWS_PER_KIND:
            taken[kind] += 1
            kept.append(row)
    return kept


def _used(examples: Sequence[Example], known: dict[str, Source]) -> dict[Source, int]:
    counts = Counter(example.source for example in examples)
    ours = Source(compose.SOURCE, Use.SHIP, "Apache-2.0; composed in memory from classifier/corpus")
    return {known.get(name, ours): n for name, n in sorted(counts.items())}


def _write(
    out_dir: Path, name: str, data: bytes, facts: card.Facts, officers_part: dict[str, object]
) -> tuple[ModelId, Path]:
    digest = hashlib.sha256(data).hexdigest()
    known = artefacts.versions(out_dir, name)
    version = known[-1] if known else "v0"
    if not known or artefacts.card_digest(out_dir, name, version) != digest:
        version = artefacts.next_version(out_dir, name)
    identity = ModelId(name, version, digest)
    folder = out_dir / name / version
    described = card.as_json(identity, facts) | officers_part
    readme = card.as_readme(identity, facts) + officers.readme_part(officers_part)
    artefacts.save(folder, data, described, readme)
    return identity, folder
