"""The pages of providers: what each holds, how fast decisions reach them, and who has stopped pulling."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from review_queue import entries, lifts, providers, publications
from review_queue.clock import system_clock
from review_queue.lifts import LiftReason
from review_queue.store import Store, open_store
from review_ui.config import ServeConfig
from review_ui.roles import Role
from tests.review_queue.lives import DANA, listed
from tests.review_queue.takers import DIGEST, a_pull, a_receipt, a_token
from tests.review_ui.conftest import SignedIn


def _long_ago(folder: Path, hours: float) -> Store:
    """The store of the site, in which it is so many hours earlier."""
    return open_store(folder, clock=lambda: system_clock() - timedelta(hours=hours))


def _published(store: Store, serial: int) -> None:
    entries.record_export(store, serial=serial, actor="t", manifest_sha256=DIGEST, counts={})


@pytest.fixture
def silent(site: ServeConfig) -> str:
    """A provider that took the first list 50 hours ago, told so, and nothing since; a block was lifted meanwhile."""
    with _long_ago(site.data_dir, 52) as store:
        token = a_token(store, "north-net").token
        entry = listed(store)
    with _long_ago(site.data_dir, 51) as store:
        _published(store, 1)
    with _long_ago(site.data_dir, 50) as store:
        a_pull(store, token, 1)
        a_receipt(store, token, 1, "rolled_back", detail="<b>no</b> room at http://x.example/")
        lifts.lift(store, entry.id, DANA, LiftReason.APPEAL)
        _published(store, 2)
    return entry.id


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


@pytest.mark.usefixtures("silent")
def test_what_a_provider_holds_and_how_long_it_took_is_told(signed_in: SignedIn) -> None:
    page = signed_in(Role.EXPORTER).get("/providers/").content.decode()

    assert 'href="/providers/north-net/"' in page
    text = _text(page)
    assert "north-net Has taken nothing since" in text
    assert "1 lifted block is still in force there." in text
    assert "1 of 2" in text
    assert " 2.0 " in text
    assert "1 on its way for 50 h" in text


@pytest.mark.usefixtures("silent")
def test_one_provider_is_told_of_with_tokens_receipts_and_pulls(signed_in: SignedIn) -> None:
    page = signed_in(Role.AUDITOR).get("/providers/north-net/").content.decode()

    text = _text(page)
    assert "Their program went back from the list 1" in text
    assert "the whole list" in text
    assert "rpz" in text
    assert "unbound" in text
    assert "/v1/rpz[.]zone" in text
    assert "<b>no</b>" not in page
    assert "http://x.example" not in page
    assert "qalqan_" not in page  # no token's text


def test_it_is_said_since_when_nothing_new_is_published(
    site: ServeConfig, signed_in: SignedIn
) -> None:
    page = signed_in(Role.EXPORTER).get("/providers/").content.decode()
    assert "Nothing new has been published" not in page

    with open_store(site.data_dir) as store:
        publications.record_refused(store, actor="t", reason="nothing was published: <b>x</b>")
    page = signed_in(Role.EXPORTER).get("/providers/").content.decode()

    assert "Nothing new has been published since" in page
    assert "nothing was published: &lt;b&gt;x&lt;/b&gt;" in page


def test_nobody_yet_is_said(signed_in: SignedIn) -> None:
    assert (
        "Nobody takes the lists yet" in signed_in(Role.AUDITOR).get("/providers/").content.decode()
    )
    assert signed_in(Role.AUDITOR).get("/providers/nobody/").status_code == 404


def test_who_has_ended_is_still_there_to_be_read(store: Store, signed_in: SignedIn) -> None:
    a_token(store, "north-net")
    providers.end(store, "north-net", DANA)
    client = signed_in(Role.AUDITOR)

    assert "Take no more lists" in client.get("/providers/").content.decode()
    page = client.get("/providers/north-net/").content.decode()
    assert "Takes no more lists" in page
    assert "Needs attention" not in page


@pytest.mark.usefixtures("silent")
def test_the_first_page_of_a_supervisor_and_an_exporter_tells_who_stopped_pulling(
    signed_in: SignedIn,
) -> None:
    for role, page in ((Role.SUPERVISOR, "/queue/"), (Role.EXPORTER, "/export/")):
        text = _text(signed_in(role).get(page).content.decode())
        assert "north-net Has taken nothing since" in text
        assert "What was lifted since is still blocked there." in text
    for role in (Role.REVIEWER, Role.SENIOR):
        assert "north-net" not in signed_in(role).get("/queue/").content.decode()


def test_an_entry_tells_where_it_has_arrived_and_where_it_is_still_in_force(
    silent: str, site: ServeConfig, signed_in: SignedIn
) -> None:
    client = signed_in(Role.EXPORTER)
    text = _text(client.get(f"/entries/{silent}/").content.decode())
    assert "north-net · listed there since" in text
    assert "still in force there" in text
    with open_store(site.data_dir) as store:
        a_pull(store, a_token(store, "north-net").token, 2)

    assert "gone since" in _text(client.get(f"/entries/{silent}/").content.decode())
    assert "north-net" not in signed_in(Role.SENIOR).get(f"/entries/{silent}/").content.decode()


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.usefixtures("silent")
def test_hours_are_written_as_the_reader_writes_numbers(language: str, signed_in: SignedIn) -> None:
    client = signed_in(Role.AUDITOR)
    client.post("/language/", {"language": language})

    assert "2,0" in _text(client.get("/providers/").content.decode())
