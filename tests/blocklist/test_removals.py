"""What was lifted leaves the list whatever holds it, and nothing comes in."""

import errno
import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from blocklist import breaker, canonical, changes, guard_data, removals, snapshots
from blocklist.entries import admit
from blocklist.gate import GateError
from blocklist.guard_data import GuardDataError, Kind
from blocklist.publication import Outcome
from blocklist.publish import export
from blocklist.removals import HeldError, StillBlockedError
from blocklist.served import ClockError, OtherKeyError
from blocklist.signers import Signers
from review_queue import (
    allowances,
    audit,
    decisions,
    entries,
    holds,
    imports,
    overrides,
    publications,
    renewals,
)
from review_queue.categories import Category, Scope
from review_queue.errors import ExportError
from review_queue.overrides import Guard
from review_queue.records import Decision
from review_queue.store import Store, open_store
from tests.blocklist.approvals import PEOPLE, agree, case_of, decided, lift
from tests.blocklist.holding import (
    PART,
    PROVED,
    UNPROVED,
    damage,
    lifted,
    names_in,
    picky,
    published,
    removed_in,
    said,
)
from tests.blocklist.publications import approve_real, host, listed
from tests.blocklist.samples import entry
from tests.blocklist.test_judging import TODAY
from tests.conftest import TickingClock
from tests.review_queue.lives import BERIK, DANA, an_import, taken_over


def test_with_damaged_guard_data_a_lift_leaves_every_list_and_nothing_comes_in(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    gone = lifted(filled, host(1))
    approve_real(filled, host(9))
    damage(tmp_path / "data")

    done = published(filled, out, signers)

    assert (done.outcome, done.serial, done.gone) == (Outcome.REMOVALS, 2, 1)
    assert isinstance(done.held, GuardDataError)
    assert names_in(out) == names_in(out, PART) == [host(0), host(2)]
    assert removed_in(out) == removed_in(out, PART) == {gone: "appeal"}
    assert said(out, signers) == said(out, signers, PART) == done.not_after
    assert json.loads((out / "manifest.json").read_bytes())["serial"] == 2
    assert audit.of_action(filled, "list.held")[-1].subject == "2"
    assert "rank.txt is damaged" in audit.of_action(filled, "list.refused")[-1].detail["reason"]


def test_what_is_mended_lists_what_waited(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))
    approve_real(filled, host(9))
    bad = damage(tmp_path / "data")
    published(filled, out, signers)
    bad.unlink()

    done = published(filled, out, signers)

    assert (done.outcome, done.serial, done.held) == (Outcome.PUBLISHED, 3, None)
    assert names_in(out) == [host(0), host(2), host(9)]


def test_since_when_nothing_new_is_published_is_told_until_it_is_again(
    filled: Store, out: Path, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    published(filled, out, signers)
    assert publications.hold(filled) is None
    approve_real(filled, host(9))
    bad = damage(tmp_path / "data")
    published(filled, out, signers)  # a heartbeat of what is served does not end it
    first = publications.hold(filled)
    clock.move(hours=2)
    lifted(filled, host(1))
    assert (
        published(filled, out, signers).outcome is Outcome.REMOVALS
    )  # nor does a list of removals
    again = publications.hold(filled)
    bad.unlink()
    published(filled, out, signers)

    assert first is not None
    assert again is not None
    assert (again.since, bad.name in again.reason) == (first.since, True)
    assert publications.hold(filled) is None


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_hold_is_over_where_what_was_refused_is_wanted_no_more(
    filled: Store,
    out: Path,
    signers: Signers,
    is_signed: bool,  # noqa: FBT001
) -> None:
    keys = signers if is_signed else Signers()
    gate = picky(host(9))
    published(filled, out, keys, PROVED, gate)
    approve_real(filled, host(9))
    with nullcontext() if is_signed else pytest.raises(GateError):
        published(filled, out, keys, PROVED, gate)
    assert publications.hold(filled) is not None
    lifted(filled, host(9))

    done = published(filled, out, keys, PROVED, gate)

    assert done.held is None
    assert publications.hold(filled) is None


def test_the_size_of_what_is_left_is_nobodys_to_sign(
    filled: Store, out: Path, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))

    def too_much(*_: object) -> None:
        raise ExportError("nothing was published: the list would shrink")

    monkeypatch.setattr(breaker, "check", too_much)

    assert published(filled, out, signers).outcome is Outcome.REMOVALS


def test_that_everything_is_held_is_told_too(filled: Store, out: Path, signers: Signers) -> None:
    published(filled, out, signers)

    with pytest.raises(OtherKeyError):
        published(filled, out, Signers())

    first = publications.hold(filled)
    assert first is not None
    assert "this one has no signature" in first.reason
    publications.record_refused(filled, actor="test", reason="the last of them")
    again = publications.hold(filled)
    assert again is not None
    assert (again.since, again.reason) == (first.since, "the last of them")
    published(filled, out, signers)
    assert publications.hold(filled) is None


def test_by_a_clock_that_is_wrong_nothing_is_dated(
    filled: Store, out: Path, signers: Signers, clock: TickingClock
) -> None:
    published(filled, out, signers)
    before = audit.newest_at(filled)
    clock.move(days=400)

    with pytest.raises(ClockError):
        published(filled, out, signers)

    assert audit.newest_at(filled) == before


def test_where_there_is_no_room_what_was_lifted_is_said_to_stay_blocked(
    filled: Store, out: Path, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(snapshots, "sync", full)
    with pytest.raises(StillBlockedError, match="lifted stay blocked, 1 in all: no room left"):
        published(filled, out, signers)

    hold = publications.hold(filled)
    assert hold is not None
    assert "no room left" in hold.reason


def test_a_new_entry_that_a_program_refuses_does_not_hold_a_lift(
    filled: Store, out: Path, signers: Signers
) -> None:
    gate = picky(host(9))
    published(filled, out, signers, PROVED, gate)
    approve_real(filled, host(9))
    lifted(filled, host(1))

    done = published(filled, out, signers, PROVED, gate)

    assert done.outcome is Outcome.REMOVALS
    assert isinstance(done.held, GateError)
    assert {each.outcome for each in done.proofs} == {"proved"}
    assert names_in(out) == names_in(out, PART) == [host(0), host(2)]
    assert json.loads((out / "proofs.json").read_bytes())["serial"] == 2
    assert holds.serials(filled) == {2}


def test_what_may_be_listed_by_the_settings_of_a_demo_holds_no_lift(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))
    agree(filled, case_of(filled, "casino.example"), "casino.example", Scope.HOST, people=3)

    done = published(filled, out, signers)

    assert done.outcome is Outcome.REMOVALS
    assert names_in(out) == [host(0), host(2)]
    with pytest.raises(allowances.AllowancesError):
        published(filled, tmp_path / "elsewhere", signers)


def test_what_was_lifted_and_decided_again_waits_with_all_that_is_new(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    old = lifted(filled, host(1))
    decided(filled, case_of(filled, host(1)), host(1), Scope.HOST, PEOPLE[3:5])
    (again,) = admit(filled).admitted
    damage(tmp_path / "data")

    published(filled, out, signers)

    assert (again.name, again.id == old) == (host(1), False)
    assert again in entries.live(filled)
    assert removed_in(out) == {old: "appeal"}
    assert names_in(out) == [host(0), host(2)]


def test_an_entry_that_was_renewed_stands_as_it_stood(
    filled: Store, out: Path, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    published(filled, out, signers)
    first, *_ = lines = (out / "entries.jsonl").read_text().splitlines()
    renewed = json.loads(first)
    clock.move(days=20)
    for person in (DANA, BERIK):
        renewals.sign(filled, renewed["id"], person, "It is still there.")
    (now,) = (each for each in entries.live(filled) if each.id == renewed["id"])
    assert now.expires_at > renewed["expires_at"]
    lifted(filled, host(2))
    damage(tmp_path / "data")

    published(filled, out, signers)

    assert (out / "entries.jsonl").read_text().splitlines() == lines[:2]


def test_a_category_that_is_asked_for_since_has_what_the_whole_list_had(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    approve_real(filled, host(7), category=Category.SELF_HARM)
    published(filled, out, signers)
    approve_real(filled, host(8), category=Category.SELF_HARM)
    lifted(filled, host(1))
    damage(tmp_path / "data")

    both = replace(UNPROVED, parts=(Category.VIOLENCE, Category.SELF_HARM))
    done = published(filled, out, signers, both)

    assert done.outcome is Outcome.REMOVALS
    assert names_in(out, "part-self_harm") == [host(7)]
    assert names_in(out, PART) == [host(0), host(2)]


def test_the_formats_stay_those_that_were_served(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))
    damage(tmp_path / "data")

    done = published(filled, out, signers, replace(UNPROVED, formats=("domains",)))

    assert {*done.manifest.formats} == {"hosts", "rpz"}


def _decisions(store: Store, case_ref: str) -> list[Decision]:
    return [each for each in decisions.of_case(store, case_ref) if each.reviewer in PEOPLE[:3]]


def test_whatever_ended_an_entry_takes_it_off(
    out: Path, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    with open_store(tmp_path / "data", clock=clock) as store:
        listed(store, host(0), host(1))
        withdrawn = an_import(store, taken_over(host(2), entry_id="imported"))
        short = replace(
            taken_over(host(3), entry_id="short"), expires_at="2026-11-03T00:00:00.000Z"
        )
        an_import(store, short, sha256="b" * 64)
        rows = tmp_path / "rows.txt"
        rows.write_text(f"{host(4)}\n")
        guard_data.update(tmp_path / "data", Kind.RANK, rows, TODAY, today=TODAY, may_shrink=True)
        override = overrides.ask(store, Guard.RANK, Scope.HOST, host(4), DANA, "It is known.")
        overrides.sign(store, override, BERIK)
        approve_real(store, host(4))
        published(store, out, signers)
        assert len((out / "entries.jsonl").read_text().splitlines()) == 5
        ids = {each.name: each.id for each in entries.live(store)}
        (case_ref,) = (each.case_ref for each in entries.live(store) if each.name == host(1))
        for decision in _decisions(store, case_ref)[:2]:
            lift(store, decision)
        imports.withdraw(store, withdrawn, DANA, "The file was another one.")
        overrides.withdraw(store, override, DANA, "It is not.")
        damage(tmp_path / "data")
        clock.move(days=3)

        done = published(store, out, signers)

    assert done.outcome is Outcome.REMOVALS
    assert removed_in(out) == {
        ids[host(1)]: "withdrawn",
        "imported": "withdrawn",
        "short": "expired",
        ids[host(4)]: "withdrawn",
    }
    assert names_in(out) == [host(0)]


def test_the_last_entry_leaves_as_well(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    for number in range(3):
        lifted(filled, host(number))
    damage(tmp_path / "data")

    assert published(filled, out, signers).outcome is Outcome.REMOVALS

    assert names_in(out) == []


def test_a_plain_export_takes_off_what_was_lifted_too(
    filled: Store, out: Path, tmp_path: Path
) -> None:
    export(filled, out, ["hosts"], actor="test")
    damage(tmp_path / "data")
    with pytest.raises(GuardDataError):
        export(filled, out, ["hosts"], actor="test")
    lifted(filled, host(1))
    approve_real(filled, host(9))

    with pytest.raises(
        HeldError, match=r"has left the list, 1 in serial 2: .*rank\.txt is damaged"
    ):
        export(filled, out, ["hosts"], actor="test")

    assert names_in(out) == [host(0), host(2)]
    assert entries.last_serial(filled) == 2


def test_a_list_that_is_only_to_lose_entries_is_refused_with_a_new_one(
    filled: Store, out: Path, tmp_path: Path
) -> None:
    """The last look at it, whatever was given to be written."""
    export(filled, out, ["hosts"], actor="test")
    removals.check_nothing_new(_with_changes(tmp_path / "a", come="gone"))
    with pytest.raises(ExportError, match="1 entries would be new in a list that is only to lose"):
        removals.check_nothing_new(_with_changes(tmp_path / "b", come="another"))
    with pytest.raises(ExportError, match="is not known"):
        removals.check_nothing_new(tmp_path / "none")


def _with_changes(folder: Path, *, come: str) -> Path:
    """A folder with a file of changes in which the entry `gone` goes and `come` comes."""
    folder.mkdir()
    line = canonical.line_of(replace(entry(host(1)), id=come))
    head = {"schema": changes.SCHEMA, "from": 1, "to": 2, "removed": 1, "added": 1}
    went = changes.removal((host(1), Scope.HOST, "gone"), "changed")
    (folder / changes.FILE_NAME).write_text(f"{json.dumps(head)}\n{went}\n{line}\n")
    return folder
