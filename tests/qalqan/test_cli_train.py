"""`qalqan train`: a model in the folder named, figures for people or programs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from classifier import artefacts
from qalqan.cli import cli
from review_queue.errors import CorporaError
from tests.classifier.conftest import write_corpora


@pytest.mark.timeout(300)
def test_training_leaves_a_model_that_loads_and_says_what_it_is(tmp_path: Path) -> None:
    corpora = write_corpora(tmp_path / "texts")

    result = CliRunner().invoke(
        cli, ["train", "--corpora", str(corpora), "--out", str(tmp_path / "models"), "--json"]
    )

    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert artefacts.load(tmp_path / "models").id.digest == report["digest"]
    assert "reading the labelled rows" in result.stderr


def test_missing_corpora_are_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        cli, ["train", "--corpora", str(tmp_path), "--out", str(tmp_path / "models")]
    )

    assert isinstance(result.exception, CorporaError)
    assert not (tmp_path / "models").exists()
