"""Composed pages: made in memory, from the right side of the split, alike but for what they say."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import mean

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import qalqan
from classifier import compose, corpus
from classifier.compose import SOURCE, Plan, held_out_pages, training_pages
from classifier.corpus import Part
from classifier.examples import LANGUAGES, Example, Topic
from classifier.reading import count_texts
from classifier.training import TrainingReport, train
from review_queue.categories import Stance
from review_queue.errors import CorporaError
from tests.classifier.conftest import SMALL

CORPUS = corpus.load(Part.TRAINING)
HELD_OUT = [corpus.load(part) for part in Part if part is not Part.TRAINING]
PLAN = Plan(promoting=60, harmless=60, distress=60, neither=20, whole=0, latin=0.0, alone=False)


def _stems(*parts: corpus.Corpus) -> set[str]:
    """The longest piece of each fragment that holds no slot."""
    return {
        max(f.text.replace("{group}", "{act}").split("{act}"), key=len).strip()
        for part in parts
        for f in part.fragments
    }


def _long(stems: set[str]) -> list[str]:
    # Three words in a row may stand in anybody's text; four of another part's may not (test_corpus.py).
    return [stem for stem in stems if len(stem.split()) >= corpus.FRAGMENT_RUN]


def test_training_pages_hold_no_held_out_fragment_and_the_other_way_round() -> None:
    training = "\n".join(e.text for e in training_pages(CORPUS, {}, 1, PLAN)).lower()

    # Counted, not shown: a failing test must not print a page.
    assert sum(stem.lower() in training for stem in _stems(CORPUS)) > 300
    for part in HELD_OUT:
        held_out = "\n".join(e.text for e in held_out_pages(part, {}, 1, PLAN).examples).lower()
        assert sum(stem.lower() in training for stem in _long(_stems(part))) == 0
        assert sum(stem.lower() in held_out for stem in _long(_stems(CORPUS))) == 0


def test_no_part_is_taken_for_another() -> None:
    with pytest.raises(CorporaError, match="check part is never trained on"):
        training_pages(corpus.load(Part.CHECK), {}, 1, PLAN)
    with pytest.raises(CorporaError, match="training part measures nothing"):
        held_out_pages(CORPUS, {}, 1, PLAN)


def test_every_language_topic_and_stance_is_composed() -> None:
    cells = Counter((e.lang, e.topic, e.stance) for e in training_pages(CORPUS, {}, 1, PLAN))

    for lang in LANGUAGES:
        assert cells[lang, Topic.SELF_HARM, Stance.PROMOTES] == 60
        assert cells[lang, Topic.VIOLENCE, Stance.PROMOTES] == 60
        assert cells[lang, Topic.SELF_HARM, Stance.DISTRESS] == 60
        assert cells[lang, Topic.VIOLENCE, Stance.REPORTS] == 60
        assert cells[lang, Topic.NEITHER, Stance.OTHER] == 20


def test_harmful_and_harmless_pages_are_of_like_length() -> None:
    pages = training_pages(CORPUS, {}, 1, PLAN)
    harmful = [len(e.text) for e in pages if e.stance is Stance.PROMOTES]
    harmless = [len(e.text) for e in pages if e.stance in compose.HARMLESS and e.topic]

    assert 0.7 < mean(harmful) / mean(harmless) < 1.5


def test_no_slot_is_left_unfilled() -> None:
    pages = training_pages(CORPUS, {}, 1, PLAN)

    assert sum("{" in e.text for e in pages) == 0
    assert {e.source for e in pages} == {SOURCE}


def test_the_same_seed_gives_the_same_pages() -> None:
    assert training_pages(CORPUS, {}, 5, PLAN) == training_pages(CORPUS, {}, 5, PLAN)
    assert training_pages(CORPUS, {}, 5, PLAN) != training_pages(CORPUS, {}, 6, PLAN)


def test_filler_is_borrowed_from_harmless_rows_alone() -> None:
    rows = [
        Example(
            "A calm sentence of news.\nMore.", "en", Topic.NEITHER, Stance.REPORTS, "s", "news"
        ),
        Example(
            "Angry words about them all.", "en", Topic.NEITHER, Stance.OTHER, "s", "hostile_other"
        ),
        Example("Short.", "en", Topic.NEITHER, Stance.OTHER, "s", "benign_other"),
    ]

    borrowed = compose.filler_sentences(rows)

    assert borrowed == {"kk": [], "ru": [], "en": ["A calm sentence of news."]}
    pages = training_pages(CORPUS, borrowed, 1, Plan(0, 0, 0, 30, whole=0, alone=False))
    assert sum("A calm sentence of news." in e.text for e in pages if e.lang == "en") > 5


def test_whole_pages_are_used_on_their_own_side_of_the_split() -> None:
    plan = replace(PLAN, promoting=0, harmless=0, distress=1, neither=0, whole=1)
    training = "\n".join(e.text for e in training_pages(CORPUS, {}, 1, plan))
    own = {page.text.split("\n")[1] for page in CORPUS.pages}

    assert sum(line in training for line in own) > 200
    for part in HELD_OUT:
        held_out = "\n".join(e.text for e in held_out_pages(part, {}, 1, plan).examples)
        firsts = {page.text.split("\n")[1] for page in part.pages}
        assert sum(line in training for line in firsts) == 0
        assert sum(line in held_out for line in own) == 0
        assert sum(line in held_out for line in firsts) > 50


def test_every_fragment_also_stands_alone_but_not_where_pages_are_measured() -> None:
    nothing = Plan(0, 0, 0, 0, whole=0, latin=0.0)
    single = [e for e in training_pages(CORPUS, {}, 1, nothing) if "\n" not in e.text]
    cells = Counter((e.lang, e.topic, e.stance) for e in single)

    assert cells.keys() >= {(f.lang, f.topic, f.stance) for f in CORPUS.fragments}
    assert sum(cells.values()) > len(CORPUS.fragments)
    development = replace(compose.DEVELOPMENT_PLAN, promoting=0, harmless=0, distress=0, whole=0)
    of_pages = held_out_pages(HELD_OUT[0], {}, 1, development).examples
    assert {e.topic for e in of_pages} == {Topic.NEITHER}


def test_kazakh_pages_are_there_in_latin_letters_too() -> None:
    pages = training_pages(CORPUS, {}, 1, replace(PLAN, latin=1.0))
    kazakh = [e for e in pages if e.lang == "kk"]

    letters = [sum("\u0400" <= c <= "\u04ff" for c in e.text) for e in kazakh]
    assert sum(number == 0 for number in letters) == len(kazakh) // 2


def test_filler_and_layout_alone_do_not_tell_harmful_pages() -> None:
    silent = replace(CORPUS, fragments=tuple(replace(f, text="") for f in CORPUS.fragments))
    plan = replace(PLAN, promoting=300, harmless=100, distress=0, neither=0)
    texts, harmful = [], []
    for seed in (1, 2):
        pages = [e for e in training_pages(silent, {}, seed, plan) if e.text.strip()]
        texts.append([e.text for e in pages])
        harmful.append(np.array([e.stance is Stance.PROMOTES for e in pages]))
    words = [count_texts(part)[1].sqrt() for part in texts]
    fitted = LogisticRegression(C=0.1, max_iter=300).fit(words[0], harmful[0])

    area = roc_auc_score(harmful[1], fitted.decision_function(words[1]))

    assert area <= 0.60


def test_no_trained_model_or_card_holds_a_line_of_a_composed_page(
    trained: tuple[Path, TrainingReport],
) -> None:
    stems = {s.encode() for s in _stems(CORPUS, *HELD_OUT)}

    for path in trained[0].rglob("*.*"):
        data = path.read_bytes()
        assert sum(stem in data for stem in stems if len(stem) > 15) == 0


def test_no_command_composes_a_page_itself() -> None:
    commands = Path(str(qalqan.__file__)).parent.rglob("*.py")

    texts = [path.read_text(encoding="utf-8") for path in commands]
    assert sum("classifier.compose" in text or "import compose" in text for text in texts) == 0


def test_training_tells_its_steps_and_no_page(
    corpora_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    train(
        corpora_dir, tmp_path, with_restricted=False, seed=3, on_progress=told.append, plans=SMALL
    )

    shown = "\n".join([*told, *capfd.readouterr()]).lower()
    stems = _stems(CORPUS, *HELD_OUT)
    assert sum(stem.lower() in shown for stem in stems if len(stem) > 15) == 0
