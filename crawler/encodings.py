"""Undoes the content encodings of a response, never past a given size: 1,579 bytes can hold a gigabyte.

What is larger gives its beginning: were it dropped, a page could hide its text before a gigabyte of nothing.
"""

import re
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Final

# a page's body is made by this number, and checked by it for as long as it is evidence
MOST_BYTES: Final = 5 * 1024 * 1024
_CHUNK: Final = 65_536
_PIECE: Final = 4_096  # of a gzip body at a time: behind each of its members zlib copies what is left of the piece
_ZSTD_WINDOW: Final = (
    23  # 8 MiB, the most that RFC 9659 allows a server; the library would take 128 MiB
)
_MOST_LAYERS: Final = 4  # two are rare, and each may be a bomb of its own
_GZIP_MAGIC: Final = b"\x1f\x8b\x08"
_GZIP_HEADER: Final = 10
_GZIP_TRAILER: Final = 8
_SUM, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16  # flags of a gzip header
_ZLIB_HEADER: Final = 2
_DEFLATED, _LARGEST_WINDOW, _DICTIONARY = 8, 7, 0x20  # of a zlib header
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SNIFFED: Final = 1024
_NONE: Final = frozenset({"", "identity"})


class BadEncodingError(ValueError):
    """A body that is not in the encoding it is said to be in, or in one that nobody can undo."""


def undo(payload: bytes, encodings: str, cap: int = MOST_BYTES) -> bytes:
    """The first `cap` bytes of `payload` without its content encodings, which are listed as in the header.

    What is cut short or damaged gives what comes before.

    Raises:
        BadEncodingError: they cannot be undone.
    """
    names = [name.strip().lower() for name in encodings.split(",")]
    layers = [name for name in names if name not in _NONE]
    if not all(layer in _UNDO for layer in layers):
        # a browser takes what it has no name for as it comes, so a page could hide behind one
        layers = []
        if _BINARY.search(payload, 0, _SNIFFED):
            raise BadEncodingError(encodings[:80])
    if len(layers) > _MOST_LAYERS:
        raise BadEncodingError(encodings[:80])
    for layer in reversed(layers):
        payload = _joined(_UNDO[layer](payload), cap)
    return payload if len(payload) <= cap else payload[:cap]


def _joined(parts: Iterator[bytes], cap: int) -> bytes:
    kept: list[bytes] = []
    size = 0
    try:
        for part in parts:
            kept.append(part)
            size += len(part)
            if size >= cap:
                break
    except EOFError:
        pass  # a stream that was cut off is no damaged one
    except (zlib.error, OSError) as error:
        # what a browser shows of a damaged body is shown to the reader too
        if not size:
            raise BadEncodingError(str(error)) from None
    return b"".join(kept)


def _gzip(payload: bytes) -> Iterator[bytes]:
    """Each member; what follows the last one is no part of it.

    The checksums are not looked at: browsers do not, so a page could hide behind a wrong one.
    """
    at = 0
    while at < len(payload):
        at = _after_gzip_header(payload, at)
        at += (yield from _inflated(memoryview(payload)[at:])) + _GZIP_TRAILER


def _after_gzip_header(payload: bytes, at: int) -> int:
    """Where the stream of the member begins whose header is at `at`."""
    if payload[at : at + 3] != _GZIP_MAGIC:
        raise OSError("no gzip header")
    flags = payload[at + 3] if at + 3 < len(payload) else 0
    end = at + _GZIP_HEADER
    if flags & _EXTRA:
        end += 2 + int.from_bytes(payload[end : end + 2], "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            end = payload.find(b"\0", end) + 1
            if not end:
                raise EOFError
    return end + 2 if flags & _SUM else end


def _deflate(payload: bytes) -> Iterator[bytes]:
    method, flags = (*payload[:2], 0, 0)[:2]
    has_header = (
        method & 0x0F == _DEFLATED
        and method >> 4 <= _LARGEST_WINDOW
        and (method << 8 | flags) % 31 == 0
    )
    if has_header and flags & _DICTIONARY:
        raise OSError("a dictionary nobody has")
    # some servers send the bare stream
    yield from _inflated(memoryview(payload)[_ZLIB_HEADER if has_header else 0 :])


def _inflated(packed: memoryview) -> Generator[bytes, None, int]:
    """What the stream holds; returns its length. Where it is damaged, what comes before that, and then the error."""
    unzip = zlib.decompressobj(-zlib.MAX_WBITS)
    at = given = 0
    while at < len(packed) and not unzip.eof:
        rest: bytes | memoryview = packed[at : at + _PIECE]
        given = 0
        while rest and not unzip.eof:
            try:
                part = unzip.decompress(rest, _CHUNK)
            except zlib.error:
                # zlib keeps what it made of these bytes until then to itself
                yield _salvaged(packed, at)[given:]
                raise
            given += len(part)
            if part:
                yield part
            rest = unzip.unconsumed_tail
        at += _PIECE
    return min(at, len(packed)) - len(unzip.unused_data)


def _salvaged(packed: memoryview, damaged: int) -> bytes:
    """What the piece at `damaged` holds before the damage."""
    unzip = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, damaged, _PIECE):
        rest: bytes | memoryview = packed[at : at + _PIECE]
        while rest:
            unzip.decompress(rest, _CHUNK)
            rest = unzip.unconsumed_tail
    made = bytearray()
    with suppress(zlib.error):
        for byte in packed[damaged : damaged + _PIECE]:
            made += unzip.decompress(bytes([byte]))
    return bytes(made)


def _brotli(payload: bytes) -> Iterator[bytes]:
    import brotli  # noqa: PLC0415  # we do not ask for it, so hardly any server sends it

    unpack = brotli.Decompressor()
    try:
        part = unpack.process(payload, output_buffer_limit=_CHUNK)
        while part:
            yield part
            part = b"" if unpack.is_finished() else unpack.process(b"", output_buffer_limit=_CHUNK)
    except brotli.error as error:
        raise OSError(str(error)) from None


def _zstd(payload: bytes) -> Iterator[bytes]:
    from io import BytesIO  # noqa: PLC0415

    from backports import zstd  # noqa: PLC0415  # likewise

    try:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW}
        with zstd.ZstdFile(BytesIO(payload), options=options) as file:
            while part := file.read(_CHUNK):
                yield part
    except zstd.ZstdError as error:
        raise OSError(str(error)) from None


_UNDO: Final[dict[str, Callable[[bytes], Iterator[bytes]]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
