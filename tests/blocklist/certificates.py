"""Certificates: those a key gave itself, and an authority of a test with what it signs, expires and revokes.

An authority is openssl's own, as providers have it.
"""

import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from blocklist.sign import CmsKey

_SETTINGS: Final = """[ca]
default_ca = ours
[ours]
database = {home}/index
new_certs_dir = {home}
serial = {home}/serial
crlnumber = {home}/crlnumber
certificate = {home}/ca.pem
private_key = {home}/ca.key
default_md = sha256
default_days = 3650
default_crl_days = 30
policy = anybody
copy_extensions = copy
[anybody]
commonName = supplied
"""
_PAST: Final = ("-startdate", "20240101000000Z", "-enddate", "20240201000000Z")


_SINCE: Final = datetime(2026, 1, 31, tzinfo=UTC)
_UNTIL: Final = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Signer:
    """A key with its certificate."""

    key: CmsKey
    certificate: x509.Certificate


def signer(key: CmsKey, name: str = "unit.example", *, until: datetime = _UNTIL) -> Signer:
    """The key with a certificate it gave itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    number = x509.random_serial_number()
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), number, _SINCE, until)
    return Signer(key, builder.sign(key, SHA256()))


def openssl(*words: object) -> str:
    """What openssl prints."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run(
        ["openssl", *map(str, words)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key."""

    path: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """Its SHA-256, as a person copies it."""
        told = openssl("x509", "-in", self.path, "-noout", "-fingerprint", "-sha256")
        return told.strip().partition("=")[2]


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority with a list of what it has revoked."""

    home: Path

    @property
    def path(self) -> Path:
        """Its own certificate."""
        return self.home / "ca.pem"

    @property
    def revoked(self) -> Path:
        """The list of what it has revoked."""
        return self.home / "crl.pem"

    def certificate(self, name: str, *, is_expired: bool = False) -> Certificate:
        """A new certificate of that name; one for 127.0.0.1 as well, so that a server may show it."""
        found = Certificate(self.home / f"{name}.pem", self.home / f"{name}.key")
        asked = self.home / f"{name}.csr"
        openssl(
            "req", "-new", *_NEW_KEY, found.key, "-subj", f"/CN={name}", "-out", asked,
            "-addext", "subjectAltName=IP:127.0.0.1",
        )  # fmt: skip
        past = _PAST if is_expired else ()
        openssl(*self._ca, "-notext", *past, "-in", asked, "-out", found.path)
        return found

    def revoke(self, certificate: Certificate) -> None:
        """The certificate is on the list of what is revoked."""
        openssl(*self._ca, "-revoke", certificate.path)
        openssl(*self._ca, "-gencrl", "-out", self.revoked)

    @property
    def _ca(self) -> tuple[object, ...]:
        return "ca", "-batch", "-config", self.home / "ca.conf"


_NEW_KEY: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout")


def authority(home: Path) -> Authority:
    """A new authority in that folder."""
    home.mkdir()
    (home / "ca.conf").write_text(_SETTINGS.format(home=home))
    (home / "index").touch()
    for name in ("serial", "crlnumber"):
        (home / name).write_text("1000\n")
    openssl(
        "req", "-x509", *_NEW_KEY, home / "ca.key", "-subj", f"/CN={home.name}", "-days", "3650",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", home / "ca.pem",
    )  # fmt: skip
    return Authority(home)
