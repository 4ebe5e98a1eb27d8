"""What a model says of single pages: found at the threshold, false alarms by kind, promise against truth."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier import compose
from classifier.calibration import PRIOR
from classifier.compose import SOURCE
from classifier.corpus import Corpus
from classifier.evaluate_rows import Written
from classifier.evaluate_web import Site
from classifier.evaluation import average_precision
from classifier.examples import LANGUAGES, Example, Topic
from classifier.intervals import Measured, clopper_pearson, of_draws, wilson
from review_queue.categories import HARMS, Category, Stance
from review_queue.records import PageScore

Thresholds = Mapping[Category, float]
Cut = tuple[str, str]  # language and harm
BINS: Final = 10
DRAWS: Final = 200


@dataclass(frozen=True, slots=True)
class Bin:
    """Pages whose score lies in one tenth: what they were said to be on the mean, and what they are."""

    said: float
    true: float
    share: float  # of all pages, weighted as the calibration was


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far the scores of a harm are from the shares they promise."""

    category: Category
    error: float  # expected calibration error
    bins: tuple[Bin, ...]

    def as_plain(self) -> dict[str, Any]:
        """The figures for programs."""
        rows = [[round(b.said, 4), round(b.true, 4), round(b.share, 4)] for b in self.bins]
        return {"ece": round(self.error, 4), "bins_said_true_share": rows}


def opened(score: PageScore, thresholds: Thresholds) -> tuple[Category, ...]:
    """The cases the page would open: a page in distress is referred, and is nothing else."""
    distress = score.stance.get(Stance.DISTRESS, 0.0)
    is_top = distress >= max(score.stance.values(), default=0.0)
    if is_top and distress >= thresholds[Category.DISTRESS]:
        return (Category.DISTRESS,)
    return tuple(harm for harm in HARMS if score.scores[harm] >= thresholds[harm])


def alarms(
    sites: Sequence[Site], scores: Sequence[PageScore], thresholds: Thresholds
) -> dict[str, dict[str, Measured]]:
    """By language and kind of harmless site, the share that opens a review for nothing."""
    counts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for site, score in zip(sites, scores, strict=True):
        if not site.is_needle:
            is_review = bool({*opened(score, thresholds)} - {Category.DISTRESS})
            counts[site.lang, kind_of(site)].append(is_review)
            counts["all", kind_of(site)].append(is_review)
    found: dict[str, dict[str, Measured]] = {}
    for (lang, kind), hits in sorted(counts.items()):
        found.setdefault(kind, {})[lang] = wilson(sum(hits), len(hits))
    return found


def by_source(
    sites: Sequence[Site], scores: Sequence[PageScore], thresholds: Thresholds
) -> dict[str, dict[str, Measured]]:
    """Of every public source, the share that opens a review: of its harmful and of its harmless sites."""
    counts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for site, score in zip(sites, scores, strict=True):
        if not site.source.startswith(SOURCE):
            due = {*opened(score, thresholds)} - {Category.DISTRESS}
            counts[site.source, "harmful" if site.is_needle else "harmless"].append(bool(due))
    found: dict[str, dict[str, Measured]] = {}
    for (source, side), hits in sorted(counts.items()):
        found.setdefault(source, {})[side] = wilson(sum(hits), len(hits))
    return found


def kind_of(site: Site) -> str:
    """What a harmless site is: the kind of a written page, the label of a public one."""
    if not site.source.startswith(SOURCE):
        return f"public {site.label}"
    return f"written {site.source.split('/')[-1]}"


def at_threshold(
    sites: Sequence[Site], scores: Sequence[PageScore], thresholds: Thresholds
) -> dict[str, dict[str, Any]]:
    """Recall, precision and F1 of every language and harm on this web, whose needles are not rare."""
    rows: dict[str, dict[str, Any]] = {}
    due = [opened(score, thresholds) for score in scores]
    for lang in LANGUAGES:
        for harm in HARMS:
            own = [i for i, site in enumerate(sites) if site.lang == lang]
            wanted = [i for i in own if sites[i].label == f"{harm.value}_promotion"]
            found = sum(harm in due[i] for i in wanted)
            alarm = sum(harm in due[i] for i in own if not sites[i].is_needle)
            if wanted:
                rows[f"{lang} {harm.value}"] = {
                    "recall": clopper_pearson(found, len(wanted)).as_plain(),
                    "precision": wilson(found, found + alarm).as_plain(),
                    "f1": round(2 * found / (found + alarm + len(wanted)), 4),
                }
    return rows


def told_apart(
    pages: Sequence[Written], scores: Sequence[PageScore], *, whole_only: bool = True
) -> dict[str, Measured]:
    """AP per language and harm: pages composed from its fragments against its harmless pages."""
    found = {}
    langs = list(dict.fromkeys(page.lang for page in pages))
    for lang in langs:
        for harm in HARMS:
            rows = [
                (score.scores[harm], page.is_harmful)
                for page, score in zip(pages, scores, strict=True)
                if page.lang == lang
                and (
                    page.topic is Topic(harm.value)
                    if page.is_harmful
                    else page.is_whole or not whole_only
                )
            ]
            found[f"{lang} {harm.value}"] = _ap(rows)
    return found


def confusions(
    pages: Sequence[Written], scores: Sequence[PageScore], thresholds: Thresholds
) -> dict[str, Measured]:
    """How often prevention and distress are taken for promotion, and promotion for them."""
    counts: dict[str, list[bool]] = defaultdict(list)
    for page, score in zip(pages, scores, strict=True):
        due = opened(score, thresholds)
        is_review = bool({*due} - {Category.DISTRESS})
        top = max(score.stance, key=lambda stance: score.stance[stance])
        if page.stance is Stance.DISTRESS:
            counts["distress opened as harm"].append(is_review)
            counts["distress read as promotion"].append(top is Stance.PROMOTES)
            if page.topic is Topic.SELF_HARM:
                counts["distress referred"].append(Category.DISTRESS in due)
        elif page.stance is Stance.SUPPORTS:
            counts["prevention opened as harm"].append(is_review)
            counts["prevention read as promotion"].append(top is Stance.PROMOTES)
        elif page.is_harmful:
            counts["promotion read as distress or prevention"].append(
                top in {Stance.DISTRESS, Stance.SUPPORTS}
            )
            counts["promotion referred as distress"].append(Category.DISTRESS in due)
            counts["promotion opened as harm"].append(is_review)
    return {name: clopper_pearson(sum(hits), len(hits)) for name, hits in sorted(counts.items())}


def distress(
    rows: Sequence[Example], scores: Sequence[PageScore], thresholds: Thresholds
) -> dict[str, dict[str, Measured]]:
    """Of public posts by people in distress, by language and source: opened as harm, referred, neither."""
    counts: dict[str, list[str]] = defaultdict(list)
    for row, score in zip(rows, scores, strict=True):
        due = opened(score, thresholds)
        what = "nothing opened"
        if due:
            what = "referred" if Category.DISTRESS in due else "opened as harm"
        for name in (f"{row.lang} {row.source}", "all"):
            counts[name].append(what)
    return {
        name: {
            what: clopper_pearson(found.count(what), len(found))
            for what in ("opened as harm", "referred", "nothing opened")
        }
        for name, found in sorted(counts.items())
    }


def reliability(sites: Sequence[Site], scores: Sequence[PageScore]) -> tuple[Reliability, ...]:
    """Said against true for each harm, languages alike and harm as frequent as the calibration supposes."""
    return tuple(_reliability(harm, sites, scores) for harm in HARMS)


def sentences(held: Corpus, seed: int) -> list[Written]:
    """Single sentences of a held-out part: its fragments, slots filled, and those of its harmless pages.

    Harmless fragments were written to be mistaken, with the very words of promotion; they have
    `is_whole` set, the sentences of pages have not.
    """
    rng = random.Random(seed)
    of_pages = [
        Written(text, page.lang, page.topic, page.stance, page.kind, False)
        for page in held.pages
        if page.stance is not Stance.DISTRESS
        for text in compose.sentences_of(page)
    ]
    return of_pages + [
        Written(held.filled(f, rng), f.lang, f.topic, f.stance, f.move, True)
        for f in held.fragments
        if f.stance is not Stance.DISTRESS
    ]


def _ap(rows: Sequence[tuple[float, bool]]) -> Measured:
    if not any(wanted for _, wanted in rows) or all(wanted for _, wanted in rows):
        return of_draws([], 0)
    values, wanted = [value for value, _ in rows], [w for _, w in rows]
    rng = random.Random(3)
    drawn = []
    for _ in range(DRAWS):
        chosen = rng.choices(range(len(rows)), k=len(rows))
        drawn.append(average_precision([values[i] for i in chosen], [wanted[i] for i in chosen]))
    spread = of_draws(drawn, len(rows))
    return Measured(average_precision(values, wanted), spread.low, spread.high, len(rows))


def _reliability(harm: Category, sites: Sequence[Site], scores: Sequence[PageScore]) -> Reliability:
    wanted = np.array([site.label == f"{harm.value}_promotion" for site in sites], np.bool_)
    other = np.array([site.is_needle for site in sites], np.bool_) & ~wanted
    langs = np.array([site.lang for site in sites])
    said = np.array([score.scores[harm] for score in scores])
    weight = np.zeros(len(sites))
    for lang in LANGUAGES:
        own = (langs == lang) & ~other
        harmful, harmless = own & wanted, own & ~wanted
        if harmful.any() and harmless.any():
            weight[harmful] = PRIOR / harmful.sum()
            weight[harmless] = (1 - PRIOR) / harmless.sum()
    if not weight.any():
        return Reliability(harm, 0.0, ())
    weight /= weight.sum()
    bins = tuple(_bins(said, wanted, weight))
    return Reliability(harm, sum(b.share * abs(b.said - b.true) for b in bins), bins)


def _bins(
    said: npt.NDArray[np.float64], wanted: npt.NDArray[np.bool_], weight: npt.NDArray[np.float64]
) -> Iterable[Bin]:
    tenth = np.minimum((said * BINS).astype(int), BINS - 1)
    for i in range(BINS):
        share = float(weight[tenth == i].sum())
        if share:
            own = weight * (tenth == i) / share
            yield Bin(float((said * own).sum()), float((wanted * own).sum()), share)
