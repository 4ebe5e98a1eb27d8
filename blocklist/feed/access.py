"""Who asks: the address and certificate a request came with, and the token that says what it may read."""

import hashlib
import ipaddress
import re
import ssl
import threading
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from blocklist.feed.answers import Request
from review_queue import tokens
from review_queue.store import Store, open_store
from review_queue.tokens import Token, TokenError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CERTIFICATE_HEADER: Final = (
    "HTTP_X_CLIENT_CERTIFICATE"  # its PEM, percent-encoded, as nginx writes it
)
_FORWARDED_HEADER: Final = "HTTP_X_FORWARDED_FOR"
_BEARER: Final = re.compile(r"Bearer +([!-~]{1,200})", re.IGNORECASE | re.ASCII)


class Stores:
    """A store for each thread that asks, opened at its first question and closed when the thread ends."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._mine = threading.local()

    def mine(self) -> Store:
        """The store of this thread.

        Raises:
            StoreMissingError, StoreBusyError, StoreDamagedError: it cannot be opened now.
        """
        held: _Held | None = getattr(self._mine, "held", None)
        if held is None:
            held = self._mine.held = _Held(open_store(self._data, create=False))
        return held.store


class _Held:
    """Closes its store when its thread, whose local it is, is gone."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __del__(self) -> None:
        self.store.close()


def request_of(environ: "WSGIEnvironment", trusted: Collection[str]) -> Request:
    """The request; what a proxy says of who asked counts only from the addresses in `trusted`."""
    address, certificate = str(environ.get("REMOTE_ADDR", "")), ""
    if address in trusted:
        address = _forwarded(str(environ.get(_FORWARDED_HEADER, ""))) or address
        certificate = _fingerprint(str(environ.get(CERTIFICATE_HEADER, "")))
    headers = {
        key[5:].replace("_", "-").title(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    return Request(
        method=str(environ["REQUEST_METHOD"]),
        path=str(environ.get("PATH_INFO", "")),
        query=str(environ.get("QUERY_STRING", "")),
        address=address,
        certificate=certificate,
        headers=headers,
        body=environ["wsgi.input"].read,
    )


def token_of(store: Store, request: Request) -> Token:
    """The token the request shows, which counts now, with the certificate it needs.

    Raises:
        TokenError: there is none.
    """
    shown = _BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    if shown is None:
        raise TokenError("none", "show your token: Authorization: Bearer TOKEN")
    token = tokens.who(store, shown[1])
    if token.fingerprint and token.fingerprint != request.certificate:
        raise TokenError(
            "certificate", "this token counts only with the certificate it is bound to"
        )
    return token


def _forwarded(text: str) -> str:
    """The last address in the header, which the trusted proxy itself has written; "" where it is none."""
    last = text.rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(last.strip("[]")))
    except ValueError:
        return ""


def _fingerprint(text: str) -> str:
    """The SHA-256 of the certificate; "" where there is none."""
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(unquote(text))).hexdigest() if text else ""
    except ValueError:
        return ""
