"""`qalqan thresholds`: from which score a case is opened, and a better value for this unit."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from qalqan.cli.options import data_option, json_option, model_option, models_option, reason_option
from qalqan.cli.signing import sign_in, signed
from qalqan.cli.threshold_report import tell_of_others
from review_queue.categories import HARMS, Category
from review_queue.store import FILE_NAME, open_store
from review_queue.thresholds import SetThreshold, current, history, set_threshold

if TYPE_CHECKING:
    from classifier.thresholds import Expected
    from qalqan.cuts import ForBudget, ForRecall

_CATEGORIES = click.Choice([category.value for category in Category])
_category_option = click.option(
    "--category", type=_CATEGORIES, required=True, help="Whose threshold."
)


@click.group()
def thresholds() -> None:
    """See, choose and set the scores from which a case is opened."""


@thresholds.command()
@data_option
@models_option
@model_option
@json_option
@click.pass_context
def show(
    ctx: click.Context, data: Path, models: Path | None, name: str | None, *, as_json: bool
) -> None:
    """Show which thresholds are in use and who set them, when and why.

    \b
    Example:
      qalqan thresholds show --data /srv/qalqan
    """
    from classifier import shelf

    model = shelf.find(models or shelf.default_models_dir(), name)
    was_named = ctx.get_parameter_source("data") is ParameterSource.COMMANDLINE
    changes: list[SetThreshold] = []
    now: dict[Category, SetThreshold] = {}
    if was_named or (data / FILE_NAME).exists():
        with open_store(data, create=False, for_reading=True) as store:
            changes, now = history(store), dict(current(store, model.id))
            tell_of_others(store, model.id)
    else:
        click.echo(f"no store in {data}: the model's own thresholds", err=True)
    if as_json:
        rows = [
            {
                "category": category,
                "own": own,
                "set": asdict(now[category]) if category in now else None,
            }
            for category, own in model.thresholds.items()
        ]
        told = {
            "model": f"{model.id.name}/{model.id.version}",
            "thresholds": rows,
            "history": [asdict(change) for change in changes],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for category, own in model.thresholds.items():
        click.echo(_line(category, own, now.get(category)))


@thresholds.command()
@data_option
@models_option
@model_option
@click.option("--budget", type=click.IntRange(min=1), help="How many sites a week you can read.")
@click.option(
    "--sites-a-week", type=click.IntRange(min=1), help="How many sites a week are scored."
)
@click.option(
    "--recall",
    type=click.FloatRange(min=0, max=1, min_open=True),
    help="Share of confirmed harmful sites to be found.",
)
@click.option("--category", type=_CATEGORIES, help="Only this one.  [default: both harms]")
@json_option
def suggest(
    data: Path,
    models: Path | None,
    name: str | None,
    budget: int | None,
    sites_a_week: int | None,
    recall: float | None,
    category: str | None,
    *,
    as_json: bool,
) -> None:
    """Suggest a threshold from how much you can read, or from the share you want to find.

    Rests on this store's own scores and confirmed cases, never on texts the model learned from.
    Changes nothing.

    \b
    Example:
      qalqan thresholds suggest --budget 300 --sites-a-week 10000 --data /srv/qalqan
      qalqan thresholds suggest --recall 0.9 --data /srv/qalqan
    """
    if (budget is None) == (recall is None) or (budget is None) != (sites_a_week is None):
        raise click.UsageError("say either --budget with --sites-a-week, or --recall")
    from classifier import artefacts
    from qalqan import cuts

    folder = models or artefacts.default_models_dir()
    model = artefacts.load(folder, name)
    wanted = (Category(category),) if category else HARMS
    with open_store(data, create=False, for_reading=True) as store:
        if budget is not None and sites_a_week is not None:
            found = cuts.suggest_for_budget(
                store, model, wanted, budget=budget, sites_a_week=sites_a_week
            )
            click.echo(json.dumps(asdict(found)) if as_json else _budget(found, sites_a_week))
        elif recall is not None:
            rows = cuts.suggest_for_recall(store, folder, model, wanted, wanted=recall)
            plain = {"caveat": cuts.CAVEAT, "thresholds": [asdict(row) for row in rows]}
            click.echo(json.dumps(plain) if as_json else _recall(rows, cuts.CAVEAT))


@thresholds.command("set")
@data_option
@_category_option
@click.option(
    "--value",
    type=click.FloatRange(min=0, max=1, min_open=True),
    required=True,
    help="Cases are opened from this score on.",
)
@models_option
@model_option
@reason_option
@signed
def set_(
    data: Path,
    category: str,
    value: float,
    models: Path | None,
    name: str | None,
    reason: str,
    username: str,
    password_file: Path | None,
) -> None:
    """Open cases from VALUE on, whatever the model's own threshold is; for this model, and no other.

    It decides what people get to read: a person signs it. The next `qalqan score` also opens cases for pages
    scored before; a case that is open stays open.

    \b
    Example:
      qalqan thresholds set --category self_harm --value 0.55 --as berik --reason "two more readers"
    """
    made = _set(data, category, value, models, name, reason, username, password_file)
    click.echo(
        f"{made.category}: cases are opened from {made.value} of {made.model} on; now run `qalqan score`"
    )


@thresholds.command()
@data_option
@_category_option
@models_option
@model_option
@reason_option
@signed
def reset(
    data: Path,
    category: str,
    models: Path | None,
    name: str | None,
    reason: str,
    username: str,
    password_file: Path | None,
) -> None:
    """Go back to the model's own threshold.

    \b
    Example:
      qalqan thresholds reset --category self_harm --as berik --reason "fewer readers"
    """
    made = _set(data, category, None, models, name, reason, username, password_file)
    click.echo(
        f"{made.category}: the own threshold of {made.model} is in use; now run `qalqan score`"
    )


def _set(
    data: Path,
    category: str,
    value: float | None,
    models: Path | None,
    name: str | None,
    reason: str,
    username: str,
    password_file: Path | None,
) -> SetThreshold:
    """The person of this account set it, for the model that is named or in use."""
    from classifier import shelf

    model = shelf.find(models or shelf.default_models_dir(), name).id
    person = sign_in(data, username, password_file)
    with open_store(data, create=False) as store:
        return set_threshold(
            store, Category(category), value, person=person, model=model, reason=reason
        )


def _line(category: Category, own: float, change: SetThreshold | None) -> str:
    if change is None:
        return f"{category.value:<9}  {own}  the model's own"
    return (
        f"{category.value:<9}  {change.value}  {change.told()}: {change.reason}"
        f" (the model's own: {own})"
    )


def _budget(found: "ForBudget", sites_a_week: int) -> str:
    left = f"{found.value} leaves {_number(found.to_read)} of {sites_a_week} sites a week to read"
    lines = [f"{left}, from {found.sites} sites scored by {found.model}"]
    lines += [
        f"  {row.category.value}: {_number(row.suggested)} cases a week, "
        f"now {_number(row.now)} at {row.in_use}"
        for row in found.cases
    ]
    return "\n".join(lines)


def _number(week: "Expected") -> str:
    return f"{week.number:.0f} (95 %: {week.low:.0f} to {week.high:.0f})"


def _recall(rows: "list[ForRecall]", caveat: str) -> str:
    return "\n".join([*map(_recall_line, rows), f"But {caveat}."])


def _recall_line(row: "ForRecall") -> str:
    if row.value is None or row.found is None or row.low is None or row.high is None:
        return (
            f"{row.category.value}: {row.confirmed} confirmed sites, {row.missing} more are needed"
        )
    return (
        f"{row.category.value}: {row.value} finds {row.found:.0%} (95 %: {row.low:.0%} to {row.high:.0%}) "
        f"of {row.confirmed} confirmed sites; now in use: {row.in_use}"
    )
