"""What is handed over can be checked with bash, openssl and sha256sum, by the commands it holds."""

import hashlib
import io
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.archive import folder_of
from qalqan.evidence_case import collect
from qalqan.evidence_export import export
from qalqan.evidence_manifest import EvidenceError, seal
from qalqan.evidence_stamps import stamp_all
from qalqan.evidence_verify import verify
from review_queue import audit
from review_queue.errors import UnknownCaseError
from review_queue.records import Case
from review_queue.store import Store
from tests.crawler.test_warc import read_by_warcio
from tests.qalqan.kept import a_round, two_sealed_rounds
from tests.site.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture
def case(store: Store, authority: Authority) -> Case:
    """A case of two sealed and stamped rounds."""
    case = two_sealed_rounds(store)
    stamp_all(store, authority.url, None, actor="test")
    return case


def handed_over(store: Store, case: Case, authority: Authority, out: Path) -> Path:
    """The folder somebody unpacked the export into."""
    zipped = out / "case.zip"
    export(store, case.ref, zipped, certificate=authority.certificate, actor="test")
    with zipfile.ZipFile(zipped) as opened:
        opened.extractall(out / "case")
    return out / "case"


def checks(folder: Path, lang: str = "en") -> list[str]:
    """What the commands of the README say."""
    text = (folder / f"README.{lang}.txt").read_text(encoding="utf-8")
    commands = text[text.index("\n# 1\n") :]
    ran = subprocess.run(
        ["bash", "-c", commands],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    return ran.stdout.splitlines()


def test_the_zip_holds_all_that_is_kept_of_the_case(
    store: Store, case: Case, authority: Authority, tmp_path: Path
) -> None:
    folder = handed_over(store, case, authority, tmp_path)
    records = list(read_by_warcio((folder / "case.warc.gz").read_bytes()))
    custody = json.loads((folder / "custody.json").read_text(encoding="utf-8"))

    assert [kind for kind, _, _ in records].count("response") == 4
    assert [kind for kind, _, _ in records].count("revisit") == 1
    assert {page["url"] for page in custody["pages"]} == {
        f"http://one.example/{path}" for path in ("", "a", "b", "c")
    }
    assert [one["reviewer_name"] for one in custody["decisions"]] == ["Aliya", "Berik"]
    assert {one["model"] for one in custody["scores"]} == {"test"}
    assert custody["rounds"][0]["policy"] == {"robots": "obey"}
    assert all(one["stamped_at"] for one in custody["manifests"])
    assert [row["action"] for row in custody["audit"]].count("decision.made") == 2
    assert (folder / "certificate.pem").read_bytes() == authority.certificate.read_bytes()


@pytest.mark.parametrize("lang", ["en", "kk", "ru"])
def test_the_commands_of_the_readme_find_all_of_it_whole(
    store: Store, case: Case, authority: Authority, tmp_path: Path, lang: str
) -> None:
    said = checks(handed_over(store, case, authority, tmp_path), lang)

    assert not [line for line in said if "FAULT" in line or "FAILED" in line]
    assert said.count("Verification: OK") == 2
    assert len([line for line in said if re.fullmatch(r"capture \d+: OK", line)]) == 5
    assert said.count("audit: OK") == 5
    assert (
        said.count("rows/2026-11-01/decisions.jsonl: OK") == 3
    )  # the file itself, and its two rows


@pytest.mark.parametrize(
    "name",
    [
        "case.warc.gz",
        "rows/2026-11-01/captures.jsonl",
        "rows/2026-11-01/captures.sha256",
        "rows/2026-11-01/pages.jsonl",
        "manifests/2026-11-01.json",
        "manifests/2026-11-01.tsr",
        "audit.jsonl",
        "custody.json",
    ],
)
def test_a_changed_file_is_found_by_the_commands_even_with_its_digest_changed_too(
    store: Store, case: Case, authority: Authority, tmp_path: Path, name: str
) -> None:
    folder = handed_over(store, case, authority, tmp_path)
    whole = checks(folder)
    path = folder / name
    data = bytearray(path.read_bytes())
    marks = {"custody.json": b'"hash": "', "manifests/2026-11-01.json": b'"sha256": "'}
    place = data.rindex(marks[name]) + 12 if name in marks else len(data) // 2
    data[place] ^= 1
    path.write_bytes(data)
    sums = folder / "SHA256SUMS"
    lines = sums.read_text().splitlines()
    mended = [
        f"{hashlib.sha256(data).hexdigest()}  {name}" if line.endswith(f"  {name}") else line
        for line in lines
    ]
    assert checks(folder) != whole
    sums.write_text("\n".join(mended) + "\n")

    assert checks(folder) != whole


def test_the_same_store_gives_the_same_bytes(
    store: Store, case: Case, authority: Authority, tmp_path: Path
) -> None:
    digests = {
        export(
            store, case.ref, tmp_path / f"{n}.zip", certificate=authority.certificate, actor="t"
        )[0]
        for n in range(2)
    }
    files = {(tmp_path / f"{n}.zip").read_bytes() for n in range(2)}

    assert len(files) == 1
    assert digests == {hashlib.sha256(files.pop()).hexdigest()}


def test_an_export_stands_in_the_audit_log_and_the_evidence_still_holds(
    store: Store, case: Case, tmp_path: Path
) -> None:
    digest, _ = export(store, case.ref.lower(), tmp_path / "a.zip", certificate=None, actor="Dana")
    (row,) = audit.of_action(store, "evidence.exported")

    assert (row.actor, row.subject) == ("Dana", case.ref)
    assert row.detail == {"sha256": digest, "captures": 5}
    assert verify(store).faults == ()
    assert seal(store, actor="test") is None


def test_a_file_that_is_there_is_never_replaced(store: Store, case: Case, tmp_path: Path) -> None:
    out = tmp_path / "a.zip"
    out.write_text("mine")
    with pytest.raises(EvidenceError, match="is there already"):
        export(store, case.ref, out, certificate=None, actor="test")

    assert out.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.zip"]
    assert audit.of_action(store, "evidence.exported") == []


def test_what_is_not_sealed_is_not_handed_over(store: Store, tmp_path: Path) -> None:
    case = a_round(store)
    with pytest.raises(EvidenceError, match=r"11 rows .* run `qalqan evidence seal` first"):
        export(store, case.ref, tmp_path / "a.zip", certificate=None, actor="test")
    assert collect(store, case.ref).unsealed == 11


def test_a_capture_that_was_changed_is_not_handed_over(
    store: Store, case: Case, tmp_path: Path
) -> None:
    path = min(folder_of(store).rglob("*.warc.gz"))
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match="was changed"):
        export(store, case.ref, tmp_path / "a.zip", certificate=None, actor="test")

    assert not (tmp_path / "a.zip").exists()
    assert audit.of_action(store, "evidence.exported") == []


def test_places_and_certificates_that_cannot_be_used_are_told(
    store: Store, case: Case, tmp_path: Path
) -> None:
    with pytest.raises(EvidenceError, match="cannot write"):
        export(store, case.ref, tmp_path / "no" / "a.zip", certificate=None, actor="test")
    with pytest.raises(EvidenceError, match="cannot read"):
        export(store, case.ref, tmp_path / "a.zip", certificate=tmp_path / "no.pem", actor="test")
    with pytest.raises(UnknownCaseError):
        export(store, "KZ-0000-0000", tmp_path / "a.zip", certificate=None, actor="test")


def test_the_list_of_digests_says_nothing_of_other_sites(
    store: Store, case: Case, tmp_path: Path
) -> None:
    export(store, case.ref, tmp_path / "a.zip", certificate=None, actor="test")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "a.zip").read_bytes())) as opened:
        lists = [opened.read(name) for name in opened.namelist() if name.endswith(".sha256")]

    assert lists
    assert all(re.fullmatch(rb"([0-9a-f]{64}\n)+", one) for one in lists)
