"""What is sealed is read back by us and by another hand's reader, whatever a hostile server sent."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.cli import main as warcio_main

from crawler.exchange import Exchange
from crawler.warc import (
    BrokenRecordError,
    header_values,
    read_record,
    revisit,
    seal,
    warcinfo,
)
from review_queue.records import Capture

MOST = 10_000_000
BODY = b"<html><body>Some words.</body></html>" * 20
EXCHANGE = Exchange(
    url="http://one.example/a?b=c",
    method="GET",
    request_head=b"GET /a?b=c HTTP/1.1\r\nHost: one.example\r\n\r\n",
    status=200,
    response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Name: value\r\n\r\n",
    payload=BODY,
    fetched_at="2026-11-01T09:00:00.123Z",
    ip="192.0.2.7",
)


def stored(*captures: Capture) -> bytes:
    """A WARC file with these captures."""
    info = warcinfo("a.warc.gz", "2026-11-01T09:00:00.000Z", {"software": "Qalqan"})
    return info + b"".join(capture.response + capture.request for capture in captures)


def read_by_warcio(data: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Type, target and raw payload of each record, digests checked."""
    for record in ArchiveIterator(io.BytesIO(data), check_digests="raise"):
        payload = record.raw_stream.read()
        assert record.digest_checker.passed is not False
        yield record.rec_type, record.rec_headers.get_header("WARC-Target-URI") or "", payload


def check(exchange: Exchange) -> Capture:
    """The exchange is read back whole by both readers."""
    capture = seal(exchange)
    response = read_record(capture.response, MOST)
    request = read_record(capture.request, MOST)
    assert response.payload == exchange.payload
    assert request.payload == b""
    records = list(read_by_warcio(stored(capture, capture)))
    assert [kind for kind, _, _ in records] == ["warcinfo", *["response", "request"] * 2]
    assert records[1][2] == exchange.payload
    assert records[1][1] == response.headers["warc-target-uri"]
    return capture


def test_an_exchange_is_two_records_that_name_each_other() -> None:
    capture = check(EXCHANGE)
    response = read_record(capture.response, MOST)
    request = read_record(capture.request, MOST)

    assert response.headers["warc-record-id"] == f"<{capture.response_id}>"
    assert response.headers["warc-concurrent-to"] == request.headers["warc-record-id"]
    assert request.headers["warc-concurrent-to"] == response.headers["warc-record-id"]
    assert response.headers["warc-ip-address"] == "192.0.2.7"
    assert response.headers["warc-date"] == request.headers["warc-date"] == EXCHANGE.fetched_at
    assert response.head == EXCHANGE.response_head
    assert request.block == EXCHANGE.request_head


def test_what_was_undone_and_what_is_untrue_stands_under_another_name() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\ncontent-length: 7\r\nA: b\r\n\r\n"
    record = read_record(check(replace(EXCHANGE, response_head=head)).response, MOST)

    assert header_values(record.head, "Transfer-Encoding") == []
    assert header_values(record.head, "X-Archive-Orig-Transfer-Encoding") == ["chunked"]
    assert header_values(record.head, "X-Archive-Orig-Content-Length") == ["7"]
    assert header_values(record.head, "a") == ["b"]


def test_a_right_length_keeps_its_name() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    record = read_record(check(replace(EXCHANGE, response_head=head)).response, MOST)

    assert record.head == head


@pytest.mark.parametrize(("given", "kept"), [("length", "length"), ("strange\r\n", "unspecified")])
def test_a_body_that_ends_early_is_said_to(given: str, kept: str) -> None:
    capture = check(replace(EXCHANGE, truncated=given))

    assert read_record(capture.response, MOST).headers["warc-truncated"] == kept
    assert capture.truncated == kept


def test_what_is_known_of_the_connection_is_one_line_of_json() -> None:
    capture = check(replace(EXCHANGE, tls='{"version": "TLSv1.3",\n "subject": "\u0430\u0431"}'))
    record = read_record(capture.response, MOST)

    assert record.headers["x-archive-tls"] == capture.tls
    assert capture.tls == '{"version": "TLSv1.3", "subject": "\\u0430\\u0431"}'


def test_a_packed_body_is_kept_as_it_came() -> None:
    packed = gzip.compress(BODY)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    capture = check(replace(EXCHANGE, response_head=head, payload=packed))

    assert read_record(capture.response, MOST).payload == packed


HOSTILE_HEADS = {
    "nothing": b"",
    "only line ends": b"\r\n\r\n\r\n",
    "an empty line in the middle": b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nWARC/1.1\r\nC: d\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nA: b\n\nC: d\n",
    "a NUL": b"HTTP/1.1 200 OK\r\nA\0B: c\0d\r\n\r\n",
    "lone carriage returns": b"HTTP/1.1 200 OK\r\nA: b\r\rC: d\r\n\r\n",
    "a line of spaces": b"HTTP/1.1 200 OK\r\nA: b\r\n   \r\nC: d\r\n\r\n",
    "a line of strange spaces": b"HTTP/1.1 200 OK\r\n\xe2\x80\xa8\r\n\x1c\x1d\r\n\xa0\r\nC: d\r\n\r\n",
    "no status line": b"A: b\r\nC: d\r\n\r\n",
    "a status line that is none": b"ICY 200 OK\r\nA: b\r\n\r\n",
    "a first header that is folded": b"HTTP/1.1 200 OK\r\n Content-Length: 3\r\nA: b\r\n\r\n",
    "no colon": b"HTTP/1.1 200 OK\r\nfoo bar\r\nA: b\r\n\r\n",
    "not ASCII": "HTTP/1.1 200 \u0416\u0430\u049b\u0441\u044b\r\nA: \u0431\r\n\r\n".encode(),
    "not UTF-8": b"HTTP/1.1 200 OK\xff\r\n\xfe\xfd: \xff\r\n\r\n",
    "a megabyte of one header": b"HTTP/1.1 200 OK\r\nA: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "ten thousand headers": b"HTTP/1.1 200 OK\r\n" + b"Transfer-Encoding: chunked\r\n" * 10_000,
    "a record": b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 5\r\n\r\nabcde\r\n\r\n",
}


@pytest.mark.parametrize("head", HOSTILE_HEADS.values(), ids=HOSTILE_HEADS)
def test_no_head_breaks_a_record(head: bytes) -> None:
    check(replace(EXCHANGE, response_head=head))
    check(replace(EXCHANGE, request_head=head))


@pytest.mark.parametrize(
    "url",
    [
        "http://one.example/\r\nWARC-Type: metadata\r\n\r\n",
        "http://one.example/\0",
        "http://one.example/ a<b>",
        "http://one.example/\u049b\udcff",
        "http://one.example/" + "a" * 1_000_000,
    ],
    ids=["line ends", "a NUL", "spaces", "not ASCII", "a megabyte"],
)
def test_no_url_breaks_a_record(url: str) -> None:
    check(replace(EXCHANGE, url=url))


@pytest.mark.parametrize("ip", ["", "no address", "fe80::1%a\r\nX: y", "192.0.2.7\r\nX: y"])
def test_an_address_that_is_none_is_left_out(ip: str) -> None:
    capture = check(replace(EXCHANGE, ip=ip))

    assert "warc-ip-address" not in read_record(capture.response, MOST).headers
    assert capture.ip == ""


@pytest.mark.parametrize("payload", [b"", b"\r\n\r\n", b"WARC/1.1\r\n\r\n\r\n", bytes(range(256))])
def test_no_body_breaks_a_record(payload: bytes) -> None:
    check(replace(EXCHANGE, payload=payload))


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.builds(
        Exchange,
        url=st.text().map("http://{}".format),
        method=st.text(),
        request_head=st.binary(),
        status=st.integers(0, 999),
        response_head=st.binary()
        | st.just(b"HTTP/1.1 200 OK\r\n").flatmap(
            lambda status: st.binary().map(lambda rest: status + rest)
        ),
        payload=st.binary(),
        fetched_at=st.just("2026-11-01T09:00:00Z"),
        ip=st.text(),
        tls=st.text(),
        truncated=st.text(),
    )
)
def test_nothing_breaks_a_record(exchange: Exchange) -> None:
    check(exchange)


def test_a_page_that_came_again_is_sealed_without_its_body() -> None:
    first = seal(EXCHANGE)
    later = replace(EXCHANGE, fetched_at="2026-11-08T09:00:00.000Z")
    again = revisit(seal(later), original_id=first.response_id, original_date=first.fetched_at)
    record = read_record(again.response, MOST)

    assert record.headers["warc-type"] == "revisit"
    assert record.headers["warc-refers-to"] == f"<{first.response_id}>"
    assert record.headers["warc-refers-to-date"] == first.fetched_at
    assert record.headers["warc-truncated"] == "length"
    assert record.headers["warc-payload-digest"].endswith(first.payload_sha256)
    assert record.head == EXCHANGE.response_head
    assert record.payload == b""
    kinds = [kind for kind, _, _ in read_by_warcio(stored(first, again))]
    assert kinds == ["warcinfo", "response", "request", "revisit", "request"]


def test_the_file_passes_the_check_of_another_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    captures = [seal(replace(EXCHANGE, response_head=head)) for head in HOSTILE_HEADS.values()]
    file = tmp_path / "a.warc.gz"
    file.write_bytes(stored(*captures))

    with pytest.raises(SystemExit) as ended:
        warcio_main(["check", "-v", str(file)])

    assert ended.value.code == 0
    assert "fail" not in capsys.readouterr().out


def test_a_third_reader_finds_every_block_as_its_digest_says() -> None:
    captures = [seal(replace(EXCHANGE, response_head=head)) for head in HOSTILE_HEADS.values()]
    records = FastIterator(io.BytesIO(stored(*captures)), parse_http=False)

    verified = [record.verify_block_digest() for record in records]

    assert len(verified) == 1 + 2 * len(captures)
    assert all(verified)


def test_any_flipped_bit_of_a_record_is_refused_or_changes_nothing_that_is_read() -> None:
    """Some bits of a gzip member mean nothing; the digest over the stored bytes, in the store, sees those too."""
    capture = seal(EXCHANGE)
    whole = read_record(capture.response, MOST)
    ignored = 0
    for place in range(len(capture.response) * 8):
        changed = bytearray(capture.response)
        changed[place // 8] ^= 1 << place % 8
        try:
            assert read_record(bytes(changed), MOST) == whole
        except BrokenRecordError:
            continue
        ignored += 1
    assert ignored < 80


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "gzip member"),
        (b"no gzip", "damaged"),
        (gzip.compress(b"words", mtime=0), "headers"),
        (gzip.compress(b"WARC/1.1\r\n\r\n\r\n\r\n", mtime=0), "length"),
        (seal(EXCHANGE).response + b"x", "gzip member"),
        (seal(EXCHANGE).response[:-1], "gzip member"),
        (zlib.compress(b"words"), "damaged"),
    ],
)
def test_what_is_no_record_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BrokenRecordError, match=why):
        read_record(data, MOST)


def test_a_record_that_unpacks_to_too_much_is_refused() -> None:
    capture = seal(replace(EXCHANGE, payload=bytes(50_000_000)))

    assert len(capture.response) < 1_000_000
    with pytest.raises(BrokenRecordError, match="gzip member"):
        read_record(capture.response, MOST)
