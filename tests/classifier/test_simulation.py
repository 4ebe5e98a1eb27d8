"""A replay of officers' work: it learns only from what was reviewed, and its counts add up."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from classifier.curves import as_svg
from classifier.scoring import Scorer
from classifier.simulation import (
    LEARNING,
    RANDOM,
    STATIC,
    Curve,
    JudgedPage,
    Plan,
    Replay,
    Sites,
    prepare,
    replay,
)

_HAY = ("Bread needs flour, water and salt.", "The library closes at six.", "Water the tomatoes.")
_NEEDLE = "The lantern club of the old mill meets again."


def _pages(sites: int = 200, every: int = 10) -> list[JudgedPage]:
    """A needle every so often, each with words that the others share and no harmless page has."""
    made = []
    for i in range(sites):
        is_needle = i % every == every - 1
        text = f"{_NEEDLE if is_needle else _HAY[i % 3]} Entry {i}."
        made.append(JudgedPage(f"s{i}.example", "", text, is_needle, "club" if is_needle else ""))
    return made


@pytest.fixture(scope="module")
def sites(scorer: Scorer) -> Sites:
    """A set on which the shipped order is no help: every site has the same risk."""
    known = prepare(_pages(), scorer)
    return Sites(np.full(200, 0.5), known.vectors, known.is_needle, known.kinds)


def _curve(made: Replay, name: str) -> Curve:
    return next(curve for curve in made.curves if curve.name == name)


def test_an_order_that_learns_finds_needles_sooner_than_one_that_does_not(sites: Sites) -> None:
    made = replay(sites, Plan(batch=10, reviews=60))

    assert _curve(made, STATIC).found[60] == 6
    assert _curve(made, LEARNING).found[60] == 20
    assert _curve(made, RANDOM).found[60] == pytest.approx(6)
    assert made.kinds == {"club": (20, {STATIC: 6, LEARNING: 20})}


def test_nothing_is_learned_before_a_batch_has_been_reviewed(sites: Sites) -> None:
    made = replay(sites, Plan(batch=20, reviews=20))

    assert _curve(made, LEARNING).found == _curve(made, STATIC).found


def test_the_labels_of_unread_sites_change_nothing(sites: Sites) -> None:
    plan = Plan(batch=10, reviews=40)
    swapped = sites.is_needle.copy()
    swapped[150:] = False  # beyond the first 10; the order of what is left may not notice
    fewer = replay(Sites(sites.risks, sites.vectors, swapped, sites.kinds), plan)

    assert _curve(fewer, LEARNING).found[:21] == _curve(replay(sites, plan), LEARNING).found[:21]


def test_a_rare_fit_learns_later(sites: Sites) -> None:
    often = replay(sites, Plan(batch=10, reviews=50))
    rarely = replay(sites, Plan(batch=10, reviews=50, retrain_every=3))

    assert (often.fits, rarely.fits) == (5, 1)
    assert _curve(rarely, LEARNING).found[30] <= _curve(often, LEARNING).found[30]


def test_the_same_seed_gives_the_same_curves(sites: Sites) -> None:
    first, second = (replay(sites, Plan(batch=7, reviews=100, seed=5)) for _ in range(2))

    assert first.curves == second.curves


def test_more_reviews_than_sites_read_every_site_once(sites: Sites) -> None:
    made = replay(sites, Plan(batch=64, reviews=10_000))

    assert [len(curve.found) for curve in made.curves] == [201, 201, 201]
    assert [round(curve.found[-1], 6) for curve in made.curves] == [20, 20, 20]


def test_without_a_needle_reviewed_the_shipped_order_stands(sites: Sites) -> None:
    none = Sites(sites.risks, sites.vectors, np.zeros(200, np.bool_), sites.kinds)

    made = replay(none, Plan(batch=50, reviews=100))

    assert made.fits == 0
    assert _curve(made, LEARNING).found == (0.0,) * 101


def test_sites_that_are_all_needles_are_taken_as_they_come(sites: Sites) -> None:
    everything = Sites(sites.risks, sites.vectors, np.ones(200, np.bool_), sites.kinds)

    made = replay(everything, Plan(batch=100, reviews=200))

    assert _curve(made, LEARNING).found[-1] == 200


def test_a_site_is_a_needle_by_any_of_its_pages_and_has_one_row(scorer: Scorer) -> None:
    told: list[int] = []
    pages = [
        JudgedPage("one.example", "", _NEEDLE, is_needle=True, kind="club"),
        JudgedPage("one.example", "", _HAY[0], is_needle=False),
        JudgedPage("two.example", "", _HAY[1], is_needle=False),
    ]

    made = prepare(pages, scorer, told.append)

    assert made.is_needle.tolist() == [True, False]
    assert made.kinds == ("club", "")
    assert len(made.risks) == made.vectors.shape[0] == 2
    assert sum(told) == 3


def test_the_figures_can_be_printed_for_programs(sites: Sites) -> None:
    plain = json.loads(json.dumps(replay(sites, Plan(batch=25, reviews=60)).as_plain(25)))

    assert plain["reviews"] == [25, 50, 60]
    assert {name: len(found) for name, found in plain["found"].items()} == dict.fromkeys(
        (STATIC, LEARNING, RANDOM), 3
    )
    assert plain["reviews_until_95_percent"][STATIC] is None
    assert plain["work_saved_at_95_percent"][LEARNING] > 0.5
    assert plain["found_by_kind"]["club"]["needles"] == 20


def test_the_reviews_it_takes_are_counted_to_the_first_that_reaches_the_share() -> None:
    curve = Curve(STATIC, (0.0, 1.0, 1.0, 2.0))

    assert curve.reviews_until(2) == 3
    assert curve.reviews_until(2, 0.5) == 1
    assert curve.reviews_until(4) is None


def test_the_drawing_is_well_formed_and_tells_the_curves_apart_without_colour(
    sites: Sites,
) -> None:
    root = ET.fromstring(as_svg(replay(sites, Plan(batch=25, reviews=60))))  # noqa: S314 - ours

    lines = [node for node in root.iter() if node.tag.endswith("polyline")]
    assert len({line.get("stroke-dasharray") for line in lines}) == 3
    assert "20 needles in 200 sites" in "".join(root.itertext())
    assert all(0 <= float(v) <= 640 for v in lines[0].get("points", "").replace(",", " ").split())
