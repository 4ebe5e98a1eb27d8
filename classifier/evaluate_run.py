"""One measurement of one model: every figure from the same rows in the same run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from classifier import (
    compose,
    corpus,
    evaluate_disguise,
    evaluate_pages,
    evaluate_queue,
    evaluate_rows,
    evaluate_web,
    plots,
)
from classifier.corpus import Part
from classifier.disguises import TRANSFORMS, Transform
from classifier.evaluate_disguise import Disguised, summary
from classifier.evaluate_pages import Reliability
from classifier.evaluate_queue import Queue
from classifier.evaluate_rows import SEED, Written
from classifier.evaluate_web import Extract, Site
from classifier.evaluation import READ_SHARES
from classifier.examples import Use, development_rows
from classifier.intervals import Measured
from classifier.peers import keyword_risks
from classifier.scoring import Scorer
from review_queue.categories import Stance
from review_queue.records import ModelId, PageScore

Progress = Callable[[str], None]
Table = Mapping[str, Measured]
OURS: Final = "this model"
KEYWORDS: Final = "keyword list"
_NO_WEB: Final = (
    "haystack, false alarms and reliability: no labelled texts or no haystack builder named"
)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another way of ranking the same sites: a name and a risk for each text."""

    name: str
    risks: Callable[[Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured; parts that need the public rows are empty without them."""

    model: ModelId
    part: Part  # of the written corpus
    skipped: tuple[str, ...]
    pages: Table  # AP of composed pages against whole harmless ones
    fragments: Table  # AP of fragments alone against harmless fragments, written to be mistaken
    sentences: Table  # the same against the sentences of harmless pages as well
    confusions: Table
    distress: Mapping[str, Table]  # of public posts by people in distress
    queues: Mapping[str, Queue]
    landed: Mapping[float, Measured]  # sites read for a budget, as a share of it
    at_threshold: Mapping[str, Mapping[str, Any]]
    alarms: Mapping[str, Table]
    sources: Mapping[str, Table]
    reliability: tuple[Reliability, ...]
    curves: Sequence[tuple[str, plots.Points]]
    disguises: Mapping[str, Disguised]

    def as_plain(self) -> dict[str, Any]:
        """Everything for programs."""
        return {
            "model": f"{self.model.name}/{self.model.version}",
            "digest": self.model.digest,
            "written_part": self.part.value,
            "skipped": list(self.skipped),
            "average_precision_pages": _plain(self.pages),
            "average_precision_fragments": _plain(self.fragments),
            "average_precision_sentences": _plain(self.sentences),
            "confusions": _plain(self.confusions),
            "public_distress": {name: _plain(row) for name, row in self.distress.items()},
            "haystack": {name: queue.as_plain() for name, queue in self.queues.items()},
            "read_for_a_budget": {
                f"{share:.0%}": row.as_plain() for share, row in self.landed.items()
            },
            "at_threshold": dict(self.at_threshold),
            "false_alarms": {kind: _plain(row) for kind, row in self.alarms.items()},
            "by_source": {source: _plain(row) for source, row in self.sources.items()},
            "reliability": {r.category.value: r.as_plain() for r in self.reliability},
            "disguises": {name: row.as_plain() for name, row in self.disguises.items()},
            "disguises_summary": {
                name: round(value, 4) for name, value in summary(self.disguises).items()
            },
        }

    def drawn(self) -> dict[str, str]:
        """The plots by file name, as SVG."""
        found = {
            f"reliability-{r.category.value}.svg": plots.reliability(
                f"Reliability, {r.category.value}", [(b.said, b.true, b.share) for b in r.bins]
            )
            for r in self.reliability
        }
        if self.curves:
            found["gain.svg"] = plots.gain("Harmful sites found, mean of cells", self.curves)
        return found


def evaluate(
    scorer: Scorer,
    *,
    corpora_dir: Path | None,
    script: Path | None,
    extract: Extract,
    on_progress: Progress,
    peers: Sequence[Peer] = (),
    transforms: Mapping[str, Transform] = TRANSFORMS,
    part: Part = Part.CHECK,
) -> Evaluation:
    """The figures of the model behind `scorer` on public development rows and a written `part`."""
    held = corpus.load(part)
    rows = list(development_rows(corpora_dir, Use)) if corpora_dir else []
    filler = compose.filler_sentences(rows)
    in_distress = [row for row in rows if row.stance is Stance.DISTRESS]
    of_distress = scorer.score([("", row.text) for row in in_distress])
    on_progress(f"composing the written {part} pages in memory")
    written = evaluate_rows.written_pages(held, filler)
    latin = evaluate_rows.in_latin(written)
    single = evaluate_pages.sentences(held, SEED)
    single += evaluate_rows.in_latin(single)
    on_progress(f"scoring {len(written) + len(latin)} written pages and {len(single)} sentences")
    of_pages, of_single = _scored(scorer, written), _scored(scorer, single)
    of_latin = _scored(scorer, latin)
    on_progress("disguising the telling words")
    disguised = evaluate_disguise.measure(scorer, written, transforms)
    sites, skipped = _web(corpora_dir, script, written, extract, on_progress)
    on_progress(f"scoring {len(sites)} sites")
    of_sites = scorer.score([(site.title, site.text) for site in sites])
    queues, curves = _queues(sites, of_sites, peers, on_progress)
    return Evaluation(
        scorer.model_id,
        part,
        skipped,
        evaluate_pages.told_apart([*written, *latin], [*of_pages, *of_latin]),
        evaluate_pages.told_apart(single, of_single),
        evaluate_pages.told_apart(single, of_single, whole_only=False),
        evaluate_pages.confusions(written, of_pages, scorer.thresholds),
        evaluate_pages.distress(in_distress, of_distress, scorer.thresholds),
        queues,
        evaluate_queue.landed(sites, [score.risk for score in of_sites]) if sites else {},
        evaluate_pages.at_threshold(sites, of_sites, scorer.thresholds),
        evaluate_pages.alarms(sites, of_sites, scorer.thresholds),
        evaluate_pages.by_source(sites, of_sites, scorer.thresholds),
        evaluate_pages.reliability(sites, of_sites) if sites else (),
        curves,
        disguised,
    )


def _web(
    corpora_dir: Path | None,
    script: Path | None,
    written: Sequence[Written],
    extract: Extract,
    on_progress: Progress,
) -> tuple[list[Site], tuple[str, ...]]:
    """The sites the written pages lie among; none, and why, where what they are made of is not named."""
    if not (corpora_dir and script and script.is_file()):
        return [], (_NO_WEB,)
    on_progress("building the web of development rows")
    return evaluate_web.build(script, corpora_dir, evaluate_rows.as_rows(written), extract), ()


def lines(found: Evaluation) -> list[str]:
    """The figures for people, each with its 95 % interval."""
    shown = [f"{found.model.name}/{found.model.version}  SHA-256 {found.model.digest[:12]}"]
    for name, queue in found.queues.items():
        shown += ["", *_of_queue(name, queue)]
    shown += _table("AP, composed pages against whole harmless ones", found.pages)
    shown += _table("AP, fragments alone against harmless fragments", found.fragments)
    shown += _table("AP, the same, sentences of harmless pages beside them", found.sentences)
    shown += _table("prevention, distress and promotion told apart", found.confusions)
    shown += ["", "public posts by people in distress: opened as harm, referred, neither"]
    shown += [
        f"  {name:<32} {' / '.join(map(str, row.values()))} of {row['referred'].number}"
        for name, row in found.distress.items()
    ]
    if found.landed:
        shown += [
            "",
            "sites above a cut chosen for a budget, on fresh sites, as a share of the budget",
        ]
        shown += [f"  budget {share:.0%}: {row}" for share, row in found.landed.items()]
    if found.at_threshold:
        shown += ["", "at the threshold: recall, F1 (needles are not rare on this web)"]
        for cell, row in found.at_threshold.items():
            shown.append(f"  {cell:<22} {row['recall']['value']:.2f}  {row['f1']:.2f}")
    if found.alarms:
        shown += ["", "harmless sites that open a review for nothing, by kind"]
        shown += [
            f"  {kind:<32} {row['all']} of {row['all'].number}"
            for kind, row in found.alarms.items()
        ]
    shown += [
        f"calibration error (ECE), {r.category.value}: {r.error:.3f}" for r in found.reliability
    ]
    shown += _of_disguises(found.disguises)
    shown += [f"skipped: {reason}" for reason in found.skipped]
    return shown


def _of_disguises(found: Mapping[str, Disguised]) -> list[str]:
    if not found:
        return []
    few, many = evaluate_disguise.SHARES
    shown = [
        "",
        f"disguised words: points less found, more alarmed, at {few:.0%} and {many:.0%} of them",
    ]
    for name, row in found.items():
        drops = " / ".join(f"{100 * row.drop(share):5.1f}" for share in (few, many))
        rises = " / ".join(f"{100 * row.rise(share):5.1f}" for share in (few, many))
        shown.append(f"  {name:<20} {drops}    {rises}")
    shown += [f"  {name.replace('_', ' ')}: {value:.3f}" for name, value in summary(found).items()]
    return shown


def _of_queue(name: str, queue: Queue) -> list[str]:
    shown = [f"{name}: found after reading " + " / ".join(f"{s:.0%}" for s in READ_SHARES)]
    rows: list[tuple[str, Mapping[float, Measured]]] = [
        ("public web alone", queue.public),
        ("total", queue.total),
        ("mean over language x harm", queue.mean),
    ]
    rows += [(" ".join(cell), found) for cell, found in queue.cells.items()]
    shown += [f"  {title:<26} " + " / ".join(map(str, row.values())) for title, row in rows]
    shown.append(f"  work saved at 95 %: {queue.saved}; mean over cells {queue.saved_mean}")
    shown.append(f"  average precision: {queue.average_precision}")
    shown.append(
        f"  above the cut that finds 80 %: hard written {queue.hard_written}, "
        f"hard public {queue.hard_public}"
    )
    return shown


def _queues(
    sites: Sequence[Site],
    scores: Sequence[PageScore],
    peers: Sequence[Peer],
    on_progress: Progress,
) -> tuple[dict[str, Queue], list[tuple[str, plots.Points]]]:
    if not sites:
        return {}, []
    texts = [f"{site.title}\n{site.text}" for site in sites]
    risks: dict[str, Sequence[float]] = {OURS: [score.risk for score in scores]}
    for peer in (Peer(KEYWORDS, keyword_risks), *peers):
        on_progress(f"ranking the same sites by {peer.name}")
        risks[peer.name] = peer.risks(texts)
    queues = {name: evaluate_queue.measure(sites, values) for name, values in risks.items()}
    curves: list[tuple[str, plots.Points]] = [
        (name, evaluate_queue.gain_curve(sites, values)) for name, values in risks.items()
    ]
    return queues, curves


def _scored(scorer: Scorer, pages: Sequence[Written]) -> list[PageScore]:
    return scorer.score([("", page.text) for page in pages])


def _table(title: str, rows: Table) -> list[str]:
    return ["", title, *(f"  {name:<40} {row} of {row.number}" for name, row in rows.items())]


def _plain(rows: Table) -> dict[str, Any]:
    return {name: row.as_plain() for name, row in rows.items()}
