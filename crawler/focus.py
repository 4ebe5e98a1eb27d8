"""Spends a crawl's budget where harm is likely: orders links by their promise, and learns from what they led to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from crawler.links import words_of_site
from crawler.plan import Budget
from crawler.promise import (
    DISCOUNT,
    ON_SUBJECT,
    SOME,
    WORTHS,
    Promise,
    near_of,
    nearness,
    pair_of,
    points,
)
from review_queue import frontier, lineup, links
from review_queue.categories import Category
from review_queue.links import Lead, Prospect, Trail, Wanted
from review_queue.records import Link, Outcome
from review_queue.store import Store

_LEARN_FROM: Final = 20_000  # trails read at the start: half a second
_CREDIT_CLICKS: Final = 3
_RERANK_ROWS: Final = 200
_RERANK_AT: Final = frozenset({1, 2, 4, 8, 16, 32})  # fetches of a site that found nothing new
_RERANK_PROSPECTS: Final = 1_000
_RERANK_EVERY: Final = 500  # fetches
_KNOWN_PROSPECTS: Final = 20_000
_REMEMBERED_LINKS: Final = 50_000
_HARD_CLICKS: Final = 1
_FAR: Final = "far: {} clicks from a page near the subject"


class Focus:
    """The focus of one round; all its writes happen inside the ledger's transactions."""

    def __init__(
        self,
        store: Store,
        round_id: int,
        *,
        is_hard: bool,
        cuts: Mapping[Category, float],
        budget: Budget,
        discovers: bool,
    ) -> None:
        self._store = store
        self._round_id = round_id
        self._is_hard = is_hard
        self._cuts = cuts
        self._max_depth = budget.max_depth
        self._max_pages = budget.max_pages
        self._discovers = discovers
        self._promise = Promise()
        self._seed_priorities = links.seed_priorities(store)
        self._ranked: dict[str, int] = {}
        self._changed: set[str] = set()
        self._found: list[Prospect] = []
        self._fetched = 0
        self._rank_at = _RERANK_EVERY

    def begin(self, unseen: Iterator[Link]) -> None:
        """What earlier crawls learned is learned, and `unseen` sites that they saw are prospects of this round."""
        for trail in links.known_trails(self._store, _LEARN_FROM):
            worth = trail.worth or 0.0
            self._promise.learn(trail.lead, trail.site, trail.sender, tried=1, worth=worth)
        with self._store.atomic():
            seen = [link for link, _ in zip(unseen, range(_KNOWN_PROSPECTS), strict=False)]
            known = links.adopt_prospects(self._store, self._round_id, [link.site for link in seen])
            links.put_prospects(
                self._store,
                self._round_id,
                [
                    self._prospect(self._of_candidate(link), "")
                    for link in seen
                    if link.site not in known
                ],
            )
            self._rank_prospects()

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """What came of these claims is learned, and what the pages link to waits in its order."""
        trails = links.trails(self._store, [outcome.claim.id for outcome in outcomes])
        worths: dict[int, float] = {}
        for outcome in outcomes:
            if outcome.page is None:
                continue
            trail = trails.get(outcome.claim.id)
            if outcome.score is not None:
                self._learn(outcome, trail, worths)
            self._place(outcome, trail)
        links.put_prospects(self._store, self._round_id, self._found)
        self._found.clear()
        links.settle(self._store, list(worths.items()))
        for site in sorted(self._changed):
            links.rerank(self._store, site, self._priority_of, _RERANK_ROWS)
        self._changed.clear()
        if self._fetched >= self._rank_at:
            self._rank_at = self._fetched + _RERANK_EVERY
            self._rank_prospects()

    def join(self, count: int, room: int) -> int:
        """Up to `room` sites more promising than what `count` claims would take joined the round; returns how many."""
        limit = min(count, room)
        best = links.best_prospects(self._store, self._round_id, 2 * limit)
        if not best:
            return 0
        self._correct(best)
        bar = lineup.priority_of_nth(self._store, self._round_id, count)
        joined = 0
        for prospect, _ in links.best_prospects(self._store, self._round_id, limit):
            if bar is not None and prospect.priority <= bar:
                break
            joined += frontier.join_round(
                self._store,
                self._round_id,
                link=prospect.link,
                max_pages=self._max_pages,
                priority=prospect.priority,
                lead=prospect.lead,
            )
            links.drop_prospect(self._store, prospect.link.site)
        return joined

    def _learn(self, outcome: Outcome, trail: Trail | None, worths: dict[int, float]) -> None:
        self._fetched += 1
        site = outcome.claim.site
        near = near_of(outcome.score, self._cuts)
        worth = WORTHS[near]
        if trail is None:
            self._promise.learn_site(site, tried=1, worth=worth)
        elif trail.worth is None:
            self._promise.learn(trail.lead, site, trail.sender, tried=1, worth=worth)
            worths[trail.id] = worth
            if near >= ON_SUBJECT:
                self._credit(trail, worth, worths)
        if near >= SOME or self._promise.fetches_of(site) in _RERANK_AT:
            self._changed.add(site)

    def _credit(self, trail: Trail, worth: float, worths: dict[int, float]) -> None:
        """The pages that led to a find are worth something too."""
        share = worth
        for _ in range(_CREDIT_CLICKS):
            share *= DISCOUNT
            before = links.trails(self._store, [trail.lead.source]).get(trail.lead.source)
            if before is None:
                return
            had = worths.get(before.id, before.worth or 0.0)
            worth = min(1.0, had + share)
            if worth > had:
                worths[before.id] = worth
                self._promise.learn(
                    before.lead, before.site, before.sender, tried=0, worth=worth - had
                )
            trail = before

    def _place(self, outcome: Outcome, trail: Trail | None) -> None:
        """The links of a page are queued, kept as prospects or set aside."""
        claim = outcome.claim
        near = near_of(outcome.score, self._cuts)
        before = nearness(trail.lead.near) if trail else 0
        away = 0 if near >= SOME else 1 + (trail.lead.away if trail else 0)
        pair = pair_of(near, before)
        is_far = self._is_hard and away > _HARD_CLICKS
        if claim.depth < self._max_depth:
            wanted = list(self._wanted(outcome, claim.id, pair, away))
            if is_far:
                links.set_aside(
                    self._store, wanted, depth=claim.depth + 1, reason=_FAR.format(away)
                )
            else:
                links.queue_wanted(
                    self._store, wanted, depth=claim.depth + 1, max_pages=self._max_pages
                )
        if self._discovers and not is_far and outcome.offsite:
            leads = [(link, Lead(claim.id, pair, away, link.words)) for link in outcome.offsite]
            self._found.extend(self._prospect(one, claim.site) for one in leads)

    def _wanted(self, outcome: Outcome, source: int, pair: int, away: int) -> Iterator[Wanted]:
        if len(self._ranked) > _REMEMBERED_LINKS:
            self._ranked.clear()
        for link in outcome.links:
            lead = Lead(source, pair, away, link.words)
            priority = self._points(lead, link.site, link.site)
            # a menu repeats its links on every page of a site
            if self._ranked.get(link.url, -9999) < priority:
                self._ranked[link.url] = priority
                yield Wanted(link, priority, lead)

    def _points(self, lead: Lead, site: str, sender: str, count: int = 1) -> int:
        return points(
            self._promise.chance(lead, site, sender),
            links=count,
            seed_priority=self._seed_priorities.get(site, 0),
        )

    def _priority_of(self, trail: Trail) -> int:
        return self._points(trail.lead, trail.site, trail.sender)

    def _prospect(self, found: tuple[Link, Lead], sender: str) -> Prospect:
        link, lead = found
        is_near = nearness(lead.near) >= ON_SUBJECT
        return Prospect(link, self._points(lead, link.site, sender), lead, links=int(is_near))

    def _of_candidate(self, link: Link) -> tuple[Link, Lead]:
        return link, Lead(words=words_of_site(link.url, link.anchor))

    def _rank_prospects(self) -> None:
        self._correct(links.best_prospects(self._store, self._round_id, _RERANK_PROSPECTS))

    def _correct(self, found: Sequence[tuple[Prospect, str]]) -> None:
        changed = []
        for prospect, sender in found:
            now = self._points(prospect.lead, prospect.link.site, sender, prospect.links)
            if now != prospect.priority:
                changed.append((prospect.link.site, now))
        links.rank_prospects(self._store, changed)
