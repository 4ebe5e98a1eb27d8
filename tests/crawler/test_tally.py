"""Counts of a round: what is worth a person's look, what broke its reader, what failed."""

import pytest

from crawler.plan import Scoring
from crawler.tally import Tally
from review_queue.categories import Category, Stance
from review_queue.records import Claim, ModelId, Outcome, PageScore

CUTS = {Category.SELF_HARM: 0.5, Category.VIOLENCE: 0.6, Category.DISTRESS: 0.7}
SCORING = Scoring(load=list, model=ModelId("m", "1", "d"), cuts=CUTS)  # type: ignore[arg-type]  # never loaded


def outcome(*, score: PageScore | None = None, error: str = "", unread: str = "") -> Outcome:
    claim = Claim(1, "http://a.kz/", "a.kz", 0, 1)
    return Outcome(claim, score=score, error=error, unread=unread)


def scored(self_harm: float = 0.0, violence: float = 0.0, distress: float = 0.0) -> PageScore:
    stance = {Stance.DISTRESS: distress, Stance.PROMOTES: 1 - distress}
    scores = {Category.SELF_HARM: self_harm, Category.VIOLENCE: violence}
    return PageScore("ru", scores, stance, max(self_harm, violence))


@pytest.mark.parametrize(
    ("score", "harvested"),
    [
        (scored(self_harm=0.5), 1),
        (scored(violence=0.6), 1),
        (scored(self_harm=0.49, violence=0.59), 0),
        (scored(distress=0.7), 1),
        (scored(distress=0.69), 0),
    ],
)
def test_harvest_is_what_reaches_a_threshold_as_a_harm_or_as_a_person_in_distress(
    score: PageScore, harvested: int
) -> None:
    tally = Tally(SCORING)

    tally.stored(1, [outcome(score=score), outcome()])

    assert tally.harvested == harvested


def test_without_scoring_nothing_is_harvest() -> None:
    tally = Tally(None)

    tally.stored(1, [outcome(score=scored(self_harm=1.0))])

    assert tally.harvested == 0


def test_a_reading_holds_what_was_counted() -> None:
    tally = Tally(SCORING)
    tally.received(70)
    tally.stored(2, [outcome(score=scored(violence=0.9)), outcome(unread="memory")])
    tally.stored(0, [outcome(error="dns"), outcome(error="dns")])

    reading = tally.reading(pending=4, sites=3, seconds=1.5)

    assert (reading.pages, reading.bytes, reading.harvested) == (2, 70, 1)
    assert (reading.pending, reading.sites, reading.seconds) == (4, 3, 1.5)
    assert reading.errors == {"dns": 2}
    assert tally.unread == {"memory": 1}
