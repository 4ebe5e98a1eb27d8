"""The crawl's account with the store: claims drawn, outcomes paid in, budgets kept.

Outcomes are written in batches, each in one transaction with the claims it settles, so that a crash at any moment
leaves a page stored and its claim done, or neither.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from crawler.archive import Archive
from crawler.focus import Focus
from crawler.plan import CrawlPlan, CrawlReport, Failed, FocusMode, Idle, Progress
from crawler.processes import is_alive
from crawler.tally import KILLED, Tally
from review_queue import frontier, links, progress, turns
from review_queue.errors import QalqanError
from review_queue.hosts import parse_url
from review_queue.records import Claim, Link, Outcome
from review_queue.store import Store

FLUSH_COUNT: Final = 100
FLUSH_BYTES: Final = 8 * 1024 * 1024  # bodies held in memory before they are written
_LEASE_S: Final = 3600.0  # only for the case that the owner's death cannot be seen
# claims of one site held at once: enough to keep its host busy, few enough that many hosts fill the pauses
_PER_SITE: Final = 2
_PER_SITE_WITHOUT_DELAY: Final = 8
NOTE_S: Final = 10.0  # between two readings of the round in the store
_PENDING_SHARE: Final = 100  # counting what is pending may take this part of the time


class Ledger:
    """One round of one crawl. After a failure of the store it takes and gives nothing more."""

    def __init__(
        self,
        store: Store,
        round_id: int,
        plan: CrawlPlan,
        owner: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._round_id = round_id
        self._plan = plan
        self._owner = owner
        self._per_site = _PER_SITE if plan.pace.delay_s else _PER_SITE_WITHOUT_DELAY
        self._clock = clock
        self._began = clock()
        self._outcomes: list[Outcome] = []
        self._held_bytes = 0
        self._sites: set[str] = set()
        self._site_began: dict[str, float] = {}
        self._site_bytes: defaultdict[str, int] = defaultdict(int)
        self._exhausted: set[str] = set()
        self._tally = Tally(plan.scoring)
        self._discovered = 0
        self._claimed = 0
        self._focus = _focus(store, round_id, plan)
        self._archive = Archive(store, round_id)
        self._pending = 0
        self._count_pending_at = 0.0
        self._note_at = 0.0
        self._is_waiting = False
        self.recorded = 0
        self.failure: QalqanError | None = None
        self.on_failure: Callable[[], None] = lambda: None

    def claims(self, count: int) -> list[Claim]:
        """Up to `count` URLs that are this crawl's to fetch, what was recorded so far being stored first."""
        self.flush()
        count = min(count, self._left_in_all())
        if self.failure or count < 1:
            return []
        try:
            self._join_promising(count)
            claims = frontier.claim(
                self._store,
                self._round_id,
                count=count,
                owner=self._owner,
                lease_s=_LEASE_S,
                per_site=max(self._per_site, self._plan.pace.per_host),
                delay_s=self._plan.pace.delay_s,
            )
        except QalqanError as error:
            self.fail(error)
            return []
        self._claimed += len(claims)
        self._is_waiting = self._is_waiting and not claims
        self._sites.update(claim.site for claim in claims)
        return claims

    def must_wait(self) -> bool:
        """Whether nothing can be claimed only because another crawl is at some sites, or was a moment ago.

        What crawls held that have died meanwhile is given back.
        """
        if self.failure or self._left_in_all() < 1:
            return False
        try:
            frontier.release(self._store, lambda owner: owner == self._owner or is_alive(owner))
            self._is_waiting = turns.are_awaited(
                self._store, self._round_id, owner=self._owner, delay_s=self._plan.pace.delay_s
            )
        except QalqanError as error:
            self.fail(error)
            return False
        return self._is_waiting

    def begins(self, site: str) -> None:
        """The site's seconds count from now on, if they do not already: it is about to be asked for a page."""
        self._site_began.setdefault(site, self._clock())

    def is_exhausted(self, site: str) -> bool:
        """Whether the site's bytes or seconds are used up."""
        budget = self._plan.budget
        if site in self._exhausted:
            return True
        began = self._site_began.get(site)
        if self._site_bytes[site] < budget.max_bytes and (
            began is None or self._clock() - began < budget.max_seconds
        ):
            return False
        self.leave(site)
        return True

    def bytes_left(self, site: str) -> int:
        """How many more bytes the site may have, 0 where any part of its budget is used up."""
        return (
            0 if self.is_exhausted(site) else self._plan.budget.max_bytes - self._site_bytes[site]
        )

    def leave(self, site: str) -> None:
        """The site is asked for no more pages in this round."""
        self._exhausted.add(site)
        if not self.failure:
            try:
                frontier.exhaust(self._store, self._round_id, site)
            except QalqanError as error:
                self.fail(error)

    def record(self, outcome: Outcome) -> None:
        """`outcome` will be in the store with the next batch."""
        self.recorded += 1
        self._outcomes.append(outcome)
        self._held_bytes += outcome.size_bytes
        self._tally.received(outcome.size_bytes)
        self._site_bytes[outcome.claim.site] += outcome.size_bytes
        if len(self._outcomes) >= FLUSH_COUNT or self._held_bytes >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Everything recorded is stored, or `failure` says why not."""
        if not self._outcomes or self.failure:
            return
        outcomes, self._outcomes, self._held_bytes = self._outcomes, [], 0
        budget = self._plan.budget
        try:
            places = self._archive.append(outcomes)  # before the store says that they are there
            with self._store.atomic():
                pages = frontier.acknowledge(
                    self._store,
                    self._round_id,
                    outcomes,
                    places=places,
                    revisit_s=budget.revisit_s,
                    max_depth=0 if self._focus else budget.max_depth,
                    model=self._plan.scoring.model if self._plan.scoring else None,
                    max_pages=budget.max_pages,
                )
                if self._focus:
                    self._focus.settle(outcomes)
            self._tally.stored(pages, outcomes)
            if not self._focus:
                for outcome in outcomes:
                    self._discover(outcome.offsite)
        except QalqanError as error:
            self.fail(error)

    def progress(self) -> Progress:
        """Where the crawl stands; every ten seconds the store is told as well."""
        now = self._clock()
        try:
            if now >= self._count_pending_at and not self.failure:
                self._pending = frontier.pending(self._store, self._round_id)
                self._count_pending_at = now + 1.0 + _PENDING_SHARE * (self._clock() - now)
            if now >= self._note_at and not self.failure:
                self._note_at = now + NOTE_S
                self._note()
        except QalqanError as error:
            self.fail(error)
        tally = self._tally
        return Progress(
            round_id=self._round_id,
            pages=tally.pages,
            errors=dict(tally.errors),
            bytes=tally.bytes,
            pending=self._to_come(),
            sites=len(self._sites),
            harvested=tally.harvested,
            killed={reason: tally.unread[reason] for reason in sorted(KILLED & set(tally.unread))},
            seconds=now - self._began,
            is_waiting=self._is_waiting,
        )

    def discover_known(self) -> None:
        """New sites that earlier crawls saw are followed too: what they found and had no room for is not lost.

        Nor is what a hard focus set aside, unless this crawl has one as well.
        """
        if self._plan.discover:
            self._discovered += frontier.rejoin(
                self._store,
                self._round_id,
                limit=self._plan.discover,
                max_pages=self._plan.budget.max_pages,
            )
        unseen = frontier.unseen(self._store, self._round_id) if self._plan.discover else ()
        known = filter(self._may_be_reached, unseen)
        if self._plan.focus is not FocusMode.HARD:
            links.take_back(self._store, self._round_id, max_depth=self._plan.budget.max_depth)
        if self._focus:
            self._focus.begin(known)
        else:
            self._discover(tuple(islice(known, self._plan.discover - self._discovered)))

    def close(self, *, stopped: bool, memory_mb: float = 0.0) -> CrawlReport:
        """What is recorded is stored, unused claims are given back, the round is closed; returns its report."""
        self.flush()
        self._archive.close()
        report = CrawlReport(
            pages=self._tally.pages,
            bytes=self._tally.bytes,
            errors=dict(self._tally.errors),
            seconds=self._clock() - self._began,
            sites=len(self._sites),
            discovered=self._discovered,
            stopped=stopped,
            peak_memory_mb=memory_mb,
            harvested=self._tally.harvested,
            unread=dict(self._tally.unread),
            round_id=self._round_id,
        )
        if self.failure:
            return report
        try:
            frontier.release(self._store, lambda owner: owner != self._owner)
            self._pending = frontier.pending(self._store, self._round_id)
            self._note()
            frontier.close_round(
                self._store, self._round_id, {**report.summary(), "stopped": stopped}
            )
            if not report.pages:
                return replace(report, idle=_idle(frontier.standing(self._store, self._round_id)))
        except QalqanError as error:
            self.fail(error)
        return report

    def _discover(self, links: tuple[Link, ...]) -> None:
        for link in links:
            if self._discovered >= self._plan.discover:
                return
            self._discovered += frontier.join_round(
                self._store, self._round_id, link=link, max_pages=self._plan.budget.max_pages
            )

    def _left_in_all(self) -> int:
        """How many more addresses this round may claim of all its sites together."""
        most = self._plan.max_total_pages
        return sys.maxsize if most is None else most - self._claimed

    def _to_come(self) -> int:
        """How many of the addresses that wait will be fetched as things are."""
        most = self._plan.max_total_pages
        return self._pending if most is None else max(0, min(self._pending, most - self.recorded))

    def _note(self) -> None:
        """The store has one more reading of the round.

        Raises:
            QalqanError: it could not be written.
        """
        reading = self._tally.reading(
            pending=self._to_come(), sites=len(self._sites), seconds=self._clock() - self._began
        )
        progress.note(self._store, self._round_id, reading)

    def _join_promising(self, count: int) -> None:
        room = self._plan.discover - self._discovered
        if self._focus and room > 0:
            with self._store.atomic():
                self._discovered += self._focus.join(count, room)

    def _may_be_reached(self, link: Link) -> bool:
        url = parse_url(link.url)
        return self._plan.network.addresses.permits_host(url.host, url.port)

    def fail(self, error: QalqanError) -> None:
        """The crawl ends because of `error`, unless something else has ended it already."""
        if self.failure is None:
            self.failure = error
            self.on_failure()


def _focus(store: Store, round_id: int, plan: CrawlPlan) -> Focus | None:
    if plan.focus is FocusMode.OFF:
        return None
    return Focus(
        store,
        round_id,
        is_hard=plan.focus is FocusMode.HARD,
        cuts=plan.scoring.cuts if plan.scoring else {},
        budget=plan.budget,
        discovers=plan.discover > 0,
    )


def _idle(standings: Sequence[frontier.Standing]) -> Idle:
    """Where the addresses of a crawl without pages stand, in one figure for each cause."""

    def in_state(state: str) -> int:
        return sum(s.count for s in standings if s.state == state)

    failed = tuple(
        Failed(s.error, s.count, s.due_at) for s in standings if s.state == "done" and s.error
    )
    return Idle(
        fresh=in_state("done") - sum(f.count for f in failed),
        failed=failed,
        over_budget=in_state("waiting"),
        held=in_state("leased"),
    )
