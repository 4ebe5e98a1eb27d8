"""From an import to the lists and off them again: what is listed, lifted and ended, as providers read it."""

import json
from pathlib import Path

import pytest

from blocklist.canonical import line_of
from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.publish import export
from review_queue import allowances, entries, imports, lifts, renewals
from review_queue.lifts import LiftReason
from review_queue.store import Store
from tests.blocklist.approvals import approve
from tests.conftest import TickingClock
from tests.review_queue.lives import BERIK, DANA, an_import, taken_over

NAMES = tuple(f"n{number:04}.zz-qalqan.kz" for number in range(1, 9))


@pytest.fixture
def listed(store: Store) -> Store:
    """A list of what people decided and of what was taken over."""
    allowances.allow(store, ["casino.example"])
    approve(store, "casino.example")
    admit(store)
    an_import(store, *(taken_over(name, entry_id=name[:5]) for name in NAMES))
    return store


def _domains(store: Store, out: Path) -> list[str]:
    export(store, out, ["domains"], actor="test")
    return (out / "domains.txt").read_text("ascii").splitlines()


def test_what_was_taken_over_stands_in_every_format_beside_what_people_decided(
    listed: Store, tmp_path: Path
) -> None:
    manifest = export(listed, tmp_path, tuple(FORMATS), actor="test")

    assert manifest.entries == 9
    lines = (tmp_path / "entries.jsonl").read_text("ascii").splitlines()
    assert lines == [line_of(entry) for entry in entries.live(listed)]
    row = json.loads(lines[1])
    assert (row["case"], row["people"], row["papers"]) == ("", 2, ["Order 7 of 2026-01-31"])
    for name in ("domains.txt", "rpz.zone"):
        assert NAMES[0] in (tmp_path / name).read_text("ascii")


def test_what_was_lifted_is_on_no_list_from_the_next_export_on(
    listed: Store, tmp_path: Path
) -> None:
    assert NAMES[0] in _domains(listed, tmp_path)
    lifts.lift(listed, NAMES[0][:5], DANA, LiftReason.APPEAL)
    admit(listed)

    export(listed, tmp_path, tuple(FORMATS), actor="test")

    for path in (tmp_path / "current").iterdir():
        if path.name not in ("changes.jsonl", "manifest.json"):
            assert NAMES[0].encode() not in path.read_bytes(), path.name


def test_a_block_people_decided_stays_lifted_however_often_lists_are_made(
    listed: Store, tmp_path: Path
) -> None:
    entry = next(entry for entry in entries.live(listed) if entry.case_ref)
    lifts.lift(listed, entry.id, DANA, LiftReason.APPEAL)
    for _ in range(2):
        assert admit(listed).admitted == ()
        assert "casino.example" not in _domains(listed, tmp_path)


def test_what_has_ended_is_lifted_by_an_export_and_what_was_renewed_is_not(
    listed: Store, tmp_path: Path, clock: TickingClock
) -> None:
    clock.move(days=700)
    for person in (DANA, BERIK):
        renewals.sign(listed, NAMES[0][:5], person, "It is still there.")
    clock.move(days=31)

    assert _domains(listed, tmp_path) == [NAMES[0]]
    assert len(lifts.since(listed, "")) == 8
    assert {each.reason for each in lifts.since(listed, "")} == {LiftReason.EXPIRED}


def test_a_withdrawn_import_is_on_no_list_from_the_next_export_on(
    listed: Store, tmp_path: Path
) -> None:
    imports.withdraw(listed, 1, DANA, "Another country's.")

    assert _domains(listed, tmp_path) == ["casino.example"]
