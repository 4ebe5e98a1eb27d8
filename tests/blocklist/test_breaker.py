"""A list that changes in size as none should is held until two people say it is right; a lift never holds it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocklist import breaker, guard_data
from blocklist.breaker import Change, SizeError
from blocklist.entries import admit
from blocklist.guard_data import Kind
from blocklist.publish import export
from blocklist.removals import HeldError
from review_queue import decisions, entries, lifts, overrides
from review_queue.categories import Scope
from review_queue.lifts import LiftReason
from review_queue.overrides import LIST, Guard
from review_queue.records import Decision
from review_queue.store import Store, open_store
from tests.blocklist.approvals import PEOPLE, agree, case_of, lift
from tests.blocklist.test_judging import SIGNERS, TODAY


def change(before: int, after: int, unexplained: int = 0) -> Change:
    return Change(7, before, after, unexplained)


@pytest.mark.parametrize(
    ("before", "after", "unexplained", "words"),
    [
        (1000, 1000, 0, ""),
        (1000, 1200, 0, ""),
        (1000, 1201, 0, "would grow"),
        (100, 150, 0, ""),
        (100, 151, 0, "would grow"),
        (0, 50, 0, ""),
        (0, 51, 0, "would grow"),
        (1000, 800, 200, ""),
        (1000, 799, 201, "would shrink"),
        (1000, 1000, 201, "would shrink"),  # as many new ones beside them
        (60, 10, 50, ""),
        (1000, 100, 0, ""),  # all lifted
        (1000, 0, 0, ""),
        (3, 0, 3, "would be empty"),
        (3, 0, 1, "would be empty"),
        (0, 0, 0, ""),
    ],
)
def test_what_is_held_and_what_is_not(
    before: int, after: int, unexplained: int, words: str
) -> None:
    complaint = change(before, after, unexplained).complaint()

    assert words in complaint
    assert bool(complaint) == bool(words)


def signed(store: Store, name: str, *, people: int = 2) -> str:
    """An override of the breaker that so many people have signed."""
    override_id = overrides.ask(store, Guard.SIZE, LIST, name, SIGNERS[0], "A court's whole list.")
    if people > 1:
        overrides.sign(store, override_id, SIGNERS[1])
    return override_id


@pytest.mark.parametrize(
    ("name", "people", "is_right"),
    [
        ("7-600", 2, True),
        ("7-640", 2, True),  # about as large
        ("7-600", 1, False),
        ("8-600", 2, False),
        ("7-1000", 2, False),
    ],
)
def test_two_people_sign_for_one_serial_and_one_size(
    store: Store, name: str, people: int, *, is_right: bool
) -> None:
    grown = change(100, 600)
    with pytest.raises(SizeError, match="--guard size --scope list --name 7-600"):
        breaker.check(store, grown)
    override_id = signed(store, name, people=people)

    if is_right:
        breaker.check(store, grown)
        overrides.withdraw(store, override_id, SIGNERS[0], "It is not.")
    with pytest.raises(SizeError):
        breaker.check(store, grown)


NAMES = [f"n{number:04}.zz-qalqan.kz" for number in range(60)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a store with sixty entries, every one approved by two people."""
    data = tmp_path_factory.mktemp("made") / "data"
    with open_store(data) as store:
        for number, name in enumerate(NAMES):
            site = name.replace(".zz", f"-{number}.zz{number}")
            agree(store, case_of(store, site), site, Scope.HOST, people=2)
        admit(store)
    return data


@pytest.fixture
def full(made: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of that store."""
    data = tmp_path / "data"
    data.mkdir()
    with open_store(made) as original, open_store(data) as copy:
        original.db.conn.backup(copy.db.conn)
    with open_store(data) as store:
        yield store


def listed(out: Path) -> int:
    return len((out / "domains.txt").read_text().splitlines())


def ranked(store: Store) -> None:
    """The unit's rank list has all of the names, as one that is damaged might."""
    rows = store.path.parent / "rows.txt"
    rows.write_text("\n".join(entry.name for entry in entries.live(store)))
    guard_data.update(store.path.parent, Kind.RANK, rows, TODAY, today=TODAY, may_shrink=True)


def test_a_guard_that_comes_to_stop_most_of_the_list_is_held_until_two_people_sign(
    full: Store, tmp_path: Path
) -> None:
    out = tmp_path / "lists"
    export(full, out, ["domains"], actor="test")
    before = (out / "manifest.json").read_bytes()
    ranked(full)

    with pytest.raises(SizeError, match=r"empty: from 60 entries in serial 1 to 0, 60 of them"):
        export(full, out, ["domains"], actor="test")

    assert (out / "manifest.json").read_bytes() == before
    signed(full, "1-0", people=1)
    with pytest.raises(SizeError):
        export(full, out, ["domains"], actor="test")
    overrides.sign(full, overrides.pending(full)[0].id, SIGNERS[1])
    export(full, out, ["domains"], actor="test")
    assert listed(out) == 0


def test_lifts_and_corrected_decisions_are_never_held(full: Store, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    export(full, out, ["domains"], actor="test")
    for number, entry in enumerate(list(entries.live(full))):
        if number % 2:
            lifts.lift(full, entry.id, SIGNERS[0], LiftReason.APPEAL, "The holder was right.")
        else:
            lift(full, _decision(full, entry.case_ref))

    export(full, out, ["domains"], actor="test")

    assert listed(out) == 0


def _decision(store: Store, case_ref: str) -> Decision:
    return next(one for one in decisions.of_case(store, case_ref) if one.reviewer == PEOPLE[0])


def test_what_was_lifted_leaves_at_once_though_all_else_is_held(
    full: Store, tmp_path: Path
) -> None:
    out = tmp_path / "lists"
    export(full, out, ["domains"], actor="test")
    whole = (out / "domains.txt").read_text().split()
    every = list(entries.live(full))
    ranked(full)
    lifts.lift(full, every[0].id, SIGNERS[0], LiftReason.COURT, "The court said so.")
    lift(full, _decision(full, every[1].case_ref))
    (kept,) = [one for one in every if one.name == whole[30]]

    with pytest.raises(HeldError, match=r"has left the list, 2 in serial 2: .* would be empty"):
        export(full, out, ["domains"], actor="test")

    left = [name for name in whole if name not in {every[0].name, every[1].name}]
    assert (out / "domains.txt").read_text().split() == left
    gone = [json.loads(line) for line in (out / "changes.jsonl").read_text().splitlines()[1:]]
    assert {row["removed"]: row["reason"] for row in gone} == {
        every[0].id: "court",
        every[1].id: "withdrawn",
    }
    assert kept.id in (out / "entries.jsonl").read_text()
    with pytest.raises(SizeError, match="nothing was published"):
        export(full, out, ["domains"], actor="test")
    assert entries.last_serial(full) == 2


def test_what_people_sign_for_stays_one_thing_while_lifts_leave(
    full: Store, tmp_path: Path
) -> None:
    out = tmp_path / "lists"
    export(full, out, ["domains"], actor="test")
    every = list(entries.live(full))
    ranked(full)
    signed(full, "1-0", people=1)
    for entry in every[:2]:
        lifts.lift(full, entry.id, SIGNERS[0], LiftReason.APPEAL, "The holder was right.")
        with pytest.raises(HeldError, match=r"--name 1-0 "):
            export(full, out, ["domains"], actor="test")
    assert listed(out) == 58

    overrides.sign(full, overrides.pending(full)[0].id, SIGNERS[1])
    export(full, out, ["domains"], actor="test")

    assert listed(out) == 0


def test_a_held_list_brings_nothing_new(tmp_path: Path) -> None:
    out = tmp_path / "lists"
    with open_store(tmp_path / "small") as small:
        for name in ("one.zz-qalqan.kz", "two.yy-qalqan.kz"):
            agree(small, case_of(small, name), name, Scope.HOST, people=2)
        admit(small)
        export(small, out, ["domains"], actor="test")
        first, second = entries.live(small)
        for number in range(60):
            name = f"n{number}.x{number}-qalqan.kz"
            agree(small, case_of(small, name), name, Scope.HOST, people=2)
        admit(small)
        lifts.lift(small, first.id, SIGNERS[0], LiftReason.APPEAL, "The holder was right.")

        with pytest.raises(HeldError, match="would grow from 2 entries in serial 1 to 61"):
            export(small, out, ["domains"], actor="test")

    assert (out / "domains.txt").read_text().split() == [second.name]


def test_a_store_that_has_lost_its_entries_empties_no_list(full: Store, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    export(full, out, ["domains"], actor="test")

    with open_store(tmp_path / "fresh") as fresh, pytest.raises(SizeError, match="would be empty"):
        export(fresh, out, ["domains"], actor="test")

    assert listed(out) == 60


def test_lifts_are_not_held_where_the_list_before_cannot_be_compared(
    full: Store, tmp_path: Path
) -> None:
    out = tmp_path / "lists"
    export(full, out, ["domains"], actor="test")
    served = (out / "current").resolve()
    manifest = json.loads((served / "manifest.json").read_bytes())
    manifest["files"]["entries.jsonl"]["sha256"] = "0" * 64
    (served / "manifest.json").write_text(json.dumps(manifest))
    with open_store(tmp_path / "fresh") as fresh, pytest.raises(SizeError, match="60 of them left"):
        export(fresh, out, ["domains"], actor="test")
    for entry in list(entries.live(full)):
        lifts.lift(full, entry.id, SIGNERS[0], LiftReason.APPEAL, "The holder was right.")

    export(full, out, ["domains"], actor="test")

    assert listed(out) == 0


def test_a_list_that_grows_by_far_is_held(full: Store, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    every = [entry.id for entry in entries.live(full)]
    with open_store(tmp_path / "small") as small:
        agree(small, case_of(small, "one.zz-qalqan.kz"), "one.zz-qalqan.kz", Scope.HOST, people=2)
        admit(small)
        export(small, out, ["domains"], actor="test")

    with pytest.raises(SizeError, match="would grow from 1 entries in serial 1 to 60"):
        export(full, out, ["domains"], actor="test")

    assert len(every) == 60
    assert listed(out) == 1
