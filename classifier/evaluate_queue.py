"""How much reading a ranking saves: webs as rare in needles as a real year's, drawn from the sites scored.

Of every web the harmless sites are drawn anew with replacement, and of every language and harm a few
needles, so that the spread over the draws is the spread over sites.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier.compose import SOURCE
from classifier.evaluate_web import Site
from classifier.evaluation import READ_SHARES, average_precision
from classifier.intervals import Measured, of_draws, wilson
from classifier.thresholds import for_budget
from review_queue.categories import HARMS

Floats = npt.NDArray[np.float64]
Cell = tuple[str, str]

DRAWS: Final = 200
NEEDLES_EACH: Final = 4  # of a language and harm: with these, 34 in about 7,700 sites
PUBLIC_NEEDLES: Final = 10  # English threats of the public rows, beside them
HARD_WRITTEN: Final = 60  # written harmless pages on the subject, beside the public ones
SPLITS: Final = 20
WANTED: Final = 0.95
CUT: Final = 0.80
_SITES_A_WEEK: Final = 10_000
HARD_LABELS: Final = frozenset(
    {"prevention_support", "hate_nonviolent", "hostile_other", "sensitive_topic_neutral"}
)


@dataclass(frozen=True, slots=True)
class Pools:
    """Indices of sites by what they are drawn as."""

    ordinary: npt.NDArray[np.int64]  # public and harmless
    hard_public: npt.NDArray[np.int64]
    hard_written: npt.NDArray[np.int64]
    threats: npt.NDArray[np.int64]  # public needles
    cells: Mapping[Cell, npt.NDArray[np.int64]]  # written needles


@dataclass(frozen=True, slots=True)
class Queue:
    """What reading in the order of the scores finds; every figure with its interval over the draws."""

    public: Mapping[float, Measured]  # needles of the public web alone, as it is
    total: Mapping[float, Measured]
    mean: Mapping[float, Measured]  # over language and harm
    cells: Mapping[Cell, Mapping[float, Measured]]
    saved: Measured  # work saved over reading at random, at 95 % of all needles
    saved_mean: Measured  # the same, each language and harm by itself, then the mean
    average_precision: Measured
    hard_written: Measured  # hard sites above the cut that finds 80 %
    hard_public: Measured
    sites: int
    needles: int

    def as_plain(self) -> dict[str, Any]:
        """The figures for programs."""
        return {
            "sites_a_draw": self.sites,
            "needles_a_draw": self.needles,
            "public_web": _plain(self.public),
            "total": _plain(self.total),
            "mean_over_language_and_harm": _plain(self.mean),
            "cells": {" ".join(cell): _plain(found) for cell, found in self.cells.items()},
            "work_saved_at_95": self.saved.as_plain(),
            "work_saved_at_95_mean": self.saved_mean.as_plain(),
            "average_precision": self.average_precision.as_plain(),
            "hard_written_above_80_cut": self.hard_written.as_plain(),
            "hard_public_above_80_cut": self.hard_public.as_plain(),
        }


def measure(
    sites: Sequence[Site], risks: Sequence[float], seed: int = 3, draws: int = DRAWS
) -> Queue:
    """The figures of a ranking by `risks`, one per site."""
    pools, values = _pools(sites), np.array(risks, np.float64)
    rng = random.Random(seed)
    rows = [_drawn(pools, values, np.random.default_rng(rng.getrandbits(64))) for _ in range(draws)]
    names = list(pools.cells)

    def of(key: str, number: int) -> Measured:
        return of_draws([row[key] for row in rows], number)

    each = NEEDLES_EACH * len(names) + (PUBLIC_NEEDLES if len(pools.threats) else 0)
    return Queue(
        {share: _public(pools, values, share) for share in READ_SHARES},
        {share: of(f"total {share}", each) for share in READ_SHARES},
        {share: of(f"mean {share}", each) for share in READ_SHARES},
        {
            cell: {share: of(f"{cell} {share}", len(pools.cells[cell])) for share in READ_SHARES}
            for cell in names
        },
        of("saved", each),
        of("saved mean", each),
        of("average precision", each),
        of("hard written", len(pools.hard_written)),
        of("hard public", len(pools.hard_public)),
        len(pools.ordinary) + min(HARD_WRITTEN, len(pools.hard_written)) + each,
        each,
    )


def measure_order(
    sites: Sequence[Site],
    order_of: Callable[[npt.NDArray[np.int64], npt.NDArray[np.bool_], int], Sequence[int]],
    seed: int = 3,
    draws: int = 5,
) -> dict[str, Any]:
    """The same figures of a reader that learns while it reads, on webs drawn without replacement.

    `order_of` gets the sites of a web, which of them are wanted and a seed, and gives the places of the
    web in the order it reads them.
    """
    pools = _pools(sites)
    rows = []
    for i in range(draws):
        chosen, owners = _web(pools, np.random.default_rng((seed, i)), replace=False)
        rows.append(_found(pools, owners[list(order_of(chosen, owners != "", i))]))
    keys = [f"{what} {share}" for what in ("total", "mean") for share in READ_SHARES]
    return {
        key: of_draws([row[key] for row in rows], draws).as_plain()
        for key in (*keys, "saved", "saved mean", "average precision")
    }


def landed(
    sites: Sequence[Site], risks: Sequence[float], seed: int = 3, draws: int = SPLITS
) -> dict[float, Measured]:
    """How many sites a cut chosen for a budget leaves on fresh sites, as a share of the budget.

    The cut is chosen on one half of the public harmless sites and counted on the other.
    """
    ordinary = _pools(sites).ordinary
    values = np.array(risks, np.float64)[ordinary]
    rng = np.random.default_rng(seed)
    found: dict[float, list[float | None]] = {share: [] for share in READ_SHARES}
    for _ in range(draws):
        mixed = rng.permutation(values)
        known, fresh = mixed[::2], mixed[1::2]
        for share in READ_SHARES:
            cut = for_budget(known, _SITES_A_WEEK, round(share * _SITES_A_WEEK)).value
            found[share].append(float((fresh >= cut).mean() / share))
    return {share: of_draws(rows, len(ordinary) // 2) for share, rows in found.items()}


def gain_curve(
    sites: Sequence[Site], risks: Sequence[float], points: int = 100
) -> list[tuple[float, float]]:
    """Share of the web read against the mean share found over languages and harms, all sites at once."""
    owners = np.array([_owner(site) for site in sites])
    order = np.argsort(-np.array(risks, np.float64), kind="stable")
    ranked = owners[order]
    cells = [name for name in np.unique(ranked) if name]
    steps = [0, *(int(len(sites) * (i / points) ** 2) for i in range(1, points + 1))]
    return [
        (
            step / max(1, len(sites)),
            float(np.mean([(ranked[:step] == c).sum() / (ranked == c).sum() for c in cells]))
            if cells
            else 0.0,
        )
        for step in steps
    ]


def _owner(site: Site) -> str:
    return f"{site.lang} {site.label.removesuffix('_promotion')}" if site.is_needle else ""


def _pools(sites: Sequence[Site]) -> Pools:
    written = np.array([site.source.startswith(SOURCE) for site in sites], np.bool_)
    needle = np.array([site.is_needle for site in sites], np.bool_)
    hard = ~needle & np.array([site.label in HARD_LABELS for site in sites], np.bool_)
    owners = np.array([_owner(site) for site in sites])
    cells = {}
    for lang in ("kk", "ru", "en"):
        for harm in HARMS:
            own = np.flatnonzero(written & needle & (owners == f"{lang} {harm.value}"))
            if len(own):
                cells[lang, harm.value] = own
    return Pools(
        np.flatnonzero(~written & ~needle),
        np.flatnonzero(~written & hard),
        np.flatnonzero(written & hard),
        np.flatnonzero(~written & needle & (owners == "en violence")),
        cells,
    )


def _public(pools: Pools, values: Floats, share: float) -> Measured:
    everything = np.concatenate([pools.threats, pools.ordinary])
    order = np.argsort(-values[everything], kind="stable")
    read = order[: int(len(order) * share)]
    return wilson(int((read < len(pools.threats)).sum()), len(pools.threats))


def _drawn(pools: Pools, values: Floats, rng: np.random.Generator) -> dict[str, float | None]:
    chosen, owners = _web(pools, rng, replace=True)
    risks = values[chosen]
    # Ties fall as they may: a ranking must not gain by the order in which sites happen to stand.
    order = np.lexsort((rng.random(len(risks)), -risks))
    ranked = owners[order]
    found = _found(pools, ranked)
    needles = risks[order][ranked != ""]
    cut = needles[int(np.ceil(len(needles) * CUT)) - 1] if len(needles) else np.inf
    found["hard written"] = _above(values[pools.hard_written], cut)
    found["hard public"] = _above(values[pools.hard_public], cut)
    return found


def _web(
    pools: Pools, rng: np.random.Generator, *, replace: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.str_]]:
    """The sites of one web, and the cell of each needle, "" for a harmless site."""
    parts = [rng.choice(pools.ordinary, len(pools.ordinary), replace=replace)]
    if len(pools.hard_written):
        size = HARD_WRITTEN if replace else min(HARD_WRITTEN, len(pools.hard_written))
        parts.append(rng.choice(pools.hard_written, size, replace=replace))
    owners = [""] * sum(map(len, parts))
    for cell, own in pools.cells.items():
        parts.append(rng.choice(own, NEEDLES_EACH, replace=replace))
        owners += [_name(cell)] * NEEDLES_EACH
    if len(pools.threats):
        parts.append(rng.choice(pools.threats, PUBLIC_NEEDLES, replace=replace))
        owners += [_name(("en", "violence"))] * PUBLIC_NEEDLES
    return np.concatenate(parts), np.array(owners)


def _found(pools: Pools, ranked: npt.NDArray[np.str_]) -> dict[str, float | None]:
    """Every figure of a reading order that needs no scores."""
    found: dict[str, float | None] = {}
    for share in READ_SHARES:
        read = ranked[: int(len(ranked) * share)]
        each = {cell: _share(read, ranked, _name(cell)) for cell in pools.cells}
        found |= {f"{cell} {share}": value for cell, value in each.items()}
        found[f"mean {share}"] = float(np.mean(list(each.values()))) if each else None
        found[f"total {share}"] = float((read != "").sum() / max(1, (ranked != "").sum()))
    found["saved"] = _saved(ranked != "")
    saved = [_saved(ranked == _name(cell)) for cell in pools.cells]
    found["saved mean"] = float(np.mean(saved)) if saved else None
    found["average precision"] = average_precision(
        (-np.arange(len(ranked))).tolist(), (ranked != "").tolist()
    )
    return found


def _name(cell: Cell) -> str:
    return " ".join(cell)


def _share(read: npt.NDArray[Any], ranked: npt.NDArray[Any], name: str) -> float:
    return float((read == name).sum() / (ranked == name).sum())


def _saved(is_wanted: npt.NDArray[np.bool_]) -> float:
    """WSS@95: the share left unread when 95 % are found, less the 5 % that chance would leave."""
    places = np.flatnonzero(is_wanted)
    if not len(places):
        return 0.0
    last = places[int(np.ceil(len(places) * WANTED)) - 1]
    return float(1 - (last + 1) / len(is_wanted) - (1 - WANTED))


def _above(values: Floats, cut: float) -> float | None:
    return float((values >= cut).mean()) if len(values) else None


def _plain(found: Mapping[float, Measured]) -> dict[str, Any]:
    return {f"{share:.0%}": measured.as_plain() for share, measured in found.items()}
