"""What others plug into an export: signatures of the manifest, and a proof before anything is served."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.manifest import Manifest
from blocklist.publish import export
from review_queue import entries
from review_queue.categories import HARMS, Category, Scope
from review_queue.errors import ExportError
from review_queue.store import Store, open_store
from tests.blocklist.approvals import agree, approve, case_of
from tests.blocklist.killed_exports import signature

NAMES = {
    "a.example": Category.VIOLENCE,
    "b.example": Category.SELF_HARM,
    "c.example": Category.VIOLENCE,
}


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("data")) as opened:
        approve(opened, "casino.example")
        admit(opened)
        yield opened


def test_what_is_signed_is_the_manifest_as_it_is_served(store: Store, tmp_path: Path) -> None:
    signed: list[bytes] = []

    def sign(manifest: bytes) -> dict[str, bytes]:
        signed.append(manifest)
        return {"manifest.json.minisig": b"a signature\n"}

    export(store, tmp_path, ["rpz"], actor="test", sign=sign)

    assert signed == [(tmp_path / "manifest.json").read_bytes()]
    for folder in (tmp_path, tmp_path / "current"):
        assert (folder / "manifest.json.minisig").read_bytes() == b"a signature\n"


def test_a_signature_of_an_earlier_list_is_not_left_beside_a_later_one(
    store: Store, tmp_path: Path
) -> None:
    export(store, tmp_path, ["rpz"], actor="test", sign=lambda _manifest: {"old.sig": b"1"})

    export(store, tmp_path, ["rpz"], actor="test")

    assert not (tmp_path / "old.sig").is_symlink()


def test_a_proof_sees_the_whole_snapshot_before_any_reader(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path, ["rpz"], actor="test")
    seen: list[tuple[int, int, set[str]]] = []

    def prove(folder: Path, manifest: Manifest) -> None:
        served = json.loads((tmp_path / "current" / "manifest.json").read_bytes())
        files = {path.name for path in folder.iterdir()}
        seen.append((served["serial"], manifest.serial, files))

    export(store, tmp_path, ["rpz"], actor="test", sign=lambda _m: {"a.sig": b"1"}, prove=prove)

    ((served, proved, files),) = seen
    assert (served, proved) == (1, 2)
    assert files == {path.name for path in (tmp_path / "current").iterdir()}
    assert {"rpz.zone", "entries.jsonl", "manifest.json", "a.sig"} <= files


@pytest.mark.parametrize("where", ["sign", "prove"])
def test_what_cannot_be_signed_or_proved_is_dropped_and_the_last_good_list_stays(
    store: Store, tmp_path: Path, where: str
) -> None:
    def fail(*_args: object) -> dict[str, bytes]:
        raise ExportError("the resolver does not load it")

    export(store, tmp_path, ["rpz"], actor="test")

    with pytest.raises(ExportError, match="does not load it"):
        export(
            store,
            tmp_path,
            ["rpz"],
            actor="test",
            sign=fail if where == "sign" else None,
            prove=fail if where == "prove" else None,  # type: ignore[arg-type]  # never returns
        )

    assert json.loads((tmp_path / "manifest.json").read_bytes())["serial"] == 1
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["0000000001"]
    assert entries.last_serial(store) == 1
    assert export(store, tmp_path, ["rpz"], actor="test").serial == 2


def test_a_part_is_a_whole_list_of_one_category(tmp_path: Path) -> None:
    proved: list[tuple[str, int, str]] = []

    def prove(folder: Path, manifest: Manifest) -> None:
        proved.append((folder.name, manifest.entries, manifest.part))

    with open_store(tmp_path / "data") as store:
        for name, category in NAMES.items():
            agree(store, case_of(store, name, category), name, Scope.HOST, people=2)
        admit(store)
        agree(store, case_of(store, "github.io"), "github.io", Scope.HOST, people=2)
        entries.add(store, entries.approved(store)[0])  # as if listed before the guards knew it
        out = tmp_path / "lists"
        export(store, out, tuple(FORMATS), actor="test", sign=signature, prove=prove, parts=HARMS)
        alone = export_of(store, tmp_path / "alone")

    assert proved[-1][1:] == (3, "")
    for category, count in ((Category.SELF_HARM, 1), (Category.VIOLENCE, 2)):
        part = out / "current" / f"part-{category}"
        assert (part.name, count, category) in [(each[0], *each[1:]) for each in proved]
        names = [name for name, of in NAMES.items() if of is category]
        assert (part / "domains.txt").read_text().split() == sorted(names)
        text = (part / "manifest.json").read_bytes()
        manifest = json.loads(text)
        assert (part / "manifest.json.sig").read_bytes() == signature(text)["manifest.json.sig"]
        assert (manifest["serial"], manifest["part"], manifest["entries"]) == (1, category, count)
        assert {*manifest["files"]} == alone
        for name, found in manifest["files"].items():
            assert hashlib.sha256((part / name).read_bytes()).hexdigest() == found["sha256"]
        unsafe = json.loads((part / "unsafe.skipped.json").read_bytes())["skipped"]
        assert len(unsafe) == (category is Category.VIOLENCE)
        assert (out / part.name / "rpz.zone").read_bytes() == (part / "rpz.zone").read_bytes()


def test_parts_nobody_has_any_more_are_gone_with_the_next_list(
    store: Store, tmp_path: Path
) -> None:
    export(store, tmp_path, ["rpz"], actor="test", parts=HARMS)

    export(store, tmp_path, ["rpz"], actor="test", parts=[Category.VIOLENCE])

    assert (tmp_path / "part-violence").is_dir()
    assert not (tmp_path / "part-self_harm").is_symlink()


def export_of(store: Store, out: Path) -> set[str]:
    """The files of an export without parts."""
    return {*export(store, out, tuple(FORMATS), actor="test").files}
