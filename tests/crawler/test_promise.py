"""What a link promises: sensible before anything is learned, then what was learned; bounded, and explained."""

import pytest

from crawler.promise import (
    FAINT,
    FAR,
    HARM,
    HIGHEST_PRIORITY,
    LOWEST_PRIORITY,
    ON_SUBJECT,
    SOME,
    UNKNOWN,
    Promise,
    near_of,
    nearness,
    pair_of,
    points,
)
from review_queue.categories import Category, Stance
from review_queue.links import Lead
from review_queue.records import PageScore

CUTS = {Category.SELF_HARM: 0.4, Category.VIOLENCE: 0.8, Category.DISTRESS: 0.9}
WORD, OTHER_WORD = 7, 8


def scored(violence: float, other: float) -> PageScore:
    stance = {Stance.OTHER: other, Stance.REPORTS: 1 - other}
    return PageScore("en", {Category.VIOLENCE: violence, Category.SELF_HARM: 0.0}, stance, violence)


def lead(near: int = FAR, before: int = FAR, *words: int) -> Lead:
    return Lead(1, pair_of(near, before), 0, words)


@pytest.mark.parametrize(
    ("score", "near"),
    [
        (None, UNKNOWN),
        (scored(0.0, 0.95), FAR),
        (scored(0.0, 0.45), FAINT),
        (
            scored(0.9, 0.95),
            SOME,
        ),  # above the cut and about nothing: more often an error than a find
        (scored(0.0, 0.05), ON_SUBJECT),
        (scored(0.9, 0.05), HARM),
    ],
)
def test_a_page_is_as_near_to_harm_as_its_score_and_its_subject_say(
    score: PageScore | None, near: int
) -> None:
    assert near_of(score, CUTS) == near
    assert nearness(pair_of(near, HARM)) == near


def test_before_anything_is_learned_links_of_nearer_pages_come_first() -> None:
    promise = Promise()

    chances = [
        promise.chance(lead(near), "a.kz", "b.kz") for near in (FAR, FAINT, SOME, ON_SUBJECT, HARM)
    ]

    assert chances == sorted(chances)
    assert len(set(chances)) == len(chances)


def test_a_click_after_a_near_page_more_is_promised_than_far_from_any() -> None:
    promise = Promise()

    assert promise.chance(lead(FAR, HARM), "", "") > promise.chance(lead(FAR, FAR), "", "")


def test_words_that_led_to_finds_raise_and_words_that_led_nowhere_lower() -> None:
    promise = Promise()
    for _ in range(20):
        promise.learn(lead(FAR, FAR, WORD), "a.kz", "", tried=1, worth=0.4)
        promise.learn(lead(FAR, FAR, OTHER_WORD), "b.kz", "", tried=1, worth=0.0)

    good, none, bad = (
        promise.chance(lead(FAR, FAR, *words), "new.kz", "")
        for words in ((WORD,), (), (OTHER_WORD,))
    )

    assert good > none > bad


def test_a_sites_own_history_outweighs_where_a_link_stands() -> None:
    promise = Promise()
    for _ in range(10):
        promise.learn(lead(), "finds.kz", "", tried=1, worth=0.4)
        promise.learn(lead(HARM), "farm.kz", "", tried=1, worth=0.0)

    assert promise.chance(lead(FAR), "finds.kz", "") > promise.chance(lead(HARM), "farm.kz", "")


def test_a_site_whose_links_led_to_finds_is_believed_more() -> None:
    promise = Promise()
    for number in range(5):
        promise.learn(lead(), f"n{number}.kz", "knows.kz", tried=1, worth=0.4)
        promise.learn(lead(), f"m{number}.kz", "idle.kz", tried=1, worth=0.0)

    assert promise.chance(lead(), "new.kz", "knows.kz") > promise.chance(
        lead(), "new.kz", "idle.kz"
    )


def test_what_comes_of_a_fetch_later_counts_without_another_fetch() -> None:
    promise = Promise()
    promise.learn(lead(), "a.kz", "", tried=1, worth=0.0)
    before = promise.chance(lead(), "a.kz", "")

    promise.learn(lead(), "a.kz", "", tried=0, worth=0.2)

    assert promise.chance(lead(), "a.kz", "") > before
    assert promise.fetches_of("a.kz") == 1


def test_sites_not_heard_of_for_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.promise._MOST_SITES", 3)
    promise = Promise()

    for site in ("a.kz", "b.kz", "c.kz", "a.kz", "d.kz"):
        promise.learn_site(site, tried=1, worth=0.0)

    assert [promise.fetches_of(f"{name}.kz") for name in "abcd"] == [2, 0, 1, 1]


def test_the_steps_of_an_explanation_end_with_the_chance_itself() -> None:
    promise = Promise()
    promise.learn(lead(HARM, FAR, WORD), "a.kz", "b.kz", tried=1, worth=0.4)
    link = lead(HARM, FAR, WORD)

    parts = promise.explain(link, "a.kz", "b.kz")

    assert [part.name for part in parts] == [
        "page it stands on", "words of anchor and address", "links of that site", "its own site",
    ]  # fmt: skip
    assert parts[-1].chance == promise.chance(link, "a.kz", "b.kz")
    assert [part.seen for part in parts] == [1.0, 1.0, 1.0, 1.0]


def test_priorities_stay_below_every_seed_and_within_their_bounds() -> None:
    for chance in (0.0, 1e-9, 0.01, 0.5, 0.999):
        for links in (0, 1, 1000):
            value = points(chance, links=links, seed_priority=10_000)
            assert LOWEST_PRIORITY <= value <= HIGHEST_PRIORITY < 0
    assert points(0.2) > points(0.1)
    assert points(0.1, links=8) > points(0.1, links=1)
    assert points(0.1, seed_priority=3) > points(0.1)
