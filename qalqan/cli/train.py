"""`qalqan train`: a model from labelled texts."""

import json
from pathlib import Path

import click

from qalqan.cli.options import json_option
from review_queue.errors import CorporaError
from review_queue.labels import LabelledPage, labelled_pages
from review_queue.store import open_store


@click.command()
@click.option(
    "--corpora",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with train.LANG.jsonl.gz and sources.json.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("models"),
    show_default=True,
    help="Folder the model is put into, as a new version.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Number the shuffling starts from; the same one gives the same model.",
)
@click.option(
    "--with-restricted",
    is_flag=True,
    help="Also learn from share-alike and non-commercial sources; the model must not be given on "
    "under Apache-2.0 and has a name of its own.",
)
@click.option(
    "--with-decisions",
    metavar="DATA_DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help='Also learn from the cases officers settled in this store, never from skips, "cannot tell" or '
    "open cases; the model is your unit's own and has a name of its own.",
)
@json_option
def train(
    corpora: Path,
    out: Path,
    seed: int,
    with_restricted: bool,
    with_decisions: Path | None,
    as_json: bool,
) -> None:
    """Train a model; development rows calibrate it and are never learned from.

    The same texts and seed give the same file, byte for byte.

    \b
    Example:
      qalqan train --corpora corpora --out models
      qalqan train --corpora corpora --out models --with-decisions /srv/qalqan
    """
    from classifier.training import train as run

    report = run(
        corpora,
        out,
        with_restricted=with_restricted,
        seed=seed,
        on_progress=_tell,
        decisions=_decided(with_decisions) if with_decisions else (),
    )
    if as_json:
        click.echo(json.dumps(report.as_plain()))
        return
    click.echo(
        f"{report.model.name} {report.model.version}: {report.rows} texts, "
        f"{report.size_bytes / 1e6:.1f} MB in {report.folder}"
    )
    for category, cut in report.thresholds.items():
        found = "none to find" if cut.found is None else f"{cut.found:.0%} found"
        click.echo(f"  {category.value}: threshold {cut.value}, {found} on held-out pages")


def _decided(data: Path) -> list[LabelledPage]:
    with open_store(data, create=False) as store:
        pages = labelled_pages(store)
    if not pages:
        raise CorporaError(
            f"no settled case in {data} teaches anything yet: decide cases with `qalqan serve` first"
        )
    _tell(f"pages that officers settled: {len(pages)}")
    return pages


def _tell(step: str) -> None:
    click.echo(step, err=True)
