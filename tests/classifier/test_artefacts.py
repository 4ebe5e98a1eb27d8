"""A model file is loaded only when it is the one its card describes and holds nothing foreign."""

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from classifier import artefacts
from classifier.training import TrainingReport
from review_queue.errors import (
    ModelCardError,
    ModelDigestError,
    ModelMissingError,
    ModelNameError,
    UnreadableInputError,
)

Trained = tuple[Path, TrainingReport]
REPOSITORY_MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def copied(trained: Trained, tmp_path: Path) -> Path:
    shutil.copytree(trained[0], tmp_path / "models")
    return tmp_path / "models"


def _folder(models_dir: Path) -> Path:
    return models_dir / "topic-stance" / "v1"


def _replace(models_dir: Path, data: bytes) -> None:
    """Other weights with a card that vouches for them."""
    folder = _folder(models_dir)
    (folder / "model.skops").write_bytes(data)
    card = json.loads((folder / "card.json").read_text())
    card["digest"] = hashlib.sha256(data).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def test_a_model_comes_back_as_it_was_written(trained: Trained) -> None:
    models_dir, report = trained

    model = artefacts.load(models_dir)

    data = (report.folder / "model.skops").read_bytes()
    assert model.id == report.model
    assert artefacts.dump(model.weights, model.calibration, model.thresholds) == data


@pytest.mark.parametrize("name", ["topic-stance", "topic-stance/v1", None])
def test_a_model_is_found_by_name_with_or_without_version(
    trained: Trained, name: str | None
) -> None:
    assert artefacts.load(trained[0], name).id.version == "v1"


def test_the_newest_version_is_the_default(copied: Path) -> None:
    for version in ("v2", "v10"):
        shutil.copytree(_folder(copied), copied / "topic-stance" / version)

    assert artefacts.load(copied).id.version == "v10"
    assert artefacts.next_version(copied, "topic-stance") == "v11"


@pytest.mark.parametrize("at", [0, 100, -1])
def test_one_flipped_byte_is_refused(copied: Path, at: int) -> None:
    path = _folder(copied) / "model.skops"
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)

    with pytest.raises(ModelDigestError, match="was changed after its card was written"):
        artefacts.load(copied)


def test_a_pickle_is_refused_even_when_the_card_vouches_for_it(copied: Path) -> None:
    _replace(copied, pickle.dumps({"format": 1}))

    with pytest.raises(ModelDigestError, match="not a skops file"):
        artefacts.load(copied)


def test_a_foreign_type_is_refused_even_when_the_card_vouches_for_it(copied: Path) -> None:
    _replace(copied, skops.io.dumps({"format": 1, "topic": LinearSVC()}))

    with pytest.raises(ModelDigestError, match="LinearSVC"):
        artefacts.load(copied)


def test_a_function_is_refused_even_when_the_card_vouches_for_it(copied: Path) -> None:
    _replace(copied, skops.io.dumps({"format": 1, "topic": FunctionTransformer(print)}))

    with pytest.raises(ModelDigestError, match="which no model needs"):
        artefacts.load(copied)


@pytest.mark.parametrize(
    "content",
    [
        {"format": 2},
        {"format": 1},
        ["a list"],
        {"format": 1, "char_bins": np.arange(3), "word_bins": "text"},
    ],
)
def test_a_file_of_another_shape_is_refused(copied: Path, content: object) -> None:
    _replace(copied, skops.io.dumps(content))

    with pytest.raises(ModelDigestError, match="train again"):
        artefacts.load(copied)


@pytest.mark.parametrize(
    "change",
    [
        {"names": ["none"]},
        {"columns": np.array([0, 10**9], np.int32)},
        {"intercept": np.zeros(2, np.float16)},
        {"cut": "often"},
    ],
)
def test_a_head_for_moves_that_does_not_fit_the_rest_is_refused(
    copied: Path, change: dict[str, object]
) -> None:
    content = skops.io.loads((_folder(copied) / "model.skops").read_bytes(), trusted=[])
    content["moves"] |= change
    _replace(copied, skops.io.dumps(content))

    with pytest.raises(ModelDigestError, match="train again"):
        artefacts.load(copied)


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ("", "Expecting value"),
        ("[]", "not a JSON object"),
        ("{}", "names no SHA-256"),
        ('{"digest": 5}', "names no SHA-256"),
        ("not json", "Expecting value"),
        ("[" * 100_000, "recursion"),
    ],
    ids=["empty", "list", "no-digest", "number", "not-json", "nested"],
)
def test_a_broken_card_is_not_taken_for_a_changed_model(copied: Path, card: str, says: str) -> None:
    (_folder(copied) / "card.json").write_text(card)

    with pytest.raises(ModelCardError, match=rf"{says}.*restore the card"):
        artefacts.load(copied)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "topic-stance/",
        "../models/topic-stance",
        "topic-stance/../topic-stance/v1",
        "topic-stance/v1/.",
        "topic-stance/..",
        "/etc",
        "a\\b",
        "a/b\\..",
        "a\x00b",
        "a/v1\x00",
    ],
)
def test_a_name_that_leads_out_of_the_models_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelNameError, match="write NAME or NAME/VERSION"):
        artefacts.load(tmp_path, name)
    with pytest.raises(ModelNameError, match="write NAME or NAME/VERSION"):
        artefacts.card(tmp_path, name)


def test_a_note_that_leads_to_another_models_folder_is_not_followed(copied: Path) -> None:
    shutil.copytree(_folder(copied), copied / "other" / "v1")
    card = json.loads((_folder(copied) / "card.json").read_text())
    note = {"version": "../other/v1", "digest": card["digest"]}
    (copied / "topic-stance" / "in-use.json").write_text(json.dumps(note))

    with pytest.raises(ModelCardError, match="models promote"):
        artefacts.load(copied)


def test_a_note_nested_too_deep_does_not_say_which_version_is_in_use(copied: Path) -> None:
    (copied / "topic-stance" / "in-use.json").write_text("[" * 100_000)

    with pytest.raises(ModelCardError, match="models promote"):
        artefacts.load(copied)


@pytest.mark.parametrize("name", [None, "nobody", "nobody/v1"])
def test_a_missing_model_says_what_to_do(tmp_path: Path, name: str | None) -> None:
    with pytest.raises(ModelMissingError, match="qalqan train"):
        artefacts.load(tmp_path, name)


def test_missing_weights_say_what_to_do(copied: Path) -> None:
    (_folder(copied) / "model.skops").unlink()

    with pytest.raises(ModelMissingError, match="qalqan train"):
        artefacts.load(copied)


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.skops.part").mkdir(parents=True)

    with pytest.raises(UnreadableInputError, match="cannot be written"):
        artefacts.save(tmp_path, b"", {}, "")


def test_the_shipped_model_loads_and_is_small() -> None:
    model = artefacts.load(artefacts.default_models_dir())
    folder = artefacts.default_models_dir() / model.id.name / model.id.version

    assert (folder / "model.skops").stat().st_size < 12_000_000
    assert artefacts.default_models_dir() == REPOSITORY_MODELS


def test_the_shipped_card_names_licences_figures_and_failures() -> None:
    model = artefacts.load(artefacts.default_models_dir())
    folder = artefacts.default_models_dir() / model.id.name / model.id.version
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    readme = (folder / "README.md").read_text(encoding="utf-8")

    assert card["licence"] == "Apache-2.0"
    assert set(card["thresholds"]) == {"self_harm", "violence", "distress"}
    assert card["thresholds"] == {c.value: t for c, t in model.thresholds.items()}
    assert all(source["licence"] and source["rows"] for source in card["sources"])
    assert all(source["name"] in readme for source in card["sources"])
    assert card["digest"] in readme
    assert len(card["known_failures"]) >= 4
    assert not any("CC-BY-SA" in s["licence"] or "GPL" in s["licence"] for s in card["sources"])
