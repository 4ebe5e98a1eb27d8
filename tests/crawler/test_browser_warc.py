"""What a browser made of a page is evidence of its own: a conversion, with the exchange it was made from behind it."""

import hashlib
from dataclasses import replace

import pytest

from crawler.archive import Archive, body_of, checked, folder_of
from crawler.warc import (
    BrokenRecordError,
    conversion,
    members,
    read_record,
    seal,
    with_original,
)
from review_queue import captures
from review_queue.records import Claim, Outcome, Page
from review_queue.store import Store
from tests.crawler.test_archive import check_all, only_file, put
from tests.crawler.test_warc import EXCHANGE, read_by_warcio

SHELL = b"<html><body><script src=app.js></script></body></html>"
BUILT = b"<html><body><h1>Built.</h1></body></html>"
PICTURE = b"\x89PNG\r\n\x1a\nsharp"
URL = "http://one.example/"


def _rendered(picture: bytes = b"") -> Outcome:
    original = seal(replace(EXCHANGE, url=URL, payload=SHELL))
    later = replace(EXCHANGE, url=URL, payload=BUILT, fetched_at="2026-11-02T00:00:00Z")
    capture = with_original(conversion(later, original.response_id), original, picture)
    digest = hashlib.sha256(BUILT).hexdigest()
    page = Page(URL, "one.example", "one.example", later.fetched_at, 200, "", "", "", digest)
    return Outcome(Claim(1, URL, "one.example", 0, 1), page, capture=capture)


@pytest.mark.parametrize("picture", [b"", PICTURE])
def test_the_built_page_is_the_body_and_the_exchange_is_kept_with_it(
    store: Store, picture: bytes
) -> None:
    warcs = Archive(store, 1)
    first, again = put(store, warcs, _rendered(picture)) + put(store, warcs, _rendered(picture))
    warcs.close()

    assert first == again
    assert body_of(store, first) == BUILT
    check_all(store)
    kinds = [kind for kind, _, _ in read_by_warcio(only_file(store).read_bytes())]
    one = ["conversion", *(["resource"] if picture else []), "response", "request"]
    assert kinds == ["warcinfo", *one, *one]


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_changed_byte_anywhere_is_found(store: Store, at: float) -> None:
    warcs = Archive(store, 1)
    [page_id] = put(store, warcs, _rendered(PICTURE))
    warcs.close()
    [row] = captures.of_page(store, page_id)
    data = bytearray((folder_of(store) / row.file).read_bytes()[row.offset :])
    data[int(len(data) * at)] ^= 1

    with pytest.raises(BrokenRecordError):
        checked(row, bytes(data))


@pytest.mark.parametrize("part", ["no exchange", "another exchange", "another page"])
def test_records_that_do_not_belong_together_are_found_even_where_the_digest_was_changed_too(
    store: Store, part: str
) -> None:
    warcs = Archive(store, 1)
    outcome = _rendered()
    [page_id] = put(store, warcs, outcome)
    warcs.close()
    [row] = captures.of_page(store, page_id)
    capture = outcome.capture
    assert capture is not None
    other = _rendered().capture
    assert other is not None
    data = {
        "no exchange": capture.response + capture.request[:1],
        "another exchange": capture.response + other.request,
        "another page": other.response + capture.request,
    }[part]
    made = other.response if part == "another page" else capture.response
    forged = replace(
        row,
        length=len(data),
        response_length=len(made),
        sha256=hashlib.sha256(data).hexdigest(),
    )

    with pytest.raises(BrokenRecordError):
        checked(forged, data)


def test_the_file_says_what_the_page_was_made_from(store: Store) -> None:
    warcs = Archive(store, 1)
    put(store, warcs, _rendered())
    warcs.close()

    data = only_file(store).read_bytes()
    _, made, response, _ = (read_record(member, 1_000_000) for member in members(data, 1_000_000))
    assert made.headers["warc-refers-to"] == response.headers["warc-record-id"]
    assert made.headers["content-type"] == "text/html; charset=utf-8"
