"""`qalqan train`: a model in the folder named, figures for people or programs."""

import json
from pathlib import Path

from click.testing import CliRunner

from classifier import artefacts
from qalqan.cli import cli
from review_queue import decisions
from review_queue.errors import CorporaError, StoreMissingError
from review_queue.store import open_store
from tests.builders import a_case, a_draft
from tests.classifier.conftest import write_corpora


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


def _refusal(tmp_path: Path) -> tuple[BaseException | None, str]:
    options = ["--corpora", str(tmp_path), "--with-decisions", str(tmp_path / "data")]
    result = CliRunner().invoke(cli, ["train", "--out", str(tmp_path / "models"), *options])
    return result.exception, result.stderr


def test_a_missing_store_is_told_and_none_is_made(tmp_path: Path) -> None:
    error, _ = _refusal(tmp_path)

    assert isinstance(error, StoreMissingError)
    assert not (tmp_path / "data").exists()


def test_a_store_without_a_settled_case_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        decisions.decide(store, a_draft(a_case(store), "aliya"))

    error, _ = _refusal(tmp_path)

    assert isinstance(error, CorporaError)
    assert "teaches anything yet" in str(error)


def test_settled_cases_are_counted_before_training_begins(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        case = a_case(store)
        for person in ("aliya", "bolat"):
            decisions.decide(store, a_draft(case, person))

    error, told = _refusal(tmp_path)

    assert isinstance(error, CorporaError)
    assert "sources.json" in str(error)  # the folder holds no corpora
    assert told.startswith("pages that officers settled: 1")
