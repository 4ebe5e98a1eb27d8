"""Whatever is changed of what was kept, in a file or in a row, is found."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.archive import Archive, folder_of
from crawler.warc import seal
from qalqan import evidence_manifest
from qalqan.evidence_manifest import canonical, folder_of_manifests
from qalqan.evidence_stamps import Trust, stamp_all
from qalqan.evidence_verify import verify
from review_queue import captures, pages
from review_queue.errors import QalqanError
from review_queue.records import Claim, Outcome
from review_queue.store import Store
from tests.builders import a_page, fetch
from tests.qalqan.kept import a_round, a_second_round, an_exchange, crawl, two_sealed_rounds
from tests.site.authority import Authority

TABLES = (
    "captures", "warc_files", "manifests", "timestamps", "pages", "scores", "decisions", "rounds", "models",
    "score_order", "decision_order",
)  # fmt: skip
# what changes in the life of a row, and so is no evidence
LIVING = {("pages", "last_seen_at"), ("rounds", "closed_at"), ("rounds", "report")}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture
def sealed(store: Store, authority: Authority) -> Store:
    """Two rounds, sealed and stamped."""
    two_sealed_rounds(store)
    assert stamp_all(store, authority.url, Trust.read(authority.certificate), actor="test") == 2
    assert verify(store, Trust.read(authority.certificate)).faults == ()
    return store


def finds(store: Store, trust: Trust | None = None) -> bool:
    try:
        return bool(verify(store, trust).faults)
    except QalqanError:  # a row that cannot even be read
        return True


@contextmanager
def changed(path: Path, place: int, bit: int) -> Iterator[None]:
    """The file with one bit flipped, for the block."""
    whole = path.read_bytes()
    data = bytearray(whole)
    data[place] ^= 1 << bit
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(whole)


def test_what_was_kept_holds(sealed: Store, authority: Authority) -> None:
    report = verify(sealed, Trust.read(authority.certificate))

    assert report.faults == ()
    assert (report.files, report.captures, report.pages) == (2, 5, 4)
    assert (report.manifests, report.stamps, report.unstamped) == (2, 2, 0)
    assert (report.without_capture, report.unsealed) == (0, 0)
    assert report.bytes == sum(file.size for file in captures.files(sealed))
    assert report.signatures


def test_one_flipped_bit_in_any_byte_of_a_file_is_found(sealed: Store) -> None:
    """Every byte of every WARC file, manifest and time-stamp, one bit of each."""
    files = [
        *folder_of(sealed).rglob("*.warc.gz"),
        *folder_of_manifests(sealed).iterdir(),
    ]
    assert len(files) == 6
    for path in files:
        size = path.stat().st_size
        step = (
            17 if path.suffix == ".gz" else 37
        )  # all bytes take minutes; test_archive.py takes each of a capture
        for place in {*range(0, size, step), *range(min(12, size)), *range(size - 12, size)}:
            with changed(path, place, place % 8):
                assert finds(sealed), f"{path.name} byte {place}"
    assert not finds(sealed)


@pytest.mark.parametrize("table", TABLES)
def test_one_changed_value_in_any_column_of_a_row_is_found(sealed: Store, table: str) -> None:
    for trigger in list(sealed.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
        sealed.run(f"DROP TRIGGER {trigger['name']}")
    sealed.run("PRAGMA foreign_keys = OFF")
    sealed.run("PRAGMA ignore_check_constraints = ON")
    key = {"scores": "page_id", "manifests": "seq"}.get(table, "id")
    rows = list(sealed.rows(f"SELECT * FROM {table}"))
    assert rows
    for row in (rows[0], rows[-1]):
        for column, value in row.items():
            if (table, column) in LIVING:
                continue
            sealed.run("BEGIN")
            sealed.run(
                f"UPDATE {table} SET {column} = ? WHERE {key} = ?", [other(column, value), row[key]]
            )
            assert finds(sealed), f"{table}.{column} of {row[key]}"
            sealed.run("ROLLBACK")
    assert not finds(sealed)


def other(column: str, value: object) -> str | int | float | bytes:
    """The value with one bit changed, or something where nothing was."""
    match value:
        case int():
            return value ^ 64 if column in {"id", "page_id", "seq"} else value ^ 1
        case float():
            return value + 2**-40
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case str() if value:
            return chr(ord(value[0]) ^ 1) + value[1:]
        case str():
            return "1"
        case _:
            return 1


@pytest.mark.parametrize(
    "table", ["captures", "manifests", "timestamps", "pages", "scores", "decisions"]
)
def test_a_row_that_is_gone_is_found(sealed: Store, table: str) -> None:
    for trigger in list(sealed.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
        sealed.run(f"DROP TRIGGER {trigger['name']}")
    sealed.run("PRAGMA foreign_keys = OFF")
    for order in ("", "DESC"):
        sealed.run("BEGIN")
        row = sealed.row(f"SELECT * FROM {table} ORDER BY 1 {order} LIMIT 1") or {}
        where = " AND ".join(f"{name} IS ?" for name in row)
        assert sealed.run(f"DELETE FROM {table} WHERE {where}", list(row.values())) == 1
        assert finds(sealed)
        sealed.run("ROLLBACK")


def test_files_that_are_gone_cut_short_or_too_long_are_found(sealed: Store) -> None:
    for path in (*folder_of(sealed).rglob("*.warc.gz"), *folder_of_manifests(sealed).iterdir()):
        whole = path.read_bytes()
        for other_bytes in (whole[:-1], whole + b"x", b""):
            path.write_bytes(other_bytes)
            assert finds(sealed)
        path.unlink()
        assert finds(sealed)
        path.write_bytes(whole)
    stray = folder_of(sealed) / "2026" / "other.warc.gz"
    stray.write_bytes(b"x")
    assert verify(sealed).faults == ("2026/other.warc.gz: the store does not know this file",)


def test_a_capture_and_its_row_exchanged_together_are_found_by_the_manifest(sealed: Store) -> None:
    """Somebody who can write both the file and the store cannot write the manifest that was stamped."""
    sealed.run("DROP TRIGGER captures_no_update")
    (file,) = [one for one in captures.files(sealed) if one.id == 1]
    first, second, _ = captures.of_file(sealed, 1)
    path = folder_of(sealed) / file.name
    data = bytearray(path.read_bytes())
    data[first.offset : first.offset + 9] = b"forgeries"
    path.write_bytes(data)
    sealed.run("UPDATE captures SET sha256 = ? WHERE id = ?", [second.sha256, first.id])

    faults = verify(sealed).faults

    assert any("the rows of captures are not those that were sealed" in fault for fault in faults)
    assert any(f"{file.name} up to byte" in fault for fault in faults)


def test_a_manifest_made_anew_in_all_places_is_found_by_its_time_stamp(
    sealed: Store, authority: Authority
) -> None:
    for table in ("manifests", "audit"):
        sealed.run(f"DROP TRIGGER {table}_no_update")
    name = "2026-11-01-2.json"
    (row,) = sealed.rows("SELECT * FROM manifests WHERE name = ?", [name])
    content = canonical({**json.loads(row["content"]), "format": "other"})
    sealed.run("UPDATE manifests SET content = ? WHERE name = ?", [content, name])
    digest = hashlib.sha256(content).hexdigest()
    sealed.run("UPDATE manifests SET sha256 = ? WHERE name = ?", [digest, name])
    (folder_of_manifests(sealed) / name).write_bytes(content)

    faults = verify(sealed, Trust.read(authority.certificate)).faults

    assert f"time-stamp of {name}: the time-stamp is not for this manifest" in faults


def test_a_time_stamp_of_another_authority_is_found(sealed: Store, tmp_path: Path) -> None:
    with Authority(tmp_path / "other") as other_authority:
        trust = Trust.read(other_authority.certificate)

    assert [fault for fault in verify(sealed, trust).faults if "not signed" in fault]
    assert verify(sealed).faults == ()


def test_pages_of_earlier_versions_are_checked_against_their_bodies(store: Store) -> None:
    page = replace(a_page(), body_sha256="")
    body = b"<p>Some words.</p>"
    (page_id,) = fetch(
        store, replace(page, body=body, body_sha256=hashlib.sha256(body).hexdigest())
    )
    report = verify(store)
    assert report.faults == ()
    assert report.without_capture == 1

    store.run("DROP TRIGGER bodies_no_delete")
    store.run("DELETE FROM bodies")

    assert verify(store).faults == (f"page {page_id}: no capture, and no body that is its own",)


def test_what_a_running_crawl_has_not_told_of_yet_is_no_fault(store: Store) -> None:
    a_round(store)
    warcs = Archive(store, 9)
    outcome = a_page("http://one.example/x")
    exchange = an_exchange("http://one.example/x", b"<p>x</p>")
    warcs.append(
        [Outcome(Claim(1, outcome.url, outcome.site, 0, 1), outcome, capture=seal(exchange))]
    )
    assert verify(store).faults == ()
    warcs.close()

    assert len(verify(store).faults) == 1


def test_what_no_manifest_stands_for_yet_is_counted(store: Store) -> None:
    a_round(store)
    assert verify(store).unsealed == 3
    assert evidence_manifest.seal(store, actor="test")
    a_second_round(store)

    assert verify(store).unsealed == 2
    assert pages.count_all(store) == 4


def test_progress_is_told_for_every_capture(sealed: Store) -> None:
    seen: list[int] = []
    verify(sealed, on_capture=seen.append)

    assert sum(seen) == 5


def test_an_empty_store_has_no_faults(store: Store) -> None:
    assert verify(store).faults == ()
    assert crawl(store) == []
