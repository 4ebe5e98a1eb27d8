"""What passes between a crawl's caller and its process, in a module that both import at no cost."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crawler.plan import CrawlPlan
from review_queue.records import Seed

LOG_NAME: Final = "crawl.log"
STOP: Final = "stop"


@dataclass(frozen=True, slots=True)
class Job:
    """All a crawl process is given."""

    data_dir: Path
    seeds: tuple[Seed, ...]
    plan: CrawlPlan
    detect_language: Callable[[str], str]
    parent_pid: int
    parent_memory_mb: float
