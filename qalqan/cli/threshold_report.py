"""What is told where a threshold was set for another model than the one at work."""

import click

from review_queue.records import ModelId
from review_queue.store import Store
from review_queue.thresholds import of_others


def tell_of_others(store: Store, model: ModelId) -> None:
    """Of each threshold that does not count because it was set for another model, a line is on standard error."""
    now = f"{model.name}/{model.version}"
    for change in of_others(store, model):
        click.echo(
            f"Warning: {change.category.value}: threshold {change.value} was {change.told()}; {now} is at work with its"
            " own: ask `qalqan thresholds suggest`, then `qalqan thresholds set`",
            err=True,
        )
