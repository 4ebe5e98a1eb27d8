"""The page of the block list."""

import html
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.translation import override

from blocklist import served
from blocklist.breaker import Change, SizeError
from blocklist.guard_data import GuardDataError
from blocklist.manifest import Manifest
from blocklist.removals import HeldError, Rest
from blocklist.served import Served
from review_queue import allowances, decisions, entries
from review_queue.categories import Verdict
from review_queue.errors import ExportError
from review_queue.records import Case
from review_queue.store import Store
from review_ui.config import ServeConfig
from review_ui.deciding import DecisionForm, Officer, record
from review_ui.roles import Role
from tests.blocklist.holding import damage, lifted
from tests.review_queue.damage import emptied
from tests.review_queue.lives import an_import, taken_over
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_block, a_waiting_case

Staff = dict[Role, Officer]


@pytest.fixture
def approved(store: Store, staff: Staff) -> Case:
    """A case whose host two people want blocked."""
    case = a_waiting_case(store, "bad.example")
    allowances.allow(store, ["bad.example"])
    for role in (Role.REVIEWER, Role.SENIOR):
        record(store, staff[role], a_block(case))
    return case


def test_an_exporter_writes_the_lists(
    approved: Case, store: Store, site: ServeConfig, signed_in: SignedIn
) -> None:
    client = signed_in(Role.EXPORTER)

    response = client.post("/export/", {"formats": ["domains", "rpz"]}, follow=True)
    page = response.content.decode()

    manifest = json.loads((site.export_dir / "manifest.json").read_text("utf-8"))
    assert manifest["serial"] == 1
    assert (site.export_dir / "rpz.zone").exists()
    assert not (site.export_dir / "hosts.txt").exists()
    assert "Written with serial 1" in page
    assert manifest["formats"]["rpz"]["sha256"] in page
    assert "bad[.]example" in page
    assert "bad.example" not in page
    assert [entry.case_ref for entry in entries.live(store)] == [approved.ref]


@pytest.mark.usefixtures("approved")
def test_no_list_is_written_from_a_damaged_store(
    store: Store, site: ServeConfig, signed_in: SignedIn
) -> None:
    client = signed_in(Role.EXPORTER)
    emptied(store.path, "decisions_case")

    response = client.post("/export/", {"formats": ["domains"]})

    assert response.status_code == 503
    assert "no list is made of it" in response.content.decode()
    assert not site.export_dir.exists()


@pytest.mark.usefixtures("approved")
def test_what_was_written_is_told_once(signed_in: SignedIn) -> None:
    client = signed_in(Role.EXPORTER)
    client.post("/export/", {"formats": ["domains"]}, follow=True)

    assert "Written with serial" not in client.get("/export/").content.decode()


def test_a_block_that_waits_for_the_next_export_is_shown(
    approved: Case, signed_in: SignedIn
) -> None:
    page = signed_in(Role.SUPERVISOR).get("/export/").content.decode()

    assert "New with the next export" in page
    assert approved.ref in page
    assert "The list is empty." in page


def test_a_block_the_guard_refuses_is_shown_with_the_reason(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store, "github.io")
    for role in (Role.REVIEWER, Role.SENIOR):
        record(store, staff[role], a_block(case))

    page = (
        signed_in(Role.EXPORTER)
        .post("/export/", {"formats": ["domains"]}, follow=True)
        .content.decode()
    )

    assert "Held back" in page
    assert "It is a shared platform" in page
    assert list(entries.live(store)) == []


def test_a_corrected_decision_takes_the_name_off_the_list(
    approved: Case, store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    client = signed_in(Role.EXPORTER)
    client.post("/export/", {"formats": ["domains"]})
    mine = decisions.latest_of(store, approved.ref, staff[Role.REVIEWER].id)
    assert mine
    record(
        store,
        staff[Role.REVIEWER],
        DecisionForm(approved.ref, Verdict.DOES_NOT_VIOLATE, "A quote.", corrects=mine.id),
    )

    assert "The list is empty." in client.get("/export/").content.decode()


@pytest.mark.usefixtures("approved")
def test_no_format_is_an_error_and_writes_nothing(site: ServeConfig, signed_in: SignedIn) -> None:
    response = signed_in(Role.EXPORTER).post("/export/", {})

    assert response.status_code == 400
    assert not site.export_dir.exists()


@pytest.mark.usefixtures("approved")
def test_a_folder_that_cannot_be_written_is_said_in_words(
    site: ServeConfig, signed_in: SignedIn
) -> None:
    site.export_dir.write_text("in the way", encoding="utf-8")

    response = signed_in(Role.EXPORTER).post("/export/", {"formats": ["domains"]})

    assert response.status_code == 400
    assert "Nothing was exported" in response.content.decode()


@pytest.mark.usefixtures("approved")
def test_a_clock_that_is_right_is_told_to_the_command_which_the_page_names(
    site: ServeConfig, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "LONGEST_PAUSE", timedelta(days=-1))

    response = signed_in(Role.EXPORTER).post("/export/", {"formats": ["domains"]})

    assert response.status_code == 400
    assert "run `qalqan export` with --clock-is-right" in html.unescape(response.content.decode())
    assert not site.export_dir.exists()


def test_an_exporter_gets_no_links_to_cases(approved: Case, signed_in: SignedIn) -> None:
    page = signed_in(Role.EXPORTER).get("/export/").content.decode()

    assert approved.ref in page
    assert "/case/" not in page


@pytest.mark.usefixtures("approved")
def test_an_auditor_sees_the_list_without_the_button(signed_in: SignedIn) -> None:
    assert "Write the lists" not in signed_in(Role.AUDITOR).get("/export/").content.decode()


def test_a_list_that_changes_its_size_at_once_is_held_and_said_in_words(
    store: Store, signed_in: SignedIn
) -> None:
    an_import(store, taken_over("a0.zz-qalqan.kz"))
    client = signed_in(Role.SUPERVISOR)
    client.post("/export/", {"formats": ["domains"]})
    rows = (taken_over(f"a{n}.zz-qalqan.kz") for n in range(1, 80))
    an_import(store, *rows, sha256="b" * 64)

    response = client.post("/export/", {"formats": ["domains"]})
    page = response.content.decode()

    assert response.status_code == 400
    assert "The list would go from 1 to 80 entries at once" in page
    assert 'href="/overrides/?size=1-80#decide"' in page
    client.post("/language/", {"language": "kk"})
    assert "The list" not in client.post("/export/", {"formats": ["domains"]}).content.decode()


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("serial", "words"), [(0, "The last good one stays"), (8, "which is serial 8 now")]
)
def test_a_held_list_is_told_in_the_readers_language(serial: int, words: str) -> None:
    from review_ui import list_wording  # noqa: PLC0415  # needs Django set up

    error: ExportError = SizeError(Change(7, 98, 20, 80, 5, 100))
    if serial:
        whole = Served(Path(), b"{}", {})
        manifest = Manifest(serial, "", "", 98, {}, {})
        error = HeldError(error, Rest(whole, frozenset({"e1"})), manifest)

    with override("en"):
        told = list_wording.not_exported(error)

    assert words in told
    assert "from 100 to 20 entries" in told
    assert told.endswith("under the name 5-20.")


@pytest.mark.usefixtures("approved")
def test_with_damaged_guard_data_what_was_lifted_leaves_the_list_all_the_same(
    signed_in: SignedIn, site: ServeConfig, store: Store
) -> None:
    client = signed_in(Role.SUPERVISOR)
    client.post("/export/", {"formats": ["domains"]})
    lifted(store, "bad.example")
    damage(site.data_dir)

    response = client.post("/export/", {"formats": ["domains"]})

    assert response.status_code != 200
    assert (site.export_dir / "domains.txt").read_text() == ""


@pytest.mark.usefixtures("site")
def test_a_list_that_only_lost_entries_is_not_told_to_be_none() -> None:
    from review_ui import list_wording  # noqa: PLC0415  # needs Django set up

    rest = Rest(Served(Path(), b"{}", {}), frozenset({"e1"}))
    error = HeldError(GuardDataError("rank.txt is damaged"), rest, Manifest(8, "", "", 9, {}, {}))

    told = list_wording.not_exported(error)

    assert told == "only what was lifted has left the list, 1 in serial 8: rank[.]txt is damaged"
