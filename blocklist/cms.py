"""Whether a CMS signature is of these bytes and of this certificate's key: what `sign` makes, read back.

RFC 5652, in DER, of one signer with SHA-256 and signed attributes. Anything else is none of ours, so this is no reader
of CMS in general; providers use `openssl cms -verify`.
"""

import hashlib
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from blocklist.sign import BadSignatureError

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_OCTETS: Final = 0x04
_OID: Final = 0x06
_ZERO: Final = 0xA0  # what RFC 5652 tags with [0]
_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_DATA: Final = bytes.fromhex("2a864886f70d010701")
_MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
_SHA256: Final = bytes.fromhex("608648016503040201")
_LONG: Final = 0x80  # the length stands in so many bytes as the other bits say

Value = tuple[int, bytes]  # tag and content


def signed(message: bytes, certificate: x509.Certificate, content: bytes | None = None) -> bytes:
    """The bytes that are signed by the key of the certificate: `content`, or where that is None, those inside.

    Raises:
        BadSignatureError: they are not, or it is no such signature.
    """
    try:
        inside, digest, attributes, signature = _parts(message)
    except (ValueError, IndexError):
        raise BadSignatureError("its signature is no CMS signature of ours") from None
    said = inside if content is None else content
    if said is None or hashlib.sha256(said).digest() != digest:
        raise BadSignatureError("its CMS signature is of something else: it was changed")
    key = certificate.public_key()
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, attributes, PKCS1v15(), SHA256())
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, attributes, ECDSA(SHA256()))
        else:
            raise BadSignatureError("its CMS signature is of a kind of key that is not ours")
    except InvalidSignature:
        raise BadSignatureError(
            "its CMS signature does not verify: it was changed, or signed with another key"
        ) from None
    return said


def _parts(message: bytes) -> tuple[bytes | None, bytes, bytes, bytes]:
    """What stands inside, the digest that is signed, what the signature is over, the signature.

    Raises:
        ValueError, IndexError: it is no signature of one signer with SHA-256 and signed attributes.
    """
    kind, wrapped = _several(_the(_SEQUENCE, _one(message)))
    data = _several(_the(_SEQUENCE, _one(_the(_ZERO, wrapped))))
    inside = _several(_the(_SEQUENCE, data[2]))
    if (kind, inside[0]) != ((_OID, _SIGNED_DATA), (_OID, _DATA)):
        raise ValueError
    content = _the(_OCTETS, _one(_the(_ZERO, inside[1]))) if inside[1:] else None
    _, _, digest_of, attributes, _, signature = _several(
        _the(_SEQUENCE, _one(_the(_SET, data[-1])))
    )
    if _several(_the(_SEQUENCE, digest_of))[0] != (_OID, _SHA256):
        raise ValueError
    said = _the(_ZERO, attributes)
    rows = [_several(_the(_SEQUENCE, each)) for each in _several(said)]
    (digest,) = (values for name, values in rows if name == (_OID, _MESSAGE_DIGEST))
    # they are signed as the set that they are, though they stand there under another tag
    as_set = bytes([_SET]) + _length(len(said)) + said
    return content, _the(_OCTETS, _one(_the(_SET, digest))), as_set, _the(_OCTETS, signature)


def _the(tag: int, value: Value) -> bytes:
    """The content of a value that has this tag."""
    if value[0] != tag:
        raise ValueError
    return value[1]


def _one(data: bytes) -> Value:
    (found,) = _several(data)
    return found


def _several(data: bytes) -> list[Value]:
    """The values that stand one after the other, the last one whole."""
    found, at = [], 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & _LONG:
            count = size & ~_LONG
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + size > len(data):
            raise ValueError
        found.append((tag, data[at : at + size]))
        at += size
    return found


def _length(size: int) -> bytes:
    if size < _LONG:
        return bytes([size])
    count = (size.bit_length() + 7) // 8
    return bytes([_LONG | count]) + size.to_bytes(count, "big")
