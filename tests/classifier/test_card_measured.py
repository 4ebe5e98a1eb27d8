"""An evaluation stands beside the very model it is of, and a newer one takes its place."""

import json
import shutil
from pathlib import Path

import pytest

from classifier import artefacts, card_measured, evaluate_run, registry
from classifier.disguises import TRANSFORMS
from classifier.evaluate_web import SCRIPT
from classifier.scoring import Scorer
from crawler.extract import extract
from review_queue.errors import ModelDigestError
from tests.classifier.conftest import write_corpora

BENCH = Path(__file__).parents[3] / "shared" / "bench"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> evaluate_run.Evaluation:
    corpora = write_corpora(tmp_path_factory.mktemp("measured") / "texts")
    return evaluate_run.evaluate(
        Scorer(artefacts.load(artefacts.default_models_dir())),
        corpora_dir=corpora,
        script=BENCH / SCRIPT,
        extract=extract,
        on_progress=lambda _: None,
        transforms={"spaced": TRANSFORMS["spaced"], "leet": TRANSFORMS["leet"]},
    )


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    shipped = artefacts.default_models_dir()
    full = registry.full_name(shipped, None)
    shutil.copytree(shipped / full, tmp_path / full)
    return tmp_path


def _folder(models_dir: Path) -> Path:
    return models_dir / registry.full_name(models_dir, None)


def test_figures_and_plots_are_put_into_the_readme_once(
    models_dir: Path, found: evaluate_run.Evaluation
) -> None:
    folder = _folder(models_dir)
    card_measured.keep(folder, found)
    first = (folder / "README.md").read_text(encoding="utf-8")

    card_measured.keep(folder, found)

    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text == first
    assert text.count(card_measured.HEADING) == 1
    assert "SHA-256 of model.skops" in text
    assert "| spaced |" in text
    assert "- worst drop 30: " in text
    for name in found.drawn():
        assert (folder / name).read_text(encoding="utf-8").startswith("<svg")
        assert f"]({name})" in text or not (BENCH / SCRIPT).is_file()
    assert registry.verify(models_dir, registry.full_name(models_dir, None)) == found.model


def test_a_comparison_of_models_shows_what_was_measured(
    models_dir: Path, found: evaluate_run.Evaluation
) -> None:
    folder = _folder(models_dir)
    card_measured.keep(folder, found)
    other = folder.with_name("v99")
    shutil.copytree(folder, other)
    plain = found.as_plain()
    plain["average_precision_pages"]["kk violence"]["value"] = 0.123
    (other / "evaluation.json").write_text(json.dumps(plain), encoding="utf-8")

    name = folder.parent.name
    rows = registry.diff(models_dir, f"{name}/{folder.name}", f"{name}/v99")

    assert [(row.entry, row.after) for row in rows] == [
        ("evaluation.average_precision_pages.kk violence.value", 0.123)
    ]


def test_figures_of_other_weights_are_not_kept_and_not_shown(
    models_dir: Path, found: evaluate_run.Evaluation
) -> None:
    folder = _folder(models_dir)
    card_measured.keep(folder, found)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(card | {"digest": "0" * 64}), encoding="utf-8")

    assert registry.measured(models_dir, f"{folder.parent.name}/{folder.name}") == {}
    with pytest.raises(ModelDigestError, match="evaluate again"):
        card_measured.keep(folder, found)
