"""What others plug into an export: signatures of the manifest, and a proof before anything is served."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocklist.entries import admit
from blocklist.manifest import Manifest
from blocklist.publish import export
from review_queue import entries
from review_queue.errors import ExportError
from review_queue.store import Store, open_store
from tests.blocklist.approvals import approve


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
