"""Which version is in use is chosen by people, checked first, and can be taken back."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifier import artefacts, registry
from review_queue.errors import ModelCardError, ModelDigestError, ModelMissingError

NAME = artefacts.DEFAULT_NAME
NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOON


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """The shipped model as v1, v2 and v3; cards tell them apart."""
    shipped = artefacts.default_models_dir()
    source = shipped / registry.full_name(shipped, None)
    for number in (1, 2, 3):
        folder = tmp_path / "models" / NAME / f"v{number}"
        shutil.copytree(source, folder)
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        card |= {"version": f"v{number}", "seed": number}
        (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return tmp_path / "models"


def test_the_newest_version_is_in_use_until_one_is_promoted(models_dir: Path) -> None:
    assert registry.in_use(models_dir) == "v3"

    registry.promote(models_dir, f"{NAME}/v1", actor="aigerim", clock=clock)

    assert registry.in_use(models_dir) == "v1"
    assert artefacts.load(models_dir).id.version == "v1"
    assert artefacts.load(models_dir, f"{NAME}/v2").id.version == "v2"


def test_a_rollback_returns_to_the_version_before_and_then_to_the_one_before_that(
    models_dir: Path,
) -> None:
    registry.promote(models_dir, f"{NAME}/v1", actor="a", clock=clock)
    registry.promote(models_dir, f"{NAME}/v2", actor="a", clock=clock)

    first = registry.rollback(models_dir, NAME, actor="a", clock=clock)
    second = registry.rollback(models_dir, NAME, actor="a", clock=clock)

    assert (first.before, first.version) == ("v2", "v1")
    assert second.version == "v3"  # what was newest before anything was promoted
    with pytest.raises(ModelMissingError, match="in use before"):
        registry.rollback(models_dir, NAME, actor="a", clock=clock)


def test_every_change_leaves_a_line_with_who_and_when(models_dir: Path) -> None:
    registry.promote(models_dir, f"{NAME}/v1", actor="aigerim", clock=clock)
    registry.rollback(models_dir, NAME, actor="daniyar", clock=clock)

    lines = (models_dir / NAME / registry.LOG_FILE).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["actor"], row["action"], row["from"], row["to"]) for row in rows] == [
        ("aigerim", "promote", "v3", "v1"),
        ("daniyar", "rollback", "v1", "v3"),
    ]
    assert rows[0]["at"] == "2026-11-01T12:00:00.000Z"
    assert len(rows[0]["digest"]) == 64


def test_a_damaged_version_is_not_promoted_and_nothing_changes(models_dir: Path) -> None:
    _flip(models_dir / NAME / "v2" / "model.skops")

    with pytest.raises(ModelDigestError):
        registry.promote(models_dir, f"{NAME}/v2", actor="a", clock=clock)

    assert registry.in_use(models_dir) == "v3"
    assert not (models_dir / NAME / registry.LOG_FILE).exists()


def test_weights_swapped_after_a_promotion_are_refused_even_with_a_card_that_fits(
    models_dir: Path,
) -> None:
    registry.promote(models_dir, f"{NAME}/v2", actor="a", clock=clock)
    note = models_dir / NAME / artefacts.IN_USE_FILE
    promised = json.loads(note.read_text(encoding="utf-8"))
    note.write_text(json.dumps(promised | {"digest": "0" * 64}), encoding="utf-8")

    with pytest.raises(ModelDigestError, match="not what was promoted"):
        artefacts.load(models_dir)


@pytest.mark.parametrize("note", ["", "[]", '{"version": "v1"}'])
def test_a_note_that_cannot_be_read_stops_loading_until_a_version_is_promoted(
    models_dir: Path, note: str
) -> None:
    (models_dir / NAME / artefacts.IN_USE_FILE).write_text(note, encoding="utf-8")

    with pytest.raises(ModelCardError, match="models promote"):
        artefacts.load(models_dir)
    assert not any(row.in_use for row in registry.listing(models_dir))

    registry.promote(models_dir, f"{NAME}/v1", actor="a", clock=clock)
    assert artefacts.load(models_dir).id.version == "v1"


def test_a_card_of_another_version_or_with_other_thresholds_is_refused(models_dir: Path) -> None:
    card_path = models_dir / NAME / "v2" / "card.json"
    shutil.copy(models_dir / NAME / "v1" / "card.json", card_path)
    with pytest.raises(ModelCardError, match="card of topic-stance/v1"):
        registry.verify(models_dir, f"{NAME}/v2")

    card = json.loads(card_path.read_text(encoding="utf-8"))
    card |= {"version": "v2", "thresholds": {**card["thresholds"], "violence": 0.01}}
    card_path.write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelCardError, match="other thresholds"):
        registry.verify(models_dir, f"{NAME}/v2")


def test_the_listing_names_what_is_wrong_with_a_version(models_dir: Path) -> None:
    (models_dir / NAME / "v2" / "card.json").unlink()

    rows = registry.listing(models_dir)

    assert [row.version for row in rows] == ["v1", "v2", "v3"]
    assert "card.json cannot be read" in rows[1].problem
    assert [row.in_use for row in rows] == [False, False, True]


def test_a_comparison_shows_what_differs_and_nothing_else(models_dir: Path) -> None:
    card_path = models_dir / NAME / "v2" / "card.json"
    card = json.loads(card_path.read_text(encoding="utf-8"))
    old_cut = card["thresholds"]["violence"]
    card["thresholds"]["violence"] = 0.5
    gone = card["sources"].pop()
    card_path.write_text(json.dumps(card), encoding="utf-8")

    found = registry.diff(models_dir, f"{NAME}/v1", f"{NAME}/v2")

    assert found[0] == registry.Difference("thresholds", "thresholds.violence", old_cut, 0.5)
    lost = [d for d in found if d.group == "sources"]
    assert all(d.after is None and gone["name"] in d.entry for d in lost)
    assert lost
    assert {d.entry for d in found if d.group == "card"} == {"version", "seed"}


def test_a_model_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="qalqan train"):
        registry.full_name(tmp_path, None)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
