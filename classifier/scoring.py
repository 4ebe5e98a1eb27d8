"""Pages to scores: the one path used when a model is calibrated, measured and put to work."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.artefacts import Model
from classifier.examples import Topic
from classifier.explain import directions, evidence
from classifier.folding import KINDS
from classifier.languages import CALIBRATED, calibrated_as, detect
from classifier.lookalikes import Kind
from classifier.model import STANCES, TOPICS, Weights
from classifier.moves import namer
from classifier.projection import Projector, projector, worst_windows
from classifier.reading import Mask, Reading, read
from classifier.segments import MAX_CHARS
from review_queue.categories import HARMS, Category, Stance
from review_queue.records import ModelId, PageScore

Floats = npt.NDArray[np.float64]
Titled = tuple[str, str]

# Chosen as a set on the development haystack and on composed pages of 60 to 90 sentences: the worst
# windows (260 characters each) read together find the one call in a long page, the whole page keeps a
# long harmless one from being judged by its four oddest paragraphs. A short page is both.
_WORST_WINDOWS: Final = 4
_WHOLE_SHARE: Final = 0.3
_PROMOTES: Final = STANCES.index(Stance.PROMOTES)
_DISTRESS: Final = STANCES.index(Stance.DISTRESS)
# Small enough for the caches of a processor: larger batches take longer for each page.
_BATCH_CHARS: Final = 200_000
_BATCH_PAGES: Final = 8
_MAX_TITLE: Final = 300
# Drawn out words hide nothing: they are how people write when they are moved.
_HIDING: Final = np.array([kind is not Kind.REPEATED for kind in KINDS], np.float32)


@dataclass(frozen=True, slots=True)
class Raw:
    """Uncalibrated numbers of some pages: per harm the mean of two ways to a log probability, stances."""

    harms: Mapping[Category, Floats]
    stance: Floats  # a row per page, a column per member of STANCES
    rows: Mask  # the rows of the reading that were looked at
    blame: Floats  # of each window: how far it speaks for a harm; 0 where it was not looked at


class Scorer:
    """Scores pages with one model; holds no state of the pages it has seen."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._projector = projector(model.weights)
        self._directions = directions(model.weights)
        self._namer = namer(model.weights)

    @property
    def model_id(self) -> ModelId:
        """Which artefact makes the scores."""
        return self._model.id

    @property
    def thresholds(self) -> Mapping[Category, float]:
        """From which score a case is opened; for distress, from which probability of that stance."""
        return self._model.thresholds

    def score(self, pages: Sequence[Titled]) -> list[PageScore]:
        """A score for each page, in the order given; a page is a title and a text."""
        return [score for batch in _batches(pages) for score in self._score_batch(batch)]

    def _score_batch(self, pages: Sequence[Titled]) -> list[PageScore]:
        reading = read(pages)
        scores = list(self._judged(reading, pages))
        if self._namer is None or not any(score.evidence for score in scores):
            return scores
        named = self._namer.named(self._projector, reading, [score.evidence for score in scores])
        return [replace(score, evidence=found) for score, found in zip(scores, named, strict=True)]

    def _judged(self, reading: Reading, pages: Sequence[Titled]) -> Iterator[PageScore]:
        raw = raw_scores(self._projector, reading)
        changed = np.add.reduceat(reading.changed @ _HIDING, reading.page_edges[:-1])
        for i, (title, text) in enumerate(pages):
            lang = detect(f"{title}\n{text}")
            main = calibrated_as(lang, text or title)
            lines = self._model.calibration[_judged_as(main, reading, raw.blame, i, text)]
            scores = {
                harm: round(float(lines[harm].apply(raw.harms[harm][i])), 6) for harm in HARMS
            }
            stance = {
                name: round(float(p), 6) for name, p in zip(STANCES, raw.stance[i], strict=True)
            }
            wanted = self._worth_explaining(scores, stance)
            found = (
                evidence(self._projector, self._directions, reading, raw.rows, i, text, wanted)
                if wanted
                else ()
            )
            hidden = _share_of_letters(float(changed[i]), title, text)
            yield PageScore(lang, scores, stance, max(scores.values()), found, hidden)

    def _worth_explaining(
        self, scores: Mapping[Category, float], stance: Mapping[Stance, float]
    ) -> tuple[Category, ...]:
        # Half the threshold: a case opened for one category may be read for the other as well.
        cuts = self._model.thresholds
        harms = tuple(harm for harm in HARMS if scores[harm] >= cuts[harm] / 2)
        in_distress = stance[Stance.DISTRESS] >= cuts[Category.DISTRESS] / 2
        return (*harms, Category.DISTRESS) if in_distress else harms


def _judged_as(main: str, reading: Reading, blame: Floats, page: int, text: str) -> str:
    """The language whose calibration a page is read with: that of its worst windows.

    A page in one language pays for one look at its worst window, 0.02 ms; only where that speaks another
    language do all windows looked at have a say, each as loud as it speaks for a harm.
    """
    low, high = (int(edge) for edge in reading.windows_of_page[page : page + 2])
    worst = low + int(blame[low:high].argmax())
    first = _spoken(reading, worst, text)
    if first not in CALIBRATED or first == main:
        return main
    said = dict.fromkeys(CALIBRATED, 0.0)
    for window in (low + np.flatnonzero(blame[low:high])).tolist():
        lang = first if window == worst else _spoken(reading, window, text)
        said[lang if lang in CALIBRATED else main] += float(blame[window])
    return max(said, key=lambda lang: (said[lang], lang == main))


def _spoken(reading: Reading, window: int, text: str) -> str:
    first, last = int(reading.window_edges[window]), int(reading.window_edges[window + 1]) - 1
    return detect(text[reading.spans[first][0] : reading.spans[last][1]])


def _share_of_letters(changed: float, title: str, text: str) -> float:
    if not changed:
        return 0.0
    letters = sum(map(str.isalpha, title)) + sum(map(str.isalpha, text))
    return round(min(1.0, changed / max(1, letters)), 4)


def raw_scores(linear: Projector, reading: Reading) -> Raw:
    """Raw numbers of every page read: what calibration is fitted to and applied to."""
    grouped = linear.grouped(reading)
    window_harms, window_stance = _raw(linear, grouped.windows())
    badness = np.max([*window_harms.values(), window_stance[:, _DISTRESS]], axis=0)
    chosen = worst_windows(reading.windows_of_page, badness, _WORST_WINDOWS)
    worst, log_stance = _raw(linear, grouped.pages(chosen))
    whole, _ = _raw(linear, grouped.pages())
    harms = {harm: _WHOLE_SHARE * whole[harm] + (1 - _WHOLE_SHARE) * worst[harm] for harm in HARMS}
    rows = np.repeat(chosen, np.diff(reading.window_edges))
    blame = np.exp(np.max(list(window_harms.values()), axis=0)) * chosen
    return Raw(harms, np.exp(log_stance), rows, blame)


def _raw(linear: Projector, outputs: Floats) -> tuple[dict[Category, Floats], Floats]:
    log_topic, log_stance = linear.log_topic(outputs), linear.log_stance(outputs)
    log_promoted = linear.log_promoted(outputs)
    harms = {
        harm: (
            log_topic[:, TOPICS.index(Topic(harm.value))]
            + log_stance[:, _PROMOTES]
            + log_promoted[harm]
        )
        / 2
        for harm in HARMS
    }
    return harms, log_stance


def raw_of_texts(weights: Weights, texts: Sequence[str]) -> Raw:
    """Raw numbers of texts without a title, in batches."""
    linear = projector(weights)
    parts = [raw_scores(linear, read(batch)) for batch in _batches([("", t) for t in texts])]
    return Raw(
        {harm: np.concatenate([part.harms[harm] for part in parts]) for harm in HARMS},
        np.concatenate([part.stance for part in parts]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.blame for part in parts]),
    )


def _batches(pages: Sequence[Titled]) -> Iterator[list[Titled]]:
    batch: list[Titled] = []
    size = 0
    for title, text in pages:
        capped = (title[:_MAX_TITLE], text[:MAX_CHARS])
        if batch and (size + len(capped[1]) > _BATCH_CHARS or len(batch) == _BATCH_PAGES):
            yield batch
            batch, size = [], 0
        batch.append(capped)
        size += len(capped[1])
    if batch:
        yield batch
