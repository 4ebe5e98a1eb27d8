"""Signatures of the manifest, which names every file of a snapshot by its SHA-256: minisign's and CMS.

minisign: https://jedisct1.github.io/minisign/ ("Signature format"), Ed25519 over BLAKE2b-512, whose trusted comment is
signed too and says serial, not-after and SHA-256, so that an old list cannot be passed off as the new one. CMS (RFC
5652), detached, in DER, is what other countries' registries hand out, and what can be made with the certificate of a
national authority.
"""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)

from blocklist.key_files import BadKeyError, secret
from review_queue.errors import ExportError, QalqanError

MINISIGN_NAME: Final = "manifest.json.minisig"
CMS_NAME: Final = "manifest.json.p7s"
# newer words for the same manifest: nothing has changed, and it may be used for longer
HEARTBEAT_NAME: Final = "heartbeat.minisig"
CMS_HEARTBEAT_NAME: Final = "heartbeat.p7m"
_LONGEST_PEM: Final = 16_384
_PLAIN: Final = b"Ed"
_HASHED_FIRST: Final = b"ED"
_SPKI: Final = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
# a line end in it would end the comment
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)

CmsKey = RSAPrivateKey | EllipticCurvePrivateKey


class BadSignatureError(QalqanError):
    """A signature that is not of this key, or not of these bytes; the message says which."""


def new_minisign_key() -> bytes:
    """A new Ed25519 key in PEM."""
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def minisign_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key in the PEM file, which nobody but its owner may use.

    Raises:
        BadKeyError: there is none.
    """
    key = _private_key(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKeyError(
            f"{path} holds no Ed25519 key; make one with: openssl genpkey -algorithm ed25519"
        )
    return key


def cms_key(path: Path) -> CmsKey:
    """The RSA or elliptic-curve key in the PEM file, which nobody but its owner may use.

    Raises:
        BadKeyError: there is none.
    """
    key = _private_key(path)
    if not isinstance(key, CmsKey):
        raise BadKeyError(f"{path} holds neither an RSA nor an elliptic-curve key")
    return key


def minisign_public(key: Ed25519PrivateKey) -> str:
    """The file of the public key, as `minisign -p` reads it."""
    raw = key.public_key().public_bytes_raw()
    number = _number(key.public_key())
    shown = number[::-1].hex().upper()  # minisign shows it as one little-endian number
    data = base64.b64encode(_PLAIN + number + raw).decode()
    return f"untrusted comment: minisign public key {shown}\n{data}\n"


def minisign(manifest: bytes, key: Ed25519PrivateKey, *, not_after: str = "") -> str:
    """The file of the signature, as `minisign -V -x` reads it; its comment may have another `not_after`.

    Raises:
        ExportError: it is no manifest.
    """
    trusted = trusted_comment(manifest, not_after=not_after)
    signature = key.sign(hashlib.blake2b(manifest).digest())
    whole = key.sign(signature + trusted.encode())
    data = base64.b64encode(_HASHED_FIRST + _number(key.public_key()) + signature).decode()
    return (
        f"untrusted comment: signature of manifest.json of a Qalqan block list\n{data}\n"
        f"trusted comment: {trusted}\n{base64.b64encode(whole).decode()}\n"
    )


def verify_minisign(manifest: bytes, signature: str, public: Ed25519PublicKey) -> str:
    """The signed comment of the signature, which is of these bytes and of this key.

    Raises:
        BadSignatureError: it is not, or is none at all.
    """
    try:
        _, data, trusted, whole = signature.splitlines()
        found = base64.b64decode(data, validate=True)
        comment = trusted.removeprefix("trusted comment: ")
        if found[:2] != _HASHED_FIRST or found[2:10] != _number(public):
            raise BadSignatureError("it is signed with another key")
        public.verify(found[10:], hashlib.blake2b(manifest).digest())
        public.verify(base64.b64decode(whole, validate=True), found[10:] + comment.encode())
    except InvalidSignature:
        raise BadSignatureError("its signature does not verify: it was changed") from None
    except ValueError:
        raise BadSignatureError("its signature is none of minisign's") from None
    return comment


def trusted_comment(manifest: bytes, *, not_after: str = "") -> str:
    """What the signed comment says of the manifest, by which a reader refuses an older or a stale one.

    Raises:
        ExportError: it is no manifest.
    """
    try:
        found = json.loads(manifest)
        serial, until = found["serial"], not_after or found["not_after"]
        whole = type(serial) is int and _MOMENT.fullmatch(until)
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        raise ExportError("what is to be signed is no manifest with a serial and not_after in UTC")
    digest = hashlib.sha256(manifest).hexdigest()
    return f"serial:{serial}\tnot_after:{until}\tsha256:{digest}"


def cms(
    manifest: bytes,
    certificate: x509.Certificate,
    key: CmsKey,
    *,
    at: datetime,
    chain: Sequence[x509.Certificate] = (),
) -> bytes:
    """The detached signature in DER, as `openssl cms -verify -inform DER` reads it; `chain` goes with it.

    Raises:
        ExportError: it is no manifest.
        BadKeyError: the certificate is of another key, or not valid at that moment.
    """
    trusted_comment(manifest)  # serial and not_after stand in what is signed
    check_certificate(certificate, key, at=at)
    return _cms(manifest, certificate, key, chain, [PKCS7Options.DetachedSignature])


def cms_heartbeat(
    manifest: bytes,
    certificate: x509.Certificate,
    key: CmsKey,
    *,
    at: datetime,
    not_after: str,
    chain: Sequence[x509.Certificate] = (),
) -> bytes:
    """Signed data in DER that hold a JSON object with serial, not_after and the SHA-256 of the manifest.

    Raises:
        ExportError: it is no manifest.
        BadKeyError: the certificate is of another key, or not valid at that moment.
    """
    said = trusted_comment(manifest, not_after=not_after).split("\t")
    content = dict(each.split(":", maxsplit=1) for each in said)
    check_certificate(certificate, key, at=at)
    text = json.dumps({**content, "serial": int(content["serial"])}) + "\n"
    return _cms(text.encode("ascii"), certificate, key, chain, [])


def check_certificate(certificate: x509.Certificate, key: CmsKey, *, at: datetime) -> None:
    """The certificate is of this key and valid at that moment.

    Raises:
        BadKeyError: it is not.
    """
    if _public_bytes(key) != certificate.public_key().public_bytes(*_SPKI):
        raise BadKeyError("the certificate to sign with is of another key")
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not since <= at <= until:
        raise BadKeyError(
            f"the certificate to sign with is not valid now: it is from {since:%Y-%m-%d %H:%M} to"
            f" {until:%Y-%m-%d %H:%M} UTC"
        )


def _cms(
    content: bytes,
    certificate: x509.Certificate,
    key: CmsKey,
    chain: Sequence[x509.Certificate],
    options: list[PKCS7Options],
) -> bytes:
    builder = PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, SHA256())
    for each in chain:
        builder = builder.add_certificate(each)
    return builder.sign(Encoding.DER, [*options, PKCS7Options.Binary])


def _private_key(path: Path) -> object:
    try:
        return load_pem_private_key(secret(path, longest=_LONGEST_PEM), password=None)
    except (ValueError, TypeError):  # TypeError: it is encrypted
        raise BadKeyError(f"{path} holds no key in PEM without a password") from None


def _public_bytes(key: CmsKey) -> bytes:
    return key.public_key().public_bytes(*_SPKI)


def _number(key: Ed25519PublicKey) -> bytes:
    """By which minisign tells keys apart; made from the key, so it needs no file of its own."""
    return hashlib.blake2b(key.public_bytes_raw(), digest_size=8).digest()
