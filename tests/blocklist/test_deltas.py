"""What changed since a list, merged over many lists: whoever applies it has the list itself, byte for byte."""

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blocklist import canonical, changes, deltas, listing
from blocklist.changes import BrokenChangesError
from blocklist.deltas import UnknownSerialError, replay, since
from blocklist.entries import admit
from blocklist.manifest import FILE_NAME as MANIFEST
from blocklist.publish import export
from blocklist.rendering import Heading
from blocklist.snapshots import KEPT, locked, new_snapshot, serve
from review_queue import entries, lifts
from review_queue.categories import Category, Scope
from review_queue.lifts import LiftReason
from review_queue.records import Entry
from review_queue.store import open_store
from tests.blocklist.approvals import PEOPLE, agree, approve, case_of
from tests.blocklist.samples import entry, ordered

SERIALS = 60
MADE = "2026-01-31T09:00:00.000Z"
LONG_AGO = "2025-01-31T09:00:00.000Z"


def served(out: Path, serial: int, listed: Iterable[Entry], created: str = MADE) -> bytes:
    """These entries are the list of this serial, served as an export serves it; returns its bytes."""
    with locked(out), new_snapshot(out, serial) as snapshot:
        heading = Heading(serial, created)
        found = listing.write(snapshot, ordered([*listed]), [], heading, lambda _entry: "")
        if base := changes.base_of(out):
            changes.write(snapshot, base, heading, lambda entry_id: f"why {entry_id}")
        snapshot.put(MANIFEST, found.manifest().text().encode())
    deltas.keep(out, serial)
    serve(out, serial)
    deltas.prune(out, MADE)
    return (out / canonical.FILE_NAME).read_bytes()


def replayed(base: bytes, lines: Iterable[str]) -> bytes:
    """The list that comes out of the changes to `base`."""
    return "".join(replay(base.decode().splitlines(keepends=True), lines)).encode()


def removals(lines: Sequence[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines[1:] if line.startswith('{"removed"')]


def test_changes_from_any_of_many_lists_lead_to_the_very_bytes_of_the_last(tmp_path: Path) -> None:
    chance = random.Random(5)  # noqa: S311  # what changes, no secret
    every = {
        f"E-{number}": replace(
            entry(f"n{number % 40}.zz-qalqan.kz", chance.choice([Scope.HOST, Scope.DOMAIN])),
            id=f"E-{number}",
            case_ref=f'"K"\\{number}',
        )
        for number in range(60)
    }
    there: dict[str, Entry] = {}
    lists: dict[int, bytes] = {}
    serial = 0
    for _ in range(SERIALS):
        serial += chance.choice([1, 1, 1, 3])
        for entry_id, found in every.items():
            match chance.randrange(12):
                case 0:  # new, or listed again after it was lifted
                    there[entry_id] = found
                case 1:
                    there.pop(entry_id, None)
                case 2 if entry_id in there:  # such as a longer term
                    there[entry_id] = replace(
                        found, review_at=f"2027-01-01T00:00:{serial % 60:02}Z"
                    )
        lists[serial] = served(tmp_path, serial, there.values())

    digest = hashlib.sha256(lists[serial]).hexdigest()
    for before, text in lists.items():
        lines = list(since(tmp_path, before))
        assert hashlib.sha256(replayed(text, lines)).hexdigest() == digest
        head = json.loads(lines[0])
        assert (head["from"], head["to"], head["to_sha256"]) == (before, serial, digest)
        assert len(lines) == 1 + head["removed"] + head["added"]
        assert len(removals(lines)) == head["removed"]
        ids = {json.loads(line)["id"] for line in text.decode().splitlines()}
        assert {each["removed"] for each in removals(lines)} <= ids
        old, new = ({*each.decode().splitlines()} for each in (text, lists[serial]))
        assert {line.strip() for line in lines[1 + head["removed"] :]} >= new - old
    assert len(list(since(tmp_path, serial))) == 1
    for never_served in {*range(serial)} - {*lists}:
        with pytest.raises(UnknownSerialError, match="take the whole list"):
            since(tmp_path, never_served)


def test_each_removal_says_why_and_one_that_comes_again_is_a_change(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        approve(store, "a.example", "b.example", "c.example")
        case = case_of(store, "github.io")
        agree(store, case, "github.io", Scope.HOST, people=2)
        admit(store)
        out = tmp_path / "lists"
        export(store, out, ["domains"], actor="test")
        listed = {each.name: each for each in entries.live(store)}
        lifts.lift(store, listed["a.example"].id, PEOPLE[0], LiftReason.APPEAL)
        lifts.lift(store, listed["c.example"].id, PEOPLE[0], LiftReason.MISTAKE)
        approve(store, "d.example")
        admit(store)
        export(store, out, ["domains"], actor="test")

        lines = list(since(out, 1))

    assert json.loads(lines[0]) | {"from_sha256": "", "to_sha256": ""} == {
        "schema": 1,
        "from": 1,
        "to": 2,
        "from_sha256": "",
        "to_sha256": "",
        "removed": 2,
        "added": 1,
    }
    assert removals(lines) == [
        {"removed": listed["a.example"].id, "granularity": "host", "name": "a.example", "reason": "appeal"},
        {"removed": listed["c.example"].id, "granularity": "host", "name": "c.example", "reason": "mistake"},
    ]  # fmt: skip
    assert json.loads(lines[3])["name"] == "d.example"
    manifest = json.loads((out / "current" / MANIFEST).read_bytes())
    assert "changes.jsonl" in manifest["files"]


def test_an_entry_that_changed_goes_and_comes(tmp_path: Path) -> None:
    first = served(tmp_path, 1, [entry("a.example")])
    served(tmp_path, 2, [replace(entry("a.example"), people=4)])
    served(tmp_path, 3, [replace(entry("a.example"), people=5)])

    lines = list(since(tmp_path, 1))

    assert [each["reason"] for each in removals(lines)] == ["changed"]
    last = (tmp_path / "changes.jsonl").read_text().splitlines()
    assert [each["reason"] for each in removals(last)] == ["changed"]
    assert json.loads(lines[2])["people"] == 5
    assert replayed(first, lines) == (tmp_path / canonical.FILE_NAME).read_bytes()


def test_a_part_has_changes_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "lists"
    with open_store(tmp_path / "data") as store:
        for name, category in (("a.example", Category.VIOLENCE), ("b.example", Category.SELF_HARM)):
            agree(store, case_of(store, name, category), name, Scope.HOST, people=2)
            admit(store)
            export(store, out, ["domains"], actor="test", parts=[Category.VIOLENCE])

    assert json.loads(next(since(out, 1)))["added"] == 1
    assert json.loads(next(since(out, 1, "part-violence")))["added"] == 0
    with pytest.raises(UnknownSerialError):
        since(out, 1, "part-self_harm")


def test_a_serial_of_the_future_is_named(tmp_path: Path) -> None:
    served(tmp_path, 1, [])

    with pytest.raises(UnknownSerialError, match="no list of serial 2 yet, the newest is 1"):
        since(tmp_path, 2)


def test_before_the_first_list_there_are_no_changes(tmp_path: Path) -> None:
    with pytest.raises(UnknownSerialError, match="no list is served yet"):
        since(tmp_path, 1)


def test_changes_stay_longer_than_snapshots_and_then_go(tmp_path: Path) -> None:
    count = deltas.KEPT_SERIALS + 3
    for serial in range(1, count + 1):
        served(tmp_path, serial, [entry(f"n{serial}.example")], LONG_AGO)

    assert len(list((tmp_path / "snapshots").iterdir())) == KEPT
    kept = sorted(path.name for path in (tmp_path / "changes").iterdir())
    assert kept == [f"{serial:010}.jsonl" for serial in range(4, count + 1)]
    assert json.loads(next(since(tmp_path, 3)))["to"] == count
    with pytest.raises(UnknownSerialError, match="no changes are kept"):
        since(tmp_path, 2)
    before = (tmp_path / "changes" / kept[0]).stat().st_ino

    served(tmp_path, count + 1, [], MADE)
    deltas.prune(tmp_path, "")

    names = [path.name for path in (tmp_path / "changes").iterdir()]
    assert before not in [(tmp_path / "changes" / name).stat().st_ino for name in names]
    assert len(names) == deltas.KEPT_SERIALS


def test_young_changes_stay_however_many_they_are(tmp_path: Path) -> None:
    for serial in range(1, deltas.KEPT_SERIALS + 5):
        served(tmp_path, serial, [])

    assert len(list((tmp_path / "changes").iterdir())) == deltas.KEPT_SERIALS + 3


@pytest.mark.parametrize("left", [0, 10, -1, -200, "line"])
def test_a_half_written_file_of_changes_is_not_served(tmp_path: Path, left: int | str) -> None:
    for serial in range(1, 4):
        served(tmp_path, serial, [entry(f"n{number}.example") for number in range(serial)])
    path = tmp_path / "changes" / "0000000003.jsonl"
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(
        whole[:left] if isinstance(left, int) else b"".join(whole.splitlines(keepends=True)[:-1])
    )

    for serial in (1, 2):
        with pytest.raises(BrokenChangesError, match="whole list"):
            since(tmp_path, serial)


def test_changes_of_other_lists_are_not_served(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for out, more in ((here, []), (there, [entry("z.example")])):
        for serial in range(1, 4):
            served(out, serial, [*more, *(entry(f"n{number}.example") for number in range(serial))])
    for name, serial in (("0000000003.jsonl", 2), ("0000000002.jsonl", 1)):
        kept = (here / "changes" / name).read_bytes()
        (there / "changes" / name).replace(here / "changes" / name)

        with pytest.raises(BrokenChangesError, match=r"do(es)? not lead"):
            since(here, serial)
        (here / "changes" / name).write_bytes(kept)


def test_changes_to_another_list_are_told_when_they_are_applied(tmp_path: Path) -> None:
    served(tmp_path, 1, [entry("a.example")])
    served(tmp_path, 2, [entry("b.example")])
    other = f"{canonical.line_of(entry('c.example'))}\n".encode()

    with pytest.raises(BrokenChangesError, match="but not from this list"):
        replayed(other, since(tmp_path, 1))
    with pytest.raises(BrokenChangesError, match="cut off"):
        replayed(other, list(since(tmp_path, 1))[:1])
    with pytest.raises(BrokenChangesError, match="not known here"):
        replayed(other, ['{"schema": 9}\n'])


def test_a_list_that_somebody_changed_afterwards_has_no_changes_to_the_next(tmp_path: Path) -> None:
    served(tmp_path, 1, [entry("a.example")])
    path = tmp_path / "current" / canonical.FILE_NAME
    path.write_bytes(path.read_bytes().replace(b"a.example", b"b.example"))

    served(tmp_path, 2, [entry("a.example")])

    assert not (tmp_path / "changes.jsonl").exists()
    with pytest.raises(UnknownSerialError, match="take the whole list"):
        since(tmp_path, 1)


def test_a_list_of_an_earlier_schema_has_no_changes_to_the_next(tmp_path: Path) -> None:
    served(tmp_path, 1, [entry("a.example")])
    folder = tmp_path / "snapshots" / "0000000001"
    text = (folder / canonical.FILE_NAME).read_bytes().replace(b'"schema": 2', b'"schema": 1')
    (folder / canonical.FILE_NAME).write_bytes(text)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["files"][canonical.FILE_NAME]["sha256"] = hashlib.sha256(text).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))

    served(tmp_path, 2, [entry("a.example")])

    assert not (tmp_path / "changes.jsonl").exists()


def test_changes_left_by_an_export_that_was_killed_are_replaced(tmp_path: Path) -> None:
    first = served(tmp_path, 1, [entry("a.example")])
    (tmp_path / "changes").mkdir(exist_ok=True)
    (tmp_path / "changes" / "0000000002.jsonl").write_text("left behind")

    served(tmp_path, 2, [entry("b.example")])

    assert replayed(first, since(tmp_path, 1)) == (tmp_path / canonical.FILE_NAME).read_bytes()
    assert (tmp_path / "changes" / "0000000002.jsonl").samefile(tmp_path / "changes.jsonl")
