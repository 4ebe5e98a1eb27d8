"""A list that is held and from which nothing was lifted is said to hold; and what holds a lift nevertheless."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from blocklist import sign
from blocklist.gate import ConsumerMissingError, Gate, GateError
from blocklist.guard_data import GuardDataError
from blocklist.publication import Outcome
from blocklist.publish import VALID_FOR, export
from blocklist.removals import StillBlockedError
from blocklist.served import ClockError, OtherKeyError
from blocklist.signers import Signers
from review_queue import allowances, audit, imports
from review_queue.store import Store, open_store
from tests.blocklist.holding import (
    PART,
    PROVED,
    UNPROVED,
    damage,
    lifted,
    names_in,
    published,
    removed_in,
    said,
)
from tests.blocklist.publications import approve_real, host, signers_at, stand_in
from tests.conftest import TickingClock
from tests.review_queue.lives import DANA, an_import, taken_over


def test_where_nothing_was_lifted_a_held_list_is_said_to_hold(
    filled: Store, out: Path, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    first = published(filled, out, signers)
    approve_real(filled, host(9))
    damage(tmp_path / "data")
    clock.move(hours=1)

    done = published(filled, out, signers)

    assert (done.outcome, done.serial) == (Outcome.HELD, 1)
    assert isinstance(done.held, GuardDataError)
    assert said(out, signers) == said(out, signers, PART) == done.not_after > first.not_after
    assert done.manifest.as_json() == json.loads((out / "manifest.json").read_bytes())
    assert names_in(out) == [*map(host, range(3))]
    clock.move(seconds=VALID_FOR.total_seconds() / 2)
    anew = published(filled, out, signers)
    assert (anew.outcome, anew.serial, anew.gone) == (Outcome.REMOVALS, 2, 0)
    assert removed_in(out) == {}


def test_without_a_key_a_held_list_is_an_error_as_nothing_says_that_it_holds(
    filled: Store, out: Path, tmp_path: Path
) -> None:
    published(filled, out, Signers())
    damage(tmp_path / "data")

    with pytest.raises(GuardDataError):
        published(filled, out, Signers())
    lifted(filled, host(0))
    assert published(filled, out, Signers()).outcome is Outcome.REMOVALS


def test_what_no_program_loads_is_not_published_and_the_lift_that_waits_is_told_of(
    filled: Store, out: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))
    before = (out / "current").resolve(), said(out, signers)

    with pytest.raises(StillBlockedError, match=r"stay blocked, 1 in all: Stand-in") as failed:
        published(filled, out, signers, PROVED, stand_in("false"))

    assert isinstance(failed.value.failed, GateError)
    assert before == ((out / "current").resolve(), said(out, signers))
    assert "stay blocked" in audit.of_action(filled, "list.refused")[-1].detail["reason"]


def test_a_program_that_is_required_and_not_here_holds_the_lift_as_well(
    filled: Store, out: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    wanted = replace(PROVED, require=("bind",))
    gate = stand_in("no-such-program")

    held = published(filled, out, signers, wanted, gate)
    lifted(filled, host(1))
    with pytest.raises(StillBlockedError, match="is required, and"):
        published(filled, out, signers, wanted, gate)

    assert held.outcome is Outcome.HELD
    assert isinstance(held.held, ConsumerMissingError)
    assert names_in(out) == [*map(host, range(3))]


@pytest.mark.parametrize("is_held_before", [False, True])
def test_a_canary_that_is_lifted_or_mistyped_holds_what_is_new_and_no_lift(
    filled: Store, out: Path, tmp_path: Path, signers: Signers, *, is_held_before: bool
) -> None:
    gate = Gate({}, always=host(1))
    published(filled, out, signers, PROVED, gate)
    lifted(filled, host(1))
    if is_held_before:
        damage(tmp_path / "data")
    else:
        approve_real(filled, host(9))

    done = published(filled, out, signers, PROVED, gate)
    again = published(filled, out, signers, PROVED, gate)

    assert (done.outcome, done.gone) == (Outcome.REMOVALS, 1)
    assert isinstance(done.held, GuardDataError if is_held_before else GateError)
    assert again.outcome is Outcome.HELD
    assert names_in(out) == [host(0), host(2)]


def test_a_list_that_was_only_exported_is_never_signed_by_a_hold(
    filled: Store, out: Path, signers: Signers
) -> None:
    export(filled, out, ["hosts"], actor="test")
    lifted(filled, host(1))
    allowances.allow(filled, ["casino.example"])

    with pytest.raises(allowances.AllowancesError):
        published(filled, out, signers)

    assert not (out / sign.MINISIGN_NAME).exists()


@pytest.mark.parametrize("where", ["entries.jsonl", "manifest.json"])
def test_a_list_that_is_not_as_it_was_made_is_not_built_on(
    filled: Store, out: Path, tmp_path: Path, signers: Signers, where: str
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))
    path = out / "current" / where
    path.write_bytes(path.read_bytes().replace(host(0).encode(), host(8).encode()) + b" ")
    before = said(out, signers) if where == "entries.jsonl" else ""
    damage(tmp_path / "data")

    with pytest.raises(GuardDataError):
        published(filled, out, signers)

    assert (out / "current").resolve().name == "0000000001"
    if before:
        assert said(out, signers) == before


def test_a_format_that_was_changed_is_mended_though_the_list_is_held(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    (out / "current" / "hosts.txt").write_text("0.0.0.0 egov.kz\n")
    damage(tmp_path / "data")

    done = published(filled, out, signers)

    assert (done.outcome, done.gone) == (Outcome.REMOVALS, 0)
    assert done.told == ("hosts.txt is not the file the manifest names",)
    assert names_in(out) == [*map(host, range(3))]


def test_a_wrong_clock_and_another_key_hold_lifts_and_heartbeats_too(
    filled: Store, out: Path, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))
    damage(tmp_path / "data")
    before = (out / "current").resolve(), said(out, signers)

    with pytest.raises(OtherKeyError):
        published(filled, out, replace(signers_at(tmp_path / "other"), clock=clock))
    clock.move(days=-1)
    with pytest.raises(ClockError):
        published(filled, out, signers)

    assert before == ((out / "current").resolve(), said(out, signers))


def test_a_store_that_knows_nothing_of_the_list_takes_nothing_off(
    filled: Store, out: Path, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    published(filled, out, signers)
    with open_store(tmp_path / "fresh", clock=clock) as fresh:
        damage(tmp_path / "fresh")

        with pytest.raises(GuardDataError):
            published(fresh, out, signers, replace(UNPROVED, is_restored=True))

    assert names_in(out) == [*map(host, range(3))]


def test_lifts_that_left_while_a_list_was_held_make_it_no_smaller_to_the_breaker(
    out: Path, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    """From 300 entries to 235, 150 of them lifted: without the hold in between nobody would have to sign for it."""
    names = [f"n{number:04}.zz-qalqan.kz" for number in range(385)]
    with open_store(tmp_path / "data", clock=clock) as store:
        one, other, new = (
            [taken_over(name, entry_id=f"id-{name}") for name in names[first:last]]
            for first, last in ((0, 150), (150, 300), (300, 385))
        )
        first = an_import(store, *one)
        an_import(store, *other, sha256="b" * 64)
        published(store, out, signers)
        imports.withdraw(store, first, DANA, "The file was another one.")
        bad = damage(tmp_path / "data")
        assert published(store, out, signers).gone == 150
        an_import(store, *new, sha256="c" * 64)
        assert published(store, out, signers).outcome is Outcome.HELD
        bad.unlink()

        done = published(store, out, signers)

    assert (done.outcome, done.manifest.entries) == (Outcome.PUBLISHED, 235)


def test_a_list_that_was_changed_and_cannot_be_mended_is_not_said_to_hold(
    filled: Store, out: Path, signers: Signers, clock: TickingClock
) -> None:
    gate = stand_in("false")
    published(filled, out, signers)
    (out / "current" / "hosts.txt").write_text("0.0.0.0 egov.kz\n")
    before = said(out, signers)
    clock.move(hours=1)

    with pytest.raises(GateError):
        published(filled, out, signers, PROVED, gate)

    assert said(out, signers) == before


def test_what_a_store_has_lost_was_not_lifted_and_stays(
    filled: Store, out: Path, tmp_path: Path, signers: Signers
) -> None:
    published(filled, out, signers)
    lifted(filled, host(1))
    damage(tmp_path / "data")
    filled.db.conn.executescript(
        "PRAGMA foreign_keys = OFF; DROP TRIGGER entries_no_delete;"
        f"DELETE FROM entries WHERE name = '{host(0)}'"
    )

    assert published(filled, out, signers).gone == 1

    assert names_in(out) == [host(0), host(2)]
