"""Thresholds for a unit, from what its own store holds: the model in use, its scores, confirmed cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier import artefacts, officers
from classifier.artefacts import Model
from classifier.thresholds import Expected, a_week, for_budget, for_recall
from qalqan.scoring import thresholds_in_use
from review_queue import scored
from review_queue.categories import Category, Stance
from review_queue.errors import CannotSuggestError
from review_queue.labels import labelled_pages
from review_queue.store import Store

# With fewer, the interval of one site in a hundred reaches from almost none to more than three.
FEWEST_SITES: Final = 200
FEWEST_CONFIRMED: Final = 20
CAVEAT: Final = "only sites that once crossed a threshold were ever confirmed: of all harmful sites it finds fewer"
_CONFIRMED_BY: Final = {
    Category.SELF_HARM: Stance.PROMOTES,
    Category.VIOLENCE: Stance.PROMOTES,
    Category.DISTRESS: Stance.DISTRESS,
}


@dataclass(frozen=True, slots=True)
class Cases:
    """How many cases of a category a week brings at the threshold suggested, and at the one in use."""

    category: Category
    in_use: float
    suggested: Expected
    now: Expected


@dataclass(frozen=True, slots=True)
class ForBudget:
    """One threshold for the categories asked for, so that the budget goes to the riskiest sites of any."""

    model: str
    sites: int
    value: float
    to_read: Expected
    cases: tuple[Cases, ...]


@dataclass(frozen=True, slots=True)
class ForRecall:
    """The threshold that finds the wanted share of a category's confirmed sites; None with too few."""

    category: Category
    in_use: float
    confirmed: int
    missing: int
    value: float | None = None
    found: float | None = None
    low: float | None = None
    high: float | None = None


def suggest_for_budget(
    store: Store,
    model: Model,
    categories: Sequence[Category],
    *,
    budget: int,
    sites_a_week: int,
) -> ForBudget:
    """The threshold that leaves `budget` of `sites_a_week` sites to read, from the sites scored so far.

    A case is opened by a page, so a site counts as its worst page; the order in which cases are read
    is another matter.

    Raises:
        CannotSuggestError: too few sites have a score of this model, or the budget reads every risky one.
    """
    in_use = thresholds_in_use(store, model.thresholds, model.id)
    worst = list(scored.worst_of_sites(store, model.id, in_use[Category.DISTRESS]).values())
    if len(worst) < FEWEST_SITES:
        raise CannotSuggestError(
            f"{len(worst)} sites have a score of {_name(model)}, {FEWEST_SITES} are needed: "
            "crawl and score more, and ask again"
        )
    risks = [max(site[category] for category in categories) for site in worst]
    value = for_budget(risks, sites_a_week, budget).value
    if budget >= sites_a_week or value <= 0:
        raise CannotSuggestError(
            f"{budget} of {sites_a_week} sites a week are all that carry any risk: "
            "read the queue in its order, no threshold is needed"
        )
    cases = []
    for category in categories:
        own = [site[category] for site in worst]
        suggested = a_week(own, value, sites_a_week)
        now = a_week(own, in_use[category], sites_a_week)
        cases.append(Cases(category, in_use[category], suggested, now))
    to_read = a_week(risks, value, sites_a_week)
    return ForBudget(_name(model), len(worst), value, to_read, tuple(cases))


def suggest_for_recall(
    store: Store, models_dir: Path, model: Model, categories: Sequence[Category], *, wanted: float
) -> list[ForRecall]:
    """For each category the threshold that finds `wanted` of the sites people confirmed.

    Only sites nobody had decided about when the model was trained count, where decisions taught it.

    Raises:
        CannotSuggestError: no category has enough of them, none finds as much, or what taught the model
            cannot be told.
    """
    in_use = thresholds_in_use(store, model.thresholds, model.id)
    worst = scored.worst_of_sites(store, model.id, in_use[Category.DISTRESS])
    confirmed = _confirmed(store, _taught_until(models_dir, model))
    found = []
    for category in categories:
        risks = [worst[site][category] for site in sorted(confirmed[category]) if site in worst]
        missing = max(0, FEWEST_CONFIRMED - len(risks))
        row = ForRecall(category, in_use[category], len(risks), missing)
        if not missing:
            cut = for_recall(risks, wanted)
            if cut.value <= 0:
                raise CannotSuggestError(
                    f"no threshold finds {wanted:.0%} of the confirmed sites of {category.value}: "
                    "the model sees nothing in some of them; ask for less"
                )
            row = ForRecall(
                category, in_use[category], len(risks), 0, cut.value, cut.share, cut.low, cut.high
            )
        found.append(row)
    if all(row.value is None for row in found):
        missing_of = ", ".join(f"{row.missing} of {row.category.value}" for row in found)
        raise CannotSuggestError(
            f"too few sites with a score of {_name(model)} are confirmed that it did not learn from: "
            f"{FEWEST_CONFIRMED} of a category are needed, missing are {missing_of}"
        )
    return found


def _confirmed(store: Store, taught_until: str) -> dict[Category, set[str]]:
    """The sites of each category that people settled as such, decided after the day `taught_until`."""
    first = scored.first_decided(store)
    sites: dict[Category, set[str]] = {category: set() for category in Category}
    for page in labelled_pages(store):
        decided_at = min(page.first_decided_at, first[page.site])
        if page.stance is _CONFIRMED_BY[page.category] and decided_at[:10] > taught_until:
            sites[page.category].add(page.site)
    return sites


def _taught_until(models_dir: Path, model: Model) -> str:
    """The day of the last decision the model learned from, "" where it learned from none."""
    part = artefacts.card(models_dir, _name(model)).get(officers.CARD_KEY, {})
    if not part and not model.id.name.endswith(officers.NAME_SUFFIX):
        return ""
    until = part.get("last_decided") if isinstance(part, dict) else None
    if not isinstance(until, str) or not until:
        raise CannotSuggestError(
            f"{_name(model)} learned from decisions and its card does not say from which: "
            "which confirmed cases are new to it cannot be told; use --budget"
        )
    return until


def _name(model: Model) -> str:
    return f"{model.id.name}/{model.id.version}"
