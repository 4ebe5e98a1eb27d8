"""The log of pulls: every answer a provider got, written in batches by whoever gives the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from review_queue.store import Store

LONGEST_PATH: Final = 200
_HELD: Final = "kind IN ('list', 'delta') AND status IN (200, 206, 304) AND is_whole = 1"


class Kind(StrEnum):
    """What was asked for; after a list or a delta a provider holds what it says."""

    LIST = "list"
    DELTA = "delta"
    MANIFEST = "manifest"
    HEARTBEAT = "heartbeat"
    RECEIPT = "receipt"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Pull:
    """One answer.

    Attributes:
        serial: of the list that was served, 0 where it was of none.
        is_whole: the reader took all of it; of a range, all of it to the end of the file.
    """

    at: str
    provider_id: int
    token_id: str
    part: str
    kind: Kind
    path: str
    serial: int
    status: int
    bytes: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Refusals:
    """So many requests of one address, within a moment, came without a token that counts."""

    at: str
    address: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Held:
    """From when on a provider held a list of this serial, whole or of one category."""

    part: str
    serial: int
    at: str


def record(store: Store, pulls: Sequence[Pull], refusals: Sequence[Refusals] = ()) -> None:
    """All of them are on record, or none."""
    with store.atomic():
        store.run_many(
            "INSERT INTO pulls(at, provider_id, token_id, part, kind, path, serial, status, bytes, is_whole)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [one.at, one.provider_id, one.token_id, one.part, one.kind, one.path[:LONGEST_PATH],
                 one.serial, one.status, one.bytes, int(one.is_whole)]
                for one in pulls
            ],
        )  # fmt: skip
        store.run_many(
            "INSERT INTO pull_refusals(at, address, reason, count) VALUES (?, ?, ?, ?)",
            [[one.at, one.address, one.reason, one.count] for one in refusals],
        )


def of_provider(store: Store, provider_id: int, *, limit: int = 100) -> list[Pull]:
    """The newest pulls of a provider, the newest first."""
    rows = store.rows(
        "SELECT * FROM pulls WHERE provider_id = ? ORDER BY at DESC, id DESC LIMIT ?",
        [provider_id, limit],
    )
    return [
        Pull(
            row["at"], row["provider_id"], row["token_id"], row["part"], Kind(row["kind"]), row["path"],
            row["serial"], row["status"], row["bytes"], bool(row["is_whole"]),
        )
        for row in rows
    ]  # fmt: skip


def last_at(store: Store, provider_id: int) -> str:
    """When the provider last got an answer that was no refusal; "" where never."""
    found = store.value(
        "SELECT at FROM pulls WHERE provider_id = ? AND status < 400 AND kind <> 'receipt'"
        " ORDER BY at DESC LIMIT 1",
        [provider_id],
    )
    return found or ""


def held(store: Store, provider_id: int) -> list[Held]:
    """Each list the provider ever held, with the moment of its first whole pull, the lowest serial first."""
    rows = store.rows(
        f"SELECT part, serial, min(at) AS at FROM pulls WHERE provider_id = ? AND {_HELD} AND serial > 0"
        " GROUP BY part, serial ORDER BY serial, part",
        [provider_id],
    )
    return [Held(row["part"], row["serial"], row["at"]) for row in rows]


def refused_since(store: Store, moment: str) -> int:
    """How many requests came without a token that counts, from `moment` on."""
    return int(
        store.value("SELECT coalesce(sum(count), 0) FROM pull_refusals WHERE at >= ?", [moment])
    )
