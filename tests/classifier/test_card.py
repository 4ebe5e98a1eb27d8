"""The card says what the run found, the weak sides included."""

from collections import Counter
from dataclasses import replace

from classifier import card, card_text
from classifier.evaluation import Cell
from classifier.examples import Source, Use
from classifier.moves import Figure, Figures
from classifier.thresholds import Threshold
from review_queue.categories import HARMS, Category
from review_queue.records import ModelId

IDENTITY = ModelId("topic-stance", "v7", "d" * 64)
FACTS = card.Facts(
    seed=1,
    restricted=False,
    sources={Source("open texts", Use.SHIP, "CC0-1.0"): 12},
    rows=Counter({("kk", "news"): 12}),
    held_out=Counter({("kk", "news"): 3}),
    calibration={},
    thresholds={
        category: Threshold(0.5, 0.8, 0.01, 0.07, 40, 90, 30, 0.6, 0.9) for category in Category
    },
    cells=[
        Cell("kk", HARMS[0], 40, 90, 0.91, 0.8, 0.85, 0.95),
        Cell("ru", HARMS[1], 40, 90, 0.72, 0.6, 0.61, 0.83),
        Cell("en", HARMS[0], 40, 90, 0.99, 0.9, 0.98, 1.0),
        Cell("en", HARMS[1], 0, 90, None, None),
    ],
)


def test_figures_stand_with_their_intervals() -> None:
    plain, text = card.as_json(IDENTITY, FACTS), card.as_readme(IDENTITY, FACTS)

    assert plain["held_out_figures"][1]["average_precision_low"] == 0.61
    assert plain["threshold_figures"]["violence"]["found_high"] == 0.9
    assert "| ru | violence | 40 | 90 | 0.72 [0.61, 0.83] | 0.60 |" in text
    assert "| violence | 0.5 | 80.0% [0.60, 0.90] |" in text
    assert "| open texts | CC0-1.0 | 12 |" in text


def test_the_weakest_cells_and_what_nobody_knows_are_named_as_failures() -> None:
    failures = " ".join(card.known_failures(FACTS))

    assert (
        "Weakest on held-out pages: ru violence, average precision 0.72 [0.61, 0.83]." in failures
    )
    assert "kk self_harm" in failures
    assert "nothing is known, for: en violence" in failures
    assert "7.0% of the 30 hard harmless held-out pages open a case of violence" in failures
    assert set(card_text.KNOWN_FAILURES) < set(card.known_failures(FACTS))


def test_the_card_says_what_the_model_is_for_and_whom_it_concerns() -> None:
    readme = card.as_readme(IDENTITY, FACTS)
    plain = card.as_json(IDENTITY, FACTS)

    for title in ("## Use", "## People concerned", "## Privacy", "## Made by"):
        assert title in readme
    assert plain["use"] == list(card_text.USE)
    assert any("in distress" in words for words in plain["people_concerned"])
    assert "half-way between the two" in readme


def test_moves_stand_with_precision_and_recall() -> None:
    figures = Figures(0.35, (Figure("praising", 40, 20, 15), Figure("threats", 8, 0, 0)), 90, 3)
    facts = replace(FACTS, moves=figures)
    plain, text = card.as_json(IDENTITY, facts), card.as_readme(IDENTITY, facts)

    assert plain["moves"]["fragments"][0] == {
        "move": "praising",
        "fragments": 40,
        "named": 20,
        "right": 15,
    }
    assert "| praising | 40 | 20 | 0.75 | 0.38 |" in text
    assert "| threats | 8 | 0 | none there | 0.00 |" in text
    assert "at least 35% sure: a hint" in text
    assert "of 90 harmless ones on the same subjects 3 got a name" in text


def test_a_card_of_a_model_that_names_no_move_says_so() -> None:
    nothing = Figures(2.0, (Figure("threats", 8, 0, 0),), 90, 0)

    assert "No move is named" in card.as_readme(IDENTITY, replace(FACTS, moves=nothing))
    assert "Moves" not in card.as_readme(IDENTITY, FACTS)
    assert card.as_json(IDENTITY, FACTS)["moves"] == {}
