"""`qalqan evaluate`: figures for people and programs, no page of text in either."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from classifier import corpus
from classifier.corpus import Part
from classifier.evaluate_web import SCRIPT
from qalqan.cli import cli
from tests.classifier.conftest import write_corpora

BENCH = Path(__file__).parents[3] / "shared" / "bench"


def test_without_public_rows_the_written_pages_are_measured_and_the_rest_is_named() -> None:
    result = CliRunner().invoke(cli, ["evaluate", "--no-disguises"])

    assert result.exit_code == 0, result.output
    assert "AP, composed pages" in result.stdout
    assert "skipped: haystack" in result.stderr
    fragments = [f.text for part in Part for f in corpus.load(part).fragments]
    assert not any(text in result.output for text in fragments)


@pytest.mark.skipif(
    not (BENCH / SCRIPT).is_file(), reason="no haystack builder beside the repository"
)
def test_with_them_the_queue_is_measured_and_plotted(tmp_path: Path) -> None:
    corpora = write_corpora(tmp_path / "texts")

    result = CliRunner().invoke(
        cli,
        [
            *("evaluate", "--corpora", str(corpora), "--haystack", str(BENCH)),
            *("--json", "--no-disguises", "--plots", str(tmp_path / "plots")),
        ],
    )

    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["skipped"] == []
    assert set(found["haystack"]) == {"this model", "keyword list"}
    assert len(found["haystack"]["this model"]["cells"]) == 6
    assert 0 <= found["reliability"]["violence"]["ece"] <= 1
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {
        "gain.svg",
        "reliability-self_harm.svg",
        "reliability-violence.svg",
    }
