"""What people see when something is missing, refused or broken."""

import pytest
from django.test import Client

from review_queue.store import Store
from review_ui.config import ServeConfig
from review_ui.roles import Role
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_waiting_case


def test_an_unknown_address_has_a_page_in_the_language_of_the_person(
    signed_in: SignedIn, stranger: Client
) -> None:
    mine, theirs = signed_in(Role.REVIEWER).get("/nowhere"), stranger.get("/nowhere")

    assert mine.status_code == theirs.status_code == 404
    assert "There is nothing here" in mine.content.decode()
    assert "Здесь ничего нет" in theirs.content.decode()


def test_a_forged_form_is_told_that_nothing_was_recorded(stranger: Client) -> None:
    response = stranger.post("/login/", {}, headers={"accept-language": "en"})

    assert response.status_code == 403
    assert "This form is out of date" in response.content.decode()


def test_a_foreign_host_name_is_refused(stranger: Client) -> None:
    assert stranger.get("/login/", headers={"host": "evil.example"}).status_code == 400


def test_a_foreign_host_name_is_refused_in_the_language_of_the_reader(
    signed_in: SignedIn, stranger: Client
) -> None:
    evil = {"host": "evil.example"}

    mine = signed_in(Role.REVIEWER).get("/queue/", headers=evil)
    theirs = stranger.get("/login/", headers={**evil, "accept-language": "kk"})

    assert b'<html lang="en">' in mine.content
    assert b'<html lang="kk">' in theirs.content


@pytest.mark.parametrize(
    "address", ["/", "/queue/", "/referrals/", "/export/", "/audit/", "/account/", "/healthz"]
)
def test_the_head_of_a_page_can_be_asked_for(
    address: str, store: Store, signed_in: SignedIn
) -> None:
    client = signed_in(Role.SUPERVISOR)

    assert store.path.exists()
    assert client.head(address).status_code == client.get(address).status_code < 400
    assert client.head(address).content == b""


def test_the_head_of_a_case_can_be_asked_for(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)

    assert signed_in(Role.REVIEWER).head(f"/case/{case.ref}/").status_code == 200


def test_a_form_that_is_too_large_is_refused(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)

    response = signed_in(Role.REVIEWER).post(f"/case/{case.ref}/", {"reason": "x" * 70_000})

    assert response.status_code == 400
    assert store.value("SELECT count(*) FROM decisions") == 0


def test_a_damaged_store_is_said_in_words_and_the_accounts_still_work(
    site: ServeConfig, signed_in: SignedIn
) -> None:
    client = signed_in(Role.REVIEWER)
    (site.data_dir / "qalqan.sqlite3").write_bytes(b"not a store" * 1000)

    response = client.get("/queue/")

    assert response.status_code == 503
    assert "The store is in trouble" in response.content.decode()
    assert client.get("/account/").status_code == 200


def test_a_fault_of_ours_has_a_page_without_its_details(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.REVIEWER)
    client.raise_request_exception = False
    for rule in store.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        store.run(f"DROP TRIGGER {rule['name']}")
    store.run("UPDATE scores SET evidence = '{\"x\": 1}'")

    response = client.get(f"/case/{case.ref}/")

    assert response.status_code == 500
    assert "Something broke" in response.content.decode()
    assert "Traceback" not in response.content.decode()


@pytest.mark.parametrize("damage", ["none", "store", "no store"])
def test_health_tells_a_monitor_and_nobody_else(
    damage: str, store: Store, site: ServeConfig, stranger: Client
) -> None:
    path = site.data_dir / "qalqan.sqlite3"
    store.close()
    if damage == "store":
        path.write_bytes(b"not a store" * 1000)
    elif damage == "no store":
        path.unlink()

    response = stranger.get("/healthz")

    assert (response.status_code, response.content) == (
        (200, b"ok\n") if damage == "none" else (503, b"unavailable\n")
    )
