"""An export is of one moment: what ends or is lifted while it is made is told as it was."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from blocklist.deltas import since
from blocklist.entries import admit
from blocklist.manifest import Manifest
from blocklist.publish import export
from review_queue import entries, lifts
from review_queue.lifts import LiftReason
from review_queue.store import Store, open_store
from tests.blocklist.approvals import PEOPLE, approve
from tests.conftest import TickingClock

READINGS = 12  # of the clock, more than an export takes before it reads the list


def test_what_ends_while_a_list_is_made_is_told_as_ended(
    clock: TickingClock, tmp_path: Path
) -> None:
    told = []
    for ahead in range(1, READINGS):
        out = tmp_path / f"lists{ahead}"
        with open_store(tmp_path / f"data{ahead}", clock=clock) as store:
            approve(store, "casino.example")
            (entry,) = admit(store).admitted
            export(store, out, ["domains"], actor="test")
            clock.moment = datetime.fromisoformat(entry.expires_at) - timedelta(milliseconds=ahead)
            export(store, out, ["domains"], actor="test")
        told += [json.loads(line)["reason"] for line in list(since(out, 1))[1:]]

    assert set(told) == {"expired"}


def test_a_list_has_every_lift_that_is_dated_before_it(store: Store, tmp_path: Path) -> None:
    approve(store, "casino.example")
    admit(store)
    (entry,) = entries.live(store)
    out = tmp_path / "lists"
    begun = Event()

    def exported() -> Manifest:
        with open_store(store.path.parent, clock=store.clock) as another:
            begun.set()
            return export(another, out, ["domains"], actor="test")

    with ThreadPoolExecutor() as pool:
        with store.atomic():  # the lift is dated and not yet written
            lifted = lifts.lift(store, entry.id, PEOPLE[0], LiftReason.APPEAL)
            making = pool.submit(exported)
            begun.wait()
            Event().wait(0.3)
        made = making.result()

    assert made.created > lifted.lifted_at
    assert made.entries == 0
