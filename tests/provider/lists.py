"""Signed snapshots for the tests of what providers run, made by a real export of a real store."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from blocklist import sign
from blocklist.entries import admit
from blocklist.publish import export
from blocklist.snapshots import current
from review_queue.categories import Scope
from review_queue.store import open_store
from tests.blocklist.approvals import approve

FORMATS: Final = ("rpz", "dnsmasq", "unbound", "hosts")


@dataclass(frozen=True, slots=True)
class Publisher:
    """A store, the key its lists are signed with, and the folder they are published to."""

    home: Path
    formats: Sequence[str] = FORMATS
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def lists(self) -> Path:
        """The folder providers read."""
        return self.home / "lists"

    @property
    def public_key(self) -> Path:
        """The file of the public key, as a provider is given it."""
        path = self.home / "qalqan.pub"
        path.write_text(sign.minisign_public(self.key))
        return path

    def publish(self, *names: str, scope: Scope = Scope.HOST) -> Path:
        """The names are listed beside what was; returns the folder of the new snapshot."""
        with open_store(self.home / "data") as store:
            approve(store, *names, scope=scope)
            admit(store)
            export(store, self.lists, self.formats, actor="test", sign=self.signatures)
        found = current(self.lists)
        assert found is not None
        return found

    def signatures(self, manifest: bytes) -> Mapping[str, bytes]:
        """What an export puts beside the manifest."""
        return {sign.MINISIGN_NAME: sign.minisign(manifest, self.key).encode()}


def resigned(
    snapshot: Path,
    key: Ed25519PrivateKey,
    change: Callable[[bytes], bytes] = lambda manifest: manifest,
    comment: Callable[[str], str] = lambda text: text,
) -> None:
    """The manifest in the folder is changed, and signed as it then is."""
    path = snapshot / "manifest.json"
    manifest = change(path.read_bytes())
    path.write_bytes(manifest)
    (snapshot / sign.MINISIGN_NAME).write_text(signature(manifest, key, comment))


def signature(
    manifest: bytes, key: Ed25519PrivateKey, comment: Callable[[str], str] = lambda text: text
) -> str:
    """The file of the signature of the manifest, with another trusted comment where one is asked for."""
    whole = sign.minisign(manifest, key)
    trusted = sign.trusted_comment(manifest)
    if (wanted := comment(trusted)) == trusted:
        return whole
    return commented(whole, wanted, key)


def commented(whole: str, trusted: str, key: Ed25519PrivateKey) -> str:
    """The signature file with that trusted comment, signed as minisign signs it."""
    head, data, _, _ = whole.splitlines()
    inner = base64.b64decode(data)[10:]
    outer = base64.b64encode(key.sign(inner + trusted.encode())).decode()
    return f"{head}\n{data}\ntrusted comment: {trusted}\n{outer}\n"
