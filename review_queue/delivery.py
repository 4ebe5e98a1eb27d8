"""How fast decisions reach each provider: from a decision to the first list they hold with it, and from a lift.

A lift that a provider does not take goes on blocking what must not be blocked, so it is measured like a block.
"""

import statistics
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final

from review_queue import holds, providers, pulls, receipts, tokens
from review_queue.categories import HARMS, Category
from review_queue.clock import later
from review_queue.providers import Provider
from review_queue.pulls import Held
from review_queue.receipts import Outcome, Receipt
from review_queue.records import Entry
from review_queue.store import Store
from review_queue.tokens import Token

WINDOW_DAYS: Final = 30
STOPPED_HOURS: Final = 24.0
RECEIPT_HOURS: Final = 48.0
LIFT_HOURS: Final = 24.0
_HOUR_S: Final = 3600.0
_DAY_S: Final = 86_400.0
# what was decided, or lifted, at one moment; so many of one category
_BLOCKED: Final = """SELECT e.category, (SELECT max(d.decided_at) FROM entry_decisions l
        JOIN decisions d ON d.id = l.decision_id WHERE l.entry_id = e.id) AS moment, e.listed_at AS known, 1 AS count
    FROM entries e WHERE e.listed_at >= :since
    UNION ALL SELECT e.category, s.moment, s.moment, count(*) FROM imported_entries e
    JOIN (SELECT import_id, max(signed_at) AS moment FROM import_signatures GROUP BY import_id
        HAVING count(*) > 1 AND max(signed_at) >= :since) s ON s.import_id = e.import_id
    GROUP BY e.import_id, e.category"""
_LIFTED: Final = """SELECT coalesce(e.category, i.category) AS category, l.lifted_at AS moment, l.lifted_at AS known,
        count(*) AS count FROM lifts l LEFT JOIN entries e ON e.id = l.entry_id
        LEFT JOIN imported_entries i ON i.id = l.entry_id
    WHERE l.lifted_at >= :since GROUP BY l.lifted_at, 1"""


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something took to reach a provider, in hours.

    Attributes:
        done: how many reached them; `median` and `longest` are theirs, None where none did.
        waiting: how many did not yet; `waits` is since when the first of them was known, in hours.
    """

    done: int = 0
    median: float | None = None
    longest: float | None = None
    waiting: int = 0
    waits: float | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """What somebody should look at: its kind, for a program, and a sentence."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """One provider.

    Attributes:
        tokens: the tokens that count.
        last_pull_at: when they last got an answer that was no refusal.
        serial, serial_at: the newest list they hold, 0 where none, and since when.
        newest: the newest list there is.
        receipt: the last thing they told.
        blocks: from the decision to the first whole pull of a list that has it.
        lifts: from the lift to the first whole pull of a list without it.
        removals: from the lift to the first receipt that such a list was applied.
    """

    provider: Provider
    tokens: tuple[Token, ...]
    last_pull_at: str
    serial: int
    serial_at: str
    newest: int
    receipt: Receipt | None
    blocks: Delay
    lifts: Delay
    removals: Delay
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """A provider with a token that counts who has taken nothing for long; `last_pull_at` is "" where never."""

    provider: Provider
    last_pull_at: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Since when a provider held a list with an entry, and since when one without it; "" where not yet, or never."""

    provider: Provider
    blocked_at: str
    removed_at: str


@dataclass(frozen=True, slots=True)
class _Event:
    category: Category
    moment: str
    serial: int  # of the first list that has it; 0 before there is one
    count: int


class _Exports:
    """The lists that were published, by when each was begun."""

    def __init__(self, store: Store) -> None:
        rows = list(store.rows("SELECT serial, created_at FROM exports ORDER BY serial"))
        self.newest = rows[-1]["serial"] if rows else 0
        # One that a wrong clock dates later than a list after it, or than now, must not count as having what was
        # decided meanwhile: it is left out, and the next one counts.
        sound, earliest = [], store.now()
        for row in reversed(rows):
            if row["created_at"] <= earliest:
                earliest = row["created_at"]
                sound.append((earliest, row["serial"]))
        self._sound = sound[::-1]
        held = holds.serials(store)
        self._whole = [one for one in self._sound if one[1] not in held]

    def with_block(self, moment: str) -> int:
        """The first list with what was listed at `moment`; 0 where there is none yet."""
        return _first_since(self._whole, moment)

    def without(self, moment: str) -> int:
        """The first list without what was lifted at `moment`, be all else held back in it; 0 where there is none."""
        return _first_since(self._sound, moment)


def _first_since(exports: Sequence[tuple[str, int]], moment: str) -> int:
    """The serial of the first of the lists that was begun at `moment` or later; 0 where there is none."""
    place = bisect_left(exports, (moment, 0))
    return exports[place][1] if place < len(exports) else 0


class _Reached:
    """When a provider first had a list of some serial or a later one, category by category."""

    def __init__(self, held: Iterable[Held]) -> None:
        rows = sorted(held, key=lambda one: one.serial)
        self._of: dict[Category, tuple[list[int], list[str]]] = {}
        for category in HARMS:
            mine = [one for one in rows if one.part in ("", category)]
            firsts = list(accumulate((one.at for one in reversed(mine)), min))[::-1]
            self._of[category] = [one.serial for one in mine], firsts

    def at(self, category: Category, serial: int) -> str:
        """When; "" where never."""
        serials, firsts = self._of[category]
        place = bisect_left(serials, serial)
        return firsts[place] if serial and place < len(serials) else ""


def report(
    store: Store, *, days: float = WINDOW_DAYS, stopped_hours: float = STOPPED_HOURS
) -> list[Report]:
    """Each provider that has not ended, by name; delays are those of the last `days`."""
    exports = _Exports(store)
    since = later(store.clock(), -days * _DAY_S)
    blocked = _events(store, _BLOCKED, since, exports.with_block)
    lifted = _events(store, _LIFTED, since, exports.without)
    counting = tokens.counting(store)
    return [
        _report(
            store,
            provider,
            tuple(token for token in counting if token.provider_id == provider.id),
            exports,
            (blocked, lifted),
            stopped_hours,
        )
        for provider in providers.all_of(store)
        if not provider.ended_at
    ]


def stopped(store: Store, *, stopped_hours: float = STOPPED_HOURS) -> list[Stopped]:
    """Who has stopped pulling, by name; asked without the delays of a whole report."""
    now = store.now()
    since: dict[int, str] = {}
    for token in tokens.counting(store):
        first = since.get(token.provider_id, token.issued_at)
        since[token.provider_id] = min(first, token.issued_at)
    found = []
    for provider in providers.all_of(store):
        if provider.id in since and not provider.ended_at:
            last = pulls.last_at(store, provider.id)
            if _hours(last or since[provider.id], now) >= stopped_hours:
                found.append(Stopped(provider, last))
    return found


def of_entry(store: Store, entry: Entry, lifted_at: str = "") -> list[Taken]:
    """Where an entry has arrived, and where it is gone again: each provider that reads its category, by name."""
    known = store.value(
        "SELECT max(s.signed_at) FROM imported_entries e JOIN import_signatures s ON s.import_id = e.import_id"
        " WHERE e.id = ?",
        [entry.id],
    )
    exports = _Exports(store)
    first = exports.with_block(known or entry.listed_at)
    without = exports.without(lifted_at) if lifted_at else 0
    reading = {one.provider_id for one in tokens.counting(store) if one.covers(entry.category)}
    found = []
    for provider in providers.all_of(store):
        if provider.id in reading and not provider.ended_at:
            reached = _Reached(pulls.held(store, provider.id))
            found.append(
                Taken(
                    provider,
                    reached.at(entry.category, first),
                    reached.at(entry.category, without),
                )
            )
    return found


def _events(store: Store, sql: str, since: str, first: Callable[[str], int]) -> list[_Event]:
    return [
        _Event(Category(row["category"]), row["moment"], first(row["known"]), row["count"])
        for row in store.rows(sql, {"since": since})
    ]


def _report(  # what all of them share, and one of them
    store: Store,
    provider: Provider,
    mine: tuple[Token, ...],
    exports: _Exports,
    events: tuple[Sequence[_Event], Sequence[_Event]],
    stopped_hours: float,
) -> Report:
    now = store.now()
    held = pulls.held(store, provider.id)
    told = receipts.of_provider(store, provider.id, limit=1)
    applied = [Held(one.part, one.serial, one.at) for one in receipts.applied(store, provider.id)]
    reads = [one for one in HARMS if any(token.covers(one) for token in mine)]
    blocked, lifted = (
        [each for each in some if each.category in reads and each.moment >= provider.added_at]
        for some in events
    )
    last = max(held, key=lambda one: one.serial, default=None)
    found = Report(
        provider=provider,
        tokens=mine,
        last_pull_at=pulls.last_at(store, provider.id),
        serial=last.serial if last else 0,
        serial_at=last.at if last else "",
        newest=exports.newest,
        receipt=told[0] if told else None,
        blocks=_delay(blocked, _Reached(held), now),
        lifts=_delay(lifted, _Reached(held), now),
        removals=_delay(lifted, _Reached(applied), now) if told else Delay(),
        alerts=(),
    )
    return _with_alerts(found, now, stopped_hours)


def _delay(events: Sequence[_Event], reached: _Reached, now: str) -> Delay:
    took: list[tuple[float, int]] = []
    waiting: list[tuple[float, int]] = []
    for event in events:
        at = reached.at(event.category, event.serial)
        (took if at else waiting).append((_hours(event.moment, at or now), event.count))
    return Delay(
        done=sum(count for _, count in took),
        median=_median(took),
        longest=max((hours for hours, _ in took), default=None),
        waiting=sum(count for _, count in waiting),
        waits=max((hours for hours, _ in waiting), default=None),
    )


def _median(took: Sequence[tuple[float, int]]) -> float | None:
    """The median of hours, each counted so many times."""
    if all(count == 1 for _, count in took):
        return statistics.median(hours for hours, _ in took) if took else None
    rows = sorted(took)
    sums = list(accumulate(count for _, count in rows))
    return rows[bisect_left(sums, (sums[-1] + 1) // 2)][0]


def _with_alerts(found: Report, now: str, stopped_hours: float) -> Report:
    return Report(
        found.provider, found.tokens, found.last_pull_at, found.serial, found.serial_at, found.newest,
        found.receipt, found.blocks, found.lifts, found.removals,
        (*_pull_alerts(found, now, stopped_hours), *_receipt_alerts(found, now)),
    )  # fmt: skip


def _pull_alerts(found: Report, now: str, stopped_hours: float) -> Iterable[Alert]:
    if not found.tokens:
        yield Alert("no_token", "no token counts: they can take no list")
        return
    since = found.last_pull_at or min(token.issued_at for token in found.tokens)
    if (hours := _hours(since, now)) >= stopped_hours:
        what = "no pull for" if found.last_pull_at else "never pulled, with a token for"
        yield Alert("stopped", f"{what} {hours:.0f} hours")
    if found.lifts.waits is not None and found.lifts.waits >= LIFT_HOURS:
        yield Alert(
            "lift_waits",
            f"lifted blocks not taken off: {found.lifts.waiting}, the first for {found.lifts.waits:.0f} hours",
        )


def _receipt_alerts(found: Report, now: str) -> Iterable[Alert]:
    receipt = found.receipt
    if receipt is None:
        return
    if receipt.is_ours is False:
        yield Alert("not_ours", f"told of a list {receipt.serial} that is not the one we published")
    if receipt.outcome is not Outcome.APPLIED:
        yield Alert("not_applied", f"{receipt.outcome} the list {receipt.serial}: {receipt.detail}")
    hours = _hours(receipt.at, now)
    if hours >= RECEIPT_HOURS and found.last_pull_at > receipt.at:
        yield Alert("stale_receipt", f"pulls lists and has told nothing for {hours:.0f} hours")


def _hours(since: str, until: str) -> float:
    span = datetime.fromisoformat(until) - datetime.fromisoformat(since)
    return max(0.0, span.total_seconds() / _HOUR_S)
