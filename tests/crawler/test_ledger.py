"""The crawl's account with a real store: budgets by a clock that is passed in, and what a failing store does."""

import hashlib
import os

import pytest

from crawler.ledger import FLUSH_COUNT, Ledger
from crawler.plan import Budget, CrawlPlan
from crawler.processes import owner_of
from review_queue import frontier, pages, progress, seeds
from review_queue.records import Claim, Link, Outcome, Page, Seed
from review_queue.store import Store

SITES = ("a.kz", "b.kz")


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def ledger_of(store: Store, clock: Seconds, **budget: float) -> Ledger:
    seeds.add(store, [Seed(f"http://{site}/") for site in SITES])
    plan = CrawlPlan(budget=Budget(**budget), discover=1)  # type: ignore[arg-type]  # the tests name its fields
    round_id = frontier.open_round(
        store, sites=SITES, policy=plan.policy(), max_pages=plan.budget.max_pages
    )
    return Ledger(store, round_id, plan, "1:1", clock)


def fetched(claim: Claim, *links: str) -> Outcome:
    page = Page(claim.url, claim.site, claim.site, "2026-11-01T09:00:00.000Z", 200, "", "", "",
                hashlib.sha256(claim.url.encode()).hexdigest(), b"body")  # fmt: skip
    followed = tuple(Link(f"http://{claim.site}/{link}", claim.site) for link in links)
    return Outcome(
        claim, page, followed, (Link("http://new.kz/", "new.kz", "new"),), size_bytes=100
    )


def test_what_was_recorded_is_stored_before_more_is_claimed(store: Store) -> None:
    ledger = ledger_of(store, Seconds())
    first = ledger.claims(10)
    for claim in first:
        ledger.record(fetched(claim, "x"))
    assert pages.count(store) == 0

    then = {claim.url for claim in ledger.claims(10)}

    assert pages.count(store) == 2
    assert then == {"http://a.kz/x", "http://b.kz/x", "http://new.kz/"}


def test_a_full_batch_is_written_at_once(store: Store) -> None:
    ledger = ledger_of(store, Seconds(), max_pages=1000)
    claim = ledger.claims(1)[0]

    for _ in range(FLUSH_COUNT):
        ledger.record(fetched(claim))

    assert pages.count(store) == 1


def test_a_sites_bytes_and_seconds_run_out_for_that_site_alone(store: Store) -> None:
    clock = Seconds()
    ledger = ledger_of(store, clock, max_bytes=150, max_seconds=60)
    a, b = sorted(ledger.claims(10), key=lambda claim: claim.site)
    ledger.begins("a.kz")
    ledger.begins("b.kz")
    ledger.record(fetched(a, "x"))
    assert not ledger.is_exhausted("a.kz")
    ledger.record(fetched(a, "y"))

    assert ledger.is_exhausted("a.kz")
    assert not ledger.is_exhausted("b.kz")
    assert {claim.site for claim in ledger.claims(10)} == {"new.kz"}
    clock.now = 61
    assert ledger.is_exhausted("b.kz")
    ledger.record(fetched(b, "z"))
    assert ledger.claims(10) == []


def test_a_sites_seconds_do_not_run_while_it_waits_for_its_first_request(store: Store) -> None:
    clock = Seconds()
    ledger = ledger_of(store, clock, max_seconds=60)
    ledger.claims(10)
    clock.now = 61

    assert not ledger.is_exhausted("a.kz")
    ledger.begins("a.kz")
    clock.now = 122
    assert ledger.is_exhausted("a.kz")
    assert not ledger.is_exhausted("b.kz")


def test_what_is_claimed_and_not_fetched_is_given_back_at_the_end(store: Store) -> None:
    ledger = ledger_of(store, Seconds())
    ledger.claims(10)

    report = ledger.close(stopped=True)

    assert (report.pages, report.stopped, report.sites) == (0, True, 2)
    assert store.value("SELECT count(*) FROM frontier WHERE state = 'waiting'") == 2
    assert store.value("SELECT json_extract(report, '$.stopped') FROM rounds") == 1


def test_progress_counts_what_is_stored_and_what_is_still_to_come(store: Store) -> None:
    ledger = ledger_of(store, Seconds())
    ledger.record(fetched(ledger.claims(1)[0]))
    ledger.flush()

    now = ledger.progress()

    assert (now.pages, now.errors, now.bytes, now.sites) == (1, {}, 100, 1)
    assert now.pending >= 1


def test_a_round_whose_total_is_used_up_waits_for_nobody_and_has_nothing_to_come(
    store: Store,
) -> None:
    ledger = ledger_of(store, Seconds())
    other = Ledger(store, 1, CrawlPlan(max_total_pages=1), owner_of(os.getpid()), Seconds())
    claim = ledger.claims(1)[0]
    store.run("UPDATE site_turns SET owner = ?", [owner_of(os.getppid())])
    store.run(
        "UPDATE frontier SET lease_owner = ? WHERE state = 'leased'", [owner_of(os.getppid())]
    )
    frontier.acknowledge(store, 1, [fetched(claim, "x", "y")], revisit_s=1e6, max_depth=9)
    assert other.must_wait()
    assert (other.progress().pending, other.progress().is_waiting) == (1, True)

    (claim,) = other.claims(9)
    other.record(fetched(claim))
    assert not other.progress().is_waiting

    assert other.claims(9) == []
    assert not other.must_wait()
    assert other.progress().pending == 0


def test_the_store_is_told_every_ten_seconds_and_at_the_end(store: Store) -> None:
    clock = Seconds()
    ledger = ledger_of(store, clock)
    ledger.progress()
    ledger.record(fetched(ledger.claims(1)[0]))
    ledger.flush()
    for clock.now in (1.0, 9.9, 10.1, 19.9):
        ledger.progress()
    ledger.record(fetched(ledger.claims(1)[0]))

    report = ledger.close(stopped=False)

    readings = progress.of_round(store, report.round_id)
    assert [(one.pages, one.seconds) for one in readings] == [(0, 0.0), (1, 10.1), (2, 19.9)]
    assert (readings[-1].bytes, readings[-1].sites) == (report.bytes, report.sites)
    stored = progress.round_of(store, report.round_id)
    assert stored is not None
    assert (stored.report["harvested"], stored.report["pages"]) == (0, 2)


@pytest.mark.parametrize("moment", ["claims", "flush", "is_exhausted", "progress", "close"])
def test_after_a_failure_of_the_store_nothing_more_is_given_or_taken(
    store: Store, moment: str
) -> None:
    ledger = ledger_of(store, Seconds(), max_bytes=1)
    claim = ledger.claims(1)[0]
    told: list[str] = []
    ledger.on_failure = lambda: told.append("failed")
    store.db.execute("ALTER TABLE frontier RENAME TO lost")
    store.db.execute("ALTER TABLE round_sites RENAME TO lost_too")
    store.db.execute("ALTER TABLE rounds RENAME TO lost_as_well")
    if moment in ("flush", "is_exhausted"):
        ledger.record(fetched(claim))

    match moment:
        case "claims":
            ledger.claims(1)
        case "flush":
            ledger.flush()
        case "is_exhausted":
            ledger.is_exhausted(claim.site)
        case "progress":
            ledger.progress()
        case "close":
            ledger.close(stopped=False)

    assert ledger.failure is not None
    assert told == ["failed"]
    assert ledger.claims(1) == []
    ledger.flush()
    ledger.close(stopped=False)
    assert told == ["failed"]
