"""`qalqan export`: approved blocks become entries, and the lists are written."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from blocklist import served
from blocklist.entries import AdmitReport, admitted_or_not
from blocklist.formats import FORMATS
from blocklist.manifest import Manifest
from blocklist.publish import Hold
from blocklist.publish import export as publish
from blocklist.removals import HeldError
from qalqan.cli.options import data_option, json_option, login
from review_queue import soundness
from review_queue.store import open_store
from review_ui.hostile import address, one_line

_LONGEST_ACTOR = 100
format_option = click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(list(FORMATS)),
    help="A format to write; may be given several times. Without it: all.",
)


def _actor(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name is not None and not (
        name.strip() and name.isprintable() and len(name) <= _LONGEST_ACTOR
    ):
        raise click.BadParameter(
            f"{name[:_LONGEST_ACTOR]!a} cannot stand in the audit log; write a name of 1 to"
            f" {_LONGEST_ACTOR} characters on one line"
        )
    return name


@click.command()
@data_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder the lists are written to; made where missing.",
)
@format_option
@click.option(
    "--actor",
    callback=_actor,
    help="Who runs it, a name for the audit log that signs nothing. Without it: your login name.",
)
@click.option(
    "--clock-is-right", is_flag=True, help="Nothing was done here for a month; the clock is right."
)
@json_option
def export(
    data: Path,
    out: Path,
    formats: tuple[str, ...],
    actor: str | None,
    *,
    clock_is_right: bool,
    as_json: bool,
) -> None:
    """Write the block lists of all blocks that enough people approved.

    A folder's formats stay in step: those it already holds are written anew as well. Where the list is held, what
    was lifted leaves the one in the folder all the same, and the exit code is 1.

    \b
    Example:
      qalqan export --data data --out lists
      qalqan export --data data --out lists --format rpz --format hosts
    """
    wanted, who = formats or tuple(FORMATS), actor or f"cli:{login()}"
    with open_store(data, create=False) as store:
        soundness.check(store)
        if not clock_is_right:
            served.check_not_ahead(store, store.clock())
        report, damaged = admitted_or_not(store)
        try:
            manifest = publish(store, out, wanted, actor=who, hold=Hold(damaged))
        except HeldError as error:
            if as_json:
                told = {"outcome": "removals_only", "removed": error.gone}
                shown = {**_as_json(report, error.manifest), **told}
                click.echo(json.dumps(shown, ensure_ascii=False))
            raise
    if as_json:
        click.echo(json.dumps(_as_json(report, manifest), ensure_ascii=False))
    else:
        _print(report, manifest, out)


def _as_json(report: AdmitReport, manifest: Manifest) -> dict[str, object]:
    return {
        **manifest.as_json(),
        "admitted": len(report.admitted),
        "refused": [each.as_json() for each in report.refused],
        "skipped": {
            name: [{"name": each.name, "reason": each.reason} for each in listing.first_skipped]
            for name, listing in manifest.formats.items()
        },
    }


def _print(report: AdmitReport, manifest: Manifest, out: Path) -> None:
    click.echo(f"serial {manifest.serial}, {len(report.admitted)} new entries")
    for name, listing in manifest.formats.items():
        click.echo(
            f"{name:8} {listing.entries:>7} listed {listing.skipped:>5} skipped"
            f"  {click.format_filename(out / listing.file)}"
        )
    for line in _skipped(manifest):
        click.echo(line)
    for block in report.refused:
        click.echo(
            f"refused {block.case_ref} {address(block.name)}: {one_line(block.told)}", err=True
        )
    if not any(listing.entries for listing in manifest.formats.values()):
        click.echo("Warning: the lists are empty; a reader will block nothing", err=True)


def _skipped(manifest: Manifest) -> Iterator[str]:
    """One line for what the same formats left out for the same reason, however many names that are."""
    formats: dict[tuple[str, str], list[str]] = {}
    for format_name, listing in manifest.formats.items():
        for name, reason in sorted({(each.name, each.reason) for each in listing.first_skipped}):
            formats.setdefault((name, reason), []).append(format_name)
    names: dict[tuple[str, str], list[str]] = {}
    for (name, reason), where in sorted(formats.items()):
        names.setdefault((", ".join(where), reason), []).append(name)
    for (places, reason), (first, *rest) in names.items():
        more = " and others" if rest else ""
        yield f"skipped {address(first)}{more} in {places}: {one_line(reason)}"
    if names:
        yield "FORMAT.skipped.json beside the lists names all that a format left out"
