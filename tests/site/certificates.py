"""Sites on loopback whose certificates have one fault each, and the authority that a test may trust."""

import asyncio
import ipaddress
import ssl
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.site.hostile import response

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NAME: Final = "a.site.test"
_DAY: Final = timedelta(days=1)
_FIVE_YEARS: Final = timedelta(days=5 * 365)


@dataclass(frozen=True)
class Certified:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    def save(self, folder: Path, name: str) -> Path:
        """The file that holds both."""
        path = folder / f"{name}.pem"
        path.write_bytes(
            self.certificate.public_bytes(serialization.Encoding.PEM)
            + self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        return path


def new_key() -> Key:
    """A key nobody objects to."""
    return ec.generate_private_key(ec.SECP256R1())


def weak_key() -> Key:
    """A key that is too short by today's measure."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=1_024)  # noqa: S505  # that is its purpose


def authority(name: str) -> Certified:
    """A root of its own."""
    return certify(name, (), authority_of=True)


def certify(
    subject: str,
    names: Sequence[str],
    *,
    by: Certified | None = None,
    key: Key | None = None,
    days: tuple[int, int] = (-30, 30),
    authority_of: bool = False,
) -> Certified:
    """A certificate for `names`, valid from day to day as seen from today, signed `by` or by itself."""
    key = key or new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.subject if by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * _DAY)
        .not_valid_after(now + days[1] * _DAY)
        .add_extension(x509.BasicConstraints(ca=authority_of, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(each) for each in names]), critical=False
        )
    return Certified(builder.sign(by.key if by else key, hashes.SHA256()), key)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class CertifiedSites:
    """One HTTPS server for each certificate, all with the same page; use it in a `with` block."""

    def __init__(self, certificates: Mapping[str, Path], *, old: Sequence[str] = ()) -> None:
        self._certificates = certificates
        self._old = old
        self.ports: dict[str, int] = {}
        self.requests: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self) -> None:
        self._servers = []
        for name, path in self._certificates.items():
            context = server_context(path, old=name in self._old)
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
            self._servers.append(server)
            self.ports[name] = server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # a task that ends as cancelled is a complaint of Python 3.11's
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                self.requests.append(path)
                links = "".join(f'<a href="/{n}">n</a>' for n in range(3))
                found = response(f"<title>t</title>text {links}".encode())
                writer.write(response(b"", status="404 No") if path == "/robots.txt" else found)
                await writer.drain()
        writer.close()


def server_context(path: Path, *, old: bool = False) -> ssl.SSLContext:
    """A server's side with the certificate at `path`; of TLS 1.0 alone if it is `old`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(path)
    if old:
        context.set_ciphers("ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
        _allow_old(context)
    return context


def _allow_old(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():  # Python warns of what is wanted here
        warnings.simplefilter("ignore", DeprecationWarning)
        context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
