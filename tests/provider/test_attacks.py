"""What is whole and even signed, and still must not be installed: old lists, foreign keys, stale signatures."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from blocklist import sign
from tests.blocklist.certificates import signer
from tests.provider.clients import OK, REFUSED, SETTINGS, STALE
from tests.provider.conftest import World
from tests.provider.lists import commented, resigned

VERIFIERS = pytest.mark.parametrize("verify", ["minisign", "openssl"])


def use(world: World, verify: str) -> None:
    """The client verifies by this program."""
    if shutil.which(verify) is None:
        pytest.skip(f"{verify} is not installed")
    world.client.set(VERIFY=verify)


def refused(world: World, why: str) -> None:
    """The client says why, keeps list 2, and tells the feed."""
    before = len(world.feed.receipts)
    done = world.client.run()
    assert (done.returncode, world.client.serial) == (REFUSED, 2), done.stderr
    assert why in done.stderr
    assert world.client.is_whole()
    (receipt,) = world.feed.receipts[before:]
    assert (receipt["outcome"], receipt["consumer"]) == ("refused", "none")


def days(number: float) -> str:
    """The moment so many days from now, as a manifest writes it."""
    at = datetime.now(UTC) + timedelta(days=number)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def until(number: float) -> Callable[[bytes], bytes]:
    """The manifest may be used for so many days from now."""

    def change(manifest: bytes) -> bytes:
        wanted = b'"not_after": "%s"' % days(number).encode()
        return re.sub(rb'"not_after": "[^"]*"', wanted, manifest)

    return change


@VERIFIERS
def test_an_old_list_with_its_valid_signature_is_refused(verify: str, world: World) -> None:
    use(world, verify)
    world.serve(1)

    refused(world, "serial 1 is older than 2")


def test_an_old_list_is_refused_even_where_the_folder_of_lists_is_gone(world: World) -> None:
    shutil.rmtree(world.client.target / "lists")
    world.serve(1)

    assert world.client.run().returncode == REFUSED
    assert world.client.serial == 0


@VERIFIERS
def test_a_changed_manifest_is_refused(verify: str, world: World) -> None:
    use(world, verify)
    path = world.serve(3) / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"entries": 3', b'"entries": 4'))

    refused(world, "the signature of the manifest is not of a key we trust")


@VERIFIERS
def test_the_signature_of_another_key_is_refused(verify: str, world: World) -> None:
    use(world, verify)
    resigned(world.serve(3), Ed25519PrivateKey.generate())

    refused(world, "not of a key we trust")


@VERIFIERS
def test_a_changed_comment_is_refused(verify: str, world: World) -> None:
    use(world, verify)
    path = world.serve(3) / sign.MINISIGN_NAME
    path.write_text(re.sub("not_after:2...", "not_after:3000", path.read_text()))

    refused(world, "not of a key we trust")


@VERIFIERS
def test_a_comment_that_is_signed_but_of_another_manifest_is_refused(
    verify: str, world: World
) -> None:
    use(world, verify)
    other = sign.trusted_comment((world.feed.folder / "manifest.json").read_bytes())
    resigned(world.serve(3), world.publisher.key, comment=lambda _: other)

    refused(world, "the signed comment is of another manifest")


@VERIFIERS
def test_the_comment_of_one_signature_does_not_fit_another(verify: str, world: World) -> None:
    use(world, verify)
    older = (world.feed.folder / sign.MINISIGN_NAME).read_text().splitlines()
    path = world.serve(3) / sign.MINISIGN_NAME
    newer = path.read_text().splitlines()
    path.write_text("\n".join([*newer[:2], *older[2:]]) + "\n")

    refused(world, "not of a key we trust")


def test_any_of_several_keys_will_do_so_that_keys_can_be_replaced(world: World) -> None:
    other = Ed25519PrivateKey.generate()
    next_key = world.client.home / "next.pub"
    next_key.write_text(sign.minisign_public(other))
    world.client.set(PUBLIC_KEYS=f"{world.publisher.public_key} {next_key}")
    resigned(world.serve(3), other)

    assert world.client.run().returncode == OK
    assert world.client.serial == 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (until(-0.01), "which is past"),
        (until(61), "more than 60 days"),
        (lambda text: re.sub(rb'"serial": 3', b'"serial": 2', text), "other contents"),
        (lambda text: re.sub(rb'"serial": 3', b'"serial": 0', text), "has no serial"),
        (lambda text: re.sub(rb'"rpz.zone": \{', b'"rpz.zon": {', text), "does not name rpz.zone"),
        (lambda text: re.sub(rb'"size_bytes": \d+', b'"size_bytes": 9999999999', text), "MAX_BYTES"),
        (lambda text: re.sub(rb'"entries": \d', b'"entries": 0', text), "the list is empty"),
        (
            lambda text: text.replace(b'  "entries"', b'  "part": "violence",\n  "entries"', 1),
            "it is the list of violence, and PART says that of all categories",
        ),
        (lambda text: json.dumps(json.loads(text)).encode(), "laid out otherwise"),
        (lambda text: text.replace(b"rpz.zone", b"../rpz.zone"), "does not name rpz.zone"),
    ],
)  # fmt: skip
def test_a_signed_manifest_may_still_be_wrong(
    change: Callable[[bytes], bytes], why: str, world: World
) -> None:
    resigned(world.serve(3), world.publisher.key, change)

    refused(world, why)


def test_the_whole_list_is_refused_where_the_one_of_a_category_was_ordered(world: World) -> None:
    world.client.set(PART="violence")
    world.serve(3)
    refused(world, "it is the list of all categories, and PART says that of violence")

    resigned(
        world.serve(3),
        world.publisher.key,
        lambda text: text.replace(b'  "entries"', b'  "part": "violence",\n  "entries"', 1),
    )
    assert world.client.run().returncode == OK


def test_an_empty_list_is_taken_where_the_operator_says_so(world: World) -> None:
    world.client.set(ALLOW_EMPTY="yes")
    resigned(
        world.serve(3),
        world.publisher.key,
        lambda text: re.sub(rb'"entries": \d', b'"entries": 0', text),
    )

    assert world.client.run().returncode == OK
    assert world.client.serial == 3


def beat(world: World, number: float, key: Ed25519PrivateKey | None = None) -> Path:
    """The feed has a newer signature of the manifest it serves, good for so many days."""
    manifest = (world.feed.folder / "manifest.json").read_bytes()
    path = world.feed.folder / "heartbeat.minisig"
    path.write_text(sign.minisign(manifest, key or world.publisher.key, not_after=days(number)))
    return path


@VERIFIERS
def test_a_heartbeat_prolongs_the_list_in_force_without_fetching_it(
    verify: str, world: World
) -> None:
    use(world, verify)
    beat(world, 20)
    world.feed.asked.clear()

    done = world.client.run()

    assert (done.returncode, world.feed.asked) == (
        OK,
        ["/v1/manifest.json", "/v1/heartbeat.minisig"],
    )
    assert f"good until {days(20)[:10]}" in done.stderr


@VERIFIERS
def test_a_heartbeat_of_another_key_or_another_manifest_prolongs_nothing(
    verify: str, world: World
) -> None:
    use(world, verify)
    before = (world.client.current / "not_after").read_text()
    beat(world, 20, Ed25519PrivateKey.generate())
    assert world.client.run().returncode == OK
    newer = world.publisher.lists / "snapshots" / "0000000003" / "manifest.json"
    (world.feed.folder / "heartbeat.minisig").write_text(
        sign.minisign(newer.read_bytes(), world.publisher.key)
    )
    assert world.client.run().returncode == OK
    path = beat(world, 20)
    manifest = (world.feed.folder / "manifest.json").read_bytes()
    path.write_text(
        commented(
            sign.minisign(manifest, world.publisher.key),
            f"serial:2\tnot_after:{days(30)}\tsha256:{'0' * 64}",
            world.publisher.key,
        )
    )
    assert world.client.run().returncode == OK

    assert (world.client.current / "not_after").read_text() == before


def test_a_heartbeat_cannot_make_a_list_good_for_ever(world: World) -> None:
    beat(world, 61)

    refused(world, "more than 60 days")


def test_a_first_list_that_is_old_but_renewed_is_taken(world: World) -> None:
    shutil.rmtree(world.client.target)
    resigned(world.serve(3), world.publisher.key, until(-5))
    beat(world, 3)

    assert world.client.run().returncode == OK
    assert world.client.serial == 3


@pytest.mark.parametrize(("stale", "serial"), [("keep", 2), ("drop", 0)])
def test_a_list_that_nobody_renewed_is_warned_of_and_kept_or_dropped_as_the_settings_say(
    stale: str, serial: int, world: World
) -> None:
    world.client.set(STALE=stale)
    (world.client.current / "not_after").write_text(f"{days(-1)}\n")
    shutil.rmtree(world.feed.folder)

    done = world.client.run()

    assert (done.returncode, world.client.serial) == (STALE, serial)
    assert "WARNING: the list in force, serial 2, may be used until" in done.stderr
    assert world.client.is_whole()
    assert world.client.run("--status").returncode == STALE
    world.serve(1)  # what was dropped does not let an older one in
    assert world.client.run().returncode in (REFUSED, STALE)
    assert world.client.serial == serial
    world.serve(2)
    assert world.client.run().returncode == OK
    assert world.client.serial == 2


def test_the_status_is_told(world: World) -> None:
    done = world.client.run("--status")

    assert done.returncode == OK
    assert done.stdout.startswith("serial 2, good until 2")


WRONG: list[tuple[dict[str, str], str]] = [
    ({"FEED": "http://lists.example/v1", "ALLOW_HTTP": "no"}, "is not https"),
    ({"FEED": "ftp://lists.example/"}, "FEED must be"),
    ({"CONSUMER": "bindd"}, "no CONSUMER"),
    ({"FILES": "../rpz.zone"}, "is no name"),
    ({"FILES": ""}, "FILES must name"),
    ({"CONSUMER": "bind", "FILES": ""}, "MUST_RESOLVE"),
    ({"PUBLIC_KEYS": ""}, "PUBLIC_KEYS"),
    ({"PUBLIC_KEYS": "/nowhere.pub"}, "there is no key"),
    ({"VERIFY": "none"}, "VERIFY must be"),
    ({"VERIFY": "cms"}, "CMS_SIGNER"),
    ({"STALE": "maybe"}, "STALE must be"),
    ({"JITTER": "-1"}, "is no number"),
    ({"TARGET": "here"}, "TARGET must be"),
    ({"TARGET": "/a b"}, "TARGET must be"),
    ({"TOKEN_FILE": "/nowhere"}, "no TOKEN_FILE"),
]


def test_settings_that_cannot_be_right_are_named(world: World) -> None:
    right = world.client.settings.read_text()
    for settings, why in WRONG:
        world.client.set(**settings)

        done = world.client.run()

        assert (done.returncode, world.client.serial) == (SETTINGS, 2), settings
        assert why in done.stderr
        world.client.settings.write_text(right)


def test_a_token_that_others_can_read_and_settings_that_others_can_write_are_refused(
    world: World,
) -> None:
    token = world.client.home / "token"
    token.chmod(0o644)
    assert "chmod 600" in world.client.run().stderr
    token.chmod(0o600)
    right = token.read_text()
    for text in ("", "\n", 'qalqan"\nurl = "http://elsewhere.test\n', "two words\n"):
        token.write_text(text)
        assert "holds no token" in world.client.run().stderr
    token.write_text(right)
    world.client.settings.chmod(0o620)
    assert "chmod go-w" in world.client.run().stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_cms_is_verified_against_the_one_certificate_that_is_pinned(world: World) -> None:
    now = datetime.now(UTC)
    ours, other = (
        signer(ec.generate_private_key(ec.SECP256R1()), name)
        for name in ("ours.example", "other.example")
    )
    both = world.client.home / "authority.pem"
    both.write_bytes(
        ours.certificate.public_bytes(Encoding.PEM) + other.certificate.public_bytes(Encoding.PEM)
    )
    pinned = world.client.home / "signer.pem"
    pinned.write_bytes(ours.certificate.public_bytes(Encoding.PEM))
    world.client.set(VERIFY="cms", CMS_CA=str(both), CMS_SIGNER=str(pinned))
    folder = world.serve(3)
    manifest = (folder / "manifest.json").read_bytes()

    # an authority both certificates lead to, as any two of one nation's do
    (folder / sign.CMS_NAME).write_bytes(sign.cms(manifest, other.certificate, other.key, at=now))
    refused(world, "not of a key we trust")
    (folder / sign.CMS_NAME).write_bytes(sign.cms(manifest, ours.certificate, ours.key, at=now))
    assert world.client.run().returncode == OK
    assert world.client.serial == 3

    for who, is_ours in ((other, False), (ours, True)):
        (folder / sign.CMS_HEARTBEAT_NAME).write_bytes(
            sign.cms_heartbeat(manifest, who.certificate, who.key, at=now, not_after=days(20))
        )
        done = world.client.run()
        assert done.returncode == OK
        assert (days(20)[:10] in done.stderr) is is_ours
