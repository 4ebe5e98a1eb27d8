"""The line-up of a round: claims as if all rows were sorted, at a cost that does not follow the frontier's size."""

import random
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from review_queue import frontier, seeds
from review_queue.records import Claim, Link, Outcome, Seed
from review_queue.store import Store

SITES = 6
HOUR_S = 3600.0


def _fill(store: Store, rows: Iterable[tuple[str, int, int]]) -> None:
    """One waiting row for each (site, depth, priority)."""
    listed = list(rows)
    with store.atomic():
        seeds.add_sites(store, {site for site, _, _ in listed})
        before = store.value("SELECT coalesce(max(id), 0) FROM frontier")
        store.run_many(
            "INSERT INTO frontier(url, site, depth, priority, state, due_at) VALUES (?,?,?,?,'waiting','2026')",
            [
                (f"http://{site}/{before + number}", site, depth, priority)
                for number, (site, depth, priority) in enumerate(listed)
            ],
        )


def _open(store: Store, sites: Iterable[str], max_pages: int = 50) -> int:
    return frontier.open_round(store, sites=sites, policy={}, max_pages=max_pages)


def _claim(store: Store, round_id: int, count: int, per_site: int = 2) -> list[Claim]:
    return frontier.claim(
        store, round_id, count=count, owner="me", lease_s=HOUR_S, per_site=per_site
    )


def _acknowledge(store: Store, round_id: int, *outcomes: Outcome) -> None:
    frontier.acknowledge(store, round_id, outcomes, revisit_s=7 * 86400, max_depth=9)


def _expected(store: Store, round_id: int, count: int, per_site: int) -> list[int]:
    """What a claim should give: every waiting row looked at in its order."""
    held = Counter(r["site"] for r in store.rows("SELECT site FROM frontier WHERE state='leased'"))
    room = {
        row["site"]: min(row["pages_left"], per_site - held[row["site"]])
        for row in store.rows("SELECT * FROM round_sites WHERE round_id = ?", [round_id])
    }
    picked: list[int] = []
    for row in store.rows(
        "SELECT id, site FROM frontier WHERE state='waiting' ORDER BY priority DESC, depth, id"
    ):
        if room.get(row["site"], 0) > 0 and len(picked) < count:
            room[row["site"]] -= 1
            picked.append(row["id"])
    return picked


def _lined_up(store: Store) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in store.rows("SELECT * FROM next_rows ORDER BY 1, 2")]


def _should_be_lined_up(store: Store) -> list[tuple[object, ...]]:
    rows = store.rows(
        "SELECT r.round_id, f.site, f.priority, f.depth, f.id FROM lined_up l JOIN round_sites r USING (round_id)"
        " JOIN frontier f ON f.site = r.site AND f.state = 'waiting' WHERE r.pages_left > 0"
        " ORDER BY r.round_id, f.site, f.priority DESC, f.depth, f.id"
    )
    first: dict[tuple[object, object], tuple[object, ...]] = {}
    for row in rows:
        first.setdefault((row["round_id"], row["site"]), tuple(row.values()))
    return list(first.values())


class _Crawls:
    """Two rounds over the same sites, and all that may happen to them, in any order."""

    def __init__(self, store: Store, rng: random.Random) -> None:
        self.store, self.rng = store, rng
        _fill(store, [(self.site(), rng.randint(0, 3), rng.randint(-1, 2)) for _ in range(60)])
        self.rounds = [self.open() for _ in range(2)]
        self.held: list[tuple[int, Claim]] = []

    def site(self) -> str:
        return f"s{self.rng.randrange(SITES)}.example"

    def open(self) -> int:
        return _open(self.store, {self.site() for _ in range(8)}, max_pages=self.rng.randint(3, 9))

    def claim(self) -> None:
        round_id, count, per_site = (
            self.rng.choice(self.rounds),
            self.rng.randint(1, 8),
            self.rng.randint(1, 3),
        )
        expected = _expected(self.store, round_id, count, per_site)
        claims = _claim(self.store, round_id, count, per_site)
        assert [claim.id for claim in claims] == expected
        self.held += [(round_id, claim) for claim in claims]

    def acknowledge(self) -> None:
        if not self.held:
            return
        round_id, claim = self.held.pop(self.rng.randrange(len(self.held)))
        links = tuple(
            Link(f"http://{claim.site}/{self.rng.randrange(400)}", claim.site) for _ in range(3)
        )
        _acknowledge(self.store, round_id, Outcome(claim, links=links))

    def release(self) -> None:
        frontier.release(self.store, lambda _: False)

    def add_seed(self) -> None:
        url = f"http://{self.site()}/{self.rng.randrange(400)}"
        seeds.add(self.store, [Seed(url, priority=self.rng.randint(-2, 3))])

    def join(self) -> None:
        site = f"new{self.rng.randrange(20)}.example"
        link = Link(f"http://{site}/", site)
        frontier.join_round(self.store, self.rng.choice(self.rounds), link=link, max_pages=2)

    def exhaust(self) -> None:
        frontier.exhaust(self.store, self.rng.choice(self.rounds), self.site())

    def anew(self) -> None:
        self.rounds[self.rng.randrange(2)] = self.open()

    def remove(self) -> None:
        waiting = [
            r["id"] for r in self.store.rows("SELECT id FROM frontier WHERE state='waiting'")
        ]
        if waiting:
            self.store.run("DELETE FROM frontier WHERE id = ?", [self.rng.choice(waiting)])

    def change(self) -> None:
        """A row is moved in the order, a budget given anew: by nobody today, by somebody some day."""
        change = self.rng.choice(
            (
                "UPDATE frontier SET priority = priority - 1 WHERE id % 7 = ?",
                "UPDATE frontier SET depth = depth + 1 WHERE state = 'waiting' AND id % 7 = ?",
                "UPDATE round_sites SET pages_left = 2 WHERE pages_left = 0 AND length(site) % 7 = ?",
                "UPDATE frontier SET state = 'waiting' WHERE id % 7 = ?",
            )
        )
        self.store.run(change, [self.rng.randrange(7)])


@pytest.mark.parametrize("seed", range(8))
def test_claims_are_those_of_all_rows_sorted_whatever_happened_before(
    store: Store, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311  # a test's own course of events
    crawls = _Crawls(store, rng)
    common: list[Callable[[], None]] = [crawls.claim, crawls.claim, crawls.acknowledge]
    rare = [crawls.release, crawls.add_seed, crawls.join, crawls.exhaust, crawls.anew,
            crawls.remove, crawls.change]  # fmt: skip
    for _ in range(120):
        rng.choice(common if rng.random() < 0.7 else rare)()
        assert _lined_up(store) == _should_be_lined_up(store)


def _steps(store: Store, block: Callable[[], object]) -> int:
    """How many hundreds of steps SQLite's machine takes in `block`: the same on every computer."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    store.db.conn.set_progress_handler(step, 100)
    block()
    store.db.conn.set_progress_handler(None, 0)
    return taken


@pytest.mark.parametrize("rows_a_site", [4, 100])
def test_a_claim_costs_no_more_in_a_large_frontier_than_in_a_small_one(
    store: Store, rows_a_site: int
) -> None:
    steps = []
    for size, count in (("small", 400), ("large", 16_000)):
        sites = [f"{size}{n}.example" for n in range(max(count // rows_a_site, 100))]
        _fill(store, [(site, 1, 0) for site in sites for _ in range(count // len(sites))])
        round_id = _open(store, sites)
        first = _claim(store, round_id, 50)
        steps.append(_steps(store, lambda: _claim(store, round_id, 50)))  # noqa: B023  # called at once
        assert len(first) == len({claim.site for claim in first}) * 2

    small, large = steps
    assert large < 1.3 * small


def test_sites_that_are_used_up_and_stand_first_are_not_read_through(store: Store) -> None:
    spent, fresh = ([f"{name}{n}.example" for n in range(20)] for name in ("spent", "fresh"))
    _fill(store, [(site, 0, 5) for site in spent for _ in range(3)])
    _fill(store, [(site, 1, 0) for site in fresh for _ in range(10)])
    round_id = _open(store, [*spent, *fresh], max_pages=3)
    for _ in range(2):
        for claim in _claim(store, round_id, 40):
            _acknowledge(store, round_id, Outcome(claim))
    _fill(store, [(site, 1, 5) for site in spent for _ in range(5)])
    before = _steps(store, lambda: _claim(store, round_id, 1))
    _fill(store, [(site, 1, 5) for site in spent for _ in range(500)])
    after = _steps(store, lambda: _claim(store, round_id, 1))

    assert store.value("SELECT count(*) FROM frontier WHERE state='leased' AND priority=0") == 2
    assert after <= before + 1


def test_every_site_of_a_large_frontier_gets_its_share_and_its_budget(store: Store) -> None:
    sites = [f"s{n}.example" for n in range(100)]
    # all rows of a site one after the other: the first sites must not take the turns of the last
    _fill(store, [(site, 1, 0) for site in sites for _ in range(200)])
    round_id = _open(store, sites, max_pages=5)
    per_claim = []
    taken: Counter[str] = Counter()
    while claims := _claim(store, round_id, 200):
        per_claim.append(set(Counter(claim.site for claim in claims).values()))
        taken.update(claim.site for claim in claims)
        _acknowledge(store, round_id, *(Outcome(claim) for claim in claims))

    assert per_claim == [{2}, {2}, {1}]
    assert taken == dict.fromkeys(sites, 5)
    assert store.value("SELECT count(*) FROM frontier WHERE state='waiting'") == 19_500


def test_what_killed_rounds_left_is_cleared_and_a_round_at_work_goes_on(store: Store) -> None:
    sites = [f"s{n}.example" for n in range(10)]
    _fill(store, [(site, 1, 0) for site in sites for _ in range(20)])
    rounds = [_open(store, sites) for _ in range(3)]
    for round_id in rounds:
        assert len(_claim(store, round_id, 2)) == 2
    assert store.value("SELECT count(*) FROM lined_up") == 3

    _open(store, sites)

    assert store.value("SELECT count(*) FROM next_rows") == 0
    assert len(_claim(store, rounds[0], 2)) == 2
    frontier.close_round(store, rounds[0], {})
    assert store.value("SELECT count(*) FROM next_rows") == 0
    assert store.value("SELECT count(*) FROM lined_up") == 0


def test_a_site_named_twice_is_in_the_round_once(store: Store) -> None:
    # more names than are looked at together
    sites = [f"s{n}.example" for n in range(700)]
    round_id = _open(store, [*sites, *sites], max_pages=3)

    assert store.value("SELECT count(*) FROM round_sites WHERE round_id = ?", [round_id]) == 700
