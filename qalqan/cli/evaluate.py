"""`qalqan evaluate`: how much reading a model saves, and where it is wrong."""

import json
from pathlib import Path

import click

from qalqan.cli.options import json_option, model_option, models_option

_folder = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option(
    "--corpora",
    type=_folder,
    help="Folder with train.LANG.jsonl.gz and sources.json; only development rows are read.",
)
@click.option("--haystack", type=_folder, help="Folder with haystack.py, which builds the web.")
@models_option
@model_option
@click.option("--plots", type=_folder, help="Folder the plots are put into, as SVG.")
@click.option(
    "--card", is_flag=True, help="Put figures and plots into the model's own folder and README."
)
@click.option(
    "--part",
    type=click.Choice(["development", "check"]),
    default="check",
    show_default=True,
    help="Written pages: those that also calibrated and were compared on, or those kept for the end.",
)
@click.option("--no-disguises", is_flag=True, help="Leave disguised words out: half the time.")
@json_option
def evaluate(
    *,
    corpora: Path | None,
    haystack: Path | None,
    models: Path | None,
    name: str | None,
    plots: Path | None,
    card: bool,
    part: str,
    no_disguises: bool,
    as_json: bool,
) -> None:
    """Measure a model on texts it was never trained on, each figure with its 95 % interval.

    Without --corpora and --haystack only the written pages are used, and it says so.

    \b
    Example:
      qalqan evaluate --corpora corpora --haystack bench --plots plots
    """
    from classifier import artefacts, card_measured, evaluate_run
    from classifier.corpus import Part
    from classifier.disguises import TRANSFORMS
    from classifier.evaluate_web import SCRIPT
    from classifier.scoring import Scorer
    from crawler.extract import extract

    where = models or artefacts.default_models_dir()
    scorer = Scorer(artefacts.load(where, name))
    found = evaluate_run.evaluate(
        scorer,
        corpora_dir=corpora,
        script=haystack / SCRIPT if haystack else None,
        extract=extract,
        on_progress=_tell,
        transforms={} if no_disguises else TRANSFORMS,
        part=Part(part),
    )
    if plots:
        for file, svg in found.drawn().items():
            plots.mkdir(parents=True, exist_ok=True)
            artefacts.replace(plots / file, svg.encode())
    if card:
        card_measured.keep(where / found.model.name / found.model.version, found)
    for reason in found.skipped:
        click.echo(f"skipped: {reason}", err=True)
    if as_json:
        click.echo(json.dumps(found.as_plain(), ensure_ascii=False))
    else:
        click.echo("\n".join(evaluate_run.lines(found)))


def _tell(step: str) -> None:
    click.echo(step, err=True)
