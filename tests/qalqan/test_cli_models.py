"""`qalqan models`: one line and exit code 1 on anything that is not what it should be."""

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import skops.io
from click.testing import CliRunner
from sklearn.svm import LinearSVC

from classifier import artefacts, registry
from qalqan.cli import cli
from review_queue import audit
from review_queue.errors import ModelDigestError
from review_queue.store import open_store

NAME = artefacts.DEFAULT_NAME


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    shipped = artefacts.default_models_dir()
    source = shipped / registry.full_name(shipped, None)
    for version in ("v1", "v2"):
        folder = tmp_path / "models" / NAME / version
        shutil.copytree(source, folder)
        _describe(folder, version=version)
    return tmp_path / "models"


def _describe(folder: Path, **changes: str) -> None:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(card | changes), encoding="utf-8")


def _json(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, ["models", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qalqan", "models", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _replace(folder: Path, data: bytes) -> None:
    (folder / "model.skops").write_bytes(data)
    _describe(folder, digest=hashlib.sha256(data).hexdigest())


def _flip(folder: Path) -> None:
    data = bytearray((folder / "model.skops").read_bytes())
    data[1234] ^= 1
    (folder / "model.skops").write_bytes(data)


def _pickle(folder: Path) -> None:
    _replace(folder, pickle.dumps({"format": 1}))


def _foreign(folder: Path) -> None:
    _replace(folder, skops.io.dumps({"format": 1, "topic": LinearSVC()}))


def _no_card(folder: Path) -> None:
    (folder / "card.json").unlink()


@pytest.mark.parametrize("damage", [_flip, _pickle, _foreign, _no_card])
def test_verify_fails_with_one_line(models_dir: Path, damage: Any) -> None:
    damage(models_dir / NAME / "v2")

    for arguments in ([], [f"{NAME}/v2"]):
        result = _run("verify", *arguments, "--models", str(models_dir))

        assert result.returncode == 1
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1


def test_verify_says_what_is_sound(models_dir: Path) -> None:
    rows = _json("verify", "--models", str(models_dir))

    assert [row["version"] for row in rows] == ["v1", "v2"]
    plain = CliRunner().invoke(cli, ["models", "verify", NAME, "--models", str(models_dir)])
    assert f"{NAME}/v2 is sound" in plain.stdout


def test_verify_notices_that_the_version_in_use_is_gone(models_dir: Path) -> None:
    _json("promote", f"{NAME}/v1", "--models", str(models_dir))
    shutil.rmtree(models_dir / NAME / "v1")

    result = CliRunner().invoke(cli, ["models", "verify", "--models", str(models_dir)])

    assert isinstance(result.exception, ModelDigestError)


def test_promote_and_rollback_change_what_is_in_use_and_stand_in_the_audit_log(
    models_dir: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with open_store(data):
        pass
    where = ["--models", str(models_dir), "--data", str(data)]

    assert _json("promote", f"{NAME}/v1", *where)["before"] == "v2"
    assert [row["in_use"] for row in _json("list", "--models", str(models_dir))] == [True, False]
    back = CliRunner().invoke(cli, ["models", "rollback", *where])

    assert back.stdout == f"{NAME}/v2 is in use, before v1\n"
    with open_store(data) as store:
        rows = [row for row in audit.rows(store) if row.action.startswith("model.")]
        audit.verify(store)
    assert [(row.action, row.subject) for row in rows] == [
        ("model.rollback", f"{NAME}/v2"),
        ("model.promote", f"{NAME}/v1"),
    ]


def test_promote_wants_a_version(models_dir: Path) -> None:
    result = CliRunner().invoke(cli, ["models", "promote", NAME, "--models", str(models_dir)])

    assert result.exit_code == 2


def test_show_and_list_read_as_text(models_dir: Path) -> None:
    _no_card(models_dir / NAME / "v1")

    listed = CliRunner().invoke(cli, ["models", "list", "--models", str(models_dir)])
    shown = CliRunner().invoke(cli, ["models", "show", "--models", str(models_dir)])

    assert "* topic-stance/v2" in listed.stdout
    assert "card.json cannot be read" in listed.stdout
    assert "known failure" in shown.stdout
    assert _json("show", "--models", str(models_dir))["version"] == "v2"


def test_diff_shows_both_values_and_the_step(models_dir: Path) -> None:
    folder = models_dir / NAME / "v2"
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["training_rows"]["kk"]["news"] += 5
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    pair = [f"{NAME}/v1", f"{NAME}/v2", "--models", str(models_dir)]

    result = CliRunner().invoke(cli, ["models", "diff", *pair])

    assert "training_rows.kk.news" in result.stdout
    assert "(+5)" in result.stdout
    assert len(_json("diff", *pair)["differences"]) == 2  # the version and the count
