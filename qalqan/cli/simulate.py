"""`qalqan simulate`: officers' work replayed on a labelled set."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qalqan.cli.options import json_option, model_option, models_option, progress
from review_queue.errors import UnreadableInputError
from review_queue.records import BadRow

if TYPE_CHECKING:
    from classifier.simulation import Replay

_POSITIVE = click.IntRange(min=1)
_SHOWN_ROWS = 10


@click.command()
@click.argument(
    "source", metavar="[IN]", required=False, type=click.Path(dir_okay=False, path_type=Path)
)
@click.option(
    "--haystack",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Instead of IN: a folder with pages.jsonl and truth.jsonl.",
)
@click.option(
    "--batch", type=_POSITIVE, default=25, show_default=True, help="Sites read at a time."
)
@click.option(
    "--reviews", type=_POSITIVE, default=1000, show_default=True, help="Sites read in all."
)
@click.option(
    "--retrain-every",
    type=_POSITIVE,
    default=1,
    show_default=True,
    help="Batches between two fits of the second model.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Which unread sites stand in for harmless ones.",
)
@click.option(
    "--plot",
    metavar="OUT.svg",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the curves.",
)
@models_option
@model_option
@json_option
def simulate(
    source: Path | None,
    folder: Path | None,
    *,
    batch: int,
    reviews: int,
    retrain_every: int,
    seed: int,
    plot: Path | None,
    models: Path | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Replay a labelled set: how many harmful sites officers find after N reviews.

    IN is JSON lines with "site" or "url", "html" or "text", "needle" (true or false) and, if you like, "kind".
    Three orders are compared: the shipped score; one of which half of every batch is chosen with a light second
    model that learns from the reviews so far; and any order at all. Nothing is stored.

    Give it texts that no model was trained on. Our own figures are from development rows only, on which the way
    of combining the two scores was chosen as well: expect less on the open web.

    \b
    Example:
      qalqan simulate labelled.jsonl --reviews 500 --plot found.svg
      qalqan simulate --haystack /tmp/haystack --json
    """
    path = folder or source
    if path is None or (source and folder):
        raise click.UsageError("give IN or --haystack DIR, one of the two")
    from classifier import artefacts
    from classifier.curves import as_svg
    from classifier.scoring import Scorer
    from classifier.simulation import Plan, prepare, replay
    from crawler.extract import extract
    from qalqan.simulate import haystack, labelled_set

    scorer = Scorer(artefacts.load(models or artefacts.default_models_dir(), name))
    pages = (haystack if folder else labelled_set)(path, extract, _tell)
    with progress("Scoring", None) as advance:
        sites = prepare(pages, scorer, advance)
    if not sites.is_needle.any():
        raise UnreadableInputError(
            f'{path} has no needle to find: mark harmful sites with "needle": true'
        )
    with progress("Reviewing", min(reviews, len(sites.risks))) as advance:
        made = replay(sites, Plan(batch, reviews, retrain_every, seed), advance)
    if plot:
        _write(plot, as_svg(made))
    click.echo(json.dumps(made.as_plain(batch)) if as_json else _table(made))


def _table(made: "Replay") -> str:
    last = len(made.curves[0].found) - 1
    every = max(1, last // _SHOWN_ROWS)
    names = [curve.name for curve in made.curves]
    fits = f"{made.fits} fits, the longest {made.longest_fit_s:.1f} s"
    lines = [
        f"{made.needles} needles in {made.sites} sites; {fits}",
        f"{'reviews':>8}" + "".join(f"{name:>10}" for name in names),
        *(
            f"{n:>8}" + "".join(f"{curve.found[n]:>10.0f}" for curve in made.curves)
            for n in sorted({*range(every, last + 1, every), last})
        ),
    ]
    for curve in made.curves:
        read, saved = curve.reviews_until(made.needles), made.work_saved(curve)
        reached = "not reached" if read is None else f"after {read} reviews, work saved {saved:.1%}"
        lines.append(f"95 % found, {curve.name}: {reached}")
    return "\n".join(lines)


def _write(path: Path, drawing: str) -> None:
    try:
        path.write_text(drawing, encoding="utf-8")
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be written: {error.strerror}") from error


def _tell(row: BadRow) -> None:
    click.echo(f"line {row.line}: {row.reason}", err=True)
