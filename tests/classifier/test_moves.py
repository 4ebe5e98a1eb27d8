"""Moves: named alike by both ways to them, rightly more often than not, never in distress or in doubt."""

from dataclasses import replace

import pytest

from classifier import artefacts, compose, corpus, moves
from classifier.corpus import MOVES, Part
from classifier.examples import Topic
from classifier.model import Weights
from classifier.projection import projector
from classifier.reading import read
from classifier.scoring import Scorer
from classifier.segments import sentences
from review_queue.categories import HARMS, Category, Move, Stance
from review_queue.errors import CorporaError
from review_queue.records import Evidence
from tests.classifier.conftest import SENTENCES, SMALL

TRAINING, DEVELOPMENT = corpus.load(Part.TRAINING), corpus.load(Part.DEVELOPMENT)


@pytest.fixture(scope="module")
def shipped_model() -> artefacts.Model:
    return artefacts.load(artefacts.default_models_dir())


@pytest.fixture(scope="module")
def taught(shipped_model: artefacts.Model) -> Weights:
    return moves.taught(shipped_model.weights, TRAINING, DEVELOPMENT, 1)


@pytest.fixture(scope="module")
def naming(shipped_model: artefacts.Model, taught: Weights) -> Scorer:
    return Scorer(replace(shipped_model, weights=taught))


def _pages(*stances: Stance) -> list[tuple[str, str]]:
    found = compose.held_out_pages(DEVELOPMENT, {}, 3, SMALL[1]).examples
    return [("", e.text) for e in found if e.stance in stances]


def _whole(text: str, start: int = 0) -> Evidence:
    return Evidence(text, start, start + len(text), Category.VIOLENCE, 0.1)


def test_the_corpus_and_the_store_know_the_same_moves() -> None:
    assert {move for of_topic in MOVES.values() for move in of_topic} == set(Move)


def test_the_same_seed_gives_the_same_head(shipped_model: artefacts.Model, taught: Weights) -> None:
    first = taught.moves
    again = moves.taught(shipped_model.weights, TRAINING, DEVELOPMENT, 1).moves

    assert first is not None
    assert again is not None
    assert (first.names, first.cut) == (again.names, again.cut)
    assert first.columns.tobytes() == again.columns.tobytes()
    assert first.coef.tobytes() == again.coef.tobytes()
    assert first.intercept.tobytes() == again.intercept.tobytes()


def test_only_the_training_part_teaches_and_it_never_chooses_the_cut(
    shipped_model: artefacts.Model,
) -> None:
    with pytest.raises(CorporaError, match="training part"):
        moves.taught(shipped_model.weights, DEVELOPMENT, DEVELOPMENT)
    with pytest.raises(CorporaError, match="training part"):
        moves.taught(shipped_model.weights, TRAINING, TRAINING)


def test_seven_of_ten_moves_named_are_right_and_harmless_fragments_mostly_get_none(
    taught: Weights,
) -> None:
    figures = moves.measured(taught, DEVELOPMENT)

    assert figures is not None
    named = sum(figure.named for figure in figures.moves)
    assert named >= moves.FEWEST_NAMED
    assert sum(figure.right for figure in figures.moves) >= 0.65 * named
    assert figures.harmless_named < 0.15 * figures.harmless


def test_a_head_that_is_never_sure_enough_names_nothing(taught: Weights) -> None:
    assert taught.moves is not None
    unsure = replace(taught, moves=replace(taught.moves, cut=2.0))

    figures = moves.measured(unsure, DEVELOPMENT)

    assert figures is not None
    assert not any(figure.named for figure in figures.moves)


def test_sentences_of_a_page_are_named_as_texts_of_their_own(taught: Weights) -> None:
    namer = moves.namer(taught)
    assert namer is not None
    linear = projector(taught)
    pages = _pages(Stance.PROMOTES)[:12]
    reading = read(pages)
    every = [
        [_whole(text[start:end], start) for start, end in sentences(text)] for _, text in pages
    ]

    named = namer.named(linear, reading, every)

    items = [item for found in named for item in found]
    texts = [item.text for item in items]
    alone = namer.named(linear, read([("", t) for t in texts]), [[_whole(t)] for t in texts])
    assert len(items) > 50
    assert any(item.move for item in items)
    assert [item.move for item in items] == [own.move for (own,) in alone]


def test_the_fast_way_gives_what_whole_feature_rows_give(taught: Weights) -> None:
    namer = moves.namer(taught)
    assert namer is not None
    texts = [text for sentences in SENTENCES.values() for text in sentences]
    rows = [moves.Row(text, Topic.VIOLENCE, moves.NONE) for text in texts]
    sure = replace(namer, head=replace(namer.head, cut=0.0))

    names, _ = moves.told(taught, rows)

    reading = read([("", text) for text in texts])
    linear = projector(taught)
    found = sure.named(linear, reading, [[_whole(text)] for text in texts])
    assert [item.move for (item,) in found] == [n if n != moves.NONE else "" for n in names]


def test_moves_of_a_page_come_from_its_evidence_of_harms(naming: Scorer) -> None:
    scores = naming.score(_pages(Stance.PROMOTES, Stance.DISTRESS))
    evidence = [item for score in scores for item in score.evidence]

    assert sum(bool(score.moves) for score in scores) > 10
    for item in evidence:
        allowed = MOVES.get(Topic(item.category), ()) if item.category in HARMS else ()
        assert item.move in {"", *allowed}
    assert all(set(s.moves) == {e.move for e in s.evidence} - {""} for s in scores)


def test_a_model_without_the_head_names_nothing_and_scores_the_same(
    shipped_model: artefacts.Model, naming: Scorer
) -> None:
    plain = Scorer(replace(shipped_model, weights=replace(shipped_model.weights, moves=None)))
    pages = _pages(Stance.PROMOTES)[:20]

    without, with_moves = plain.score(pages), naming.score(pages)

    assert all(score.moves == () for score in without)
    assert [s.scores for s in without] == [s.scores for s in with_moves]
    assert moves.measured(replace(shipped_model.weights, moves=None), DEVELOPMENT) is None


def test_the_head_makes_the_file_at_most_two_fifths_larger(
    shipped_model: artefacts.Model, taught: Weights
) -> None:
    with_head, without = (
        len(artefacts.dump(weights, shipped_model.calibration, shipped_model.thresholds))
        for weights in (taught, replace(taught, moves=None))
    )

    assert without < with_head < 1.4 * without
