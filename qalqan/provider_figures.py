"""What a monitor is told of providers: which list each holds, how old that is, and how many decisions wait."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from review_queue.delivery import Report

_FIGURES: Final[tuple[tuple[str, str, Callable[[Report], float | None]], ...]] = (
    ("serial", "The newest list the provider holds.", lambda one: one.serial),
    ("pull_timestamp_seconds", "When it last pulled.", lambda one: _seconds(one.last_pull_at)),
    ("blocks_waiting", "Decided blocks it does not hold yet.", lambda one: one.blocks.waiting),
    ("lifts_waiting", "Lifted blocks it still holds.", lambda one: one.lifts.waiting),
    ("lift_hours_longest", "From a lift to a list without it.", lambda one: one.lifts.longest),
    ("alerts", "What asks for a look.", lambda one: len(one.alerts)),
)


class ProviderFigures(Collector):
    """The figures of all providers, as of one report."""

    def __init__(self, reports: Sequence[Report], now_s: float, *, is_held: bool) -> None:
        self._reports = reports
        self._is_held = is_held
        self._now_s = now_s

    def collect(self) -> Iterator[Metric]:
        """The figures in Prometheus's terms; what there is none of, such as a first pull, is left out."""
        for name, text, value_of in _FIGURES:
            family = GaugeMetricFamily(f"qalqan_provider_{name}", text, labels=["provider"])
            for one in self._reports:
                value = value_of(one)
                if value is not None:
                    family.add_metric([one.provider.name], value)
            yield family
        yield GaugeMetricFamily(
            "qalqan_list_held", "1 while nothing new is published.", value=float(self._is_held)
        )
        yield GaugeMetricFamily(
            "qalqan_providers_check_timestamp_seconds", "When this was told.", value=self._now_s
        )


def _seconds(moment: str) -> float | None:
    return datetime.fromisoformat(moment).timestamp() if moment else None
