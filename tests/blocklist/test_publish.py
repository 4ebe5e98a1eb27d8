import fcntl
import hashlib
import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocklist import lint
from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.publish import LARGEST_SERIAL, export
from blocklist.rendering import reason_against
from blocklist.snapshots import KEPT
from review_queue import audit, entries
from review_queue.categories import Category, Scope
from review_queue.errors import DiskFullError, ExportError
from review_queue.store import Store, open_store
from tests.blocklist.approvals import agree, approve, case_of, lift
from tests.blocklist.conftest import StartBind

ALL = tuple(FORMATS)


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("data")) as opened:
        approve(opened, "casino.example", "shop.mixed.example", "xn--80aodfsg.kz")
        approve(opened, "wide.example", scope=Scope.DOMAIN)
        admit(opened)
        yield opened


def contents(out: Path) -> dict[str, bytes]:
    """Every file a reader may look at."""
    return {
        path.name: path.read_bytes()
        for path in out.iterdir()
        if path.name[0] != "." and path.is_file()
    }


def mismatches(out: Path) -> list[str]:
    """The formats whose file is not the one the manifest names."""
    manifest = json.loads((out / "manifest.json").read_bytes())
    return [
        name
        for name, listing in manifest["formats"].items()
        if hashlib.sha256((out / listing["file"]).read_bytes()).hexdigest() != listing["sha256"]
    ]


def test_an_export_writes_every_format_and_a_manifest_that_matches(
    store: Store, tmp_path: Path
) -> None:
    out = tmp_path / "lists"

    manifest = export(store, out, ALL, actor="test")

    written = json.loads((out / "manifest.json").read_bytes())
    assert written == manifest.as_json()
    assert set(written) == {"serial", "created", "not_after", "entries", "formats", "files"}
    assert written["entries"] == 4
    assert written["created"] < written["not_after"]
    found = {
        name: (row["file"], row["entries"], row["skipped"])
        for name, row in written["formats"].items()
    }
    assert list(found) == list(FORMATS)
    assert found["domains"] == ("domains.txt", 4, 0)
    assert found["hosts"] == ("hosts.txt", 3, 1)
    assert found["rpz"] == ("rpz.zone", 4, 0)
    assert all(entries + skipped == 4 for _, entries, skipped in found.values())
    assert mismatches(out) == []
    left_out = json.loads((out / "hosts.skipped.json").read_bytes())
    assert left_out["serial"] == manifest.serial
    assert [row["name"] for row in left_out["skipped"]] == ["wide.example"]
    assert [path.name for path in out.rglob("*.next")] == []
    served = out / "current"
    assert set(written["files"]) == {path.name for path in served.iterdir()} - {"manifest.json"}
    for name, found in written["files"].items():
        data = (served / name).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (
            found["sha256"],
            found["size_bytes"],
        )


def test_the_exported_zone_in_bind_blocks_its_entries(
    store: Store, tmp_path: Path, start_bind: StartBind
) -> None:
    export(store, tmp_path, ["rpz"], actor="test")
    resolver = start_bind(tmp_path / "rpz.zone", "rpz.provider.example")

    names = [
        "casino.example",
        "wide.example",
        "a.wide.example",
        "a.casino.example",
        "mixed.example",
    ]
    assert [resolver.rcode(name) for name in names] == ["NXDOMAIN"] * 3 + ["NOERROR"] * 2


def test_the_serial_only_grows_over_folders_and_stores(store: Store, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"

    serials = [export(store, out, ["rpz"], actor="test").serial for out in (here, there, here)]
    with open_store(tmp_path / "fresh") as fresh:
        approve(fresh, "casino.example")
        admit(fresh)
        serials.append(export(fresh, here, ["rpz"], actor="test").serial)

    assert serials == [1, 2, 3, 4]
    assert " SOA localhost. nobody.invalid. 4 " in (here / "rpz.zone").read_text()


def test_an_export_is_on_record_with_the_digest_of_its_manifest(
    store: Store, tmp_path: Path
) -> None:
    manifest = export(store, tmp_path, ["rpz", "hosts"], actor="cli:officer")

    row = next(row for row in audit.rows(store) if row.action == "list.exported")
    digest = hashlib.sha256((tmp_path / "manifest.json").read_bytes()).hexdigest()
    assert (row.actor, row.subject) == ("cli:officer", str(manifest.serial))
    assert row.detail == {"manifest_sha256": digest, "counts": {"rpz": 4, "hosts": 3}}
    assert entries.last_serial(store) == manifest.serial


def test_only_live_entries_are_exported(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        case = case_of(store, "casino.example")
        made = agree(store, case, "casino.example", Scope.HOST, people=2)
        admit(store)
        export(store, tmp_path, ["domains"], actor="test")
        before = (tmp_path / "domains.txt").read_text()

        lift(store, made[0])
        export(store, tmp_path, ["domains"], actor="test")

    assert before == "casino.example\n"
    assert (tmp_path / "domains.txt").read_text() == ""


def test_a_format_the_folder_already_has_is_renewed_too(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path, ALL, actor="test")
    approve(store, "new.example")
    admit(store)

    manifest = export(store, tmp_path, ["rpz"], actor="test")

    assert set(manifest.formats) == set(ALL)
    assert "new.example" in (tmp_path / "domains.txt").read_text().split()
    assert mismatches(tmp_path) == []


def test_one_name_for_two_categories_is_written_once_and_counted_twice(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        for category in (Category.VIOLENCE, Category.SELF_HARM):
            case = case_of(store, "casino.example", category)
            agree(store, case, "casino.example", Scope.HOST, people=2)
        admit(store)
        manifest = export(store, tmp_path, ALL, actor="test")

    assert {name: listing.entries for name, listing in manifest.formats.items()} == {
        name: 0 if reason_against(form.capability, Scope.HOST, "casino.example") else 2
        for name, form in FORMATS.items()
    }
    assert (tmp_path / "domains.txt").read_text() == "casino.example\n"
    assert len((tmp_path / "entries.jsonl").read_text().splitlines()) == 2


def test_a_store_without_entries_gives_valid_empty_lists(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        manifest = export(store, tmp_path / "lists", ALL, actor="test")

    assert {listing.entries for listing in manifest.formats.values()} == {0}
    assert mismatches(tmp_path / "lists") == []


def test_an_entry_that_became_a_public_suffix_is_left_out_of_every_list(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        case = case_of(store, "github.io")
        agree(store, case, "github.io", Scope.HOST, people=2)
        entries.add(store, entries.approved(store)[0])  # as if listed before it was one
        manifest = export(store, tmp_path / "lists", ALL, actor="test")

    assert {listing.entries for listing in manifest.formats.values()} == {0}
    for listing in manifest.formats.values():
        assert ["shared_platform: " in each.reason for each in listing.first_skipped] == [True]


@pytest.mark.parametrize("formats", [["rpz", "excel"], [], [""]])
def test_an_unknown_format_is_named_and_nothing_is_written(
    store: Store, tmp_path: Path, formats: list[str]
) -> None:
    with pytest.raises(ExportError, match=", ".join(FORMATS)):
        export(store, tmp_path / "lists", formats, actor="test")

    assert not (tmp_path / "lists").exists()


def test_a_folder_that_cannot_be_made_is_named(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ExportError, match="check the folder"):
        export(store, tmp_path / "file" / "lists", ALL, actor="test")


@pytest.mark.parametrize(
    "name", ["hosts.txt", "proofs.json", "changes.jsonl", "unsafe.skipped.json"]
)
def test_a_folder_in_the_place_of_a_file_is_named_before_anything_changes(
    store: Store, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "lists"
    export(store, out, ["rpz"], actor="test")
    before = contents(out)
    (out / name).unlink(missing_ok=True)
    (out / name).mkdir()

    with pytest.raises(ExportError, match="is not a file"):
        export(store, out, ALL, actor="test")

    (out / name).rmdir()
    before.pop(name, None)
    assert contents(out) == before
    assert entries.last_serial(store) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"serial": "9", "formats": {}}'])
def test_a_manifest_that_is_not_ours_is_not_written_over(
    store: Store, tmp_path: Path, text: str
) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(ExportError, match="not a manifest of ours"):
        export(store, tmp_path, ALL, actor="test")

    assert (tmp_path / "manifest.json").read_text() == text


def test_a_serial_that_fits_no_zone_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"serial": LARGEST_SERIAL, "formats": {}}))

    with pytest.raises(ExportError, match="does not fit"):
        export(store, tmp_path, ALL, actor="test")


def test_two_exports_into_one_folder_do_not_run_at_once(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path, ALL, actor="test")
    before = contents(tmp_path)

    with (tmp_path / ".export.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ExportError, match="another export"):
            export(store, tmp_path, ALL, actor="test")

    assert contents(tmp_path) == before


def test_a_serial_another_export_took_meanwhile_publishes_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(store, tmp_path, ALL, actor="test")
    before = contents(tmp_path)
    monkeypatch.setattr(entries, "last_serial", lambda _store: 0)
    (tmp_path / "manifest.json").rename(tmp_path / "aside.json")

    with pytest.raises(ExportError, match="took the serial 1 meanwhile"):
        export(store, tmp_path, ALL, actor="test")

    (tmp_path / "aside.json").rename(tmp_path / "manifest.json")
    assert contents(tmp_path) == before


def test_a_full_disk_leaves_the_last_good_list(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path, ALL, actor="test")
    before = contents(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))  # no file may pass 200 bytes
    try:
        with pytest.raises(DiskFullError, match="free some space"):
            export(store, tmp_path, ALL, actor="test")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert contents(tmp_path) == before
    assert list(tmp_path.rglob("*.next")) == []
    assert export(store, tmp_path, ALL, actor="test").serial == 2


def test_a_list_that_fails_its_last_check_is_not_published(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(store, tmp_path, ALL, actor="test")
    before = contents(tmp_path)
    monkeypatch.setattr("blocklist.coverage.WILDCARD", "*")

    with pytest.raises(ExportError, match=r"line \d+ of the new list"):
        export(store, tmp_path, ALL, actor="test")

    assert contents(tmp_path) == before
    assert entries.last_serial(store) == 1


def test_files_of_an_earlier_kind_of_folder_become_links(store: Store, tmp_path: Path) -> None:
    (tmp_path / "rpz.zone").write_text("old")
    (tmp_path / "manifest.json").write_text(json.dumps({"serial": 5, "formats": {"rpz": {}}}))

    manifest = export(store, tmp_path, ["hosts"], actor="test")

    assert (manifest.serial, set(manifest.formats)) == (6, {"hosts", "rpz"})
    assert mismatches(tmp_path) == []
    assert (tmp_path / "rpz.zone").is_symlink()


def test_older_snapshots_stay_for_a_while_and_then_go(store: Store, tmp_path: Path) -> None:
    first = export(store, tmp_path, ["rpz", "hosts"], actor="test")
    kept = tmp_path / "snapshots" / f"{first.serial:010}"
    before = contents(kept)
    for _ in range(KEPT - 1):
        export(store, tmp_path, ["rpz"], actor="test")
    assert contents(kept) == before

    last = export(store, tmp_path, ["rpz"], actor="test")

    names = sorted(path.name for path in (tmp_path / "snapshots").iterdir())
    assert names == [f"{serial:010}" for serial in range(2, last.serial + 1)]


def test_every_published_zone_passes_the_last_check(store: Store, tmp_path: Path) -> None:
    manifest = export(store, tmp_path, ["rpz"], actor="test")

    with (tmp_path / "rpz.zone").open(encoding="ascii", newline="\n") as zone:
        assert lint.check("rpz", "rpz.zone", zone, serial=manifest.serial) == 5


def test_a_writer_that_leaves_ascii_publishes_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(store, tmp_path, ALL, actor="test")
    before = contents(tmp_path)
    monkeypatch.setattr("blocklist.coverage.WILDCARD", "қ.")

    with pytest.raises(ExportError, match="outside ASCII"):
        export(store, tmp_path, ALL, actor="test")

    assert contents(tmp_path) == before
