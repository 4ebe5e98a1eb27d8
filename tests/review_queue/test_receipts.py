"""Receipts are kept by provider, for lists that were published."""

from typing import Any

import pytest

from review_queue import entries, receipts
from review_queue.receipts import BadReceiptError, Outcome, TooManyReceiptsError, UnknownSerialError
from review_queue.store import Store
from tests.conftest import TickingClock
from tests.review_queue.takers import DIGEST, a_receipt, a_token


def _published(store: Store, *serials: int) -> None:
    for serial in serials:
        entries.record_export(store, serial=serial, actor="t", manifest_sha256=DIGEST, counts={})


def test_a_receipt_is_kept_and_the_first_that_a_list_was_applied_is_found(
    store: Store, clock: TickingClock
) -> None:
    _published(store, 1, 2)
    token = a_token(store).token
    a_receipt(store, token, 1, "refused", detail="unbound-checkconf said no")
    first = a_receipt(store, token, 1)
    clock.move(hours=1)
    a_receipt(store, token, 1)
    last = a_receipt(store, token, 2, "rolled_back")

    assert receipts.of_provider(store, token.provider_id, limit=1) == [last]
    assert last.outcome is Outcome.ROLLED_BACK
    assert receipts.applied(store, token.provider_id) == [first]
    assert receipts.published_manifest(store, 1) == DIGEST
    assert receipts.published_manifest(store, 3) == ""


def test_an_unknown_serial_is_refused(store: Store) -> None:
    _published(store, 1)
    with pytest.raises(UnknownSerialError, match="under the serial 2"):
        a_receipt(store, a_token(store).token, 2)


def test_only_so_many_a_day_are_kept(
    store: Store, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "MOST_A_DAY", 2)
    _published(store, 1)
    token = a_token(store).token
    a_receipt(store, token, 1)
    a_receipt(store, token, 1)
    with pytest.raises(TooManyReceiptsError):
        a_receipt(store, token, 1)
    clock.move(days=1, minutes=1)
    a_receipt(store, token, 1)


@pytest.mark.parametrize("found", [None, [], "x", 5, {}, {"serial": 1.0}])
def test_what_is_no_receipt_is_refused(found: Any) -> None:
    with pytest.raises(BadReceiptError):
        receipts.parsed(found, at="t", part="")
