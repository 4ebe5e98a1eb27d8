"""Content encodings are undone as browsers do it, and never past the cap."""

import gzip
import zlib
from io import BytesIO

import brotli
import pytest
from backports import zstd

from crawler.encodings import MOST_BYTES, BadEncodingError, undo

TEXT = "текст, text ".encode() * 2_000
CAP = 100_000


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _zstd(data: bytes, window_log: int = 21) -> bytes:
    file = BytesIO()
    options: dict[int, int] = {zstd.CompressionParameter.window_log: window_log}
    with zstd.ZstdFile(file, "w", options=options) as packer:
        packer.write(data)
    return file.getvalue()


PACKED = {
    "": TEXT,
    "identity": TEXT,
    "gzip": gzip.compress(TEXT),
    "X-GZIP": gzip.compress(TEXT[:5_000]) + gzip.compress(TEXT[5_000:]),
    "deflate": zlib.compress(TEXT),
    "deflate, identity": _raw_deflate(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": _zstd(TEXT),
    "gzip, br": brotli.compress(gzip.compress(TEXT)),
}


@pytest.mark.parametrize("encodings", PACKED)
def test_each_encoding_is_undone(encodings: str) -> None:
    assert undo(PACKED[encodings], encodings, CAP) == TEXT


@pytest.mark.parametrize("encodings", [name for name in PACKED if name])
def test_nothing_comes_out_past_the_cap(encodings: str) -> None:
    assert undo(PACKED[encodings], encodings, len(TEXT) - 1) == TEXT[:-1]


@pytest.mark.parametrize("layers", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_bomb_costs_no_more_than_the_cap(layers: str) -> None:
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": _zstd}
    body = b"\0" * 30_000_000
    for layer in layers.split(", "):
        body = pack[layer](body)

    assert undo(body, layers, CAP) == b"\0" * CAP


def test_a_text_before_a_bomb_comes_out() -> None:
    assert undo(gzip.compress(TEXT + b"\0" * 30_000_000), "gzip")[: len(TEXT)] == TEXT
    assert len(undo(gzip.compress(TEXT + b"\0" * 30_000_000), "gzip")) == MOST_BYTES


@pytest.mark.parametrize("member", [gzip.compress(b"", mtime=0), gzip.compress(b"x", mtime=0)])
def test_a_quarter_of_a_million_members_cost_no_more_than_one(member: bytes) -> None:
    """As one piece each member would have copied all that follows it: 600 GB."""
    count = MOST_BYTES // len(member)

    assert len(undo(member * count, "gzip")) == count * (len(gzip.decompress(member)))


def test_a_window_that_no_server_may_ask_for_is_refused() -> None:
    assert undo(_zstd(TEXT, window_log=23), "zstd") == TEXT
    with pytest.raises(BadEncodingError):  # it would take 128 MB of memory
        undo(_zstd(TEXT, window_log=27), "zstd")


@pytest.mark.parametrize("encodings", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_was_cut_short_gives_its_part(encodings: str) -> None:
    packed = PACKED[encodings]
    whole = undo(packed[: len(packed) * 3 // 4], encodings, CAP)

    assert TEXT.startswith(whole)


def test_a_wrong_checksum_or_damage_at_the_end_does_not_hide_what_comes_before() -> None:
    """Browsers show it, however small the page is."""
    text = b"<p>a short page</p>"
    packed = gzip.compress(text)
    assert undo(packed[:-8] + b"\xff" * 8, "gzip", CAP) == text
    assert undo(zlib.compress(text)[:-4] + b"\xff" * 4, "deflate", CAP) == text
    damaged = _with_damage(text)
    assert undo(packed[:10] + damaged, "gzip", CAP) == text
    assert undo(damaged, "deflate", CAP) == text
    long = TEXT * 9
    assert undo(gzip.compress(b"")[:10] + _with_damage(long), "gzip", len(long)) == long


def _with_damage(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH) + b"\xff" * 9


@pytest.mark.parametrize("encodings", ["none", "utf-8", "x-hidden, gzip"])
def test_an_encoding_nobody_knows_hides_no_text(encodings: str) -> None:
    assert undo(TEXT, encodings, CAP) == TEXT


def test_a_gzip_header_may_hold_a_name_a_comment_and_more() -> None:
    head, rest = gzip.compress(TEXT)[:3], gzip.compress(TEXT)[4:]
    extra = b"\x05\x00extra" + b"name\0" + b"comment\0" + b"\x12\x34"
    assert undo(head + b"\x1e" + rest[:6] + extra + rest[6:], "gzip", CAP) == TEXT


def test_what_follows_a_gzip_stream_does_not_hide_it() -> None:
    assert undo(gzip.compress(TEXT) + b"garbage", "gzip", CAP) == TEXT


@pytest.mark.parametrize(
    ("payload", "encodings"),
    [
        (b"no gzip", "gzip"),
        (b"\xff\xff", "deflate"),
        (b"\xff\xff\xff", "br"),
        (b"no zstd", "zstd"),
        (b"\x1f\x9d\x90", "compress"),
        (zlib.compress(TEXT)[:1] + b"\xbb" + TEXT, "deflate"),
        (b"x", "gzip, " * 5 + "gzip"),
    ],
)
def test_what_is_not_in_its_encoding_is_refused(payload: bytes, encodings: str) -> None:
    with pytest.raises(BadEncodingError):
        undo(payload, encodings, CAP)
