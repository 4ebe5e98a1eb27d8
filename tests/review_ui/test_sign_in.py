"""Signing in and out, the lockout, the end of a session, the language."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from review_queue import audit
from review_queue.store import Store
from review_ui.accounts import disable_user
from review_ui.config import MAX_FAILED_SIGN_INS, ServeConfig
from review_ui.roles import Role
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import PASSWORD

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _browser() -> Client:
    return Client(SERVER_NAME="127.0.0.1")


def _sign_in(client: Client, name: str = "reviewer", password: str = PASSWORD, **extra: str) -> int:
    return client.post("/login/", {"username": name, "password": password, **extra}).status_code


def _words(client: Client, page: str = "/login/", **headers: str) -> str:
    found = re.search(r'<html lang="(\w+)">', client.get(page, headers=headers).content.decode())
    assert found
    return found[1]


@pytest.mark.usefixtures("site")
def test_a_known_person_gets_in_under_the_name_in_any_case() -> None:
    client = _browser()

    assert _sign_in(client, "Reviewer") == 302
    assert client.get("/queue/").status_code == 200


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("name", "password"), [("reviewer", "wrong"), ("nobody", PASSWORD), ("", ""), ("x\x00", "y")]
)
def test_a_wrong_pair_does_not_say_which_half_is_wrong(name: str, password: str) -> None:
    client = _browser()

    response = client.post(
        "/login/", {"username": name, "password": password}, headers={"accept-language": "en"}
    )

    assert response.status_code == 200
    if name and "\x00" not in name:
        assert "The user name or the password is wrong." in response.content.decode()
    assert client.get("/queue/").status_code == 302


def test_a_disabled_person_stays_out_and_open_sessions_end(site: ServeConfig) -> None:
    client = _browser()
    _sign_in(client)

    disable_user(site, "reviewer")

    assert client.get("/queue/").status_code == 302
    assert _sign_in(_browser()) == 200


@pytest.mark.usefixtures("site")
def test_signing_in_starts_a_new_session_and_signing_out_ends_it() -> None:
    client = _browser()
    _sign_in(client)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"

    client.post("/logout/")
    thief = _browser()
    thief.cookies[settings.SESSION_COOKIE_NAME] = cookie.value

    assert thief.get("/queue/").status_code == 302


def test_signing_out_by_a_link_is_not_possible(signed_in: SignedIn) -> None:
    client = signed_in(Role.REVIEWER)

    assert client.get("/logout/").status_code == 405
    assert client.get("/queue/").status_code == 200


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("aim", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_sent_off_the_site_after_signing_in_or_switching(aim: str) -> None:
    client = _browser()

    switched = client.post("/language/", {"language": "en", "next": aim})
    signed = client.post("/login/", {"username": "reviewer", "password": PASSWORD, "next": aim})

    assert switched.headers["Location"] == "/"
    assert signed.headers["Location"] == "/"


@pytest.mark.usefixtures("site")
def test_too_many_failures_lock_the_name_for_a_while_and_no_other() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(MAX_FAILED_SIGN_INS):
            _sign_in(_browser(), password="wrong")

        assert _sign_in(_browser()) == 200
        assert _sign_in(_browser(), "REVIEWER") == 200
        assert _sign_in(_browser(), "senior") == 302
        clock.shift(timedelta(minutes=16))
        assert _sign_in(_browser()) == 302


@pytest.mark.usefixtures("site")
def test_a_success_forgets_the_failures_before_it() -> None:
    with time_machine.travel(NOW, tick=False):
        for _ in range(2):
            for _ in range(MAX_FAILED_SIGN_INS - 1):
                _sign_in(_browser(), password="wrong")
            assert _sign_in(_browser()) == 302


@pytest.mark.usefixtures("site")
def test_signing_in_is_in_the_audit_log(store: Store) -> None:
    _sign_in(_browser())

    assert [row.action for row in audit.rows(store)] == ["signed_in"]


def test_an_idle_session_ends_and_a_busy_one_goes_on(site: ServeConfig) -> None:
    client = _browser()
    with time_machine.travel(NOW, tick=False) as clock:
        _sign_in(client)
        for _ in range(3):
            clock.shift(timedelta(minutes=site.idle_minutes - 1))
            assert client.get("/queue/").status_code == 200
        clock.shift(timedelta(minutes=site.idle_minutes + 1))
        assert client.get("/queue/").status_code == 302


def test_even_a_busy_session_ends_after_a_working_day(site: ServeConfig) -> None:
    client = _browser()
    with time_machine.travel(NOW, tick=False) as clock:
        _sign_in(client)
        for _ in range(site.session_hours * 3):
            clock.shift(timedelta(minutes=20))
            client.get("/queue/")
        clock.shift(timedelta(minutes=1))
        assert client.get("/queue/").headers["Location"] == "/login/"


@pytest.mark.usefixtures("site")
def test_the_browser_says_the_language_before_anyone_else() -> None:
    assert _words(_browser(), **{"accept-language": "kk-KZ,kk;q=0.9"}) == "kk"
    assert _words(_browser(), **{"accept-language": "en-GB"}) == "en"
    assert _words(_browser(), **{"accept-language": "fr"}) == "ru"
    assert _words(_browser()) == "ru"


@pytest.mark.usefixtures("site")
def test_the_account_says_the_language_once_signed_in() -> None:
    client = _browser()
    _sign_in(client)

    assert _words(client, "/queue/", **{"accept-language": "kk"}) == "en"


@pytest.mark.usefixtures("site")
def test_a_choice_before_signing_in_holds_and_ends_with_signing_out() -> None:
    client = _browser()
    client.post("/language/", {"language": "kk", "next": "/login/"})
    assert _words(client) == "kk"
    _sign_in(client)
    assert _words(client, "/queue/") == "kk"

    client.post("/logout/")

    assert _words(client) == "ru"


def test_a_choice_made_signed_in_is_remembered_by_the_account(signed_in: SignedIn) -> None:
    client = signed_in(Role.REVIEWER)
    client.post("/language/", {"language": "kk", "next": "/queue/"})

    assert _words(signed_in(Role.REVIEWER), "/queue/") == "kk"


def test_an_unknown_language_changes_nothing(signed_in: SignedIn) -> None:
    client = signed_in(Role.REVIEWER)
    client.post("/language/", {"language": "xx", "next": "/queue/"})

    assert _words(client, "/queue/") == "en"
