"""The keys a list is published with: loaded from their files with care, and what they sign."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from blocklist import sign
from blocklist.key_files import BadKeyError
from review_queue.clock import Clock, system_clock

_LONGEST_CERTIFICATES: Final = 262_144
_SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CmsSigner:
    """A key with its certificate, and the certificates that lead to an authority."""

    key: sign.CmsKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Signers:
    """The keys a list is signed with; a list signed with none is not to be told from a forged one."""

    minisign: Ed25519PrivateKey | None = field(default=None, repr=False)
    cms: CmsSigner | None = None
    clock: Clock = system_clock

    def files(self, manifest: bytes) -> Mapping[str, bytes]:
        """The signatures of a new manifest, by the names of their files; the first heartbeat is among them."""
        found: dict[str, bytes] = {}
        if self.minisign:
            found[sign.MINISIGN_NAME] = sign.minisign(manifest, self.minisign).encode()
        if self.cms:
            found[sign.CMS_NAME] = sign.cms(
                manifest, self.cms.certificate, self.cms.key, at=self.clock(), chain=self.cms.chain
            )
        return {**found, **self.heartbeat(manifest, not_after="")}

    def heartbeat(self, manifest: bytes, *, not_after: str) -> Mapping[str, bytes]:
        """New words for a manifest that still holds, until `not_after`, or where that is empty until its own."""
        found: dict[str, bytes] = {}
        if self.minisign:
            text = sign.minisign(manifest, self.minisign, not_after=not_after)
            found[sign.HEARTBEAT_NAME] = text.encode()
        if self.cms:
            found[sign.CMS_HEARTBEAT_NAME] = sign.cms_heartbeat(
                manifest, self.cms.certificate, self.cms.key,
                at=self.clock(), not_after=not_after, chain=self.cms.chain,
            )  # fmt: skip
        return found

    @property
    def keys(self) -> Mapping[str, str]:
        """What the public knows of the keys, by kind: minisign's own text, and the SHA-256 of a certificate."""
        found: dict[str, str] = {}
        if self.minisign:
            found["minisign"] = sign.minisign_public(self.minisign).splitlines()[1]
        if self.cms:
            digest = self.cms.certificate.fingerprint(SHA256())
            found["cms"] = base64.b64encode(digest).decode()
        return found

    @property
    def warnings(self) -> tuple[str, ...]:
        """What somebody has to see to before long."""
        if self.cms and self.cms.certificate.not_valid_after_utc - self.clock() < _SOON:
            until = self.cms.certificate.not_valid_after_utc
            return (f"the certificate to sign with ends on {until:%Y-%m-%d}; see to a new one",)
        return ()


def load(
    minisign_key: Path | None,
    cms_key: Path | None,
    cms_certificate: Path | None,
    *,
    clock: Clock = system_clock,
) -> Signers:
    """The keys in these files, each fit to sign with now.

    Raises:
        BadKeyError: a file holds no key, others may use it, a certificate is of another key or not valid now, or one
            of key and certificate is missing.
    """
    if (cms_key is None) != (cms_certificate is None):
        raise BadKeyError("a CMS signature needs both a key and its certificate; name both files")
    cms = None
    if cms_key and cms_certificate:
        first, *chain = _certificates(cms_certificate)
        cms = CmsSigner(sign.cms_key(cms_key), first, tuple(chain))
        sign.check_certificate(first, cms.key, at=clock())
    return Signers(sign.minisign_key(minisign_key) if minisign_key else None, cms, clock)


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_CERTIFICATES + 1)
        if len(text) <= _LONGEST_CERTIFICATES:
            return x509.load_pem_x509_certificates(text)
    except OSError as error:
        raise BadKeyError(f"cannot read the certificate in {path} ({error.strerror})") from None
    except ValueError:
        pass
    raise BadKeyError(f"{path} holds no certificate in PEM")
