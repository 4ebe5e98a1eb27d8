"""A page that a browser built has a small blurred picture beside its text, served from our own address."""

from django.test import Client

from review_queue import screenshots
from review_queue.store import Store
from review_ui.roles import Role
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import PNG, a_waiting_case


def test_the_case_shows_the_picture_of_its_page(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    screenshots.add(store, case.page_id, PNG)
    client = signed_in(Role.REVIEWER)

    page = client.get(f"/case/{case.ref}/").content.decode()
    picture = client.get(f"/picture/{case.page_id}/")

    assert f'<img src="/picture/{case.page_id}/" width="240" height="180"' in page
    assert 'alt="Blurred picture of the page"' in page
    assert picture.content == PNG
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in picture.headers["Cache-Control"]


def test_a_page_without_a_picture_shows_none(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.REVIEWER)

    assert "/picture/" not in client.get(f"/case/{case.ref}/").content.decode()
    assert client.get(f"/picture/{case.page_id}/").status_code == 404
    assert client.get("/picture/999999999999999999/").status_code == 404


def test_nothing_can_be_sent_to_a_picture(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    screenshots.add(store, case.page_id, PNG)

    assert signed_in(Role.REVIEWER).post(f"/picture/{case.page_id}/").status_code == 405


def test_the_picture_is_named_in_the_readers_language(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    screenshots.add(store, case.page_id, PNG)
    client: Client = signed_in(Role.REVIEWER)

    client.post("/language/", {"language": "kk", "next": "/"})

    page = client.get(f"/case/{case.ref}/").content.decode()
    assert 'alt="Беттің бұлдыратылған суреті"' in page
