"""The pages of entries: found by name, lifted by one person, renewed by two, a proposal settled."""

import re
from dataclasses import replace

import pytest

from review_queue import decisions, entries, lifts, overrides, proposals, rechecks, renewals
from review_queue.categories import Scope, Verdict
from review_queue.lifts import LiftReason
from review_queue.overrides import Guard
from review_queue.rechecks import Found, Recheck
from review_queue.records import Case, Entry, Reviewer
from review_queue.store import Store
from review_ui.deciding import DecisionForm, Officer, record
from review_ui.roles import Role
from tests.review_queue.lives import an_import, taken_over
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_block, a_waiting_case

Staff = dict[Role, Officer]
STRANGER = Reviewer("f" * 32, '<b>Fatima</b> "F"', "senior")


@pytest.fixture
def case(store: Store, staff: Staff) -> Case:
    """A case two people approved; its block is listed."""
    return _approved(store, staff, Role.REVIEWER, Role.SENIOR)


@pytest.fixture
def listed(case: Case, store: Store) -> Entry:
    """The entry of the case."""
    assert case.ref
    return entries.add(store, entries.approved(store)[0])


@pytest.fixture
def listed_by_others(store: Store, staff: Staff) -> Entry:
    """The entry of a case that no reviewer had a part in."""
    _approved(store, staff, Role.SUPERVISOR, Role.SENIOR)
    return entries.add(store, entries.approved(store)[0])


def _approved(store: Store, staff: Staff, *roles: Role) -> Case:
    found = a_waiting_case(store, "bad.example")
    for role in roles:
        record(store, staff[role], a_block(found))
    return found


def _page(client: object, path: str) -> str:
    response = client.get(path)  # type: ignore[attr-defined]  # Django's client
    assert response.status_code == 200
    text: str = response.content.decode()
    return text


def test_an_entry_is_found_by_a_part_of_its_name_however_it_is_written(
    listed: Entry, store: Store, signed_in: SignedIn
) -> None:
    an_import(store, taken_over("other.example", entry_id="old-1"))
    client = signed_in(Role.EXPORTER)

    for words in ("bad.ex", "BAD", "bad[.]example", " bad.example "):
        page = _page(client, f"/entries/?q={words}")
        assert f'href="/entries/{listed.id}/"' in page
        assert "bad[.]example" in page
        assert "other[.]example" not in page
    assert "No entry is found." in _page(client, "/entries/?q=nothing")


@pytest.mark.usefixtures("listed")
def test_what_holds_is_shown_first_and_each_state_by_itself(
    store: Store, signed_in: SignedIn
) -> None:
    an_import(store, taken_over("a.example", entry_id="a"), taken_over("b.example", entry_id="b"))
    lifts.lift(store, "a", STRANGER, LiftReason.APPEAL)
    proposals.propose(store, "b", LiftReason.CONTENT_GONE)
    client = signed_in(Role.SENIOR)

    assert 'href="/entries/a/"' not in _page(client, "/entries/")
    assert "It is proposed to lift 1 entry" in _page(client, "/entries/")
    assert 'href="/entries/a/"' in _page(client, "/entries/?state=lifted")
    assert 'href="/entries/b/"' in _page(client, "/entries/?state=proposed")
    assert 'href="/entries/b/"' not in _page(client, "/entries/?state=lifted")
    assert "cannot be searched" in _page(client, "/entries/?state=odd")


def test_a_long_list_is_read_in_parts(store: Store, signed_in: SignedIn) -> None:
    an_import(store, *(taken_over(f"n{n:03}.example", entry_id=f"e{n:03}") for n in range(51)))
    client = signed_in(Role.AUDITOR)

    assert "?q=example&amp;state=live&amp;from=50" in _page(
        client, "/entries/?q=example&state=live"
    )
    assert 'href="/entries/e050/"' in _page(client, "/entries/?q=example&state=live&from=50")


def test_an_entry_tells_what_it_rests_on(
    listed: Entry, case: Case, store: Store, signed_in: SignedIn
) -> None:
    rechecks.record(store, Recheck(listed.id, Found.GONE, error="http_404"))

    page = _page(signed_in(Role.SUPERVISOR), f"/entries/{listed.id}/")

    assert f'href="/case/{case.ref}/"' in page
    assert "It calls for it in the second line." in page
    assert "Ms Reviewer" in page
    assert "VI-1 v1" in page
    assert "Looked at again" in page
    assert "bad.example" not in page


def test_an_imported_entry_tells_its_papers_and_overrides(
    store: Store, signed_in: SignedIn
) -> None:
    hostile = replace(taken_over("a.kz", entry_id="a"), papers=("<script>alert(1)</script> No. 7",))
    number = an_import(store, hostile)
    asked = overrides.ask(store, Guard.RANK, "host", "a.kz", STRANGER, "All of it sells it.")
    overrides.sign(store, asked, Reviewer("e" * 32, "Erlan", "supervisor"))
    overrides.keep(store, "a", [asked])

    page = _page(signed_in(Role.EXPORTER), "/entries/a/")

    assert f'href="/imports/{number}/"' in page
    assert f'href="/overrides/{asked}/"' in page
    assert "<script>alert" not in page
    assert "No. 7" in page


def test_who_has_still_to_decide_the_case_is_not_told_of_its_entry(
    listed: Entry, case: Case, store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    mine = decisions.latest_of(store, case.ref, staff[Role.REVIEWER].id)
    assert mine
    form = DecisionForm(case.ref, Verdict.DOES_NOT_VIOLATE, "A quote.", corrects=mine.id)
    record(store, staff[Role.REVIEWER], form)
    client = signed_in(Role.SUPERVISOR)

    lifts.lift(store, listed.id, STRANGER, LiftReason.APPEAL)

    for path in ("/entries/?q=bad", f"/entries/{listed.id}/"):
        assert "bad[.]example" not in _page(client, path)
    assert "entry.lifted" not in _page(client, "/audit/")
    assert "1 is not shown" in _page(client, "/entries/?q=bad")
    assert "Hidden: it is about a case" in _page(client, f"/entries/{listed.id}/")
    assert "bad[.]example" in _page(signed_in(Role.AUDITOR), f"/entries/{listed.id}/")


def test_somebody_without_a_part_in_the_case_reads_no_decisions(
    listed_by_others: Entry, signed_in: SignedIn
) -> None:
    path = f"/entries/{listed_by_others.id}/"

    for role in (Role.REVIEWER, Role.EXPORTER):
        page = _page(signed_in(role), path)
        assert "Ms Senior" not in page
        assert "calls for it" not in page
    assert "/case/" not in _page(signed_in(Role.EXPORTER), path)


def test_one_person_lifts(listed: Entry, store: Store, staff: Staff, signed_in: SignedIn) -> None:
    client = signed_in(Role.SENIOR)
    form = {"lift": "1", "lift-reason": "appeal", "lift-note": "The owner is right."}

    page = client.post(f"/entries/{listed.id}/", form, follow=True).content.decode()

    assert "Lifted. It leaves the lists" in page
    assert "The owner is right." in page
    assert 'name="lift"' not in page
    lift = lifts.of(store, listed.id)
    assert lift
    assert (lift.reason, lift.person) == (LiftReason.APPEAL, staff[Role.SENIOR].person)


def test_what_still_blocks_the_same_after_a_lift_is_told(
    listed: Entry, store: Store, signed_in: SignedIn
) -> None:
    above = taken_over("bad.example", entry_id="above", scope=Scope.DOMAIN)
    an_import(store, above, taken_over("other.example", entry_id="other"))
    client = signed_in(Role.SENIOR)
    form = {"lift": "1", "lift-reason": "appeal"}
    told = "The same is still blocked by another entry"
    assert told not in _page(client, f"/entries/{listed.id}/")

    page = client.post(f"/entries/{listed.id}/", form, follow=True).content.decode()

    assert told in page
    assert 'href="/entries/above/"' in page
    assert 'href="/entries/other/"' not in page
    assert told not in client.post("/entries/above/", form, follow=True).content.decode()
    assert told not in _page(client, f"/entries/{listed.id}/")


@pytest.mark.parametrize(
    "form",
    [
        {"lift": "1", "lift-reason": "expired"},  # nobody says so but the clock
        {"lift": "1", "lift-reason": ""},
        {"lift": "1", "lift-reason": "appeal", "lift-note": "two\nlines"},
        {"renew": "1", "renew-note": ""},
        {"renew": "1", "renew-note": "two\nlines"},
        {},
    ],
)
def test_what_cannot_be_taken_is_said(
    form: dict[str, str], listed: Entry, store: Store, signed_in: SignedIn
) -> None:
    response = signed_in(Role.SENIOR).post(f"/entries/{listed.id}/", form)

    assert response.status_code == 400
    assert bool(form) == ('role="alert"' in response.content.decode())
    assert lifts.of(store, listed.id) is None
    assert renewals.of(store, listed.id) == []


def test_two_people_renew(listed: Entry, store: Store, signed_in: SignedIn) -> None:
    form = {"renew": "1", "renew-note": "It is still there."}
    path = f"/entries/{listed.id}/"

    first = signed_in(Role.SENIOR).post(path, form, follow=True).content.decode()
    assert "A second person has to sign as well." in first
    assert 'name="renew"' not in first
    again = signed_in(Role.SENIOR).post(path, form)
    assert again.status_code == 400
    assert "it takes another person" in again.content.decode()
    assert "Sign as the second person" in _page(signed_in(Role.SUPERVISOR), path)
    second = signed_in(Role.SUPERVISOR).post(path, form, follow=True).content.decode()

    assert "Renewed. It holds for another term." in second
    assert [one.is_done for one in renewals.of(store, listed.id)] == [True]


@pytest.mark.parametrize(("become", "lifted"), [("lift", True), ("keep", False)])
def test_a_proposal_is_settled(
    become: str,
    lifted: bool,  # noqa: FBT001  # a parameter of the test
    listed: Entry,
    store: Store,
    signed_in: SignedIn,  # a parameter of the test
) -> None:
    number = proposals.propose(store, listed.id, LiftReason.CONTENT_GONE, "gone", actor="recheck")
    client = signed_in(Role.SENIOR)
    page = _page(client, f"/entries/{listed.id}/")
    assert "Looks at the site found no reason" in page
    assert re.search(rf'name="settle" value="{number}"', page)

    form = {"settle": str(number), "become": become, "settle-note": "Seen."}
    client.post(f"/entries/{listed.id}/", form)

    assert proposals.open_ones(store) == []
    assert bool(lifts.of(store, listed.id)) == lifted
    page = client.post(f"/entries/{listed.id}/", form, follow=True).content.decode()
    assert "settled meanwhile" in page


def test_a_proposal_about_another_entry_is_not_settled_here(
    listed: Entry, store: Store, signed_in: SignedIn
) -> None:
    an_import(store, taken_over("a.example", entry_id="a"))
    number = proposals.propose(store, "a", LiftReason.MISTAKE)

    form = {"settle": str(number), "become": "lift", "settle-note": ""}
    signed_in(Role.SENIOR).post(f"/entries/{listed.id}/", form)

    assert lifts.of(store, "a") is None
    assert proposals.open_ones(store)


def test_what_ends_by_its_term_is_not_lifted_for_that_reason(
    listed: Entry, store: Store, signed_in: SignedIn
) -> None:
    proposals.propose(store, listed.id, LiftReason.EXPIRED, "its review date", actor="recheck")

    page = _page(signed_in(Role.SENIOR), f"/entries/{listed.id}/")

    assert "two people renew it, or one lifts it" in page
    assert 'name="become" value="lift"' not in page


def test_who_may_only_read_gets_no_form(listed: Entry, signed_in: SignedIn) -> None:
    for role in (Role.REVIEWER, Role.EXPORTER, Role.AUDITOR):
        page = _page(signed_in(role), f"/entries/{listed.id}/")
        assert not re.search(r'name="(lift|renew|settle|become)"', page)


def test_an_unknown_entry_is_not_found(signed_in: SignedIn) -> None:
    assert signed_in(Role.SENIOR).get("/entries/<b>/").status_code == 404


def test_a_case_leads_to_its_entry_for_who_may_see_what_came_of_it(
    listed: Entry, case: Case, signed_in: SignedIn
) -> None:
    link = f'href="/entries/{listed.id}/"'

    for role in (Role.REVIEWER, Role.SUPERVISOR, Role.AUDITOR):
        assert link in _page(signed_in(role), f"/case/{case.ref}/")
    assert link not in _page(signed_in(Role.REVIEWER), "/queue/")


def test_a_case_says_nothing_of_its_entry_to_who_had_no_part_in_it(
    listed_by_others: Entry, signed_in: SignedIn
) -> None:
    page = _page(signed_in(Role.REVIEWER), f"/case/{listed_by_others.case_ref}/")

    assert f"/entries/{listed_by_others.id}/" not in page
