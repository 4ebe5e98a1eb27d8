"""Labels for a model: only what enough people settled, pinned to what they saw, never a person's name."""

import dataclasses

import pytest

from review_queue import cases, decisions, scores
from review_queue.categories import CaseState, Category, Lane, Stance, Verdict
from review_queue.labels import LabelledPage, labelled_pages
from review_queue.records import Case
from review_queue.store import Store
from tests.builders import MODEL, a_case, a_draft, a_page, a_score, fetch
from tests.conftest import TickingClock

V = Verdict
Votes = list[tuple[str, Verdict]]


def _decide(store: Store, case: Case, votes: Votes) -> list[str]:
    return [decisions.decide(store, a_draft(case, who, verdict)).id for who, verdict in votes]


def _only(store: Store) -> LabelledPage:
    (page,) = labelled_pages(store)
    return page


@pytest.mark.parametrize(
    ("category", "votes", "stance"),
    [
        (Category.VIOLENCE, [("a", V.VIOLATES), ("b", V.VIOLATES)], Stance.PROMOTES),
        (Category.SELF_HARM, [("a", V.VIOLATES), ("b", V.VIOLATES)], Stance.PROMOTES),
        (Category.VIOLENCE, [("a", V.DOES_NOT_VIOLATE)], Stance.OTHER),
        (Category.VIOLENCE, [("a", V.PROTECTIVE)], Stance.SUPPORTS),
        (Category.DISTRESS, [("a", V.REFER)], Stance.DISTRESS),
    ],
)
def test_a_settled_case_labels_the_page_it_was_settled_on(
    store: Store, category: Category, votes: Votes, stance: Stance
) -> None:
    case = a_case(store, category=category, text="What the page says.")
    made = _decide(store, case, votes)

    page = _only(store)
    assert (page.site, page.category, page.stance) == (case.site, category, stance)
    assert (page.title, page.text, page.lang) == ("A title", "What the page says.", "en")
    assert page.decision_ids == tuple(sorted(made))
    assert page.people == len(votes)


@pytest.mark.parametrize(
    ("category", "votes"),
    [
        (Category.VIOLENCE, []),
        (Category.VIOLENCE, [("a", V.CANNOT_TELL)]),
        (Category.VIOLENCE, [("a", V.UNREACHABLE), ("b", V.CANNOT_TELL)]),
        (Category.VIOLENCE, [("a", V.VIOLATES)]),
        (Category.VIOLENCE, [("a", V.VIOLATES), ("b", V.PROTECTIVE)]),
        (Category.DISTRESS, [("a", V.NOT_DISTRESS)]),
        (Category.DISTRESS, [("a", V.NOT_DISTRESS), ("b", V.REFER)]),
        (Category.DISTRESS, [("a", V.NOT_DISTRESS), ("b", V.NOT_DISTRESS)]),
    ],
)
def test_what_is_open_disagreed_or_not_told_teaches_nothing(
    store: Store, category: Category, votes: Votes
) -> None:
    _decide(store, a_case(store, category=category), votes)

    assert labelled_pages(store) == []


def test_those_who_could_not_tell_or_were_outvoted_are_not_counted(store: Store) -> None:
    votes = [("a", V.VIOLATES), ("b", V.PROTECTIVE), ("c", V.CANNOT_TELL), ("d", V.VIOLATES)]
    made = _decide(store, a_case(store), votes)

    assert _only(store).decision_ids == tuple(sorted([made[0], made[3]]))


def test_a_superseded_decision_teaches_nothing(store: Store) -> None:
    case = a_case(store)
    (first,) = _decide(store, case, [("a", V.PROTECTIVE)])
    second = decisions.decide(store, a_draft(case, "a", V.DOES_NOT_VIOLATE, supersedes=first))

    page = _only(store)
    assert (page.stance, page.decision_ids) == (Stance.OTHER, (second.id,))


def test_a_page_found_both_protective_and_merely_harmless_is_merely_harmless(store: Store) -> None:
    _decide(store, a_case(store), [("a", V.PROTECTIVE), ("b", V.DOES_NOT_VIOLATE)])

    assert _only(store).stance is Stance.OTHER


def test_the_page_people_saw_is_the_one_that_teaches_not_a_riskier_one_found_later(
    store: Store,
) -> None:
    case = a_case(store, text="Seen by both.")
    _decide(store, case, [("a", V.VIOLATES)])
    later = a_page("http://one.example/later", "Seen by one.")
    (page_id,) = fetch(store, later)
    scores.save(store, MODEL, [(page_id, a_score(violence=0.9, text=later.text))])
    cases.open_case(
        store,
        site=case.site,
        category=case.category,
        lane=Lane.REVIEW,
        page_id=page_id,
        risk=0.9,
    )
    _decide(store, case, [("b", V.VIOLATES)])

    # approved, yet no single page was before two people
    assert cases.get(store, case.ref).state is CaseState.APPROVED
    assert labelled_pages(store) == []
    _decide(store, case, [("c", V.VIOLATES)])
    assert _only(store).text == "Seen by one."


def _other_case(store: Store, case: Case, category: Category) -> Case:
    lane = Lane.REFERRAL if category is Category.DISTRESS else Lane.REVIEW
    other, _ = cases.open_case(
        store, site=case.site, category=category, lane=lane, page_id=case.page_id, risk=0.7
    )
    return other


def test_a_dismissed_page_teaches_nothing_while_its_site_is_in_question(store: Store) -> None:
    case = a_case(store)
    other = _other_case(store, case, Category.SELF_HARM)
    _decide(store, case, [("a", V.DOES_NOT_VIOLATE)])
    assert labelled_pages(store) == []

    _decide(store, other, [("a", V.PROTECTIVE)])
    page = _only(store)
    assert page.stance is Stance.OTHER
    assert len(page.decision_ids) == 2


def test_a_site_approved_for_one_harm_gives_no_harmless_page(store: Store) -> None:
    case = a_case(store)
    other = _other_case(store, case, Category.SELF_HARM)
    _decide(store, other, [("a", V.DOES_NOT_VIOLATE)])
    _decide(store, case, [("a", V.VIOLATES), ("b", V.VIOLATES)])

    page = _only(store)
    assert (page.category, page.stance) == (Category.VIOLENCE, Stance.PROMOTES)


def test_a_page_settled_in_two_ways_is_left_out(store: Store) -> None:
    case = a_case(store)
    referral = _other_case(store, case, Category.DISTRESS)
    _decide(store, referral, [("a", V.REFER)])
    _decide(store, case, [("a", V.VIOLATES), ("b", V.VIOLATES)])

    assert labelled_pages(store) == []


def test_the_dates_are_those_of_the_decisions_and_no_person_is_named(
    store: Store, clock: TickingClock
) -> None:
    case = a_case(store)
    _decide(store, case, [("aliya", V.VIOLATES)])
    clock.move(days=3)
    _decide(store, case, [("bolat", V.VIOLATES)])

    page = _only(store)
    assert page.first_decided_at.startswith("2026-11-01")
    assert page.last_decided_at.startswith("2026-11-04")
    told = str(dataclasses.asdict(page)).lower()
    assert not any(word in told for word in ("aliya", "bolat", "a reason"))


def test_a_page_without_text_teaches_nothing(store: Store) -> None:
    _decide(store, a_case(store, text=" "), [("a", V.PROTECTIVE)])

    assert labelled_pages(store) == []
