"""The options of a crawl that say where its budget is spent."""

import click

from crawler.plan import FocusMode
from review_queue.errors import QalqanError

_MOST_PAGES = 1_000_000_000

focus_option = click.option(
    "--focus",
    type=click.Choice([mode.value for mode in FocusMode]),
    help="Which links come first: soft: those that promise harm, by what was learned from earlier ones;"
    " hard: and those far from the subject not at all; off: as found.  [default: soft, off with --no-score]",
)
total_option = click.option(
    "--max-total-pages",
    type=click.IntRange(1, _MOST_PAGES),
    help="Pages in all, over all sites.  [default: as many as the sites' budgets allow]",
)


def focus_mode(name: str | None, *, is_scored: bool) -> FocusMode:
    """The focus asked for, or the one a crawl has by itself.

    Raises:
        QalqanError: a hard focus was asked for, and nothing would tell which pages are near the subject.
    """
    if name is None:
        return FocusMode.SOFT if is_scored else FocusMode.OFF
    if name == FocusMode.HARD and not is_scored:
        raise QalqanError("--focus hard needs scores to go by: leave --no-score out")
    return FocusMode(name)
