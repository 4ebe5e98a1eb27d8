"""What the docs say of monitoring and of rounds: names of figures that are there, rounds that would be taken."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.plan import Progress
from qalqan.cli import schedule_run
from tests.qalqan.test_metrics import figures_of, rounds_of

ROOT = Path(__file__).parent.parent.parent


def _samples() -> Iterator[str]:
    full = Progress(errors={"dns": 1}, killed={"time": 1})
    for one in (figures_of(full), rounds_of()):
        for family in one.collect():
            assert math.isfinite(family.samples[0].value)
            yield from (sample.name for sample in family.samples)


def test_every_name_the_docs_alert_by_exists_and_every_name_stands_in_the_docs() -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")

    assert set(re.findall(r"\bqalqan_(?:crawl|rounds?)_\w+", text)) == set(_samples())


@pytest.mark.parametrize("page", ["operating.md", "monitoring.md"])
def test_every_round_the_docs_show_would_be_taken(tmp_path: Path, page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    shown = [
        block
        for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
        if "[[rounds]]" in block
    ]
    assert shown
    for number, block in enumerate(shown):
        path = tmp_path / f"{number}.toml"
        path.write_text(block, encoding="utf-8")

        assert schedule_run.rounds_of(path)
