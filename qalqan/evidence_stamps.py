"""Time-stamps by RFC 3161: asked for over HTTP, verified offline against the certificate the unit has configured."""

import hashlib
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from qalqan.evidence_manifest import EvidenceError, write_out
from review_queue import audit, manifests
from review_queue.clock import iso
from review_queue.store import Store

STAMPED: Final = "evidence.stamped"
_TIMEOUT_S: Final = 30.0
_MOST_BYTES: Final = 256 * 1024
_SHA256: Final = "2.16.840.1.101.3.4.2.1"


class StampError(EvidenceError):
    """A time-stamp that could not be had, or that does not hold."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificates a time-stamp must lead to: that of the authority's root, and those between it and the signer."""

    roots: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...]

    @classmethod
    def read(cls, path: Path) -> "Trust":
        """The certificates of a PEM file.

        Raises:
            StampError: there is none in it, or none that signs itself.
        """
        try:
            found = x509.load_pem_x509_certificates(path.read_bytes())
        except OSError as error:
            raise StampError(f"cannot read {path} ({error.strerror})") from None
        except ValueError as error:
            raise StampError(f"{path} holds no certificate in PEM form ({error})") from None
        roots = tuple(one for one in found if one.issuer == one.subject)
        if not roots:
            raise StampError(
                f"{path} lacks the authority's root certificate; append it to the file"
            )
        return cls(roots, tuple(one for one in found if one not in roots))


def stamp_all(store: Store, authority: str, trust: Trust | None, *, actor: str) -> int:
    """Every manifest has its time-stamp; returns how many were asked for now.

    Raises:
        StampError: the authority gave none; the manifests stand, and the next call asks for what is missing.
    """
    done = {stamp.manifest_seq for stamp in manifests.stamps(store)}
    missing = [manifest for manifest in manifests.all_of(store) if manifest.seq not in done]
    for manifest in missing:
        token = asked(authority, manifest.content)
        stamped_at = checked(token, manifest.content, trust)
        with store.atomic():
            manifests.add_stamp(
                store, manifest.seq, authority=authority, stamped_at=stamped_at, token=token
            )
            audit.append(
                store,
                actor=actor,
                action=STAMPED,
                subject=manifest.name,
                detail={
                    "authority": authority,
                    "stamped_at": stamped_at,
                    "token_sha256": hashlib.sha256(token).hexdigest(),
                },
            )
        write_out(store)
    return len(missing)


def checked(token: bytes, content: bytes, trust: Trust | None) -> str:
    """When the authority saw `content`, by its `token`; without `trust` its signature is not looked at.

    Raises:
        StampError: the token is not for this content, or not signed by whom `trust` leads to.
    """
    response = _decoded(token)
    imprint = response.tst_info.message_imprint
    if imprint.hash_algorithm.dotted_string != _SHA256 or (
        imprint.message != hashlib.sha256(content).digest()
    ):
        raise StampError("the time-stamp is not for this manifest")
    if trust:
        builder = VerifierBuilder()
        for root in trust.roots:
            builder = builder.add_root_certificate(root)
        for other in trust.others:
            builder = builder.add_intermediate_certificate(other)
        try:
            builder.build().verify_message(response, content)
        except (VerificationError, ValueError) as error:
            raise StampError(f"the time-stamp is not signed by the authority: {error}") from None
    return iso(response.tst_info.gen_time.replace(tzinfo=UTC))


def asked(authority: str, content: bytes) -> bytes:
    """The authority's answer to a request for `content`, which is one to that very request.

    Raises:
        StampError: none came, or it is something else.
    """
    if urlsplit(authority).scheme not in ("http", "https"):
        raise StampError(f"{authority} is no time-stamp authority; write its http or https URL")
    query = TimestampRequestBuilder(content, HashAlgorithm.SHA256).build()
    request = urllib.request.Request(  # noqa: S310  # its scheme was looked at
        authority,
        data=query.as_bytes(),
        headers={"Content-Type": "application/timestamp-query"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            token: bytes = answer.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise StampError(f"{authority} gave no time-stamp ({reason})") from None
    if _decoded(token).tst_info.nonce != query.nonce:
        raise StampError(f"{authority} answered another request")
    return token


def _decoded(token: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(token)
        granted = response.status == 0 and response.tst_info is not None
    except (ValueError, VerificationError) as error:
        raise StampError(f"the answer is no time-stamp ({error})") from None
    if not granted:
        raise StampError(f"the time-stamp was not granted ({'; '.join(response.status_string)})")
    return response
