"""Which rows may be learned from, and what their labels mean."""

import gzip
import json
from pathlib import Path

import pytest

from classifier.examples import (
    Topic,
    Use,
    development_rows,
    held_out_pages,
    is_development,
    sources,
    training_rows,
)
from review_queue.categories import Stance
from review_queue.errors import CorporaError
from tests.classifier.conftest import RESTRICTED, SHIP, SOURCES

SHARED = Path(__file__).parents[3] / "shared" / "corpora"


def _row(folder: Path, **changes: str) -> None:
    row = {"id": "a1", "text": "some words", "lang": "en", "source": SHIP, "label": "news"}
    (folder / "sources.json").write_text(json.dumps(SOURCES), encoding="utf-8")
    with gzip.open(folder / "train.en.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(row | changes) + "\n")


def test_development_rows_are_never_among_training_rows(corpora_dir: Path) -> None:
    training = {r.text + r.source for r in training_rows(corpora_dir, Use)}
    held_out = list(development_rows(corpora_dir, Use))

    assert len(list(training_rows(corpora_dir, Use))) == 3 * 140
    assert len(held_out) == 3 * 20
    assert training


@pytest.mark.parametrize(("row_id", "expected"), [("x-e", True), ("x-f", True), ("e-0", False)])
def test_the_last_character_of_the_id_decides(row_id: str, *, expected: bool) -> None:
    assert is_development(row_id) is expected


def test_only_sources_of_the_uses_asked_for_are_read(corpora_dir: Path) -> None:
    ship = {row.source for row in training_rows(corpora_dir, [Use.SHIP])}
    both = {row.source for row in training_rows(corpora_dir, [Use.SHIP, Use.RESTRICTED])}

    assert ship == {SHIP}
    assert both == {SHIP, RESTRICTED}


def test_an_unlisted_source_is_for_evaluation_only(tmp_path: Path) -> None:
    _row(tmp_path, source="nobody knows")

    assert list(training_rows(tmp_path, [Use.SHIP, Use.RESTRICTED])) == []
    assert len(list(training_rows(tmp_path, [Use.EVALUATE]))) == 1


@pytest.mark.parametrize(
    ("label", "topic", "stance"),
    [
        ("violence_promotion", Topic.VIOLENCE, Stance.PROMOTES),
        ("self_harm_topic", Topic.SELF_HARM, None),
        ("distress", Topic.SELF_HARM, Stance.DISTRESS),
        ("prevention_support", None, Stance.SUPPORTS),
        ("hostile_other", Topic.NEITHER, Stance.OTHER),
    ],
)
def test_a_label_says_topic_and_stance_as_far_as_it_knows(
    tmp_path: Path, label: str, topic: Topic | None, stance: Stance | None
) -> None:
    _row(tmp_path, label=label, lang="kk-ru")

    (row,) = training_rows(tmp_path, [Use.SHIP])

    assert (row.topic, row.stance, row.lang) == (topic, stance, "kk")


def test_rows_without_a_usable_label_are_left_out(tmp_path: Path) -> None:
    _row(tmp_path, label="unmapped")

    assert list(training_rows(tmp_path, Use)) == []


def test_held_out_pages_join_rows_of_one_kind_alone(corpora_dir: Path) -> None:
    rows = list(development_rows(corpora_dir, Use))

    pages = held_out_pages(rows, seed=1).examples

    assert len(pages) < len(rows)
    assert sum(page.text.count("\n") + 1 for page in pages) == len(rows)
    assert pages == held_out_pages(list(development_rows(corpora_dir, Use)), seed=1).examples


def test_missing_corpora_are_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CorporaError, match=r"sources\.json cannot be read"):
        list(training_rows(tmp_path, Use))
    (tmp_path / "sources.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CorporaError, match=r"no train\.LANG"):
        list(training_rows(tmp_path, Use))


@pytest.mark.parametrize("text", ["[]", "{", '{"a": {"use": "sell", "licence": ""}}', '{"a": 1}'])
def test_a_broken_list_of_sources_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "sources.json").write_text(text, encoding="utf-8")

    with pytest.raises(CorporaError, match="is not a list of sources"):
        sources(tmp_path)


@pytest.mark.parametrize("line", ["not json", "[]", '{"id": "a"}', '{"id": "", "text": 1}'])
def test_a_broken_row_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    _row(tmp_path)
    with gzip.open(tmp_path / "train.en.jsonl.gz", "at", encoding="utf-8") as file:
        file.write(line + "\n")

    with pytest.raises(CorporaError, match="line 2"):
        list(training_rows(tmp_path, Use))


def test_a_file_that_is_no_gzip_is_refused(tmp_path: Path) -> None:
    _row(tmp_path)
    (tmp_path / "train.en.jsonl.gz").write_bytes(b"plain")

    with pytest.raises(CorporaError, match="cannot be read"):
        list(training_rows(tmp_path, Use))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpora are not here")
def test_the_real_corpora_can_be_read_and_hold_every_language() -> None:
    rows = list(training_rows(SHARED, [Use.SHIP]))

    assert {row.lang for row in rows} == {"kk", "ru", "en"}
    assert all(sources(SHARED)[name].use is Use.SHIP for name in {row.source for row in rows})
