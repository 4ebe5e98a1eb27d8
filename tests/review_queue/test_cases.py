"""Cases that a person opens by hand, about a page that no program could read."""

from dataclasses import replace

import pytest

from review_queue import audit, cases, decisions, pages, unread
from review_queue.categories import CaseState, Category, Lane, Verdict
from review_queue.records import Page
from review_queue.store import Store
from tests.builders import a_case, a_draft, a_page, fetch


def _an_unread_page(store: Store, url: str = "http://one.example/broken") -> Page:
    (page_id,) = fetch(store, replace(a_page(url), text="", title=""))
    unread.add(store, page_id, "time")
    page = pages.get(store, page_id)
    assert page
    return page


@pytest.mark.parametrize(
    ("category", "lane"),
    [
        (Category.SELF_HARM, Lane.REVIEW),
        (Category.VIOLENCE, Lane.REVIEW),
        (Category.DISTRESS, Lane.REFERRAL),
    ],
)
def test_a_case_opened_by_hand_stands_between_the_sure_and_the_doubtful(
    store: Store, category: Category, lane: Lane
) -> None:
    page = _an_unread_page(store)

    case, is_new = cases.open_by_hand(store, page, category, actor="dana")

    assert is_new
    assert (case.lane, case.state, case.page_id) == (lane, CaseState.OPEN, page.id)
    assert case.risk == cases.BY_HAND_RISK
    row = audit.rows(store, 1)[0]
    assert (row.actor, row.action, row.subject) == ("dana", "case.opened", case.ref)


def test_a_case_that_waits_keeps_its_page_and_its_place(store: Store) -> None:
    waiting = a_case(store, risk=0.3)
    page = _an_unread_page(store)

    case, is_new = cases.open_by_hand(store, page, Category.VIOLENCE, actor="dana")

    assert not is_new
    assert case == waiting


def test_a_case_that_was_dismissed_is_opened_anew_over_the_page(store: Store) -> None:
    closed = a_case(store, risk=0.9)
    decisions.decide(store, a_draft(closed, "aset", Verdict.DOES_NOT_VIOLATE))
    page = _an_unread_page(store)

    case, is_new = cases.open_by_hand(store, page, Category.VIOLENCE, actor="dana")

    assert is_new
    assert (case.ref, case.state, case.page_id) == (closed.ref, CaseState.OPEN, page.id)
    assert case.decided_by == ()
    assert [row.action for row in audit.rows(store, 1)] == ["case.reopened"]


def test_a_case_that_blocks_stays_closed(store: Store) -> None:
    blocked = a_case(store)
    for person in ("aset", "botagoz"):
        decisions.decide(store, a_draft(blocked, person))
    page = _an_unread_page(store)

    case, is_new = cases.open_by_hand(store, page, Category.VIOLENCE, actor="dana")

    assert not is_new
    assert case.state is CaseState.APPROVED


def test_a_site_has_its_cases_and_its_unread_pages(store: Store) -> None:
    a_case(store, "http://other.example/")
    harm = a_case(store)
    page = _an_unread_page(store)
    referral, _ = cases.open_by_hand(store, page, Category.DISTRESS, actor="dana")

    assert [case.ref for case in cases.of_site(store, page.site)] == [referral.ref, harm.ref]
    assert [one.page.id for one in unread.of_site(store, page.site)] == [page.id]
    assert unread.of_site(store, "other.example") == []
