"""`qalqan evidence` as it is typed, on a real store and against a real authority."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler.archive import folder_of
from qalqan.cli.evidence import evidence
from review_queue.errors import QalqanError
from review_queue.records import Case
from review_queue.store import open_store
from tests.qalqan.kept import a_round
from tests.site.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def case(data: Path) -> Case:
    with open_store(data) as store:
        return a_round(store)


@pytest.fixture
def config(tmp_path: Path, authority: Authority) -> Path:
    (tmp_path / "root.pem").write_bytes(authority.certificate.read_bytes())
    path = tmp_path / "qalqan.toml"
    path.write_text(f'[evidence]\nauthority = "{authority.url}"\ncertificate = "root.pem"\n')
    return path


def run(*words: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(evidence, [str(word) for word in words])
    if isinstance(result.exception, QalqanError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def test_a_case_is_sealed_verified_shown_and_handed_over(
    data: Path, case: Case, config: Path, tmp_path: Path
) -> None:
    sealed = run("seal", "--data", data, "--config", config)
    assert "time-stamped: 1" in sealed.stdout
    assert sealed.stderr == ""

    verified = run("verify", "--data", data, "--config", config)
    assert "3 captures of 3 pages in 1 files" in verified.stdout
    assert "no faults" in verified.stdout
    assert "note:" not in verified.stdout

    shown = run("show", case.ref, "--data", data).stdout
    assert "one[.]example" in shown
    assert "http://" not in shown
    assert shown.count("fetched") == 3
    assert "time-stamped 20" in shown

    out = tmp_path / "case.zip"
    handed = run("export", case.ref, "--data", data, "--config", config, "--out", out)
    assert handed.stderr == ""
    with zipfile.ZipFile(out) as opened:
        assert "manifests/" in " ".join(opened.namelist())
    with pytest.raises(QalqanError, match="is there already"):
        run("export", case.ref, "--data", data, "--config", config, "--out", out)


def test_programs_read_json(data: Path, case: Case, config: Path, tmp_path: Path) -> None:
    sealed = json.loads(run("seal", "--data", data, "--config", config, "--json").stdout)
    assert sealed["stamped"] == 1
    assert sealed["problem"] == ""
    verified = json.loads(run("verify", "--data", data, "--config", config, "--json").stdout)
    assert verified["faults"] == []
    assert (verified["captures"], verified["stamps"], verified["signatures"]) == (3, 1, True)
    shown = json.loads(run("show", case.ref, "--data", data, "--json").stdout)
    assert shown["case"]["reference"] == case.ref
    out = tmp_path / "case.zip"
    words: list[str | Path] = [
        "export",
        case.ref,
        "--data",
        data,
        "--out",
        out,
        "--actor",
        "Dana",
        "--json",
    ]
    assert json.loads(run(*words).stdout)["captures"] == 3
    again = json.loads(run("seal", "--data", data, "--config", config, "--json").stdout)
    assert again == {"manifest": None, "stamped": 0, "problem": ""}


def test_a_fault_has_a_line_and_an_exit_code(data: Path, case: Case) -> None:
    with open_store(data) as store:
        (path,) = folder_of(store).rglob("*.warc.gz")
    bytes_ = bytearray(path.read_bytes())
    bytes_[-30] ^= 4
    path.write_bytes(bytes_)

    result = run("verify", "--data", data, code=1)

    assert f"fault: {path.parent.name}/{path.name}: capture 3 of page 3" in result.stdout
    assert "1 faults" in result.stdout
    assert case.ref


def test_without_an_authority_the_manifest_stands_and_a_line_says_what_is_missing(
    data: Path, case: Case, tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = run("seal", "--data", data)
    assert first.stdout.startswith("sealed: ")
    assert "no authority is set" in first.stderr
    notes = run("verify", "--data", data).stdout
    assert "note: 1 manifests are not time-stamped" in notes

    down = run("seal", "--data", data, "--authority", "http://127.0.0.1:9/")
    assert "nothing new" in down.stdout
    assert down.stderr.count("\n") == 1
    assert "gave no time-stamp" in down.stderr
    handed = run("export", case.ref, "--data", data, "--out", tmp_path / "a.zip")
    assert "is not time-stamped" in handed.stderr
    assert "no certificate is set" in handed.stderr

    words: list[str | Path] = ["--authority", authority.url, "--certificate", authority.certificate]
    assert "time-stamped: 1" in run("seal", "--data", data, *words).stdout
    assert "signatures of time-stamps were not checked" in run("verify", "--data", data).stdout
    checked = run("verify", "--data", data, "--certificate", authority.certificate).stdout
    assert "note:" not in checked


def test_what_is_not_sealed_is_shown_as_such(data: Path, case: Case) -> None:
    assert "rows are in no manifest yet" in run("show", case.ref, "--data", data).stderr
    assert "3 captures are in no manifest yet" in run("verify", "--data", data).stdout
