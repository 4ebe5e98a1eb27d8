"""A small real model, trained once on rows written here and on pages composed in memory."""

import gzip
import json
from pathlib import Path

import pytest

from classifier import artefacts
from classifier.compose import Plan
from classifier.scoring import Scorer
from classifier.training import TrainingReport, train

SMALL = (
    Plan(promoting=30, harmless=12, distress=24, neither=20, whole=1, alone=False),
    Plan(
        promoting=15,
        harmless=10,
        distress=12,
        neither=15,
        fragments=(3, 6),
        filler=(2, 6),
        whole=1,
        latin=0.0,
        alone=False,
    ),
)
SHIP, RESTRICTED, EVALUATE = "open texts", "share-alike texts", "research texts"
SOURCES = {
    SHIP: {"use": "ship", "licence": "CC0-1.0", "rows": 1},
    RESTRICTED: {"use": "restricted", "licence": "CC-BY-SA-4.0", "rows": 1},
    EVALUATE: {"use": "evaluate", "licence": "unknown", "rows": 1},
}
SENTENCES = {
    "en": [
        "The library opens at nine and closes at six.",
        "Bread needs flour, water, salt and a lot of time.",
        "The council approved the new bus timetable on Monday.",
        "Our team won the match after a long second half.",
        "Water the tomatoes in the evening when it is cool.",
    ],
    "ru": [
        "Библиотека открывается в девять и закрывается в шесть.",
        "Для хлеба нужны мука, вода, соль и много времени.",
        "Совет утвердил новое расписание автобусов в понедельник.",
        "Наша команда выиграла матч после долгого второго тайма.",
        "Поливайте помидоры вечером, когда станет прохладно.",
    ],
    "kk": [
        "Кітапхана тоғызда ашылып, алтыда жабылады.",
        "Нанға ұн, су, тұз және көп уақыт керек.",
        "Кеңес дүйсенбіде автобустың жаңа кестесін бекітті.",
        "Біздің команда ұзақ екінші таймнан кейін жеңді.",
        "Қызанақты кешке, салқын түскенде суарыңыз.",
    ],
}


def write_corpora(folder: Path) -> Path:
    """A corpora folder as the real one is laid out; ids end in each hexadecimal digit in turn."""
    folder.mkdir()
    (folder / "sources.json").write_text(json.dumps(SOURCES), encoding="utf-8")
    for lang, sentences in SENTENCES.items():
        rows = [
            {
                "id": f"{lang}-{i:03}-{i % 16:x}",
                "text": f"{sentences[i % 5]} {sentences[(i * 3 + 1) % 5]}",
                "lang": lang,
                "source": (SHIP, SHIP, RESTRICTED, EVALUATE)[i // 16 % 4],
                "label": ("news", "benign_other")[i % 2],
                "original_label": "",
            }
            for i in range(160)
        ]
        with gzip.open(folder / f"train.{lang}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return folder


@pytest.fixture(scope="session")
def corpora_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora") / "texts")


@pytest.fixture(scope="session")
def trained(
    corpora_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TrainingReport]:
    models_dir = tmp_path_factory.mktemp("models")
    report = train(
        corpora_dir,
        models_dir,
        with_restricted=False,
        seed=1,
        on_progress=lambda _: None,
        plans=SMALL,
    )
    return models_dir, report


@pytest.fixture(scope="session")
def scorer(trained: tuple[Path, TrainingReport]) -> Scorer:
    return Scorer(artefacts.load(trained[0]))


@pytest.fixture(scope="session")
def shipped() -> Scorer:
    """The scorer people get; its development fragments were never trained on."""
    return Scorer(artefacts.load(artefacts.default_models_dir()))
