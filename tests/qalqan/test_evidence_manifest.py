"""A manifest is made when there is something new, names the one before, and is stamped as soon as that can be."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.archive import folder_of
from qalqan.evidence_manifest import (
    EvidenceError,
    canonical,
    folder_of_manifests,
    seal,
    write_out,
)
from qalqan.evidence_stamps import StampError, Trust, asked, checked, stamp_all
from qalqan.evidence_verify import verify
from review_queue import audit, manifests, scores
from review_queue.store import Store
from tests.builders import MODEL, a_score
from tests.conftest import TickingClock
from tests.qalqan.kept import a_round, a_second_round, two_sealed_rounds
from tests.site.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


def test_a_manifest_is_canonical_json_in_store_and_file(store: Store) -> None:
    a_round(store)
    manifest = seal(store, actor="Dana")
    assert manifest
    content = json.loads(manifest.content)

    assert manifest.name == "2026-11-01.json"
    assert canonical(content) == manifest.content
    assert (folder_of_manifests(store) / manifest.name).read_bytes() == manifest.content
    (file,) = content["warc_files"]
    assert file["bytes"] == (folder_of(store) / file["name"]).stat().st_size
    assert content["rows"]["captures"]["rows"] == 3
    assert content["rows"]["decisions"]["rows"] == 2
    assert content["previous"] is None
    (row,) = audit.of_action(store, "evidence.sealed")
    assert (row.actor, row.subject) == ("Dana", manifest.name)
    assert row.detail == {"seq": 1, "sha256": manifest.sha256}


def test_each_manifest_names_the_one_before_and_stands_for_what_came_since(store: Store) -> None:
    two_sealed_rounds(store)
    first, second = manifests.all_of(store)
    content = json.loads(second.content)

    assert second.name == "2026-11-01-2.json"
    assert content["previous"] == {"name": first.name, "sha256": first.sha256}
    assert content["rows"]["captures"] | {"sha256": ""} == {"rows": 2, "last": 5, "sha256": ""}
    assert content["rows"]["scores"]["rows"] == 0
    assert len(content["warc_files"]) == 2


def test_nothing_new_makes_no_manifest(store: Store) -> None:
    assert seal(store, actor="test") is None
    two_sealed_rounds(store)

    assert seal(store, actor="test") is None
    assert len(manifests.all_of(store)) == 2


def test_another_day_has_another_name(store: Store, clock: TickingClock) -> None:
    a_round(store)
    seal(store, actor="test")
    clock.move(days=1)
    a_second_round(store)
    manifest = seal(store, actor="test")

    assert manifest
    assert manifest.name == "2026-11-02.json"


def test_a_clock_that_was_wrong_makes_no_fault_and_leaves_no_row_out(
    store: Store, clock: TickingClock
) -> None:
    clock.move(days=30)
    a_round(store)
    first = seal(store, actor="test")
    clock.move(days=-30)
    a_second_round(store)
    scores.save(store, MODEL, [(4, a_score())])
    second = seal(store, actor="test")

    assert first
    assert second
    assert second.name == "2026-11-01.json"
    assert json.loads(first.content)["rows"]["scores"]["rows"] == 3
    assert json.loads(second.content)["rows"]["scores"]["rows"] == 1
    assert verify(store).faults == ()


def test_a_file_that_was_not_written_is_written_by_the_next_run(store: Store) -> None:
    two_sealed_rounds(store)
    path = folder_of_manifests(store) / "2026-11-01.json"
    whole = path.read_bytes()
    path.unlink()
    write_out(store)
    assert path.read_bytes() == whole

    path.write_bytes(b"changed")
    seal(store, actor="test")
    assert path.read_bytes() == b"changed"  # that is for `verify` to tell, not to hide


def test_a_warc_file_that_is_gone_or_too_short_is_not_sealed(store: Store) -> None:
    a_round(store)
    (path,) = folder_of(store).rglob("*.warc.gz")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(EvidenceError, match="ends too early"):
        seal(store, actor="test")
    path.unlink()
    with pytest.raises(EvidenceError, match="cannot read"):
        seal(store, actor="test")
    assert manifests.all_of(store) == []


def test_a_folder_that_cannot_be_written_is_told(store: Store) -> None:
    a_round(store)
    (store.path.parent / "evidence").write_text("in the way")
    with pytest.raises(EvidenceError, match="cannot write"):
        seal(store, actor="test")
    (store.path.parent / "evidence").unlink()
    seal(store, actor="test")

    assert verify(store).faults == ()


def test_a_time_stamp_is_verified_by_openssl_alone(store: Store, authority: Authority) -> None:
    two_sealed_rounds(store)
    trust = Trust.read(authority.certificate)

    assert stamp_all(store, authority.url, trust, actor="test") == 2
    assert stamp_all(store, authority.url, trust, actor="test") == 0

    for manifest in manifests.all_of(store):
        path = folder_of_manifests(store) / manifest.name
        ran = subprocess.run(
            ["openssl", "ts", "-verify", "-in", path.with_suffix(".tsr"), "-data", path,
             "-CAfile", authority.certificate],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Verification: OK" in ran.stdout, ran.stderr
    assert len(audit.of_action(store, "evidence.stamped")) == 2


def test_an_authority_that_is_down_is_asked_again_by_the_next_run(
    store: Store, tmp_path: Path
) -> None:
    a_round(store)
    with Authority(tmp_path / "tsa") as authority:
        url = authority.url
    assert seal(store, actor="test")
    with pytest.raises(StampError, match="gave no time-stamp"):
        stamp_all(store, url, None, actor="test")
    assert manifests.stamps(store) == []

    with Authority(tmp_path / "again") as authority:
        assert stamp_all(store, authority.url, None, actor="test") == 1
    assert verify(store).faults == ()


@pytest.mark.parametrize("answer", [b"", b"no time-stamp", bytes.fromhex("30053003020102")])
def test_an_answer_that_is_no_time_stamp_is_refused(
    store: Store, tmp_path: Path, answer: bytes
) -> None:
    a_round(store)
    seal(store, actor="test")
    with Authority(tmp_path / "tsa") as authority:
        authority.answer = answer
        with pytest.raises(StampError, match=r"no time-stamp|not granted"):
            stamp_all(store, authority.url, None, actor="test")
    assert manifests.stamps(store) == []


def test_the_answer_to_another_request_is_refused(store: Store, tmp_path: Path) -> None:
    two_sealed_rounds(store)
    with Authority(tmp_path / "tsa") as authority:
        stamp_all(store, authority.url, None, actor="test")
        first, _ = manifests.stamps(store)
        contents = [manifest.content for manifest in manifests.all_of(store)]
        assert checked(first.token, contents[0], None) == first.stamped_at
        with pytest.raises(StampError, match="not for this manifest"):
            checked(first.token, contents[1], None)

        authority.answer = first.token
        with pytest.raises(StampError, match="answered another request"):
            asked(authority.url, contents[0])


def test_a_certificate_file_must_hold_the_root(authority: Authority, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(StampError, match="holds no certificate"):
        Trust.read(empty)
    with pytest.raises(StampError, match="cannot read"):
        Trust.read(tmp_path / "missing.pem")
    signer = authority.certificate.with_name("signer.crt")
    with pytest.raises(StampError, match="lacks the authority's root"):
        Trust.read(signer)
    both = tmp_path / "both.pem"
    both.write_bytes(authority.certificate.read_bytes() + signer.read_bytes())
    trust = Trust.read(both)
    assert (len(trust.roots), len(trust.others)) == (1, 1)


def test_only_http_is_asked(store: Store) -> None:
    a_round(store)
    seal(store, actor="test")
    with pytest.raises(StampError, match="write its http or https URL"):
        stamp_all(store, "file:///etc/hostname", None, actor="test")
