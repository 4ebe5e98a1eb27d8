"""A publication where nothing has changed, where much has, and where what is served or the clock speaks against it."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from blocklist import heartbeat, served, sign, snapshots
from blocklist.consumers import CONSUMERS
from blocklist.gate import Gate, GateError
from blocklist.publication import Outcome, Publication, Verify, Wanted, publish
from blocklist.publish import VALID_FOR, export
from blocklist.served import ClockError, OlderStoreError, OtherKeyError
from blocklist.signers import Signers
from review_queue import allowances, audit
from review_queue.allowances import AllowancesError
from review_queue.categories import Category, Scope
from review_queue.errors import ExportError
from review_queue.store import Store, open_store
from tests.blocklist.holding import said
from tests.blocklist.publications import approve_real, host, listed, signers_at, stand_in
from tests.conftest import TickingClock

FORMATS = ("rpz", "hosts")
UNPROVED = Wanted(FORMATS, verify=Verify.NONE)


def published(
    store: Store, out: Path, signers: Signers, wanted: Wanted = UNPROVED, gate: Gate | None = None
) -> Publication:
    return publish(store, out, wanted, actor="test", signers=signers, gate=gate or Gate({}))


def actions(store: Store) -> list[str]:
    return [row.action for row in reversed(audit.rows(store)) if row.action.startswith("list.")]


def test_nothing_changed_is_signed_and_takes_no_serial(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    first = published(filled, out, signers)
    before = {path: path.read_bytes() for path in (out / "current").iterdir()}
    clock.move(hours=1)

    second = published(filled, out, signers)

    assert (first.outcome, second.outcome) == (Outcome.PUBLISHED, Outcome.HEARTBEAT)
    assert (first.serial, second.serial) == (1, 1)
    after = {path: path.read_bytes() for path in (out / "current").iterdir()}
    assert {path.name for path in before if before[path] != after[path]} == {"heartbeat.minisig"}
    assert said(out, signers) == second.not_after > first.not_after
    assert said(out, signers, name=sign.MINISIGN_NAME) == first.not_after
    assert [path.name for path in (out / "snapshots").iterdir()] == ["0000000001"]
    assert actions(filled) == ["list.proved", "list.exported", "list.heartbeat"]


def test_a_change_takes_a_new_serial_and_brings_a_heartbeat_of_its_own(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    clock.move(hours=1)
    published(filled, out, signers)
    approve_real(filled, host(9))

    third = published(filled, out, signers)

    assert (third.outcome, third.serial) == (Outcome.PUBLISHED, 2)
    assert len(third.admitted.admitted) == 1
    assert said(out, signers) == third.not_after


def test_a_reader_of_the_manifest_alone_has_a_fresh_one_in_time(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    clock.move(seconds=VALID_FOR.total_seconds() / 2 - 60)
    assert published(filled, out, signers).outcome is Outcome.HEARTBEAT
    clock.move(minutes=2)

    assert published(filled, out, signers).serial == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(UNPROVED, formats=("rpz", "hosts", "domains")),
        replace(UNPROVED, program="2.0"),
        replace(UNPROVED, verify=Verify.LOCAL),
        replace(UNPROVED, parts=(Category.VIOLENCE,)),
        replace(UNPROVED, is_clock_right=True),
    ],
    ids=["format", "program", "verify", "part", "clock"],
)
def test_what_else_a_reader_would_miss_takes_a_new_serial(
    filled: Store, tmp_path: Path, signers: Signers, other: Wanted
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)

    assert published(filled, out, signers, other).serial == 2


def test_parts_have_heartbeats_of_their_own(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    wanted = replace(UNPROVED, parts=(Category.VIOLENCE, Category.SELF_HARM))
    published(filled, out, signers, wanted)
    clock.move(hours=1)

    second = published(filled, out, signers, wanted)

    assert second.outcome is Outcome.HEARTBEAT
    for part in ("part-violence", "part-self_harm"):
        assert said(out, signers, part=part) == second.not_after


def test_without_a_key_nothing_is_written_when_nothing_changed(
    filled: Store, tmp_path: Path
) -> None:
    out = tmp_path / "lists"
    first = published(filled, out, Signers())

    second = published(filled, out, Signers())

    assert (second.outcome, second.serial) == (Outcome.UNCHANGED, 1)
    assert second.not_after == first.not_after


def test_a_list_that_was_changed_gets_no_heartbeat_but_a_new_serial(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    (out / "current" / "hosts.txt").write_text("0.0.0.0 egov.kz\n")

    second = published(filled, out, signers)

    assert second.serial == 2
    assert second.told == ("hosts.txt is not the file the manifest names",)
    assert published(filled, out, signers).told == ()


def test_a_manifest_that_was_changed_is_told_by_the_store_and_by_its_signature(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    path = out / "current" / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"entries": 3', b'"entries": 4', 1))

    told = published(filled, out, signers).told

    assert "not the one that was published" in told[0]
    assert "does not verify" in told[1]


def test_a_store_that_knows_less_than_what_is_served_is_refused(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    approve_real(filled, host(9))
    published(filled, out, signers)
    before = (out / "current").resolve()

    with open_store(tmp_path / "copy", clock=clock) as older:
        with pytest.raises(OlderStoreError, match=r"serial 2 is served, .* none above 1"):
            published(older, out, signers)
        assert (out / "current").resolve() == before
        known = published(older, out, signers, replace(UNPROVED, is_restored=True))

    assert known.serial == 3


@pytest.mark.parametrize("exports", [1, 2, 3])
def test_a_restored_store_that_has_exported_since_is_still_refused(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock, exports: int
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    for number in (9, 10):
        approve_real(filled, host(number))
        published(filled, out, signers)
    before = (out / "current").resolve()

    with open_store(tmp_path / "copy", clock=clock) as older:
        for number in range(exports):
            export(older, tmp_path / f"compare{number}", ("hosts",), actor="test")
        with pytest.raises(OlderStoreError, match=r"serial 3 is served, .* --restored --as USER"):
            published(older, out, signers)
        assert (out / "current").resolve() == before
        known = published(older, out, signers, replace(UNPROVED, is_restored=True))
        again = published(older, out, signers)

    assert known.serial > 3
    assert again.outcome is Outcome.HEARTBEAT


def test_a_clock_that_went_back_is_refused_until_somebody_says_it_is_right(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    clock.move(days=20)
    published(filled, out, signers)
    clock.move(days=-20)

    with pytest.raises(ClockError, match="Set the clock"):
        published(filled, out, signers)
    done = published(filled, out, signers, replace(UNPROVED, is_clock_right=True))

    assert done.serial == 2
    assert json.loads((out / "manifest.json").read_bytes())["created"] < "2026-11-02"


def test_a_clock_that_went_back_is_seen_by_the_store_where_the_folder_is_new(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    clock.move(days=1)
    published(filled, tmp_path / "one", signers)
    clock.move(days=-1)

    with pytest.raises(ClockError):
        published(filled, tmp_path / "two", signers)


def test_a_heartbeat_never_says_less_than_the_one_before(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    clock.move(hours=2)
    until = published(filled, out, signers).not_after
    clock.move(hours=-1)

    with pytest.raises(ClockError, match=f"said to hold until {until}"):
        published(filled, out, signers)
    assert said(out, signers) == until


def test_a_heartbeat_of_a_list_that_was_replaced_meanwhile_is_refused(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    old = served.served(out)
    assert old
    approve_real(filled, host(9))
    published(filled, out, signers)
    before = said(out, signers)

    with pytest.raises(ExportError, match="meanwhile"):
        heartbeat.renew(out, old, signers, valid_for=VALID_FOR)
    assert said(out, signers) == before


def test_another_key_or_none_is_refused_until_somebody_says_it_is_new(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    other = replace(signers_at(tmp_path / "other"), clock=clock)
    published(filled, out, signers)

    with pytest.raises(OtherKeyError, match="and this one is signed with another"):
        published(filled, out, other)
    with pytest.raises(OtherKeyError, match="has no signature of this kind"):
        published(filled, out, Signers(clock=clock))
    done = published(filled, out, other, replace(UNPROVED, is_new_key=True))

    assert (done.serial, done.told) == (2, ())
    assert said(out, other) == done.not_after
    with pytest.raises(OtherKeyError):
        published(filled, out, signers)


def test_a_first_key_needs_no_word(filled: Store, tmp_path: Path, signers: Signers) -> None:
    out = tmp_path / "lists"
    published(filled, out, Signers(clock=signers.clock))

    done = published(filled, out, signers)

    assert (done.outcome, done.serial) == (Outcome.PUBLISHED, 2)


def test_a_store_with_allowances_is_not_published_from(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    allowances.allow(filled, ["casino.example"])

    with pytest.raises(AllowancesError, match="a demo's or a test's"):
        published(filled, tmp_path / "lists", signers)

    assert not (tmp_path / "lists").exists()


def test_expired_blocks_are_lifted_but_not_by_a_clock_that_jumped_ahead(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    clock.move(days=365 * 5)

    with pytest.raises(ClockError, match="entries would expire before their time"):
        published(filled, out, signers)
    assert audit.of_action(filled, "entry.lifted") == []
    done = published(filled, out, signers, replace(UNPROVED, is_clock_right=True))

    assert len(done.lifted) == 3
    assert json.loads((out / "manifest.json").read_bytes())["entries"] == 0


def test_what_a_consumer_gets_wrong_is_on_record_and_the_last_list_stays(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    if reason := CONSUMERS["dnsmasq"].why_not_here():
        pytest.skip(reason)
    out = tmp_path / "lists"
    gate = Gate({"dnsmasq": CONSUMERS["dnsmasq"]})
    wanted = replace(UNPROVED, verify=Verify.LOCAL)
    published(filled, out, signers, wanted, gate)
    approve_real(filled, host(9))
    before = (out / "current").resolve()

    held = published(filled, out, signers, wanted, replace(gate, always="canary-zz-qalqan.kz"))

    assert (out / "current").resolve() == before
    assert (held.outcome, held.serial, held.proofs) == (Outcome.HELD, 1, ())
    assert isinstance(held.held, GateError)
    assert actions(filled)[-2:] == ["list.refused", "list.heartbeat"]
    row = audit.of_action(filled, "list.refused")[-1]
    assert "canary-zz-qalqan[.]kz" in row.detail["reason"]
    proved = audit.of_action(filled, "list.proved")[-1].detail
    assert proved["checks"][0]["outcome"] == "proved"
    assert proved["keys"] == dict(signers.keys)
    assert json.loads((out / "proofs.json").read_bytes())["not_proved"] == ["rpz"]


def test_a_consumer_that_does_not_load_the_list_keeps_it_from_being_published(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    out = tmp_path / "lists"
    wanted = replace(UNPROVED, verify=Verify.LOCAL)

    with pytest.raises(GateError, match=r"Stand-in .*got rpz\.zone wrong: .*it ended"):
        published(filled, out, signers, wanted, stand_in("false"))

    assert not (out / "current").exists()
    assert actions(filled) == ["list.refused"]


def test_proofs_are_made_of_each_part_as_well(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    if reason := CONSUMERS["dnsmasq"].why_not_here():
        pytest.skip(reason)
    listed(filled, "wide-zz-qalqan.kz", scope=Scope.DOMAIN)
    wanted = Wanted(("dnsmasq",), parts=(Category.SELF_HARM, Category.VIOLENCE))
    gate = Gate({"dnsmasq": CONSUMERS["dnsmasq"]})

    done = published(filled, tmp_path / "lists", signers, wanted, gate)

    blocked = {each.part: each.blocked for each in done.proofs}
    assert blocked == {"": 5, "self_harm": 0, "violence": 5}


def test_a_folder_with_another_manifest_is_refused(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    folder = snapshots.current(out)
    assert folder
    (folder / "manifest.json").write_text("<html>")

    with pytest.raises(ExportError, match="not a manifest of ours"):
        published(filled, out, signers)


def test_the_store_remembers_the_manifest_that_was_signed(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)

    digest = hashlib.sha256((out / "manifest.json").read_bytes()).hexdigest()

    row = audit.of_action(filled, "list.exported")[-1]
    assert row.detail["manifest_sha256"] == digest
