"""`qalqan classify`: pages from a file or a pipe, scored without a store."""

from pathlib import Path

import click

from qalqan.cli.options import models_option
from review_queue.records import BadRow


@click.command()
@click.argument("source", metavar="IN")
@click.option(
    "-o", "--out", metavar="OUT", required=True, help="Where the scores go, - for stdout."
)
@models_option
@click.option(
    "--model",
    "name",
    help="NAME or NAME/VERSION.  [default: the newest of ours]",
)
def classify(source: str, out: str, models: Path | None, name: str | None) -> None:
    """Score pages: JSON lines with "url" and "html" or "text" in, a JSON line each out, in order.

    IN may be - for standard input; it is UTF-8, with or without a byte order mark. Rows that cannot be
    read are named on standard error and left out; empty pages are named and scored.

    OUT takes its place only when all is written; devices and FIFOs are written straight to.

    \b
    Example:
      qalqan classify pages.jsonl -o scores.jsonl
    """
    from classifier import artefacts
    from classifier.scoring import Scorer
    from crawler.extract import extract
    from qalqan.classify import classify_file

    scorer = Scorer(artefacts.load(models or artefacts.default_models_dir(), name))
    report = classify_file(source, out, scorer, extract, _tell)
    left_out = f", {report.left_out} lines left out" if report.left_out else ""
    click.echo(f"{report.scored} pages scored{left_out}", err=True)


def _tell(row: BadRow) -> None:
    click.echo(f"line {row.line}: {row.reason}", err=True)
