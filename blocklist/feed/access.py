"""Who asks: the address and certificate a request came with, and the token that says what it may read."""

import hashlib
import ipaddress
import re
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import unquote
from wsgiref.types import WSGIEnvironment

from blocklist.feed.answers import Request
from review_queue import tokens
from review_queue.store import FILE_NAME, Store, open_store
from review_queue.tokens import Token, TokenError

# an import of a million rows holds the store for minutes: receipts that wait for it must not take all threads
WAIT_S: Final = 1.0
CERTIFICATE_HEADER: Final = (
    "HTTP_X_CLIENT_CERTIFICATE"  # its PEM, percent-encoded, as nginx writes it
)
_FORWARDED_HEADER: Final = "HTTP_X_FORWARDED_FOR"
_BEARER: Final = re.compile(r"Bearer +([!-~]{1,200})", re.IGNORECASE | re.ASCII)
Identity = tuple[int, int]


def identity_of(data: Path) -> Identity:
    """Which file the store in that folder is: a backup that was put in its place is another; (0, 0) for none."""
    try:
        found = (data / FILE_NAME).stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


class Stores:
    """Open stores that are lent to one request after another; safe among threads."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._free: list[tuple[Store, Identity]] = []
        self._is_over = False
        self._lock = Lock()

    @contextmanager
    def lent(self) -> Iterator[Store]:
        """A store for the block alone; one in which something went wrong is not lent again.

        Raises:
            StoreMissingError, StoreBusyError, StoreDamagedError: none can be opened now.
        """
        identity = identity_of(self._data)
        store = self._taken(identity)
        if store is None:
            store = open_store(self._data, create=False, is_lent=True, wait_s=WAIT_S)
        try:
            yield store
        except BaseException:
            store.close()
            raise
        with self._lock:
            if not self._is_over:
                self._free.append((store, identity))
                return
        store.close()

    def _taken(self, identity: Identity) -> Store | None:
        """One that is free; those of a file that another has taken the place of are closed."""
        found: Store | None = None
        old: list[Store] = []
        with self._lock:
            while self._free and found is None:
                store, known = self._free.pop()
                if known == identity:
                    found = store
                else:
                    old.append(store)
        for store in old:
            store.close()
        return found

    def close(self) -> None:
        """Every store is closed, those still lent when they come back."""
        with self._lock:
            self._is_over = True
            free, self._free = self._free, []
        for store, _ in free:
            store.close()


def request_of(environ: WSGIEnvironment, trusted: Collection[str]) -> Request:
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
