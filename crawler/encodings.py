"""Undoes the content encodings of a response, never past a given size: 1,579 bytes can hold a gigabyte.

What is larger gives its beginning: were it dropped, a page could hide its text before a gigabyte of nothing.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Final

# a page's body is made by this number, and checked by it for as long as it is evidence
MOST_BYTES: Final = 5 * 1024 * 1024
_CHUNK: Final = 65_536
_PIECE: Final = 4_096  # of a gzip body at a time: behind each of its members zlib copies what is left of the piece
_ZSTD_WINDOW: Final = (
    23  # 8 MiB, the most that RFC 9659 allows a server; the library would take 128 MiB
)
_MOST_LAYERS: Final = 4  # two are rare, and each may be a bomb of its own
_GZIP_WBITS: Final = 31
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
    if len(layers) > _MOST_LAYERS or not all(layer in _UNDO for layer in layers):
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
        if not kept:
            raise BadEncodingError(str(error)) from None
    return b"".join(kept)


def _gzip(payload: bytes) -> Iterator[bytes]:
    """Each member; what follows the last one is no part of it."""
    view = memoryview(payload)
    at = 0
    while at < len(view):
        unzip = zlib.decompressobj(_GZIP_WBITS)
        while at < len(view) and not unzip.eof:
            piece = view[at : at + _PIECE]
            at += len(piece)
            yield from _inflated(unzip, piece)
        at -= len(unzip.unused_data)


def _deflate(payload: bytes) -> Iterator[bytes]:
    unzip = zlib.decompressobj()
    try:
        first = unzip.decompress(payload, _CHUNK)
    except zlib.error:
        # some servers send the bare stream
        yield from _inflated(zlib.decompressobj(-zlib.MAX_WBITS), payload)
        return
    yield first
    yield from _inflated(unzip, unzip.unconsumed_tail)


def _inflated(unzip: "zlib._Decompress", payload: bytes | memoryview) -> Iterator[bytes]:
    while payload and not unzip.eof:
        part = unzip.decompress(payload, _CHUNK)
        if part:
            yield part
        payload = unzip.unconsumed_tail


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
