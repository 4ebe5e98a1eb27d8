"""Signatures of the manifest, verified by the programs providers have: minisign and openssl."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from blocklist import sign
from blocklist.key_files import BadKeyError
from blocklist.publish import export
from review_queue.errors import ExportError
from review_queue.store import open_store
from tests.blocklist.certificates import signer

NOW = datetime(2026, 2, 1, tzinfo=UTC)
needs_minisign = pytest.mark.skipif(
    shutil.which("minisign") is None, reason="minisign is not installed"
)
needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed"
)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """The manifest of a real export."""
    with open_store(tmp_path / "data") as store:
        export(store, tmp_path / "lists", ["domains"], actor="test")
    path = tmp_path / "manifest.json"
    path.write_bytes((tmp_path / "lists" / "manifest.json").read_bytes())
    return path


def minisign_of(path: Path, key: ed25519.Ed25519PrivateKey) -> None:
    (path.parent / "key.pub").write_text(sign.minisign_public(key))
    (path.parent / sign.MINISIGN_NAME).write_text(sign.minisign(path.read_bytes(), key))


def verified_by_minisign(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["minisign", "-V", "-p", "key.pub", "-m", "manifest.json", "-x", sign.MINISIGN_NAME],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def verified_by_openssl(folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", sign.CMS_NAME,
         "-content", "manifest.json", "-CAfile", "signer.pem", "-purpose", "any"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip


@needs_minisign
def test_minisign_verifies_the_manifest_and_prints_what_it_is_of(manifest: Path) -> None:
    minisign_of(manifest, ed25519.Ed25519PrivateKey.generate())
    found = verified_by_minisign(manifest.parent)
    said = json.loads(manifest.read_bytes())

    assert found.returncode == 0, found.stderr
    assert "Signature and comment signature verified" in found.stdout
    assert f"serial:{said['serial']}\tnot_after:{said['not_after']}\tsha256:" in found.stdout


@needs_minisign
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("manifest.json", b'"serial": 1', b'"serial": 2'),
        ("manifest.json", b"{", b"{ "),
        (sign.MINISIGN_NAME, b"serial:1\t", b"serial:2\t"),
        (sign.MINISIGN_NAME, b"not_after:2", b"not_after:3"),
    ],
)
def test_minisign_refuses_what_was_changed(
    manifest: Path, file: str, old: bytes, new: bytes
) -> None:
    minisign_of(manifest, ed25519.Ed25519PrivateKey.generate())
    path = manifest.parent / file
    changed = path.read_bytes().replace(old, new, 1)
    assert changed != path.read_bytes()
    path.write_bytes(changed)

    assert verified_by_minisign(manifest.parent).returncode != 0


@needs_minisign
def test_minisign_refuses_another_key(manifest: Path) -> None:
    minisign_of(manifest, ed25519.Ed25519PrivateKey.generate())
    other = ed25519.Ed25519PrivateKey.generate()
    (manifest.parent / "key.pub").write_text(sign.minisign_public(other))

    assert "key id" in verified_by_minisign(manifest.parent).stderr.lower()


@needs_openssl
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_openssl_verifies_the_manifest_and_refuses_a_changed_one(manifest: Path, kind: str) -> None:
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else _curve_key()
    who = signer(key)
    folder = manifest.parent
    (folder / "signer.pem").write_bytes(who.certificate.public_bytes(Encoding.PEM))
    (folder / sign.CMS_NAME).write_bytes(
        sign.cms(manifest.read_bytes(), who.certificate, who.key, at=NOW)
    )
    whole = verified_by_openssl(folder)
    manifest.write_bytes(manifest.read_bytes().replace(b'"serial": 1', b'"serial": 2'))
    changed = verified_by_openssl(folder)

    assert whole.returncode == 0, whole.stderr
    assert b"uccessful" in whole.stderr
    assert changed.returncode != 0


def _curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_a_certificate_of_another_key_or_another_time_is_refused(manifest: Path) -> None:
    one, other = signer(_curve_key()), signer(_curve_key())
    text = manifest.read_bytes()

    with pytest.raises(BadKeyError, match="another key"):
        sign.cms(text, one.certificate, other.key, at=NOW)
    for at in (NOW - timedelta(days=2), datetime(2100, 1, 2, tzinfo=UTC)):
        with pytest.raises(BadKeyError, match="not valid now"):
            sign.cms(text, one.certificate, one.key, at=at)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"serial": "1", "not_after": "2026-02-08T09:00:00.000Z"}',
        b'{"serial": true, "not_after": "2026-02-08T09:00:00.000Z"}',
        b'{"serial": 1, "not_after": ""}',
        b'{"serial": 1, "not_after": "2026-02-08T09:00:00"}',
        b'{"serial": 1, "not_after": "2026-02-08\\n09:00:00Z"}',
    ],
)
def test_nothing_but_a_manifest_is_signed(text: bytes) -> None:
    who = signer(_curve_key())

    with pytest.raises(ExportError, match="manifest"):
        sign.minisign(text, ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(ExportError, match="manifest"):
        sign.cms(text, who.certificate, who.key, at=NOW)


def pem(path: Path, key: object, password: bytes = b"") -> Path:
    assert isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey)
    how = BestAvailableEncryption(password) if password else NoEncryption()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    path.chmod(0o600)
    return path


def test_keys_are_read_from_their_files(tmp_path: Path) -> None:
    signing, curve = ed25519.Ed25519PrivateKey.generate(), _curve_key()

    found = sign.minisign_key(pem(tmp_path / "one", signing))
    assert sign.minisign_public(found) == sign.minisign_public(signing)
    assert isinstance(sign.cms_key(pem(tmp_path / "two", curve)), ec.EllipticCurvePrivateKey)


def test_a_key_of_another_kind_or_with_a_password_or_open_to_others_is_refused(
    tmp_path: Path,
) -> None:
    signing, curve = ed25519.Ed25519PrivateKey.generate(), _curve_key()
    path = tmp_path / "key"

    with pytest.raises(BadKeyError, match="Ed25519"):
        sign.minisign_key(pem(path, curve))
    with pytest.raises(BadKeyError, match="neither"):
        sign.cms_key(pem(path, signing))
    with pytest.raises(BadKeyError, match="password"):
        sign.minisign_key(pem(path, signing, b"word"))
    path.write_text("no key")
    with pytest.raises(BadKeyError, match="password"):
        sign.minisign_key(path)
    pem(path, signing).chmod(0o640)
    with pytest.raises(BadKeyError, match="chmod 600"):
        sign.minisign_key(path)
