"""`qalqan score`: pages in the store get their scores, sites above a threshold their cases."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option, model_option, models_option, progress
from qalqan.cli.threshold_report import tell_of_others
from review_queue.pages import count_unscored
from review_queue.records import ModelId
from review_queue.store import Store, open_store
from review_queue.thresholds import current


@click.command()
@data_option
@models_option
@model_option
@json_option
def score(data: Path, models: Path | None, name: str | None, as_json: bool) -> None:
    """Score what the store holds and open cases for what crosses a threshold.

    Thresholds set for this model with `qalqan thresholds set` come before its own, for pages scored before as well.
    A page of a person in distress opens a referral, which can never become a block.

    \b
    Example:
      qalqan score --data /srv/qalqan
    """
    from classifier import artefacts
    from classifier.scoring import Scorer
    from crawler.shaping import Shaper
    from qalqan.cycle import score_store
    from qalqan.scoring import thresholds_in_use

    model = artefacts.load(models or artefacts.default_models_dir(), name)
    with open_store(data, create=False) as store:
        # evidence is kept for what is near a threshold: the one in use, not the model's own
        in_use = replace(model, thresholds=thresholds_in_use(store, model.thresholds, model.id))
        _tell_what_is_set(store, model.id)
        with progress("Scoring", count_unscored(store, model.id)) as advance, Shaper() as shaper:
            report = score_store(store, Scorer(in_use), shaper.surroundings, advance)
    if as_json:
        click.echo(json.dumps(asdict(report)))
    else:
        click.echo(
            f"{report.pages} pages scored, {report.cases_opened} cases and "
            f"{report.referrals_opened} referrals opened"
        )


def _tell_what_is_set(store: Store, model: ModelId) -> None:
    for category, change in current(store, model).items():
        click.echo(f"{category.value}: threshold {change.value}, {change.told()}", err=True)
    tell_of_others(store, model)
