"""`qalqan models`: which models there are, whether they are sound, and which one is in use."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import json_option, login, models_option
from qalqan.cli.threshold_report import tell_of_others
from review_queue import audit
from review_queue.clock import system_clock
from review_queue.errors import ModelDigestError
from review_queue.records import ModelId
from review_queue.store import open_store

_data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Store whose audit log is told of the change as well.",
)


@click.group()
def models() -> None:
    """List, check and compare models, and choose the one in use."""


@models.command("list")
@models_option
@json_option
def list_(models: Path | None, as_json: bool) -> None:
    """List every version; the one marked * is used when none is named.

    \b
    Example:
      qalqan models list
    """
    from classifier import registry

    rows = registry.listing(_folder(models))
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        mark = "*" if row.in_use else " "
        state = row.problem or f"{row.size_bytes / 1e6:.1f} MB  {row.digest[:12]}"
        click.echo(f"{mark} {row.name}/{row.version}  {state}")


@models.command()
@click.argument("name", required=False)
@models_option
@json_option
def show(name: str | None, models: Path | None, as_json: bool) -> None:
    """Show the card of a model: sources, counts, thresholds, figures, known failures.

    \b
    Example:
      qalqan models show topic-stance/v1
    """
    from classifier import artefacts, registry

    where = _folder(models)
    full = registry.full_name(where, name)
    card = artefacts.card(where, full)
    if as_json:
        click.echo(json.dumps(card, ensure_ascii=False))
        return
    click.echo(f"{full}  {card.get('licence', '')}  SHA-256 {card.get('digest', '')}")
    for category, cut in dict(card.get("thresholds", {})).items():
        click.echo(f"  {category}: a case is opened from {cut}")
    for row in card.get("held_out_figures", []):
        click.echo(
            f"  {row['lang']} {row['category']}: AP {_number(row['average_precision'])} on "
            f"{row['harmful_pages']} harmful and {row['harmless_pages']} harmless held-out pages"
        )
    for source in card.get("sources", []):
        click.echo(f"  {source['rows']:>6} texts  {source['name']}  ({source['licence']})")
    for failure in card.get("known_failures", []):
        click.echo(f"  known failure: {failure}")


@models.command()
@click.argument("name", required=False)
@models_option
@json_option
def verify(name: str | None, models: Path | None, as_json: bool) -> None:
    """Check the digest, the types and the card of one model, or of every version in the folder.

    Ends with exit code 1 and one line on the first that is not what it should be.

    \b
    Example:
      qalqan models verify
    """
    from classifier import artefacts, registry

    where = _folder(models)
    everything = registry.folders(where) if name is None else []
    names = everything or [registry.full_name(where, name)]
    sound = [registry.verify(where, full) for full in names]
    for base in dict.fromkeys(identity.name for identity in sound):
        used = registry.full_name(where, base)
        if used.partition("/")[2] not in artefacts.versions(where, base):
            raise ModelDigestError(
                f"{used} is to be used and is not in {where}: run `qalqan models promote`"
            )
    if as_json:
        click.echo(json.dumps([asdict(identity) for identity in sound]))
        return
    for identity in sound:
        click.echo(f"{identity.name}/{identity.version} is sound: SHA-256 {identity.digest}")


@models.command()
@click.argument("name", metavar="NAME/VERSION")
@models_option
@_data_option
@json_option
def promote(name: str, models: Path | None, data: Path | None, as_json: bool) -> None:
    """Use this version from now on, if it is sound.

    Pages are scored anew by it in the next `qalqan score`; cases and decisions stay as they are.

    \b
    Example:
      qalqan models promote topic-stance/v2 --data /srv/qalqan
    """
    from classifier import registry

    if "/" not in name:
        raise click.BadParameter("write it as NAME/VERSION", param_hint="NAME/VERSION")
    where = _folder(models)
    _change(
        lambda actor: asdict(registry.promote(where, name, actor=actor, clock=system_clock)),
        data,
        as_json=as_json,
    )


@models.command()
@click.argument("name", default="topic-stance", metavar="[NAME]")
@models_option
@_data_option
@json_option
def rollback(name: str, models: Path | None, data: Path | None, as_json: bool) -> None:
    """Use the version that was in use before the present one, if it is sound.

    \b
    Example:
      qalqan models rollback --data /srv/qalqan
    """
    from classifier import registry

    where = _folder(models)
    _change(
        lambda actor: asdict(registry.rollback(where, name, actor=actor, clock=system_clock)),
        data,
        as_json=as_json,
    )


@models.command()
@click.argument("before")
@click.argument("after", required=False)
@models_option
@json_option
def diff(before: str, after: str | None, models: Path | None, as_json: bool) -> None:
    """Compare the cards of two models: thresholds, figures, calibration, sources, counts.

    AFTER is the version in use where it is left out.

    \b
    Example:
      qalqan models diff topic-stance/v1 topic-stance/v2
    """
    from classifier import registry

    where = _folder(models)
    old, new = registry.full_name(where, before), registry.full_name(where, after)
    found = registry.diff(where, old, new)
    if as_json:
        rows = [asdict(difference) for difference in found]
        click.echo(json.dumps({"before": old, "after": new, "differences": rows}))
        return
    click.echo(f"{old} -> {new}: {len(found)} entries differ")
    group = ""
    for difference in found:
        if difference.group != group:
            group = difference.group
            click.echo(group)
        values = f"{_number(difference.before)} -> {_number(difference.after)}"
        click.echo(f"  {difference.entry}: {values}{_step(difference.before, difference.after)}")


def _change(deed: Callable[[str], dict[str, str]], data: Path | None, *, as_json: bool) -> None:
    actor = f"cli:{login()}"
    if data is None:
        change = deed(actor)
    else:
        with open_store(data, create=False) as store, store.atomic():
            change = deed(actor)
            audit.append(
                store,
                actor=actor,
                action=f"model.{change['action']}",
                subject=f"{change['name']}/{change['version']}",
                detail={"before": change["before"], "digest": change["digest"]},
            )
            model = ModelId(change["name"], change["version"], change["digest"])
            tell_of_others(store, model)
    if as_json:
        click.echo(json.dumps(change))
    else:
        was = f", before {change['before']}" if change["before"] else ""
        click.echo(f"{change['name']}/{change['version']} is in use{was}")


def _folder(models: Path | None) -> Path:
    from classifier.artefacts import default_models_dir

    return models or default_models_dir()


def _number(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _step(before: object, after: object) -> str:
    if isinstance(before, int | float) and isinstance(after, int | float):
        return f" ({after - before:+.3g})"
    return ""
