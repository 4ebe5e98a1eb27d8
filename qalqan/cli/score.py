"""`qalqan score`: pages in the store get their scores, sites above a threshold their cases."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option, progress
from review_queue.pages import count_unscored
from review_queue.store import Store, open_store
from review_queue.thresholds import current


@click.command()
@data_option
@click.option(
    "--models", type=click.Path(path_type=Path), help="Folder of models.  [default: ours]"
)
@click.option("--model", "name", help="NAME or NAME/VERSION.  [default: the one in use]")
@json_option
def score(data: Path, models: Path | None, name: str | None, as_json: bool) -> None:
    """Score what the store holds and open cases for what crosses a threshold.

    Thresholds set with `qalqan thresholds set` come before the model's own, for pages scored before as well.
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
        in_use = replace(model, thresholds=thresholds_in_use(store, model.thresholds))
        _tell_what_is_set(store)
        with progress("Scoring", count_unscored(store, model.id)) as advance, Shaper() as shaper:
            report = score_store(store, Scorer(in_use), shaper.surroundings, advance)
    if as_json:
        click.echo(json.dumps(asdict(report)))
    else:
        click.echo(
            f"{report.pages} pages scored, {report.cases_opened} cases and "
            f"{report.referrals_opened} referrals opened"
        )


def _tell_what_is_set(store: Store) -> None:
    for category, change in current(store).items():
        click.echo(
            f"{category.value}: threshold {change.value}, set by {change.actor} at {change.set_at}",
            err=True,
        )
