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
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)

from blocklist.key_files import BadKeyError, secret
from review_queue.errors import ExportError

MINISIGN_NAME: Final = "manifest.json.minisig"
CMS_NAME: Final = "manifest.json.p7s"
_LONGEST_PEM: Final = 16_384
_PLAIN: Final = b"Ed"
_HASHED_FIRST: Final = b"ED"
_SPKI: Final = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
# a line end in it would end the comment
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)

CmsKey = RSAPrivateKey | EllipticCurvePrivateKey


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
    raw = _public_bytes(key)
    number = _number(key)
    shown = number[::-1].hex().upper()  # minisign shows it as one little-endian number
    data = base64.b64encode(_PLAIN + number + raw).decode()
    return f"untrusted comment: minisign public key {shown}\n{data}\n"


def minisign(manifest: bytes, key: Ed25519PrivateKey) -> str:
    """The file of the signature, as `minisign -V -x` reads it.

    Raises:
        ExportError: it is no manifest.
    """
    trusted = trusted_comment(manifest)
    signature = key.sign(hashlib.blake2b(manifest).digest())
    whole = key.sign(signature + trusted.encode())
    data = base64.b64encode(_HASHED_FIRST + _number(key) + signature).decode()
    return (
        f"untrusted comment: signature of manifest.json of a Qalqan block list\n{data}\n"
        f"trusted comment: {trusted}\n{base64.b64encode(whole).decode()}\n"
    )


def trusted_comment(manifest: bytes) -> str:
    """What the signed comment says of the manifest, by which a reader refuses an older or a stale one.

    Raises:
        ExportError: it is no manifest.
    """
    try:
        found = json.loads(manifest)
        serial, not_after = found["serial"], found["not_after"]
        whole = type(serial) is int and _MOMENT.fullmatch(not_after)
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        raise ExportError("what is to be signed is no manifest with a serial and not_after in UTC")
    digest = hashlib.sha256(manifest).hexdigest()
    return f"serial:{serial}\tnot_after:{not_after}\tsha256:{digest}"


def cms(manifest: bytes, certificate: x509.Certificate, key: CmsKey, *, at: datetime) -> bytes:
    """The detached signature in DER, as `openssl cms -verify -inform DER` reads it.

    Raises:
        ExportError: it is no manifest.
        BadKeyError: the certificate is of another key, or not valid at that moment.
    """
    trusted_comment(manifest)  # serial and not_after stand in what is signed
    if _public_bytes(key) != certificate.public_key().public_bytes(*_SPKI):
        raise BadKeyError("the certificate to sign with is of another key")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise BadKeyError("the certificate to sign with is not valid now")
    return (
        PKCS7SignatureBuilder()
        .set_data(manifest)
        .add_signer(certificate, key, SHA256())
        .sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])
    )


def _private_key(path: Path) -> object:
    try:
        return load_pem_private_key(secret(path, longest=_LONGEST_PEM), password=None)
    except (ValueError, TypeError):  # TypeError: it is encrypted
        raise BadKeyError(f"{path} holds no key in PEM without a password") from None


def _public_bytes(key: Ed25519PrivateKey | CmsKey) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.public_key().public_bytes_raw()
    return key.public_key().public_bytes(*_SPKI)


def _number(key: Ed25519PrivateKey) -> bytes:
    """By which minisign tells keys apart; made from the key, so it needs no file of its own."""
    return hashlib.blake2b(_public_bytes(key), digest_size=8).digest()
