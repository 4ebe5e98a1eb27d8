"""What officers settled teaches the model, by itself apart: counted in the card, never named, a fifth held out."""

import json
from pathlib import Path

import pytest

from classifier import artefacts, officers
from classifier.examples import Topic
from classifier.scoring import Scorer
from classifier.training import TrainingReport, train
from review_queue import decisions
from review_queue.categories import Category, Stance, Verdict
from review_queue.labels import LabelledPage, labelled_pages
from review_queue.store import Store
from tests.builders import a_case, a_draft
from tests.classifier.conftest import SMALL

_TEXT = "The club meets on Fridays behind the old mill and everyone brings a lantern."


def a_label(
    site: str = "one.example",
    stance: Stance = Stance.PROMOTES,
    category: Category = Category.VIOLENCE,
    people: int = 2,
    text: str = _TEXT,
) -> LabelledPage:
    return LabelledPage(
        site, category, stance, "A title", text, "en", site, people,
        (f"id-{site}-a", f"id-{site}-b"), "2026-11-01T09:00:00.000Z", "2026-11-04T09:00:00.000Z",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("category", "stance", "topic", "label"),
    [
        (Category.VIOLENCE, Stance.PROMOTES, Topic.VIOLENCE, "officers_violence_promotes"),
        (Category.SELF_HARM, Stance.PROMOTES, Topic.SELF_HARM, "officers_self_harm_promotes"),
        (Category.DISTRESS, Stance.DISTRESS, Topic.SELF_HARM, "officers_self_harm_distress"),
        (Category.VIOLENCE, Stance.SUPPORTS, None, "officers_supports"),
        (Category.SELF_HARM, Stance.OTHER, None, "officers_other"),
    ],
)
def test_a_settled_page_says_its_stance_and_a_harmless_one_leaves_the_topic_open(
    category: Category, stance: Stance, topic: Topic | None, label: str
) -> None:
    made = officers.taught([a_label(stance=stance, category=category)])

    (example,) = made.examples + made.held_out
    assert (example.topic, example.stance, example.label) == (topic, stance, label)
    assert (example.lang, example.source) == ("en", officers.SOURCE)
    assert example.text == f"A title\n{_TEXT}"


def test_more_people_weigh_more_up_to_three() -> None:
    made = officers.taught([a_label(site="two.example", people=n) for n in (1, 2, 3, 7)])

    examples = made.examples + made.held_out
    assert [e.weight / officers.WEIGHT_A_PERSON for e in examples] == [1, 2, 3, 3]


def test_about_a_fifth_of_the_sites_is_held_out_and_all_pages_of_a_site_go_together() -> None:
    labels = [a_label(f"s{i}.example", text=f"{_TEXT} {i} {j}") for i in range(500) for j in (1, 2)]

    made = officers.taught(labels)

    assert 0.15 < len(made.held_out) / len(labels) < 0.25
    assert len(made.examples) + len(made.held_out) == len(labels)
    assert len(made.examples) % 2 == len(made.held_out) % 2 == 0
    assert officers.taught(labels[::-1]).held_out == made.held_out[::-1]


@pytest.fixture(scope="module")
def with_decisions(
    corpora_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TrainingReport]:
    models = tmp_path_factory.mktemp("models")
    labels = [
        a_label(f"s{i}.example", text=f"{_TEXT} Evening {'one' if i % 2 else 'two'}.")
        for i in range(40)
    ] + [
        a_label(f"h{i}.example", Stance.OTHER, people=1, text="Bread and lanterns for sale.")
        for i in range(10)
    ]
    report = train(
        corpora_dir,
        models,
        with_restricted=False,
        seed=1,
        on_progress=lambda _: None,
        plans=SMALL,
        decisions=labels,
    )
    return models, report


def test_decisions_raise_the_score_of_what_they_were_about(
    with_decisions: tuple[Path, TrainingReport], scorer: Scorer
) -> None:
    models, report = with_decisions
    own = Scorer(artefacts.load(models, report.model.name))

    before, after = (s.score([("", _TEXT)])[0].scores[Category.VIOLENCE] for s in (scorer, own))
    assert after > before


def test_the_model_is_named_apart_and_its_card_counts_decisions_and_days(
    with_decisions: tuple[Path, TrainingReport],
) -> None:
    models, report = with_decisions
    card = json.loads((report.folder / "card.json").read_text(encoding="utf-8"))
    readme = (report.folder / "README.md").read_text(encoding="utf-8")
    part = card["officers_decisions"]

    assert report.model.name == "topic-stance-officers"
    assert not (models / artefacts.DEFAULT_NAME).exists()
    assert card["licence"] == "not for distribution under Apache-2.0"
    assert (part["decisions"], part["pages"]) == (100, 50)
    assert (part["first_decided"], part["last_decided"]) == ("2026-11-01", "2026-11-04")
    assert sum(part["trained_on"].values()) + sum(part["held_out"].values()) == 50
    assert {"name": officers.SOURCE, "rows": sum(part["trained_on"].values())}.items() <= next(
        s for s in card["sources"] if s["name"] == officers.SOURCE
    ).items()
    assert "100 confirmed decisions on 50 pages, made from 2026-11-01 to 2026-11-04" in readme


def test_the_card_repeats_no_text_and_no_site(with_decisions: tuple[Path, TrainingReport]) -> None:
    told = "".join(
        path.read_text(encoding="utf-8")
        for path in with_decisions[1].folder.iterdir()
        if path.suffix in {".json", ".md"}
    )

    assert "lantern" not in told
    assert ".example" not in told
    assert "id-" not in told


def test_held_out_decisions_set_neither_calibration_nor_thresholds(
    with_decisions: tuple[Path, TrainingReport], trained: tuple[Path, TrainingReport]
) -> None:
    cards = [
        json.loads((report.folder / "card.json").read_text(encoding="utf-8"))
        for report in (with_decisions[1], trained[1])
    ]

    assert cards[0]["held_out_pages"] == cards[1]["held_out_pages"]


def test_decisions_made_in_a_real_store_become_examples(store: Store) -> None:
    case = a_case(store, text=_TEXT)
    for person in ("aliya", "bolat"):
        decisions.decide(store, a_draft(case, person))
    doubtful = a_case(store, "http://two.example/")
    decisions.decide(store, a_draft(doubtful, "aliya", Verdict.CANNOT_TELL))

    made = officers.taught(labelled_pages(store))

    (example,) = made.examples + made.held_out
    assert (example.topic, example.stance) == (Topic.VIOLENCE, Stance.PROMOTES)
    assert _TEXT in example.text


def test_without_decisions_the_card_has_no_such_part(trained: tuple[Path, TrainingReport]) -> None:
    card = json.loads((trained[1].folder / "card.json").read_text(encoding="utf-8"))

    assert officers.CARD_KEY not in card
    assert officers.readme_part(card) == ""
