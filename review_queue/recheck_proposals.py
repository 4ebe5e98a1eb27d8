"""What follows from looks at a listed site: proposals that people settle. Nothing here lifts an entry."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from review_queue import entries, proposals, rechecks
from review_queue.lifts import SYSTEM, LiftReason
from review_queue.rechecks import Found, Recheck
from review_queue.records import Entry
from review_queue.store import Store

APART: Final = timedelta(days=7)  # one bad week of a server is no reason to lift
UNREACHABLE_FOR: Final = timedelta(days=30)
UNREACHABLE_TIMES: Final = 3
ACTOR: Final = "recheck"
_REVIEW_NOTE: Final = "its review date has come: two people renew it, or one lifts it"


def follow(store: Store, entry_id: str) -> str:
    """What the looks at the entry call for stands; returns why it is newly proposed to lift it, "" where it is not.

    A proposal that waits is settled when the content is there again.
    """
    checks = _open_looks(store, entry_id)
    waiting = [
        one
        for one in proposals.open_ones(store, entry_id)
        if one.reason is LiftReason.CONTENT_GONE and one.actor == ACTOR
    ]
    if checks and checks[-1].outcome is Found.STILL_THERE:
        for one in waiting:
            proposals.settle(store, one.id, SYSTEM, lift=False, note="it is there again")
        return ""
    why = grounds_to_lift(checks)
    if not why or waiting:
        return ""
    proposals.propose(store, entry_id, LiftReason.CONTENT_GONE, why, actor=ACTOR)
    return why


def grounds_to_lift(checks: Sequence[Recheck]) -> str:
    """Why a person should think of lifting the entry these looks, oldest first, are about; "" where they need not.

    Only looks since the content was last there count.
    """
    streak = list(checks)
    for number in range(len(checks) - 1, -1, -1):
        if checks[number].outcome is Found.STILL_THERE:
            streak = list(checks[number + 1 :])
            break
    for outcome, times, span, words in (
        (Found.GONE, 2, APART, "gone"),
        (Found.CHANGED, 2, APART, "changed, and no page of it is above a threshold"),
        (Found.UNREACHABLE, UNREACHABLE_TIMES, UNREACHABLE_FOR, "not to be reached"),
    ):
        its = [check for check in streak if check.outcome is outcome]
        if len(its) >= times and _moment(its[-1]) - _moment(its[0]) >= span:
            why = f" ({its[-1].error})" if its[-1].error else ""
            return (
                f"{words}{why} at {len(its)} looks from {its[0].checked_at} to {its[-1].checked_at}"
            )
    return ""


def remind(store: Store) -> list[Entry]:
    """Of each live entry whose review date has come there was a task for people; returns those it is new for.

    The task of one that was renewed since is settled.
    """
    now = store.now()
    for one in proposals.open_ones(store):
        if one.reason is LiftReason.EXPIRED and one.actor == ACTOR:
            entry = entries.find(store, one.entry_id)
            if entry is not None and entry.review_at > now:
                proposals.settle(store, one.id, SYSTEM, lift=False, note="it was renewed")
    told = {
        row["entry_id"]: row["at"]
        for row in store.rows(
            "SELECT entry_id, max(proposed_at) AS at FROM proposals WHERE reason = ? GROUP BY entry_id",
            [LiftReason.EXPIRED],
        )
    }
    found = [
        entry
        for entry in entries.live(store)
        if entry.review_at and told.get(entry.id, "") < entry.review_at <= now
    ]
    for entry in found:
        with store.atomic():
            proposals.propose(store, entry.id, LiftReason.EXPIRED, _REVIEW_NOTE, actor=ACTOR)
    return found


def _open_looks(store: Store, entry_id: str) -> list[Recheck]:
    """The looks, oldest first, since somebody last settled a proposal that followed from such."""
    settled = store.value(
        "SELECT max(n.settled_at) FROM proposal_ends n JOIN proposals p ON p.id = n.proposal_id"
        " WHERE p.entry_id = ? AND p.reason = ?",
        [entry_id, LiftReason.CONTENT_GONE],
    )
    return [one for one in rechecks.of(store, entry_id) if one.checked_at > (settled or "")]


def _moment(check: Recheck) -> datetime:
    return datetime.fromisoformat(check.checked_at)
