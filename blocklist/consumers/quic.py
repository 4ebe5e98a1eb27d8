"""What a client of HTTP/3 sends first: the hello of TLS in packets of QUIC version 1 (RFC 9000, RFC 9001).

Their keys come from an identifier that stands in the packets, so whoever sees them can read the name, as Suricata does.
"""

import hashlib
import hmac
import struct
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_SALT: Final = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
_SERVER: Final = b"qalqan-1"  # an identifier of eight bytes, as clients make them up
_RECORD: Final = 5  # what stands before a message in TLS, and does not in QUIC
_SIZE: Final = 1200  # the least a first packet may have
_TAG: Final = 16
_FIRST: Final = 0xC3  # a long header, of an initial packet, whose number has four bytes
_CRYPTO: Final = 6
_TWO_BYTES: Final = 0x4000  # marks a number that is written in two


def initials(hello: bytes) -> Iterator[bytes]:
    """Two packets with a half of the hello each, as those of Chromium, whose hellos are too long for one."""
    message = hello[_RECORD:]
    half = len(message) // 2
    for number, start, part in ((0, 0, message[:half]), (1, half, message[half:])):
        sizes = struct.pack("!HH", start | _TWO_BYTES, len(part) | _TWO_BYTES)
        yield _sealed(number, bytes([_CRYPTO]) + sizes + part)


def _sealed(number: int, frames: bytes) -> bytes:
    secret = _derived(_hash(_SALT, _SERVER), b"client in", 32)
    start = (
        struct.pack("!BIB", _FIRST, 1, len(_SERVER)) + _SERVER + bytes(2)
    )  # no name of ours, no token
    rest = _SIZE - len(start) - 2
    head = start + struct.pack("!HI", rest | _TWO_BYTES, number)
    key, nonce = _derived(secret, b"quic key", 16), _derived(secret, b"quic iv", 12)
    nonce = nonce[:-1] + bytes([nonce[-1] ^ number])
    sealed = AESGCM(key).encrypt(nonce, frames.ljust(rest - 4 - _TAG, b"\x00"), head)
    # the number is hidden by what follows it
    hides = Cipher(algorithms.AES(_derived(secret, b"quic hp", 16)), modes.ECB()).encryptor()  # noqa: S305  # RFC 9001, 5.4.3
    mask = hides.update(sealed[:16])
    first = bytes([head[0] ^ (mask[0] & 0x0F)])
    hidden = bytes(one ^ other for one, other in zip(head[-4:], mask[1:5], strict=True))
    return first + head[1:-4] + hidden + sealed


def _derived(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label of TLS 1.3 (RFC 8446, 7.1), for no more than one hash."""
    name = b"tls13 " + label
    return _hash(secret, struct.pack("!HB", size, len(name)) + name + b"\x00\x01")[:size]


def _hash(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)
