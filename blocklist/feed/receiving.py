"""Receipts as they come in: compared with what was published, and kept."""

import json
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from blocklist.feed.answers import RETRY_S, Answer, Request, as_json, plain
from blocklist.feed.shelves import (
    GoneError,
    NoPartError,
    NothingServedError,
    NotYetError,
    Shelves,
)
from blocklist.manifest import FILE_NAME
from review_queue import receipts
from review_queue.receipts import (
    BadReceiptError,
    Receipt,
    TooManyReceiptsError,
    UnknownSerialError,
)
from review_queue.store import Store
from review_queue.tokens import Token

LARGEST: Final = 8 * 1024


def received(store: Store, shelves: Shelves, token: Token, request: Request) -> Answer:
    """The receipt is kept, or it is said why not."""
    body = request.body(LARGEST + 1)
    if len(body) > LARGEST:
        return plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a receipt has at most {LARGEST} bytes")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return plain(HTTPStatus.BAD_REQUEST, "a receipt is a JSON object")
    try:
        receipt = receipts.parsed(found, at=store.now(), part=token.part)
        receipt = replace(receipt, is_ours=_is_ours(store, shelves, receipt))
        receipts.add(store, token, receipt)
    except BadReceiptError as error:
        return plain(HTTPStatus.BAD_REQUEST, str(error))
    except UnknownSerialError as error:
        return plain(HTTPStatus.CONFLICT, str(error))
    except TooManyReceiptsError as error:
        return plain(HTTPStatus.TOO_MANY_REQUESTS, str(error), ("Retry-After", str(RETRY_S * 120)))
    return as_json(HTTPStatus.CREATED, {"kept": True, "is_ours": receipt.is_ours})


def _is_ours(store: Store, shelves: Shelves, receipt: Receipt) -> bool | None:
    """Whether that manifest was published; of one category's list only its snapshot tells."""
    if not receipt.part:
        return receipts.published_manifest(store, receipt.serial) == receipt.manifest_sha256
    try:
        with shelves.of_serial(receipt.serial, receipt.part) as shelf:
            opened = shelf.open(FILE_NAME)
            opened.file.close()
    except (GoneError, NotYetError, NoPartError, NothingServedError):
        return None
    return opened.digest.sha256 == receipt.manifest_sha256
