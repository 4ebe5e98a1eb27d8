"""Training: the same seed gives the same bytes, held-out rows stay out, licences are kept."""

import json
import shutil
from pathlib import Path

import pytest

from classifier.compose import Plan
from classifier.examples import Use
from classifier.training import TrainingReport, material, train
from review_queue.errors import CorporaError
from tests.classifier.conftest import EVALUATE, RESTRICTED, SHIP, SMALL, write_corpora

Trained = tuple[Path, TrainingReport]


def _train(
    corpora: Path, out: Path, *, with_restricted: bool = False, seed: int = 1
) -> TrainingReport:
    return train(
        corpora,
        out,
        with_restricted=with_restricted,
        seed=seed,
        on_progress=lambda _: None,
        plans=SMALL,
    )


def test_the_same_seed_gives_the_same_bytes_and_progress_is_told(
    trained: Trained, corpora_dir: Path, tmp_path: Path
) -> None:
    told: list[str] = []

    again = train(
        corpora_dir, tmp_path, with_restricted=False, seed=1, on_progress=told.append, plans=SMALL
    )

    first = trained[1]
    assert again.model.digest == first.model.digest
    assert (again.folder / "card.json").read_text() == (first.folder / "card.json").read_text()
    assert told[0] == "reading the labelled rows"
    assert any("held-out" in step for step in told)


def test_training_again_adds_a_version_only_when_the_weights_changed(
    corpora_dir: Path, trained: Trained, tmp_path: Path
) -> None:
    shutil.copytree(trained[0], tmp_path / "models")

    versions = [_train(corpora_dir, tmp_path / "models", seed=s).model.version for s in (1, 2)]

    assert versions == ["v1", "v2"]


def test_restricted_sources_make_a_model_apart_that_must_not_be_given_on(
    corpora_dir: Path, tmp_path: Path
) -> None:
    report = _train(corpora_dir, tmp_path, with_restricted=True)
    card = json.loads((report.folder / "card.json").read_text(encoding="utf-8"))

    assert report.model.name == "topic-stance-restricted"
    assert card["licence"] == "not for distribution under Apache-2.0"
    assert card["licence"] in (report.folder / "README.md").read_text(encoding="utf-8")
    assert {RESTRICTED, SHIP} <= {source["name"] for source in card["sources"]}
    assert not (tmp_path / "topic-stance").exists()


def test_only_shippable_sources_are_used_by_default(trained: Trained) -> None:
    card = json.loads((trained[1].folder / "card.json").read_text(encoding="utf-8"))

    names = {source["name"] for source in card["sources"]}
    assert SHIP in names
    assert not names & {RESTRICTED, EVALUATE}


NOTHING = Plan(0, 0, 0, 0, whole=0, alone=False)


def test_no_development_row_is_among_the_training_texts(tmp_path: Path) -> None:
    corpora = write_corpora(tmp_path / "texts")

    examples, held_out = material(
        corpora,
        [Use.SHIP],
        1,
        lambda _: None,
        (NOTHING, NOTHING),
    )

    assert len(examples) == 3 * 84
    assert sum(e.text.count("\n") + 1 for e in held_out.examples) == 3 * 12


def test_corpora_without_a_usable_row_are_refused(tmp_path: Path) -> None:
    corpora = write_corpora(tmp_path / "texts")
    (corpora / "sources.json").write_text("{}", encoding="utf-8")

    with pytest.raises(CorporaError, match="may be trained on"):
        _train(corpora, tmp_path / "out")


def test_texts_of_one_kind_alone_are_refused(tmp_path: Path) -> None:
    corpora = write_corpora(tmp_path / "texts")

    with pytest.raises(CorporaError, match="fewer than two kinds of topic"):
        train(
            corpora,
            tmp_path / "out",
            with_restricted=False,
            seed=1,
            on_progress=lambda _: None,
            plans=(NOTHING, NOTHING),
        )


def test_the_report_can_be_printed_for_programs(trained: Trained) -> None:
    plain = json.loads(json.dumps(trained[1].as_plain()))

    assert plain["name"] == "topic-stance"
    assert set(plain["thresholds"]) == {"self_harm", "violence", "distress"}
