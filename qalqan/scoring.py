"""What a crawl is told of scoring: which model, which thresholds, and how its reader loads it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from classifier import shelf
from crawler.plan import Score, Scoring
from review_queue import thresholds
from review_queue.categories import Category
from review_queue.errors import ModelDigestError
from review_queue.records import ModelId
from review_queue.store import FILE_NAME, Store, open_store


def scoring_of(data: Path, models: Path | None = None, name: str | None = None) -> Scoring:
    """How the pages of a crawl into the store in `data` are scored: as `qalqan score` would.

    The model's file is checked against its card, and loaded by the process that reads the pages.

    Raises:
        ModelMissingError: there is no such model.
        ModelCardError: its card cannot be read.
        ModelDigestError: it was changed after its card was written.
    """
    models = (models or shelf.default_models_dir()).absolute()
    found = shelf.find(models, name)
    cuts: Mapping[Category, float] = found.thresholds
    if (data / FILE_NAME).exists():
        with open_store(data, create=False) as store:
            cuts = thresholds_in_use(store, cuts, found.id)
    return Scoring(
        partial(_load, models, f"{found.id.name}/{found.id.version}", found.id.digest, cuts),
        found.id,
        cuts,
    )


def thresholds_in_use(
    store: Store, own: Mapping[Category, float], model: ModelId
) -> dict[Category, float]:
    """The threshold of each category: the one the unit set for this model, else the model's own."""
    set_ = thresholds.current(store, model)
    values = {category: change.value for category, change in set_.items()}
    return dict(own) | {category: value for category, value in values.items() if value is not None}


def _load(models: Path, name: str, digest: str, cuts: Mapping[Category, float]) -> Score:
    import py3langid  # noqa: PLC0415  # by the reader alone, like the rest

    # its table takes 100 MB to unpack and 75 to keep: before the model is there, or the two would add up
    py3langid.classify("")
    from classifier import artefacts  # noqa: PLC0415
    from classifier.scoring import Scorer  # noqa: PLC0415

    model = artefacts.load(models, name)
    if model.id.digest != digest:
        raise ModelDigestError(f"{models / name} was replaced while the crawl began: run it again")
    return Scorer(replace(model, thresholds=cuts)).score
