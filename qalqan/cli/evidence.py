"""`qalqan evidence`: what is kept of the web is sealed, verified, shown and handed over."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qalqan.cli.options import data_option, json_option, login, progress
from qalqan.settings import Stamping, default_config, read_stamping
from review_queue.store import open_store
from review_ui.hostile import address, one_line, visible

if TYPE_CHECKING:
    from qalqan.evidence_verify import Report

_config_option = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file whose [evidence] table names authority and certificate. Without it: $QALQAN_CONFIG,"
    " else qalqan.toml in the present folder, where there is one.",
)
_certificate_option = click.option(
    "--certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PEM file with the authority's root certificate, and those between it and the signer.",
)


@click.group()
def evidence() -> None:
    """Seal, verify, show and hand over what is kept of the web."""


@evidence.command()
@data_option
@_config_option
@click.option(
    "--authority", metavar="URL", help="The RFC 3161 authority that time-stamps manifests."
)
@_certificate_option
@json_option
def seal(
    data: Path, config: Path | None, authority: str | None, certificate: Path | None, as_json: bool
) -> None:
    """Make a manifest of all evidence, and have it time-stamped.

    A manifest that could not be time-stamped stands all the same; the next run has it stamped.

    \b
    Example:
      qalqan evidence seal --data /srv/qalqan --authority https://tsa.example/ --certificate tsa.pem
    """
    from qalqan.evidence import seal_and_stamp
    from qalqan.evidence_manifest import folder_of_manifests

    settings = _settings(config, authority, certificate)
    with open_store(data, create=False) as store:
        sealed = seal_and_stamp(store, settings, actor=f"cli:{login()}")
        folder = folder_of_manifests(store)
    manifest = sealed.manifest
    if as_json:
        made = {"name": manifest.name, "sha256": manifest.sha256} if manifest else None
        click.echo(
            json.dumps({"manifest": made, "stamped": sealed.stamped, "problem": sealed.problem})
        )
    else:
        click.echo(
            f"sealed: {click.format_filename(folder / manifest.name)} {manifest.sha256}"
            if manifest
            else "nothing new since the last manifest"
        )
        if sealed.stamped:
            click.echo(f"time-stamped: {sealed.stamped}")
    if sealed.problem:
        click.echo(
            f"Warning: {sealed.problem}; the next `qalqan evidence seal` asks again", err=True
        )
    elif not settings.authority:
        click.echo("Warning: no authority is set; nothing proves when this was sealed", err=True)


@evidence.command()
@data_option
@_config_option
@_certificate_option
@json_option
def verify(data: Path, config: Path | None, certificate: Path | None, as_json: bool) -> None:
    """Check every byte that is kept as evidence, and say what does not hold.

    \b
    Example:
      qalqan evidence verify --data /srv/qalqan
    """
    from qalqan.evidence_stamps import Trust
    from qalqan.evidence_verify import verify as look
    from review_queue import captures

    settings = _settings(config, None, certificate)
    trust = Trust.read(settings.certificate) if settings.certificate else None
    with (
        open_store(data, create=False, for_reading=True) as store,
        progress("verifying", captures.count(store)) as advance,
    ):
        report = look(store, trust, advance)
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _print_report(report)
    if report.faults:
        sys.exit(1)


@evidence.command()
@data_option
@json_option
@click.argument("case")
def show(data: Path, case: str, as_json: bool) -> None:
    """Show what is kept about a case, and since when that is proved.

    \b
    Example:
      qalqan evidence show KZ-7F3K-9QXM --data /srv/qalqan
    """
    from qalqan.evidence_case import collect

    with open_store(data, create=False, for_reading=True) as store:
        kept = collect(store, case)
    if as_json:
        click.echo(json.dumps(kept.custody, ensure_ascii=False))
        return
    click.echo(
        f"{kept.case.ref}  {address(kept.case.site)}  {kept.case.category}  {kept.case.state}"
    )
    for row in kept.captures:
        what = "seen again" if row.refers_to else "fetched"
        click.echo(
            f"{row.fetched_at}  {what:<10}  {address(row.page_url)}  {row.file} at {row.offset}  {row.sha256[:16]}"
        )
    for decision in kept.custody["decisions"]:
        click.echo(
            f"{decision['decided_at']}  {one_line(decision['reviewer_name'])}: {decision['verdict']}"
        )
    for one in kept.sealings:
        stamped = f"time-stamped {one.stamp.stamped_at}" if one.stamp else "not time-stamped"
        click.echo(f"{one.manifest.made_at}  manifest {one.manifest.name}, {stamped}")
    if kept.unsealed:
        click.echo(
            f"{kept.unsealed} rows are in no manifest yet: run `qalqan evidence seal`", err=True
        )


@evidence.command()
@data_option
@_config_option
@_certificate_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The zip to make; one that is there is never replaced.",
)
@click.option(
    "--actor",
    help="Who runs it, a name for the audit log that signs nothing. Without it: your login name.",
)
@json_option
@click.argument("case")
def export(
    data: Path,
    config: Path | None,
    certificate: Path | None,
    out: Path,
    actor: str | None,
    as_json: bool,
    case: str,
) -> None:
    """Write all evidence of a case into one zip that anybody can check with openssl and sha256sum.

    \b
    Example:
      qalqan evidence export KZ-7F3K-9QXM --out KZ-7F3K-9QXM.zip --data /srv/qalqan
    """
    from qalqan.evidence_export import export as write

    settings = _settings(config, None, certificate)
    with open_store(data, create=False) as store:
        digest, kept = write(
            store,
            case,
            out,
            certificate=settings.certificate,
            actor=actor or f"cli:{login()}",
        )
    unstamped = [one.manifest.name for one in kept.sealings if not one.stamp]
    if as_json:
        click.echo(
            json.dumps(
                {"case": kept.case.ref, "file": str(out), "sha256": digest,
                 "captures": len(kept.captures), "unstamped": unstamped}
            )
        )  # fmt: skip
    else:
        click.echo(f"{digest}  {click.format_filename(out)}")
    for name in unstamped:
        click.echo(f"Warning: {name} is not time-stamped", err=True)
    if not settings.certificate:
        click.echo("Warning: no certificate is set, so none is in the zip", err=True)


def _settings(config: Path | None, authority: str | None, certificate: Path | None) -> Stamping:
    found = read_stamping(config or default_config())
    return Stamping(authority or found.authority, certificate or found.certificate)


def _print_report(report: "Report") -> None:
    for fault in report.faults:
        click.echo(f"fault: {' '.join(visible(fault).split())}")
    click.echo(
        f"{report.captures} captures of {report.pages} pages in {report.files} files ({report.bytes} bytes),"
        f" {report.manifests} manifests, {report.stamps} time-stamps: {len(report.faults) or 'no'} faults"
    )
    notes = {
        f"{report.without_capture} pages of earlier versions have no capture": report.without_capture,
        f"{report.unsealed} captures are in no manifest yet": report.unsealed,
        f"{report.unstamped} manifests are not time-stamped": report.unstamped,
        "signatures of time-stamps were not checked: set a certificate": report.stamps
        and not report.signatures,
    }
    for note, holds in notes.items():
        if holds:
            click.echo(f"note: {note}")
