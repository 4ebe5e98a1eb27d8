"""Undoes the content encodings of a response, never past a given size: 1,579 bytes can hold a gigabyte."""

import zlib
from collections.abc import Callable, Iterator
from typing import Final

_CHUNK: Final = 65_536
_MOST_LAYERS: Final = 4  # two are rare, and each may be a bomb of its own
_GZIP_WBITS: Final = 31
_NONE: Final = frozenset({"", "identity"})


class BadEncodingError(ValueError):
    """A body that is not in the encoding it is said to be in, or in one that nobody can undo."""


class TooLargeError(ValueError):
    """A body that is larger than the cap."""


def undo(payload: bytes, encodings: str, cap: int, *, whole: bool = True) -> bytes:
    """`payload` without its content encodings, which are listed as in the header; what is cut short gives its part.

    Where `whole` is false, the first `cap` bytes of what is larger are enough.

    Raises:
        BadEncodingError: they cannot be undone.
        TooLargeError: more than `cap` bytes come out, or went in.
    """
    names = [name.strip().lower() for name in encodings.split(",")]
    layers = [name for name in names if name not in _NONE]
    if len(layers) > _MOST_LAYERS or not all(layer in _UNDO for layer in layers):
        raise BadEncodingError(encodings[:80])
    if whole and len(payload) > cap:
        raise TooLargeError
    for layer in reversed(layers):
        payload = _joined(_UNDO[layer](payload), cap, whole=whole)
    return payload if whole else payload[:cap]


def _joined(parts: Iterator[bytes], cap: int, *, whole: bool) -> bytes:
    kept: list[bytes] = []
    size = 0
    try:
        for part in parts:
            size += len(part)
            if size > cap and whole:
                raise TooLargeError
            kept.append(part)
            if size > cap:
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
    while payload:
        unzip = zlib.decompressobj(_GZIP_WBITS)
        yield from _inflated(unzip, payload)
        payload = unzip.unused_data


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


def _inflated(unzip: "zlib._Decompress", payload: bytes) -> Iterator[bytes]:
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
        with zstd.ZstdFile(BytesIO(payload)) as file:
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
