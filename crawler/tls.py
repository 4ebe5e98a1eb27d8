"""What a TLS connection showed of a site: version, cipher, certificate, and all that is wrong with it.

A site is read whatever its certificate says: nothing of ours is at risk, since a crawl sends no secret, and a harmful
site must not be able to hide behind an expired one. What is wrong is evidence, so it is kept with the page.
"""

import ipaddress
import json
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

# as low as the library goes: what a site still offers is read and its age noted, as with its certificate
_LOWEST_VERSION: Final = SSL.TLS1_VERSION
_CIPHERS: Final = b"DEFAULT@SECLEVEL=0"
_OLD_VERSIONS: Final = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
_WEAK_CIPHERS: Final = ("RC4", "DES", "NULL", "EXP", "MD5")
_LEGACY_SERVER: Final = (
    0x4  # SSL_OP_LEGACY_SERVER_CONNECT: servers that know no secure renegotiation
)
_WEAK_HASHES: Final = frozenset({"md5", "sha1"})
_WEAK_EC_BITS: Final = 224
_WEAK_BITS: Final = 2048
# the numbers of OpenSSL's X509_V_ERR_*
_FAULTS: Final = {
    2: "unknown_issuer",
    7: "bad_signature",
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    19: "unknown_issuer",  # its root came along, but nobody here trusts it
    20: "unknown_issuer",
    21: "unknown_issuer",
    22: "chain_too_long",
    26: "wrong_purpose",
    27: "unknown_issuer",
}
_OTHER_FAULT: Final = "bad_chain"
_UNREADABLE: Final = "unreadable_certificate"
_MAX_ERRORS: Final = 50
_MAX_NAMES: Final = 20
_MAX_NAME_CHARS: Final = 255


class Watched(SSL.Connection):
    """A connection to `host` that goes on whatever is wrong with its certificate, and remembers it."""

    def __init__(self, context: SSL.Context, host: str) -> None:
        super().__init__(context)
        self.host = host
        self.errors: set[int] = set()
        self.facts = ""
        if _address(host) is None:  # an address must not be sent as a server's name
            self.set_tlsext_host_name(host.encode("ascii"))
        errors = self.errors  # the callback must not hold the connection, which holds the callback

        def note(_: object, _certificate: object, error: int, _depth: int, ok: int) -> bool:
            if not ok and len(errors) < _MAX_ERRORS:
                errors.add(error)
            return True

        self.set_verify(SSL.VERIFY_PEER, note)


@implementer(IOpenSSLClientConnectionCreator)
class _Creator:
    """Makes the TLS side of the connections to one host."""

    def __init__(self, context: SSL.Context, host: str) -> None:
        self._context = context
        self._host = host

    def clientConnectionForTLS(self, _protocol: Any) -> Watched:  # noqa: N802, ANN401  # Twisted's interface
        """A connection whose handshake is watched."""
        return Watched(self._context, self._host)


@implementer(IPolicyForHTTPS)
class WatchingContextFactory:
    """Verifies every certificate against the system's trust store and refuses none.

    The context is made once: Scrapy makes one for each connection, and reading the trust store takes milliseconds.
    """

    def __init__(self) -> None:
        self._context: SSL.Context | None = None

    def creatorForNetloc(self, hostname: bytes | str, _port: int) -> _Creator:  # noqa: N802  # Twisted's interface
        """The maker of connections to `hostname`."""
        if self._context is None:
            self._context = _new_context()
        host = hostname.decode("ascii") if isinstance(hostname, bytes) else hostname
        return _Creator(self._context, host.strip("[]").rstrip(".").lower())


def tls_facts(transport: Any) -> str:  # noqa: ANN401  # a transport is what Twisted's reactor makes of it
    """The facts of the connection under `transport` as JSON, "" where it is not TLS; made once for a connection."""
    handle = getattr(transport, "getHandle", None)
    connection = handle() if handle is not None else None
    if not isinstance(connection, Watched):
        return ""
    if not connection.facts:
        connection.facts = json.dumps(_facts(connection), ensure_ascii=False)
    return connection.facts


def _new_context() -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_options(SSL.OP_ALL | SSL.OP_NO_COMPRESSION | _LEGACY_SERVER)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # a resumed session shows no certificate
    context.set_default_verify_paths()
    context.set_min_proto_version(_LOWEST_VERSION)
    context.set_cipher_list(_CIPHERS)
    return context


def _facts(connection: Watched) -> dict[str, object]:
    version = connection.get_protocol_version_name()
    cipher = connection.get_cipher_name() or ""
    faults = {_FAULTS.get(error, _OTHER_FAULT) for error in connection.errors}
    if version in _OLD_VERSIONS:
        faults.add("old_protocol")
    if any(weak in cipher for weak in _WEAK_CIPHERS):
        faults.add("weak_cipher")
    facts: dict[str, object] = {"version": version, "cipher": cipher}
    certificate = connection.get_peer_certificate()
    if certificate is None:
        faults.add("no_certificate")
    else:
        facts["sha256"] = certificate.digest("sha256").decode("ascii").replace(":", "").lower()
        try:
            shown, wrong = _read(certificate.to_cryptography(), connection.host)
        except Exception:  # noqa: BLE001  # whatever a parser makes of hostile bytes: the page is kept
            shown, wrong = {}, {_UNREADABLE}
        facts |= shown
        faults |= wrong
    return facts | {"faults": sorted(faults)}


def _read(certificate: x509.Certificate, host: str) -> tuple[dict[str, object], set[str]]:
    """What the certificate says, and what is wrong with it in the eyes of `host`."""
    names = _names(certificate)
    wrong = set() if any(_covers(name, host) for name in names) else {"wrong_host"}
    key = certificate.public_key()
    bits = getattr(key, "key_size", 0)
    if isinstance(key, ec.EllipticCurvePublicKey):
        weak = bits < _WEAK_EC_BITS
    else:
        weak = bits < _WEAK_BITS and not isinstance(
            key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
        )
    if weak:
        wrong.add("weak_key")
    hashed = certificate.signature_hash_algorithm
    if hashed is not None and hashed.name in _WEAK_HASHES:
        wrong.add("weak_signature")
    shown: dict[str, object] = {
        "names": [name[:_MAX_NAME_CHARS] for name in names[:_MAX_NAMES]],
        "names_in_all": len(names),
        "subject": certificate.subject.rfc4514_string()[:_MAX_NAME_CHARS],
        "issuer": certificate.issuer.rfc4514_string()[:_MAX_NAME_CHARS],
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "key_bits": bits,
    }
    return shown, wrong


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []  # browsers do not look at the subject for it either
    dns = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    return dns + [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def _covers(name: str, host: str) -> bool:
    """Whether a certificate's `name` is the host's: itself, or with its first label as `*`."""
    address = _address(host)
    if address is not None:
        return _address(name) == address
    head, dot, rest = host.partition(".")
    return name == host or bool(head and dot and "." in rest and name == f"*.{rest}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
