"""`qalqan export`: approved blocks become entries, and the lists are written."""

import json
from pathlib import Path

import click

from blocklist.entries import AdmitReport, admit
from blocklist.formats import FORMATS
from blocklist.manifest import Manifest
from blocklist.publish import export as publish
from qalqan.cli.options import data_option, json_option, login
from review_queue.hosts import defang
from review_queue.store import open_store


@click.command()
@data_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder the lists are written to; made where missing.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(list(FORMATS)),
    help="A format to write; may be given several times. Without it: all.",
)
@click.option("--actor", help="Who exports, for the audit log. Without it: your login name.")
@json_option
def export(
    data: Path, out: Path, formats: tuple[str, ...], actor: str | None, as_json: bool
) -> None:
    """Write the block lists of all blocks that enough people approved.

    A folder's formats stay in step: those it already holds are written anew as well.

    \b
    Example:
      qalqan export --data data --out lists
      qalqan export --data data --out lists --format rpz --format hosts
    """
    with open_store(data, create=False) as store:
        report = admit(store)
        manifest = publish(store, out, formats or tuple(FORMATS), actor=actor or f"cli:{login()}")
    if as_json:
        click.echo(json.dumps(_as_json(report, manifest), ensure_ascii=False))
    else:
        _print(report, manifest, out)


def _as_json(report: AdmitReport, manifest: Manifest) -> dict[str, object]:
    return {
        **manifest.as_json(),
        "admitted": len(report.admitted),
        "refused": [
            {"case": each.case_ref, "name": each.name, "reason": each.reason}
            for each in report.refused
        ],
        "skipped": {
            name: [{"name": each.entry.name, "reason": each.reason} for each in listing.skipped]
            for name, listing in manifest.formats.items()
        },
    }


def _print(report: AdmitReport, manifest: Manifest, out: Path) -> None:
    click.echo(f"serial {manifest.serial}, {len(report.admitted)} new entries")
    for name, listing in manifest.formats.items():
        click.echo(
            f"{name:8} {listing.entries:>7} listed {len(listing.skipped):>5} skipped"
            f"  {out / listing.file}"
        )
        for each in listing.skipped:
            click.echo(f"  skipped {defang(each.entry.name)}: {each.reason}")
    for block in report.refused:
        click.echo(f"refused {block.case_ref} {defang(block.name)}: {block.reason}", err=True)
    if not any(listing.entries for listing in manifest.formats.values()):
        click.echo("Warning: the lists are empty; a reader will block nothing", err=True)
