"""A person's own page."""

import pytest
from django.test import Client

from review_ui.roles import Role
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import PASSWORD

NEW = "nine-quiet-herons-at-dawn"


def _change(client: Client, old: str, new: str) -> int:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/account/", form).status_code


@pytest.mark.usefixtures("site")
def test_a_person_changes_the_password_and_stays_signed_in_here_only(signed_in: SignedIn) -> None:
    here, elsewhere = signed_in(Role.REVIEWER), signed_in(Role.REVIEWER)

    assert _change(here, PASSWORD, NEW) == 302

    assert here.get("/queue/").status_code == 200
    assert elsewhere.get("/queue/").status_code == 302
    fresh = Client(SERVER_NAME="127.0.0.1")
    assert fresh.post("/login/", {"username": "reviewer", "password": NEW}).status_code == 302


@pytest.mark.parametrize("weak", ["short", "ms-reviewer1", "password1234", "123456789012345"])
def test_a_weak_password_is_refused(weak: str, signed_in: SignedIn) -> None:
    assert _change(signed_in(Role.REVIEWER), PASSWORD, weak) == 400


def test_the_old_password_is_asked_for(signed_in: SignedIn) -> None:
    assert _change(signed_in(Role.REVIEWER), "wrong", NEW) == 400


def test_a_person_cannot_take_another_role(signed_in: SignedIn) -> None:
    client = signed_in(Role.REVIEWER)
    client.post("/account/", {"comfort": "1", "role": "supervisor", "shortcuts": "on"})

    assert client.get("/audit/").status_code == 403


def test_an_admin_reads_that_the_role_has_no_cases(signed_in: SignedIn) -> None:
    assert "takes no part in cases" in signed_in(Role.ADMIN).get("/account/").content.decode()
