"""What the review pages are lent of parts that they do not know: the plan of rounds, bodies of pages, processes."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from crawler.archive import body_of
from crawler.charsets import decode
from crawler.processes import is_alive
from qalqan.schedule import last_planned, planned_after
from qalqan.settings import Round, read_rounds
from review_queue import pages
from review_queue.clock import Clock, system_clock
from review_queue.rounds import Planned
from review_queue.store import Store
from review_ui.config import Beginning, Lent

_HEAD_BYTES: Final = 65_536  # four times what the longest of the characters asked for can take


def lent(data: Path, config: Path | None, *, clock: Clock = system_clock) -> Lent:
    """What is lent to the pages of the data folder `data`; no rounds are planned where `config` is None.

    The file is read anew each time the pages ask, so that a change in it shows without a new start.
    """
    planned = partial(_planned, data.absolute(), config, clock) if config else lambda: ()
    return Lent(planned=planned, is_alive=is_alive, beginning_of=beginning_of)


def beginning_of(store: Store, page_id: int, limit: int) -> Beginning | None:
    """The first `limit` characters of the page's body in its own charset; None where no body was kept.

    Raises:
        QalqanError: the body that was kept cannot be read, or is not what was kept.
    """
    page = pages.get(store, page_id)
    body = body_of(store, page_id)
    if page is None or not body:
        return None
    text = decode(_head(body), page.content_type)
    is_whole = len(text) <= limit and len(body) <= _HEAD_BYTES
    return Beginning(text[:limit], len(body), is_whole)


def _head(body: bytes) -> bytes:
    """The beginning of the body, which ends between two characters whatever its charset is."""
    if len(body) <= _HEAD_BYTES:
        return body
    head = body[:_HEAD_BYTES]
    return head[: max(head.rfind(b">"), head.rfind(b" "), head.rfind(b"\n")) + 1] or head


def _planned(data: Path, config: Path, clock: Clock) -> tuple[Planned, ...]:
    now = clock()
    return tuple(
        _plan(one, now) for one in read_rounds(config) if one.data.resolve() == data.resolve()
    )


def _plan(one: Round, now: datetime) -> Planned:
    return Planned(
        name=one.name,
        next_at=next(planned_after(one, now)),
        latest_at=last_planned(one, now),
        owed_at=last_planned(one, now - one.grace),
    )
