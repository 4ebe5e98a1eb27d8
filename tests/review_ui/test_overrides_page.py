"""The pages of the guards' overrides: asked for, signed by another person, withdrawn."""

import re

import pytest

from review_queue import audit, overrides
from review_queue.overrides import Guard
from review_queue.records import Reviewer
from review_queue.store import Store
from review_ui.deciding import Officer, record
from review_ui.roles import Role
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_block, a_waiting_case

Staff = dict[Role, Officer]
STRANGER = Reviewer("f" * 32, '<b>Fatima</b> "F"', "senior")
ASKED = {"guard": "rank", "scope": "host", "name": "Popular.KZ.", "reason": "All of it sells it."}


@pytest.fixture
def waiting(store: Store) -> str:
    """An override one person has asked for."""
    return overrides.ask(
        store, Guard.RANK, "host", "popular.kz", STRANGER, "<script>alert(1)</script> for it"
    )


def test_who_asks_is_the_first_to_sign_and_the_name_is_written_in_one_way(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    response = signed_in(Role.SENIOR).post("/overrides/", ASKED)

    (found,) = overrides.pending(store)
    assert response.headers["Location"] == f"/overrides/{found.id}/"
    assert (found.guard, found.scope, found.name) == (Guard.RANK, "host", "popular.kz")
    assert [one.reviewer_id for one in found.signatures] == [staff[Role.SENIOR].id]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("guard", "reserved"),  # nobody overrides it
        ("guard", "size"),  # it is about no host name
        ("scope", "list"),
        ("name", "a b"),
        ("name", ""),
        ("reason", "two\nlines"),
        ("reason", " "),
    ],
)
def test_what_cannot_be_asked_is_said_and_not_recorded(
    field: str, value: str, store: Store, signed_in: SignedIn
) -> None:
    response = signed_in(Role.SENIOR).post("/overrides/", {**ASKED, field: value})

    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert overrides.all_of(store) == []


def test_the_same_is_not_asked_for_twice(waiting: str, store: Store, signed_in: SignedIn) -> None:
    response = signed_in(Role.SENIOR).post("/overrides/", ASKED)

    assert response.status_code == 400
    assert "This was asked for already." in response.content.decode()
    assert [one.id for one in overrides.all_of(store)] == [waiting]


def test_a_second_person_signs(waiting: str, store: Store, signed_in: SignedIn) -> None:
    client = signed_in(Role.SENIOR)

    page = client.post(f"/overrides/{waiting}/", {"sign": "1"}, follow=True).content.decode()

    assert "The override stands from now on." in page
    assert overrides.standing(store) == {(Guard.RANK, "host", "popular.kz"): waiting}


def test_the_first_person_is_not_offered_to_sign_again_and_is_refused(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    mine = overrides.ask(
        store, Guard.RANK, "host", "popular.kz", staff[Role.SENIOR].person, "A reason."
    )
    client = signed_in(Role.SENIOR)

    assert 'name="sign"' not in client.get(f"/overrides/{mine}/").content.decode()
    page = client.post(f"/overrides/{mine}/", {"sign": "1"}, follow=True).content.decode()

    assert "it takes another person" in page
    assert overrides.standing(store) == {}


def test_one_person_withdraws_with_a_reason(
    waiting: str, store: Store, signed_in: SignedIn
) -> None:
    client = signed_in(Role.SUPERVISOR)
    client.post(f"/overrides/{waiting}/", {"sign": "1"})

    empty = client.post(f"/overrides/{waiting}/", {"withdraw": "1", "reason": ""})
    assert empty.status_code == 400
    assert overrides.standing(store)
    client.post(f"/overrides/{waiting}/", {"withdraw": "1", "reason": "It has changed hands."})

    assert overrides.standing(store) == {}
    page = client.get(f"/overrides/{waiting}/").content.decode()
    assert "It has changed hands." in page
    assert 'name="sign"' not in page
    assert 'name="withdraw"' not in page


def test_what_is_signed_too_late_is_said(waiting: str, store: Store, signed_in: SignedIn) -> None:
    overrides.withdraw(store, waiting, STRANGER, "A mistake.")

    client = signed_in(Role.SENIOR)
    page = client.post(f"/overrides/{waiting}/", {"sign": "1"}, follow=True).content.decode()

    assert "withdrawn meanwhile" in page


def test_an_unknown_override_is_not_found(signed_in: SignedIn) -> None:
    assert signed_in(Role.SENIOR).get("/overrides/<script>/").status_code == 404


def test_who_may_only_read_gets_no_form(waiting: str, signed_in: SignedIn) -> None:
    client = signed_in(Role.AUDITOR)

    for path in ("/overrides/", f"/overrides/{waiting}/"):
        page = client.get(path).content.decode()
        assert "popular[.]kz" in page
        assert not re.search(r'<form[^>]*(overrides|decide)|name="(sign|withdraw|guard)"', page)


def test_the_pages_show_hostile_words_as_text(waiting: str, signed_in: SignedIn) -> None:
    for path in ("/overrides/", f"/overrides/{waiting}/"):
        page = signed_in(Role.SUPERVISOR).get(path).content.decode()
        assert "<script>alert" not in page
        assert "<b>Fatima" not in page
        assert "popular.kz" not in page


def test_what_was_done_is_in_the_audit_log(
    waiting: str, store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    signed_in(Role.SENIOR).post(f"/overrides/{waiting}/", {"sign": "1"})

    row = audit.rows(store)[0]
    assert (row.actor, row.action) == (staff[Role.SENIOR].id, "override.signed")


def test_what_a_guard_holds_back_is_asked_for_from_the_block_list(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store, "github.io")
    for role in (Role.REVIEWER, Role.SENIOR):
        record(store, staff[role], a_block(case))
    client = signed_in(Role.SUPERVISOR)

    assert f"?held={case.ref}" in client.get("/export/").content.decode()
    page = client.get(f"/overrides/?held={case.ref}").content.decode()

    assert 'value="github.io"' in page
    assert re.search(r'<option value="(public_suffix|shared_platform)" selected', page)
    assert "github.io" not in client.get("/overrides/?held=KZ-2222-2222").content.decode()


def test_the_size_of_a_list_is_asked_for_by_what_the_export_names(
    store: Store, signed_in: SignedIn
) -> None:
    client = signed_in(Role.SENIOR)
    page = client.get("/overrides/?size=41-1200").content.decode()
    assert 'value="41-1200"' in page
    assert 'value="size" selected' in page

    client.post("/overrides/", {**ASKED, "guard": "size", "name": "41-1200"})

    (found,) = overrides.pending(store)
    assert (found.guard, found.scope, found.name) == (Guard.SIZE, "list", "41-1200")
    assert "The whole list" in client.get("/overrides/").content.decode()


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("host", "forum.bad.example"),
        ("url", "http://bad.example/x"),
        ("domain", "bad.example"),
    ],
)
def test_who_has_still_to_decide_the_case_is_not_told_of_its_override(
    scope: str, name: str, store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store, "bad.example")
    asked = overrides.ask(store, Guard.RANK, scope, name, STRANGER, "All of it sells it")
    client = signed_in(Role.SUPERVISOR)

    for path in ("/overrides/", f"/overrides/{asked}/", "/audit/"):
        page = client.get(path).content.decode()
        assert "All of it sells it" not in page
    assert "1 is not shown" in client.get("/overrides/").content.decode()
    client.post(f"/overrides/{asked}/", {"sign": "1"})
    assert overrides.standing(store) == {}
    assert "Waits for you" not in client.get("/queue/").content.decode()
    assert "All of it sells it" in signed_in(Role.AUDITOR).get("/overrides/").content.decode()

    record(store, staff[Role.SUPERVISOR], a_block(case))
    for path in ("/overrides/", f"/overrides/{asked}/", "/audit/"):
        assert "All of it sells it" in client.get(path).content.decode()
