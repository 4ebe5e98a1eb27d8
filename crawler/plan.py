"""What a crawl is asked to do, what it tells on the way, and what it reports at the end."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from crawler.browser_job import Browsing
from crawler.guard import AddressPolicy, BadAllowanceError, Override
from review_queue.categories import HARMS, Category, Stance
from review_queue.errors import BadHostError
from review_queue.hosts import parse_host
from review_queue.records import ModelId, PageScore

USER_AGENT: Final = "Qalqan/0.1 (website triage for a cyber-police unit)"
DAY_S: Final = 86_400.0
# errors that say more of how a crawl was set up than of the site: tried again as soon as somebody crawls again
_SETTINGS: Final = frozenset({"address_refused", "proxy"})
_FORBIDDEN: Final = "robots"
# of these the work is done: the crawl was told not to fetch such pages
_SETTLED: Final = frozenset({"address_refused", _FORBIDDEN})


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of one site a round takes; what is reached first ends it."""

    max_pages: int = 50
    max_depth: int = 3
    max_bytes: int = 50 * 1024 * 1024
    max_seconds: float = 600.0
    revisit_s: float = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a crawl works: in all, and on one host."""

    concurrency: int = 64
    per_host: int = 2
    delay_s: float = 0.5  # between the starts of two requests to one host
    timeout_s: float = 6.0  # for a page with its redirects and its host's robots.txt
    max_body_bytes: int = 5 * 1024 * 1024  # as received: the first so many are kept
    max_held_bytes: int = 16 * 1024 * 1024  # of bodies that arrive or wait to be read, all together
    readers: int = 1  # processes that read pages
    # of computing, for reading one page; by the clock twice as many: a page ends in ten
    read_s: float = 2.0
    read_mb: int = 128  # of memory, likewise
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class Network:
    """By which way a crawl reaches the web, and what of it it may reach."""

    proxy: str = ""
    addresses: AddressPolicy = field(default_factory=AddressPolicy)
    overrides: tuple[Override, ...] = ()
    user_agent: str = USER_AGENT

    def __post_init__(self) -> None:
        if self.proxy:
            self.proxy_address()

    def proxy_address(self) -> tuple[str, int] | None:
        """The host and port of the proxy, None without one.

        Raises:
            BadAllowanceError: the proxy is no plain HTTP proxy's URL.
        """
        if not self.proxy:
            return None
        try:
            parts = urlsplit(self.proxy)
            host, port = parts.hostname or "", parts.port or 80
            name = host if ":" in host else parse_host(host).name
        except (ValueError, BadHostError):
            raise BadAllowanceError(_PROXY_HELP.format(self.proxy)) from None
        if parts.scheme != "http" or parts.path not in ("", "/"):
            raise BadAllowanceError(_PROXY_HELP.format(self.proxy))
        return name, port


_PROXY_HELP: Final = "{!r} is not a plain HTTP proxy; write http://127.0.0.1:3128"


Score = Callable[[Sequence[tuple[str, str]]], list[PageScore]]


@dataclass(frozen=True, slots=True)
class Scoring:
    """How pages are scored as they come.

    `load` is called once, by the process that reads the pages, and gives the function that scores titles and texts.
    A page whose score reaches one of `cuts` is worth a person's look.
    """

    load: Callable[[], Score]
    model: ModelId
    cuts: Mapping[Category, float]

    def is_harvest(self, score: PageScore) -> bool:
        """Whether a page with this score is worth a person's look, be it for a case or a referral."""
        distress = score.stance.get(Stance.DISTRESS, 0.0)
        is_top = distress >= max(score.stance.values(), default=0.0)
        if is_top and distress >= self.cuts.get(Category.DISTRESS, math.inf):
            return True
        return any(score.scores.get(harm, 0.0) >= self.cuts.get(harm, math.inf) for harm in HARMS)


class FocusMode(StrEnum):
    """How a crawl chooses among links."""

    OFF = "off"  # first found, first fetched
    SOFT = "soft"  # the most promising first
    HARD = "hard"  # likewise, and those far from anything near the subject not at all


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """One crawl: budgets, pace and network; robots.txt is obeyed or, on a recorded order, ignored."""

    budget: Budget = field(default_factory=Budget)
    pace: Pace = field(default_factory=Pace)
    network: Network = field(default_factory=Network)
    obey_robots: bool = True
    discover: int = 0  # how many sites seen through links may be followed
    scoring: Scoring | None = None
    browsing: Browsing | None = None  # None: pages that only a script builds are taken as they come
    focus: FocusMode = FocusMode.OFF
    max_total_pages: int | None = (
        None  # addresses asked for in all; None: as many as the sites' budgets allow
    )
    # the seeds are due however lately they were asked, and of each of these sites so many addresses are asked
    afresh: Mapping[str, int] | None = None

    def retried_at_once(self) -> frozenset[str]:
        """The kinds of error that do not keep a page from being tried by this crawl, however lately they occurred."""
        return _SETTINGS if self.obey_robots else _SETTINGS | {_FORBIDDEN}

    def policy(self) -> dict[str, object]:
        """The rules of this crawl as the store keeps them with the round."""
        return {
            "robots": "obey" if self.obey_robots else "ignore",
            "discover": self.discover,
            "focus": self.focus.value,
            "max_total_pages": self.max_total_pages,
            "afresh": self.afresh is not None,
            "model": f"{self.scoring.model.name} {self.scoring.model.version}"
            if self.scoring
            else "",
            "cuts": dict(self.scoring.cuts) if self.scoring else {},
            "browser": asdict(self.browsing) if self.browsing else "off",
            "budget": asdict(self.budget),
            "pace": asdict(self.pace),
            "user_agent": self.network.user_agent,
            # without the credentials it may hold
            "proxy": "{}:{}".format(*address) if (address := self.network.proxy_address()) else "",
            "allowed_addresses": [
                f"{a.network}:{a.port or '*'}" for a in self.network.addresses.allowances
            ],
            "resolved": [
                f"{'*.' if o.below else ''}{o.name}:{o.address}" for o in self.network.overrides
            ],
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a running crawl stands; `pending` is how many known URLs are still to be fetched.

    `harvested` are pages whose score reached a threshold, `killed` counts the readers that a page was the end of, by
    what they died of. `memory_mb` is what all processes of the crawl hold now, 0 where that cannot be seen.
    """

    round_id: int = 0
    pages: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    pending: int = 0
    sites: int = 0
    harvested: int = 0
    killed: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    memory_mb: float = 0.0
    is_waiting: bool = False  # for another crawl that is at its sites


@dataclass(frozen=True, slots=True)
class Failed:
    """So many addresses that failed lately by one kind of error and are not due before `due_at`."""

    kind: str
    count: int
    due_at: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Why a crawl stored no page: where the addresses of its sites stand."""

    fresh: int = 0  # fetched lately
    failed: tuple[Failed, ...] = ()
    over_budget: int = 0
    held: int = 0  # by another crawl that is running


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What a crawl did. `pages` are stored responses with status 200; `errors` count the rest by kind.

    `unread` counts, among the pages, those no program could read, by the reason; `harvested` those whose score
    reached a threshold. `round_id` is 0 where no round was opened. `idle` is filled where there is no page.
    """

    pages: int = 0
    bytes: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    sites: int = 0
    discovered: int = 0
    harvested: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)
    round_id: int = 0
    stopped: bool = False  # a person ended it before it was done
    idle: Idle = field(default_factory=Idle)

    @property
    def is_fruitless(self) -> bool:
        """Whether there was something to fetch, now or lately, and nothing at all could be."""
        if self.pages:
            return False
        if self.errors:
            return not (self.idle.fresh and self.errors.keys() <= _SETTLED)
        return bool(self.idle.failed) and not (self.idle.fresh or self.idle.held)

    def summary(self) -> dict[str, object]:
        """The figures a program reads."""
        return {
            "pages": self.pages,
            "bytes": self.bytes,
            "errors": dict(sorted(self.errors.items())),
            "seconds": round(self.seconds, 2),
            "peak_memory_mb": round(self.peak_memory_mb, 1),
            "sites": self.sites,
            "harvested": self.harvested,
            "unread": dict(sorted(self.unread.items())),
            "round": self.round_id,
        }
