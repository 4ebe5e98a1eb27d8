"""Looks at listed sites that are due: crawls a few pages of each, says what became of it, proposes what to lift.

What is found at an entry is on record as soon as its site is done, so an interrupted run is taken up where it stood.
"""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from crawler.archive import body_of
from crawler.plan import CrawlPlan, Progress, Scoring
from crawler.run import crawl
from qalqan.schedule import alone
from review_queue import recheck_proposals, rechecks
from review_queue.categories import Scope
from review_queue.errors import QalqanError
from review_queue.hosts import parse_url
from review_queue.rechecks import Asked, Found, Recheck, Seen
from review_queue.records import Entry, Seed
from review_queue.store import Store, open_store

LOCK_NAME: Final = "recheck.lock"
SOURCE: Final = "recheck"
_NOTHING_CHARS: Final = 20  # less than one sentence: a page on which nothing stands
_BUILT: Final = re.compile(
    rb"<(?:script|iframe|frame|img|video|object|embed|canvas)\b", re.IGNORECASE
)
_SHORT_CHARS: Final = 3000  # a page that is parked says little else
_PARKED: Final = re.compile(
    r"domain (?:name )?(?:is|may be) for sale|buy this domain|this domain is parked|parked (?:free|domain)"
    r"|domain has expired|this account has been suspended|домен (?:прода[её]тся|припаркован)|купить этот домен"
    r"|срок (?:регистрации|действия) домена ист[её]к|домен сатылады|доменнің мерзімі аяқталды",
    re.IGNORECASE,
)
_NO_SUCH_PAGE: Final = frozenset({"http_404", "http_410"})
# it answers, and is no page or leads away
_OTHER_ANSWERS: Final = frozenset({"not_html", "redirect_offsite"})
_OURS: Final = frozenset({"proxy"})  # says nothing of the site
_ABSENT: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_ENOUGH_SITES: Final = 3  # fewer may well be all down


class NoNetworkError(QalqanError):
    """Not one of several listed sites answered, which says more of this machine than of them."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An entry that was looked at, what was found, and why it was proposed to lift it ("" where it was not)."""

    entry: Entry
    check: Recheck
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class RecheckReport:
    """What one run of re-checks did; `left` were due and are still, `not_checkable` have no page by their name."""

    checked: tuple[Checked, ...] = ()
    left: tuple[Entry, ...] = ()
    not_checkable: tuple[Entry, ...] = ()
    at_review: tuple[Entry, ...] = ()  # of which a task was made for people in this run
    stopped: bool = False


def recheck(
    data: Path,
    plan: CrawlPlan,
    *,
    detect_language: Callable[[str], str],
    within: timedelta = timedelta(),
    limit: int | None = None,
    is_absent: Callable[[str], bool] | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> RecheckReport:
    """Every live entry that is due has been looked at, as far as the run came.

    Args:
        data: the folder of the store.
        plan: how to crawl; its `budget.max_pages` are for each site. It must score.
        detect_language: tells a page's language.
        within: entries due so soon from now are looked at as well.
        limit: how many entries at the most.
        is_absent: whether the DNS says that there is no such name; by default the system's resolver is asked.
        on_progress: told where the crawl stands.

    Raises:
        RoundRunningError: another run of re-checks is at work in the same folder.
        NoNetworkError: none of several sites answered; nothing was recorded.
    """
    if plan.scoring is None:
        raise QalqanError("a re-check needs a model to score with")
    with (
        open_store(data, create=False) as store,
        alone(data, LOCK_NAME, "another run of re-checks"),
    ):
        wanted = [one.entry for one in rechecks.due(store, within=within, limit=limit)]
        run = _Run(store, plan, plan.scoring, wanted, is_absent or _is_absent)
        stopped = bool(wanted) and _crawled(data, run, detect_language, on_progress)
        return RecheckReport(
            checked=tuple(run.checked),
            left=tuple(run.left()),
            not_checkable=tuple(rechecks.not_checkable(store)),
            at_review=tuple(recheck_proposals.remind(store)),
            stopped=stopped,
        )


def _crawled(
    data: Path,
    run: "_Run",
    detect_language: Callable[[str], str],
    on_progress: Callable[[Progress], None],
) -> bool:
    """The sites of the run were asked, each settled as soon as it was done; returns whether somebody stopped it."""

    def told(now: Progress) -> None:
        on_progress(now)
        run.settle(now.round_id)

    report = crawl(data, run.seeds(), run.plan(), detect_language=detect_language, on_progress=told)
    run.end(report.round_id, stopped=report.stopped)
    return report.stopped


class _Run:
    """The entries of one run, and how far it has come with them."""

    def __init__(
        self,
        store: Store,
        plan: CrawlPlan,
        scoring: Scoring,
        wanted: Sequence[Entry],
        is_absent: Callable[[str], bool],
    ) -> None:
        self._store = store
        self._plan = plan
        self._scoring = scoring
        self._is_absent = is_absent
        self._open = {entry.id: entry for entry in wanted}
        self._urls = {e.id: rechecks.addresses(store, e, plan.budget.max_pages) for e in wanted}
        self._held: list[tuple[Entry, Recheck]] = []
        self._sites = {rechecks.site_of(entry) for entry in wanted}
        self._blocks = {
            (e.scope, parse_url(e.name).canonical if e.scope is Scope.URL else e.name)
            for e in wanted
        }
        self._has_answer = False
        self.checked: list[Checked] = []

    def seeds(self) -> tuple[Seed, ...]:
        """What to ask, each address once."""
        urls = dict.fromkeys(url for its in self._urls.values() for url in its)
        return tuple(Seed(url, source=SOURCE) for url in urls)

    def plan(self) -> CrawlPlan:
        """The plan, with how many pages are asked of each site: links are followed only where names are listed."""
        most = self._plan.budget.max_pages
        urls: dict[str, set[str]] = {}
        for its in self._urls.values():
            for url in its:
                urls.setdefault(parse_url(url).host.site, set()).add(url)
        named = {rechecks.site_of(e) for e in self._open.values() if e.scope.value != "url"}
        pages = {site: max(len(its), most if site in named else 0) for site, its in urls.items()}
        return replace(
            self._plan, budget=replace(self._plan.budget, max_depth=1), discover=0, afresh=pages
        )

    def left(self) -> list[Entry]:
        """The entries of which nothing was recorded."""
        return [*self._open.values(), *(entry for entry, _ in self._held)]

    def settle(self, round_id: int) -> None:
        """What is known by now of entries whose sites are done is on record."""
        if not round_id:
            return
        done = rechecks.finished_sites(self._store, round_id)
        for entry in list(self._open.values()):
            if rechecks.site_of(entry) in done:
                self._look(round_id, entry)
        if self._has_answer:
            self._record_held()

    def end(self, round_id: int, *, stopped: bool) -> None:
        """The round is over: what it found is on record.

        Raises:
            NoNetworkError: none of several sites answered, and nobody had stopped it.
        """
        for entry in list(self._open.values()):
            self._look(round_id, entry, is_last=not stopped)
        if self._has_answer or len(self._sites) < _ENOUGH_SITES:
            self._record_held()
        elif not stopped:
            raise NoNetworkError(
                f"none of {len(self._sites)} listed sites answered, so nothing was recorded;"
                " look at this machine's network, or at --proxy, and run the same command again"
            )

    def _is_of_another(self, page: Seen) -> bool:
        """Whether an entry of this run covers the page; to be asked where the one looked at does not."""
        rest, dot = page.host, "."
        while dot:
            if (Scope.DOMAIN, rest) in self._blocks:
                return True
            _, dot, rest = rest.partition(".")
        return (Scope.URL, page.url) in self._blocks or (Scope.HOST, page.host) in self._blocks

    def _record_held(self) -> None:
        held, self._held = self._held, []
        self.checked += [_recorded(self._store, entry, check) for entry, check in held]

    def _look(self, round_id: int, entry: Entry, *, is_last: bool = False) -> None:
        """What the round found at the entry waits to be recorded, if enough was asked to tell.

        Failures are held back until one site has answered: a machine without a network finds everything gone.
        """
        asked = rechecks.asked(self._store, round_id, self._urls[entry.id])
        done = [one for one in asked if one.is_done]
        errors = {one.error for one in done}
        self._has_answer |= any(_is_answer(error) for error in errors)
        pages = rechecks.seen(
            self._store, round_id, rechecks.site_of(entry), self._scoring.model, self._scoring.cuts
        )
        covered = [page for page in pages if rechecks.covers(entry, page)]
        if not covered and "" in errors:
            # it leads to another name or address of its site, which is none that another entry is about
            covered = [page for page in pages if not self._is_of_another(page)]
        found = _of_pages(self._store, entry, covered)
        if found.outcome is not Found.STILL_THERE:
            if not done or errors & _OURS or (len(done) < len(asked) and not is_last):
                return
            if len(done) < len(asked):  # its pages broke their readers, or took all its time
                found = replace(found, outcome=Found.UNREACHABLE, error="not_finished")
            else:
                absent = {o.url for o in done if o.error == "dns" and self._is_absent(_host(o))}
                found = _joined(found, done, absent)
        del self._open[entry.id]
        self._held.append((entry, replace(found, round_id=round_id)))


def _of_pages(store: Store, entry: Entry, pages: Sequence[Seen]) -> Recheck:
    """What the pages say, the worst of them first; without any, or none that was read, nobody can tell."""
    decided = rechecks.decided_on(store, entry)
    for page in pages:
        if page.is_harm or page.body_sha256 in decided:
            return Recheck(entry.id, Found.STILL_THERE, page.page_id, score=page.risk)
    kinds = [(_kind(store, page), page) for page in pages]
    for outcome, of_kind in (
        (Found.UNREACHABLE, ("unread", "scripted")),
        (Found.CHANGED, ("",)),
        (Found.GONE, ("empty", "parked")),
    ):
        for kind, page in kinds:
            if kind in of_kind:
                return Recheck(entry.id, outcome, page.page_id, kind, page.risk)
    return Recheck(entry.id, Found.UNREACHABLE, error="no_page")


def _kind(store: Store, page: Seen) -> str:
    """Whether the page could be read, and whether there is anything on it: "" for a page with words of its own."""
    if page.risk is None:
        return "unread"
    text = page.text.strip()
    if len(text) < _NOTHING_CHARS:
        return "scripted" if _BUILT.search(body_of(store, page.page_id)) else "empty"
    if len(text) < _SHORT_CHARS and _PARKED.search(f"{page.title}\n{text}"):
        return "parked"
    return ""


def _joined(found: Recheck, done: Sequence[Asked], absent: set[str]) -> Recheck:
    """What pages and failures say together: nobody can tell before it has changed, and that before it is gone."""
    if found.error in ("unread", "scripted"):
        return found
    errors = [one for one in done if one.error]
    other = [one for one in errors if one.error in _OTHER_ANSWERS]
    gone = [one for one in errors if one.error in _NO_SUCH_PAGE or one.url in absent]
    answering = {_host(one) for one in done if _is_answer(one.error)}
    for one in errors:
        # a server need not speak both http and https
        is_other_scheme = _host(one) in answering and not _is_answer(one.error) and _is_front(one)
        if one not in other and one not in gone and not is_other_scheme:
            return replace(found, outcome=Found.UNREACHABLE, error=one.error)
    if found.outcome is Found.CHANGED:
        return found
    if other:
        return replace(found, outcome=Found.CHANGED, error=other[0].error)
    if found.page_id is None and gone:
        return replace(found, outcome=Found.GONE, error=gone[0].error)
    return found


def _is_answer(error: str) -> bool:
    return error == "" or error.startswith("http_") or error in _OTHER_ANSWERS | {"robots"}


def _host(one: Asked) -> str:
    return parse_url(one.url).host.name


def _is_front(one: Asked) -> bool:
    return one.url.partition("://")[2].partition("/")[2] == ""


def _is_absent(name: str) -> bool:
    """Whether the system's resolver says that there is no such name; not so where it could not be asked."""
    try:
        socket.getaddrinfo(name.strip("[]"), None)
    except socket.gaierror as error:
        return error.errno in _ABSENT
    except (OSError, UnicodeError):
        return False
    return False


def _recorded(store: Store, entry: Entry, check: Recheck) -> Checked:
    """The look is on record, and so is the proposal that follows from it and those before."""
    with store.atomic():
        rechecks.record(store, check)
        proposal = recheck_proposals.follow(store, entry.id)
    return Checked(entry, check, proposal)
