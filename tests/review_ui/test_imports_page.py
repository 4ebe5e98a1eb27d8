"""The pages of imports: a second person reads a sample and signs, or withdraws."""

import re
from dataclasses import replace

import pytest

from review_queue import entries, imports
from review_queue.store import Store
from review_ui.deciding import Officer
from review_ui.roles import Role
from tests.review_queue.lives import BERIK, an_import, taken_over
from tests.review_ui.conftest import SignedIn

Staff = dict[Role, Officer]


@pytest.fixture
def waiting(store: Store) -> int:
    """An import that one person has signed."""
    hostile = replace(taken_over("a.example"), papers=("<script>alert(1)</script> No. 7",))
    return an_import(store, hostile, taken_over("b.example"), people=1)


def test_a_second_person_reads_a_sample_and_signs(
    waiting: int, store: Store, signed_in: SignedIn
) -> None:
    client = signed_in(Role.SENIOR)
    assert f'href="/imports/{waiting}/"' in client.get("/imports/").content.decode()

    page = client.get(f"/imports/{waiting}/").content.decode()
    assert "a[.]example" in page
    assert "a.example" not in page
    assert "No. 7" in page
    assert "<script>alert" not in page
    assert "Dana" in page
    assert not list(entries.live(store))
    page = client.post(f"/imports/{waiting}/", {"sign": "1"}, follow=True).content.decode()

    assert "Signed. The entries go out" in page
    assert [entry.name for entry in entries.live(store)] == ["a.example", "b.example"]


def test_the_first_person_is_not_offered_to_sign_again_and_is_refused(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    number = imports.prepare(
        store,
        source="The older registry",
        file_sha256="b" * 64,
        rows=[(1, taken_over("a.example"))],
        person=staff[Role.SENIOR].person,
    )
    client = signed_in(Role.SENIOR)

    assert 'name="sign"' not in client.get(f"/imports/{number}/").content.decode()
    page = client.post(f"/imports/{number}/", {"sign": "1"}, follow=True).content.decode()

    assert "it takes another person" in page
    assert not list(entries.live(store))


def test_one_person_withdraws_with_a_reason(
    waiting: int, store: Store, signed_in: SignedIn
) -> None:
    imports.sign(store, waiting, BERIK)
    client = signed_in(Role.SUPERVISOR)
    path = f"/imports/{waiting}/"

    assert client.post(path, {"withdraw": "1", "reason": " "}).status_code == 400
    assert imports.get(store, waiting).is_live
    page = client.post(path, {"withdraw": "1", "reason": "Another list."}, follow=True)

    assert "Another list." in page.content.decode()
    assert 'name="withdraw"' not in page.content.decode()
    assert not list(entries.live(store))
    late = client.post(path, {"sign": "1"}, follow=True).content.decode()
    assert "It was withdrawn already." in late


def test_who_may_only_read_gets_no_form(waiting: int, signed_in: SignedIn) -> None:
    for role in (Role.REVIEWER, Role.EXPORTER, Role.AUDITOR):
        page = signed_in(role).get(f"/imports/{waiting}/").content.decode()
        assert not re.search(r'name="(sign|withdraw)"', page)


def test_an_unknown_import_is_not_found(signed_in: SignedIn) -> None:
    assert signed_in(Role.SENIOR).get("/imports/99/").status_code == 404


def test_a_row_that_a_guard_would_stop_is_marked_before_anybody_signs(
    store: Store, signed_in: SignedIn
) -> None:
    number = an_import(store, taken_over("com.kz"), taken_over("b.kz"), people=1)

    page = signed_in(Role.SENIOR).get(f"/imports/{number}/").content.decode()

    assert page.count("Would not be listed:") == 1
