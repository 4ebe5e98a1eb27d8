"""A CMS signature read back: of which bytes and which key it is, whatever is done to it."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from blocklist import cms, heartbeat, served, sign
from blocklist.gate import Gate
from blocklist.publication import Outcome, Verify, Wanted, publish
from blocklist.served import ClockError
from blocklist.sign import BadSignatureError
from blocklist.signers import CmsSigner, Signers
from review_queue.categories import Category
from review_queue.store import Store, open_store
from tests.blocklist.certificates import Signer, signer
from tests.blocklist.publications import host, listed
from tests.blocklist.test_sign import NOW
from tests.conftest import TickingClock

MANIFEST = b'{"serial": 7, "not_after": "2026-02-09T00:00:00.000Z"}\n'
LATER = "2026-02-11T00:00:00.000Z"
WANTED = Wanted(("hosts",), parts=(Category.VIOLENCE,), verify=Verify.NONE)


@pytest.fixture(scope="module", params=["ec", "rsa"])
def who(request: pytest.FixtureRequest) -> Signer:
    if request.param == "rsa":
        return signer(rsa.generate_private_key(65537, 2048))
    return signer(ec.generate_private_key(ec.SECP256R1()))


def detached(who: Signer) -> bytes:
    return sign.cms(MANIFEST, who.certificate, who.key, at=NOW, chain=[who.certificate])


def test_what_was_signed_is_known_and_nothing_else(who: Signer) -> None:
    beat = sign.cms_heartbeat(MANIFEST, who.certificate, who.key, at=NOW, not_after=LATER)

    assert cms.signed(detached(who), who.certificate, MANIFEST) == MANIFEST
    assert LATER.encode() in cms.signed(beat, who.certificate)
    for message, content in (
        (detached(who), MANIFEST + b" "),
        (beat, MANIFEST),
        (detached(who), None),
    ):
        with pytest.raises(BadSignatureError, match="something else"):
            cms.signed(message, who.certificate, content)


def test_another_key_of_the_same_name_is_not_the_signer(who: Signer) -> None:
    for other in (signer(ec.generate_private_key(ec.SECP256R1())),
                  signer(rsa.generate_private_key(65537, 2048))):  # fmt: skip
        with pytest.raises(BadSignatureError, match="does not verify"):
            cms.signed(detached(other), who.certificate, MANIFEST)


def test_whatever_is_changed_in_it_never_says_another_thing(who: Signer) -> None:
    beat = sign.cms_heartbeat(MANIFEST, who.certificate, who.key, at=NOW, not_after=LATER)
    said = cms.signed(beat, who.certificate)
    refused = 0
    for at in range(len(beat)):
        for changed in (beat[:at], beat[:at] + bytes([beat[at] ^ 0x81]) + beat[at + 1 :]):
            try:
                # some bytes are signed by nobody, such as the certificate that came with it
                assert cms.signed(changed, who.certificate) == said
            except BadSignatureError:
                refused += 1
    assert refused > len(beat)


def test_openssl_makes_what_is_read_here(who: Signer, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "manifest.json").write_bytes(MANIFEST)
    (tmp_path / "unit.pem").write_bytes(who.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "unit.key").write_bytes(
        who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    subprocess.run(
        ["openssl", "cms", "-sign", "-binary", "-md", "sha256", "-in", "manifest.json", "-signer",
         "unit.pem", "-inkey", "unit.key", "-outform", "DER", "-out", "made.p7s"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip

    message = (tmp_path / "made.p7s").read_bytes()

    assert cms.signed(message, who.certificate, MANIFEST) == MANIFEST


@pytest.fixture
def filled(tmp_path: Path, clock: TickingClock) -> Iterator[Store]:
    with open_store(tmp_path / "data", clock=clock) as store:
        listed(store, host(0))
        yield store


def signers_of(who: Signer, clock: TickingClock) -> Signers:
    return Signers(cms=CmsSigner(who.key, who.certificate), clock=clock)


@pytest.mark.parametrize("part", ["", "part-violence"])
@pytest.mark.parametrize("how", ["another key", "empty", "of the heartbeat"])
def test_a_served_list_whose_cms_signature_is_not_ours_is_told_and_made_anew(
    filled: Store, tmp_path: Path, clock: TickingClock, part: str, how: str
) -> None:
    out = tmp_path / "lists"
    mine = signer(ec.generate_private_key(ec.SECP256R1()))
    other = signers_of(signer(ec.generate_private_key(ec.SECP256R1())), clock)
    signers = signers_of(mine, clock)
    publish(filled, out, WANTED, actor="test", signers=signers, gate=Gate({}))
    folder = out / "current" / part
    text = (folder / "manifest.json").read_bytes()
    spoilt = {
        "another key": other.files(text)[sign.CMS_NAME],
        "empty": b"",
        "of the heartbeat": (folder / sign.CMS_HEARTBEAT_NAME).read_bytes(),
    }
    (folder / sign.CMS_NAME).write_bytes(spoilt[how])

    told = publish(filled, out, WANTED, actor="test", signers=signers, gate=Gate({}))
    again = publish(filled, out, WANTED, actor="test", signers=signers, gate=Gate({}))

    (fault,) = told.told
    assert fault.startswith(f"{part}/manifest.json: its " if part else "manifest.json: its ")
    assert (told.serial, again.outcome, again.told) == (2, Outcome.HEARTBEAT, ())


def test_a_heartbeat_by_cms_alone_never_says_less_than_the_one_before(
    filled: Store, tmp_path: Path, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    signers = signers_of(signer(ec.generate_private_key(ec.SECP256R1())), clock)
    publish(filled, out, WANTED, actor="test", signers=signers, gate=Gate({}))
    clock.move(hours=2)
    until = publish(filled, out, WANTED, actor="test", signers=signers, gate=Gate({})).not_after
    whole = served.served(out)
    assert whole
    assert heartbeat.until(whole, signers) == until
    assert heartbeat.until(replace(whole, manifest=b"{}"), signers) == ""
    clock.move(hours=-1)

    with pytest.raises(ClockError, match=f"said to hold until {until}"):
        publish(filled, out, WANTED, actor="test", signers=signers, gate=Gate({}))
