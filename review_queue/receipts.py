"""What providers tell back: that a list was applied, refused, or taken back."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from review_queue.clock import later
from review_queue.errors import QalqanError
from review_queue.store import Store
from review_queue.tokens import Token

LONGEST_CONSUMER: Final = 60
LONGEST_DETAIL: Final = 500
MOST_A_DAY: Final = 5000  # of one provider: 50 resolvers telling of 100 lists a day
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DAY_S: Final = 86_400


class Outcome(StrEnum):
    """What became of a list."""

    APPLIED = "applied"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"


class BadReceiptError(QalqanError):
    """A receipt that cannot be kept; the message says in what."""


class UnknownSerialError(QalqanError):
    """A receipt for a list that was never published."""


class TooManyReceiptsError(QalqanError):
    """A provider told more in a day than is kept."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider told of one list.

    Attributes:
        is_ours: whether a manifest of this digest was published under the serial; None where that cannot be told
            any more.
    """

    at: str
    part: str
    serial: int
    manifest_sha256: str
    is_ours: bool | None
    consumer: str
    outcome: Outcome
    detail: str


def parsed(found: object, *, at: str, part: str) -> Receipt:
    """The receipt that a decoded JSON object holds, not yet compared with what was published.

    Raises:
        BadReceiptError: it holds none.
    """
    if not isinstance(found, dict):
        raise BadReceiptError("a receipt is a JSON object")
    serial, outcome = found.get("serial"), found.get("outcome")
    if type(serial) is not int or not 0 < serial < 2**32:
        raise BadReceiptError("serial is the number in the manifest")
    digest = found.get("manifest_sha256")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise BadReceiptError("manifest_sha256 is the SHA-256 of manifest.json, in lower-case hex")
    if not isinstance(outcome, str) or outcome not in set(Outcome):
        raise BadReceiptError(f"outcome is one of {', '.join(Outcome)}")
    consumer = _line(found, "consumer", LONGEST_CONSUMER)
    if not consumer:
        raise BadReceiptError("consumer names the program that read the list")
    detail = _line(found, "detail", LONGEST_DETAIL)
    return Receipt(at, part, serial, digest, None, consumer, Outcome(outcome), detail)


def add(store: Store, token: Token, receipt: Receipt) -> None:
    """The receipt is kept.

    Raises:
        UnknownSerialError: no list was ever published under its serial.
        TooManyReceiptsError: the provider has told enough within the last 24 hours.
    """
    with store.atomic():
        if not store.row("SELECT 1 FROM exports WHERE serial = ?", [receipt.serial]):
            raise UnknownSerialError(
                f"no list was ever published under the serial {receipt.serial}"
            )
        told = store.value(
            "SELECT count(*) FROM receipts WHERE provider_id = ? AND at > ?",
            [token.provider_id, later(store.clock(), -_DAY_S)],
        )
        if told >= MOST_A_DAY:
            raise TooManyReceiptsError(f"{MOST_A_DAY} receipts a day are kept; tell less often")
        store.run(
            "INSERT INTO receipts(at, provider_id, token_id, part, serial, manifest_sha256, is_ours, consumer,"
            " outcome, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [receipt.at, token.provider_id, token.id, receipt.part, receipt.serial, receipt.manifest_sha256,
             receipt.is_ours, receipt.consumer, receipt.outcome, receipt.detail],
        )  # fmt: skip


def published_manifest(store: Store, serial: int) -> str:
    """The SHA-256 of the whole list's manifest under this serial; "" where there was none."""
    return store.value("SELECT manifest_sha256 FROM exports WHERE serial = ?", [serial]) or ""


def of_provider(store: Store, provider_id: int, *, limit: int = 100) -> list[Receipt]:
    """The newest receipts of a provider, the newest first."""
    rows = store.rows(
        "SELECT * FROM receipts WHERE provider_id = ? ORDER BY at DESC, id DESC LIMIT ?",
        [provider_id, limit],
    )
    return [_receipt(row) for row in rows]


def applied(store: Store, provider_id: int) -> list[Receipt]:
    """For each serial and part the first receipt that it was applied, the lowest serial first."""
    rows = store.rows(
        "SELECT *, min(at) FROM receipts WHERE provider_id = ? AND outcome = 'applied'"
        " GROUP BY part, serial ORDER BY serial, part",
        [provider_id],
    )
    return [_receipt(row) for row in rows]


def _line(found: dict[Any, Any], name: str, longest: int) -> str:
    text = found.get(name, "")
    if not isinstance(text, str) or len(text) > longest or not text.isprintable():
        raise BadReceiptError(f"{name} is one line of at most {longest} characters")
    return text


def _receipt(row: dict[str, Any]) -> Receipt:
    return Receipt(
        at=row["at"],
        part=row["part"],
        serial=row["serial"],
        manifest_sha256=row["manifest_sha256"],
        is_ours=None if row["is_ours"] is None else bool(row["is_ours"]),
        consumer=row["consumer"],
        outcome=Outcome(row["outcome"]),
        detail=row["detail"],
    )
