"""`qalqan score`: pages in the store get their scores, sites above a threshold their cases."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option, progress
from review_queue.pages import count_unscored
from review_queue.store import open_store


@click.command()
@data_option
@click.option(
    "--models", type=click.Path(path_type=Path), help="Folder of models.  [default: ours]"
)
@click.option("--model", "name", help="NAME or NAME/VERSION.  [default: the one in use]")
@json_option
def score(data: Path, models: Path | None, name: str | None, as_json: bool) -> None:
    """Score what the store holds and open cases for what crosses a threshold.

    A page of a person in distress opens a referral, which can never become a block.

    \b
    Example:
      qalqan score --data /srv/qalqan
    """
    from classifier import artefacts
    from classifier.scoring import Scorer
    from crawler.surroundings import surroundings
    from qalqan.cycle import score_store

    scorer = Scorer(artefacts.load(models or artefacts.default_models_dir(), name))
    with (
        open_store(data, create=False) as store,
        progress("Scoring", count_unscored(store, scorer.model_id)) as advance,
    ):
        report = score_store(store, scorer, surroundings, advance)
    if as_json:
        click.echo(json.dumps(asdict(report)))
    else:
        click.echo(
            f"{report.pages} pages scored, {report.cases_opened} cases and "
            f"{report.referrals_opened} referrals opened"
        )
