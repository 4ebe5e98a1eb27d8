"""`qalqan score --model`: a unit's own model is put to work by its name."""

import json
import shutil
from pathlib import Path

from click.testing import CliRunner

from classifier import artefacts
from classifier.officers import NAME_SUFFIX
from qalqan.cli import cli
from review_queue import scores
from review_queue.errors import ModelMissingError
from review_queue.store import open_store
from tests.builders import a_page, fetch

OWN = artefacts.DEFAULT_NAME + NAME_SUFFIX


def test_the_model_named_scores_the_store(tmp_path: Path) -> None:
    shipped = artefacts.default_models_dir() / artefacts.DEFAULT_NAME
    newest = artefacts.versions(shipped.parent)[-1]
    shutil.copytree(shipped / newest, tmp_path / "models" / OWN / "v1")
    with open_store(tmp_path / "data") as store:
        (page_id,) = fetch(store, a_page(text="Bread needs flour, water and salt."))
    options = ["--data", str(tmp_path / "data"), "--models", str(tmp_path / "models")]

    unnamed = CliRunner().invoke(cli, ["score", *options])
    named = CliRunner().invoke(cli, ["score", *options, "--model", OWN, "--json"])

    assert isinstance(unnamed.exception, ModelMissingError)
    assert json.loads(named.stdout)["pages"] == 1
    with open_store(tmp_path / "data") as store:
        found = scores.latest(store, page_id)
    assert found is not None
    assert found[0].name == OWN
