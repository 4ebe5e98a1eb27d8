"""The keys a list is published with: what is loaded, what is refused, and what the programs of providers make of it."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from blocklist import key_files, sign, signers
from blocklist.key_files import BadKeyError
from blocklist.sign import BadSignatureError
from tests.blocklist.certificates import signer
from tests.blocklist.publications import key_at, signers_at

NOW = datetime(2026, 2, 1, tzinfo=UTC)
MANIFEST = b'{"serial": 7, "not_after": "2026-02-09T00:00:00.000Z"}\n'
LATER = "2026-02-11T00:00:00.000Z"


def clock() -> datetime:
    return NOW


def cms_at(
    folder: Path, *, until: datetime = datetime(2100, 1, 1, tzinfo=UTC), name: str = "unit"
) -> tuple[Path, Path]:
    """The files of a key and of a certificate it gave itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    at = folder / f"{name}.key", folder / f"{name}.pem"
    key_files.put_secret(
        at[0], key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    at[1].write_bytes(signer(key, name, until=until).certificate.public_bytes(Encoding.PEM))
    return at


def test_all_signatures_of_a_manifest_and_its_heartbeat_are_made(tmp_path: Path) -> None:
    found = signers.load(key_at(tmp_path / "key"), *cms_at(tmp_path), clock=clock)

    files = found.files(MANIFEST)

    assert sorted(files) == [
        "heartbeat.minisig",
        "heartbeat.p7m",
        "manifest.json.minisig",
        "manifest.json.p7s",
    ]
    assert files["heartbeat.minisig"] == files["manifest.json.minisig"]
    assert sorted(found.keys) == ["cms", "minisign"]
    assert found.warnings == ()


def test_without_a_key_nothing_is_signed() -> None:
    found = signers.load(None, None, None)

    assert found.files(MANIFEST) == {}
    assert found.keys == {}


def test_a_heartbeat_is_a_signature_of_the_same_manifest_for_longer(tmp_path: Path) -> None:
    found = signers_at(tmp_path / "key")
    assert found.minisign
    text = found.heartbeat(MANIFEST, not_after=LATER)["heartbeat.minisig"].decode()

    said = sign.verify_minisign(MANIFEST, text, found.minisign.public_key())

    assert f"serial:7\tnot_after:{LATER}\tsha256:" in said
    with pytest.raises(BadSignatureError, match="was changed"):
        sign.verify_minisign(MANIFEST + b" ", text, found.minisign.public_key())
    later = text.replace("not_after:2026", "not_after:2036")
    with pytest.raises(BadSignatureError, match="was changed"):
        sign.verify_minisign(MANIFEST, later, found.minisign.public_key())
    with pytest.raises(BadSignatureError, match="another key"):
        sign.verify_minisign(MANIFEST, text, Ed25519PrivateKey.generate().public_key())
    for bad in ("", "<html>", text.partition("\n")[2], text.replace("\nRU", "\n!!", 1)):
        with pytest.raises(BadSignatureError):
            sign.verify_minisign(MANIFEST, bad, found.minisign.public_key())


@pytest.mark.skipif(shutil.which("minisign") is None, reason="minisign is not installed")
def test_minisign_verifies_the_heartbeat(tmp_path: Path) -> None:
    found = signers_at(tmp_path / "key")
    (tmp_path / "list.pub").write_text(sign.minisign_public(sign.minisign_key(tmp_path / "key")))
    (tmp_path / "manifest.json").write_bytes(MANIFEST)
    (tmp_path / "heartbeat.minisig").write_bytes(
        found.heartbeat(MANIFEST, not_after=LATER)["heartbeat.minisig"]
    )

    done = subprocess.run(
        ["minisign", "-V", "-p", "list.pub", "-m", "manifest.json", "-x", "heartbeat.minisig"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert f"not_after:{LATER}" in done.stdout


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_cms_heartbeat_and_gives_what_it_says(tmp_path: Path) -> None:
    key, certificate = cms_at(tmp_path)
    found = signers.load(None, key, certificate, clock=clock)
    (tmp_path / "heartbeat.p7m").write_bytes(
        found.heartbeat(MANIFEST, not_after=LATER)["heartbeat.p7m"]
    )

    done = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", "heartbeat.p7m", "-binary",
         "-CAfile", str(certificate), "-purpose", "any"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["serial"], said["not_after"], len(said["sha256"])) == (7, LATER, 64)


def test_a_certificate_that_has_ended_or_is_of_another_key_is_refused(tmp_path: Path) -> None:
    ended = cms_at(tmp_path, until=NOW - timedelta(seconds=1), name="ended")
    one, other = cms_at(tmp_path, name="one"), cms_at(tmp_path, name="other")

    with pytest.raises(BadKeyError, match=r"not valid now: it is from 2026-01-31 .* to 2026-01-31"):
        signers.load(None, *ended, clock=clock)
    with pytest.raises(BadKeyError, match="of another key"):
        signers.load(None, one[0], other[1], clock=clock)
    with pytest.raises(BadKeyError, match="name both files"):
        signers.load(None, one[0], None, clock=clock)
    with pytest.raises(BadKeyError, match="no certificate"):
        signers.load(None, one[0], one[0], clock=clock)
    with pytest.raises(BadKeyError, match="cannot read the certificate"):
        signers.load(None, one[0], tmp_path / "none.pem", clock=clock)


def test_a_certificate_that_ends_soon_is_told(tmp_path: Path) -> None:
    soon = cms_at(tmp_path, until=NOW + timedelta(days=20))

    assert "ends on 2026-02-21" in signers.load(None, *soon, clock=clock).warnings[0]


def test_a_key_others_may_read_is_refused_and_a_new_one_is_its_owners_alone(tmp_path: Path) -> None:
    path = key_at(tmp_path / "key")

    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadKeyError, match="is there already"):
        key_at(path)
    with pytest.raises(BadKeyError, match="cannot write"):
        key_at(tmp_path / "none" / "key")
    path.chmod(0o604)
    with pytest.raises(BadKeyError, match="chmod 600"):
        signers.load(path, None, None)


def test_no_key_is_ever_shown(tmp_path: Path) -> None:
    found = signers.load(key_at(tmp_path / "key"), *cms_at(tmp_path), clock=clock)

    assert "PrivateKey" not in repr(found)
