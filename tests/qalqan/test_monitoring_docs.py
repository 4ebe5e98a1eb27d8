"""What docs/monitoring.md says is there to be alerted by."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

from crawler.plan import Progress
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
