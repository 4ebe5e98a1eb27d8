"""WARC/1.1 records: an exchange sealed as two of them, and a record read back with its digests checked.

Every record is a gzip member of its own, so that one can be cut out of a file byte for byte. fastwarc packs the large
ones, in half the time of zlib (40 KB: 0.14 ms, zlib 0.25 ms); the records are put together here, because its own writer
knows no SHA-256 and keeps a head that a hostile server wrote as it is.
"""

import hashlib
import io
import ipaddress
import json
import re
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fastwarc.stream_io import GzipWriter

from crawler.exchange import Exchange
from review_queue.errors import QalqanError
from review_queue.records import Capture

_LEVEL: Final = (
    1  # a page of 40 KB becomes 18 KB; level 6 makes it 13 KB in almost three times the time
)
_PACKED_LEVEL: Final = 0  # a body in a content encoding cannot be packed again, only slowed down
_BUFFER: Final = 64 * 1024
_SMALL: Final = (
    8 * 1024
)  # bytes of a record for which zlib is faster: a writer of fastwarc takes 0.1 ms to be made
_MEMBER: Final = 31  # zlib's word for a gzip member
_MOST_HEADERS: Final = 1024 * 1024
_STATUS_LINE: Final = re.compile(rb"HTTP/\d(?:\.\d)? \d{3}(?: [^\r\n]*)?")
_REQUEST_LINE: Final = re.compile(rb"[A-Z]+ \S+ HTTP/\d(?:\.\d)?")
_UNSAFE: Final = re.compile(rb"[\x00\r]")
_VISIBLE: Final = re.compile(rb"[!-~]")
_NOT_IN_URI: Final = re.compile(rb"[^!-~]|[<>]")
_CONTROL: Final = re.compile(r"[^ -~]")
_REASONS: Final = frozenset({"length", "time", "disconnect", "unspecified"})
_IDENTICAL: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


class BrokenRecordError(QalqanError):
    """Bytes that are not the WARC record they should be."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read back: the names of its headers in small letters, and its block."""

    headers: Mapping[str, str]
    block: bytes = field(repr=False)

    @property
    def head(self) -> bytes:
        """The HTTP head in the block, with the empty line that ends it."""
        return self.block[: self.block.find(b"\r\n\r\n") + 4]

    @property
    def payload(self) -> bytes:
        """What follows the HTTP head."""
        return self.block[len(self.head) :]


def seal(exchange: Exchange) -> Capture:
    """The exchange as a response and a request record.

    The heads are kept as they came, but for what would let them end early or be misread: empty lines, NULs and lone
    carriage returns. `Transfer-Encoding` was undone and a wrong `Content-Length` is of no use; both keep their values
    under the name `X-Archive-Orig-...`.
    """
    request_id, response_id = _new_id(), _new_id()
    ip, tls, truncated = (
        _address(exchange.ip),
        _json_line(exchange.tls),
        _reason(exchange.truncated),
    )
    head = _response_head(exchange)
    payload_sha256 = hashlib.sha256(exchange.payload).hexdigest()
    extra = {"X-Archive-TLS": tls, "WARC-Truncated": truncated}
    response = _record(
        {
            **_named("response", response_id, request_id, exchange, ip),
            **{name: value for name, value in extra.items() if value},
            "WARC-Payload-Digest": f"sha256:{payload_sha256}",
            "Content-Type": "application/http;msgtype=response",
        },
        (head, exchange.payload),
        _PACKED_LEVEL if _is_packed(head) else _LEVEL,
    )
    request = _record(
        {
            **_named("request", request_id, response_id, exchange, ip),
            "Content-Type": "application/http;msgtype=request",
        },
        (_request_head(exchange),),
    )
    return Capture(
        request=request,
        response=response,
        request_id=request_id,
        response_id=response_id,
        sha256=_sha256(response, request),
        payload_sha256=payload_sha256,
        response_head=head,
        url=exchange.url,
        fetched_at=exchange.fetched_at,
        ip=ip,
        tls=tls,
        truncated=truncated,
    )


def _named(kind: str, record_id: str, other_id: str, exchange: Exchange, ip: str) -> dict[str, str]:
    """The first fields of one of the two records of an exchange: which it is, and of what."""
    return {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<{record_id}>",
        "WARC-Concurrent-To": f"<{other_id}>",
        "WARC-Target-URI": _uri(exchange.url),
        "WARC-Date": exchange.fetched_at,
        **({"WARC-IP-Address": ip} if ip else {}),
    }


def revisit(capture: Capture, *, original_id: str, original_date: str) -> Capture:
    """The same capture without its payload, which the record `original_id` of the same page already holds."""
    response = _record(
        {
            "WARC-Type": "revisit",
            "WARC-Record-ID": f"<{capture.response_id}>",
            "WARC-Concurrent-To": f"<{capture.request_id}>",
            "WARC-Target-URI": _uri(capture.url),
            "WARC-Date": capture.fetched_at,
            **({"WARC-IP-Address": capture.ip} if capture.ip else {}),
            **({"X-Archive-TLS": capture.tls} if capture.tls else {}),
            "WARC-Profile": _IDENTICAL,
            "WARC-Truncated": "length",  # the standard's word for a payload that is left out
            "WARC-Refers-To": f"<{original_id}>",
            "WARC-Refers-To-Target-URI": _uri(capture.url),
            "WARC-Refers-To-Date": original_date,
            "WARC-Payload-Digest": f"sha256:{capture.payload_sha256}",
            "Content-Type": "application/http;msgtype=response",
        },
        (capture.response_head,),
    )
    return replace(capture, response=response, sha256=_sha256(response, capture.request))


def conversion(exchange: Exchange, refers_to: str) -> Capture:
    """What a browser made of the response `refers_to`, the payload being the page as its scripts built it.

    It was never sent by anybody, so it is no response: the record says of which one it was made.
    """
    record_id = _new_id()
    payload_sha256 = hashlib.sha256(exchange.payload).hexdigest()
    record = _record(
        {
            "WARC-Type": "conversion",
            "WARC-Record-ID": f"<{record_id}>",
            "WARC-Refers-To": f"<{refers_to}>",
            "WARC-Target-URI": _uri(exchange.url),
            "WARC-Date": exchange.fetched_at,
            "WARC-Payload-Digest": f"sha256:{payload_sha256}",
            "Content-Type": "text/html; charset=utf-8",
        },
        (exchange.payload,),
    )
    return Capture(
        request=b"",
        response=record,
        request_id="",
        response_id=record_id,
        sha256="",
        payload_sha256=payload_sha256,
        response_head=b"",
        url=exchange.url,
        fetched_at=exchange.fetched_at,
    )


def with_original(made: Capture, original: Capture, picture: bytes = b"") -> Capture:
    """The conversion `made` with all it was made from behind it, and a picture of the page where there is one."""
    more = b""
    if picture:
        headers = {
            "WARC-Type": "resource",
            "WARC-Record-ID": f"<{_new_id()}>",
            "WARC-Concurrent-To": f"<{made.response_id}>",
            "WARC-Target-URI": f"urn:view:{_uri(made.url)}",
            "WARC-Date": made.fetched_at,
            "Content-Type": "image/png",
        }
        more = _record(headers, (picture,), _PACKED_LEVEL)
    behind = more + original.response + original.request
    return replace(
        made,
        request=behind,
        request_id=original.request_id,
        sha256=_sha256(made.response, behind),
        fetched_at=original.fetched_at,
        ip=original.ip,
        tls=original.tls,
        truncated=original.truncated,
    )


def members(data: bytes, most_bytes: int) -> list[bytes]:
    """The gzip members that `data` is made of.

    Raises:
        BrokenRecordError: it is made of something else, or one is larger than `most_bytes`.
    """
    found = []
    while data:
        unpacker = zlib.decompressobj(_MEMBER)
        try:
            unpacker.decompress(data, most_bytes + _MOST_HEADERS)
        except zlib.error as error:
            raise BrokenRecordError(f"its gzip member is damaged ({error})") from None
        if not unpacker.eof:
            raise BrokenRecordError("it is not one whole gzip member")
        found.append(data[: len(data) - len(unpacker.unused_data)])
        data = unpacker.unused_data
    return found


def warcinfo(file_name: str, date: str, fields: Mapping[str, str]) -> bytes:
    """The record that begins a file and says by what it was made."""
    block = "".join(f"{name}: {_CONTROL.sub(' ', value)}\r\n" for name, value in fields.items())
    return _record(
        {
            "WARC-Type": "warcinfo",
            "WARC-Record-ID": f"<{_new_id()}>",
            "WARC-Date": date,
            "WARC-Filename": file_name,
            "Content-Type": "application/warc-fields",
        },
        (block.encode("ascii"),),
    )


def read_record(member: bytes, most_bytes: int) -> Record:
    """The one record in `member`, which is one gzip member, its block digest and payload digest checked.

    Raises:
        BrokenRecordError: it is not that, or larger than `most_bytes`.
    """
    unpacker = zlib.decompressobj(_MEMBER)
    try:
        data = unpacker.decompress(member, most_bytes + _MOST_HEADERS)
    except zlib.error as error:
        raise BrokenRecordError(f"its gzip member is damaged ({error})") from None
    if not unpacker.eof or unpacker.unused_data:
        raise BrokenRecordError("it is not one whole gzip member")
    head, found, rest = data.partition(b"\r\n\r\n")
    version, *lines = head.decode("ascii", "replace").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    if version != "WARC/1.1" or not found or len(headers) != len(lines):
        raise BrokenRecordError("its headers are not those of a WARC record")
    if headers.get("content-length") != str(len(rest) - 4) or not rest.endswith(b"\r\n\r\n"):
        raise BrokenRecordError("its length is not what it says")
    record = Record(headers, rest[:-4])
    if headers.get("warc-block-digest") != f"sha256:{_sha256(record.block)}":
        raise BrokenRecordError("its block digest does not match")
    is_response = headers.get("warc-type") == "response"
    if is_response and headers.get("warc-payload-digest") != f"sha256:{_sha256(record.payload)}":
        raise BrokenRecordError("its payload digest does not match")
    return record


def header_values(head: bytes, name: str) -> list[str]:
    """The values of an HTTP header in `head`, in their order."""
    wanted = name.lower().encode()
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return [
        value.strip().decode("latin-1") for key, _, value in pairs if key.strip().lower() == wanted
    ]


def _record(headers: Mapping[str, str], block: tuple[bytes, ...], level: int = _LEVEL) -> bytes:
    """The record as one gzip member."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"WARC-Block-Digest: sha256:{_sha256(*block)}")
    lines.append(f"Content-Length: {sum(map(len, block))}")
    data = b"".join(
        ["\r\n".join(["WARC/1.1", *lines, "", ""]).encode("ascii"), *block, b"\r\n\r\n"]
    )
    if level == _PACKED_LEVEL or len(data) < _SMALL:
        packer = zlib.compressobj(level, zlib.DEFLATED, _MEMBER)
        return packer.compress(data) + packer.flush()
    member = io.BytesIO()
    writer = GzipWriter(member, level, _BUFFER)
    writer.write(data)
    writer.close()
    return member.getvalue()


def _response_head(exchange: Exchange) -> bytes:
    lines = _lines(exchange.response_head)
    is_there = bool(lines and _STATUS_LINE.fullmatch(lines[0]))
    status = lines.pop(0) if is_there else f"HTTP/1.1 {exchange.status:03d}".encode()
    length = str(len(exchange.payload)).encode()
    return _joined(status, [_renamed(line, length) for line in lines])


def _request_head(exchange: Exchange) -> bytes:
    lines = _lines(exchange.request_head)
    if lines and _REQUEST_LINE.fullmatch(lines[0]):
        request = lines.pop(0)
    else:
        method = (
            exchange.method if exchange.method.isalpha() and exchange.method.isascii() else "GET"
        )
        request = f"{method.upper()} {_uri(exchange.url)} HTTP/1.1".encode()
    return _joined(request, lines)


def _joined(first: bytes, lines: list[bytes]) -> bytes:
    # a header that begins with a space would be read as the rest of the line before it
    return b"\r\n".join([first, *(line.lstrip() for line in lines[:1]), *lines[1:], b"", b""])


def _lines(head: bytes) -> list[bytes]:
    """The lines of an HTTP head that say something, each safe to stand in a record."""
    lines = []
    for raw in head.split(b"\n"):
        line = _UNSAFE.sub(b" ", raw.rstrip(b"\r"))
        if _VISIBLE.search(line):
            lines.append(line)
        elif line.strip(b" \t"):
            # to many readers bytes such as U+2028 alone are an empty line, and so the end of the head
            lines.append(b"X-Archive-Orig-Line: " + line.hex().encode())
    return lines


def _renamed(line: bytes, length: bytes) -> bytes:
    name, _, value = line.partition(b":")
    key = name.strip().lower()
    if key == b"transfer-encoding" or (key == b"content-length" and value.strip() != length):
        return b"X-Archive-Orig-" + line.lstrip()
    return line


def _is_packed(head: bytes) -> bool:
    return any(value.lower() != "identity" for value in header_values(head, "Content-Encoding"))


def _uri(url: str) -> str:
    """`url` without anything that could end its line."""
    raw = url.encode("utf-8", "surrogatepass")
    return _NOT_IN_URI.sub(lambda found: b"%%%02X" % found.group()[0], raw).decode("ascii")


def _json_line(text: str) -> str:
    """`text`, which should be JSON, as JSON in ASCII on one line."""
    try:
        return json.dumps(json.loads(text)) if text else ""
    except ValueError:
        return json.dumps(text)


def _address(ip: str) -> str:
    try:
        return "" if "%" in ip else str(ipaddress.ip_address(ip))
    except ValueError:
        return ""


def _reason(truncated: str) -> str:
    return truncated if truncated in _REASONS or not truncated else "unspecified"


def _new_id() -> str:
    return uuid.uuid4().urn


def _sha256(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
