"""The feed as a WSGI application: which answer a path has, for whom, how often, and that it is written down."""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from blocklist.feed import files, lookup
from blocklist.feed.access import Stores, request_of, token_of
from blocklist.feed.answers import RETRY_S, Answer, Request, plain, sent, unavailable
from blocklist.feed.changes import WHOLE, Changes, changed
from blocklist.feed.compressed import Compressed
from blocklist.feed.journal import Journal
from blocklist.feed.limits import Buckets, Open, key_of
from blocklist.feed.notices import Notices, unfilled
from blocklist.feed.receiving import received
from blocklist.feed.shelves import (
    NAME,
    SIGNATURE,
    GoneError,
    NoPartError,
    NoSuchFileError,
    NothingServedError,
    NotYetError,
    Shelf,
    Shelves,
)
from blocklist.manifest import FILE_NAME
from review_queue.clock import iso, system_clock
from review_queue.errors import QalqanError
from review_queue.pulls import Kind, Pull
from review_queue.tokens import Token, TokenError

_SERIAL: Final = r"[1-9][0-9]{0,9}"
_FILE: Final = re.compile(
    rf"/v1/(?:snapshots/(?P<serial>{_SERIAL})/)?(?P<name>{NAME.pattern})", re.ASCII
)
_SINCE: Final = re.compile(r"/v1/since/(0|[1-9][0-9]{0,9})", re.ASCII)
_HEARTBEAT: Final = "heartbeat.minisig"
_WHY: Final = re.compile(r"/why/([A-Za-z0-9._-]{1,100})", re.ASCII)
_READING: Final = ("GET", "HEAD")
_FAILURE_COST: Final = 10.0  # a wrong token is a typo a few times, not more
_LATE_EVERY_S: Final = 60.0  # who asks too often does not fill the log as well
_LOG: Final = logging.getLogger(__name__)
OnEnd = Callable[[Answer, int], None]  # what is done when so many bytes of an answer were taken


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may come at once, and how many a second after that. A snapshot has about 45 files."""

    token_burst: float = 300
    token_per_s: float = 1
    address_burst: float = 600
    address_per_s: float = 4
    lookups_an_hour: float = 30
    whys_an_hour: float = 600  # of a block page: everybody behind one address of a mobile provider
    provider_at_once: float = 64  # answers on their way, of 500 connections; a pull client has one


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """Where the feed reads, and whom it believes.

    Attributes:
        trusted: addresses of proxies whose word on the address and certificate of a reader counts.
        notices: what the public pages say of who decided and how to appeal.
    """

    data: Path
    lists: Path
    trusted: frozenset[str] = frozenset()
    notices: Notices = field(default_factory=unfilled)
    limits: Limits = field(default_factory=Limits)


class Feed:
    """The application; safe among threads."""

    def __init__(self, config: FeedConfig, compressed: Compressed, journal: Journal) -> None:
        limits = config.limits
        self._config = config
        self._compressed = compressed
        self._changes = Changes()
        self._journal = journal
        self._stores = Stores(config.data)
        self._shelves = Shelves(config.lists)
        self._formats = files.formats_of_files()
        self._by_token = Buckets(limits.token_burst, limits.token_per_s)
        self._by_address = Buckets(limits.address_burst, limits.address_per_s)
        self._open = Open(limits.provider_at_once)
        self._told_late = Buckets(1, 1 / _LATE_EVERY_S)
        self._lookups = Buckets(limits.lookups_an_hour, limits.lookups_an_hour / 3600)
        self._whys = Buckets(limits.whys_an_hour, limits.whys_an_hour / 3600)

    def close(self) -> None:
        """No store and no file of changes is open any more."""
        self._stores.close()
        self._changes.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The request is answered."""
        request = request_of(environ, self._config.trusted)
        told: OnEnd = _nobody
        try:
            if wait := self._by_address.take(key_of(request.address)):
                answer = _too_often(wait)
            elif request.path.startswith("/v1/"):
                answer, told = self._private(request)
            else:
                answer = self._public(request)
        except (QalqanError, OSError) as error:
            _LOG.warning("not answered for now: %s", error)
            answer = unavailable(f"not now: {type(error).__name__}; come again later")
        except Exception:  # noqa: BLE001  # the boundary of a request: recorded, and the others go on
            _LOG.exception("a request could not be answered")
            answer = plain(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of ours; it was written down")
        return sent(answer, environ, start_response, partial(told, answer))

    def _public(self, request: Request) -> Answer:
        why = _WHY.fullmatch(request.path)
        if not why and request.path != "/lookup":
            return plain(HTTPStatus.NOT_FOUND, "there is nothing here")
        if request.method not in _READING:
            return _not_allowed(*_READING)
        buckets = self._whys if why else self._lookups
        # the empty form asks nothing
        if (why or request.query) and (wait := buckets.take(key_of(request.address))):
            return _too_often(wait)
        with self._stores.lent() as store:
            if why:
                return lookup.explained(store, request, why[1], self._config.notices)
            return lookup.looked_up(store, request, self._config.notices)

    def _private(self, request: Request) -> tuple[Answer, OnEnd]:
        """The answer to somebody with a token, and how it is written down."""
        token = self._identified(request)
        if isinstance(token, TokenError):
            return self._refused(request, token), _nobody
        if not self._open.begin(token.provider_id):
            answer = _too_often(RETRY_S)
            return answer, self._recorder(request, token, Kind.OTHER, answer)
        try:
            kind, answer = self._for_token(request, token)
        except BaseException:
            self._open.end(token.provider_id)
            raise
        told = self._recorder(request, token, kind, answer)

        def ended(answer: Answer, sent_bytes: int) -> None:
            self._open.end(token.provider_id)
            told(answer, sent_bytes)

        return answer, ended

    def _recorder(self, request: Request, token: Token, kind: Kind, answer: Answer) -> OnEnd:
        """How the answer is written down; of those that say "too often" only one a minute is."""
        is_late = answer.status is HTTPStatus.TOO_MANY_REQUESTS
        if is_late and self._told_late.take(token.id):
            return _nobody
        return partial(self._write_down, request, token, kind)

    def _identified(self, request: Request) -> Token | TokenError:
        with self._stores.lent() as store:
            try:
                return token_of(store, request)
            except TokenError as error:
                return error

    def _refused(self, request: Request, error: TokenError) -> Answer:
        who = key_of(request.address)
        self._journal.refused(who, error.kind)
        if wait := self._by_address.take(who, _FAILURE_COST):
            return _too_often(wait)
        asked = ("WWW-Authenticate", 'Bearer realm="qalqan"')
        return plain(HTTPStatus.UNAUTHORIZED, str(error), asked)

    def _for_token(self, request: Request, token: Token) -> tuple[Kind, Answer]:
        if wait := self._by_token.take(token.id):
            return Kind.OTHER, _too_often(wait)
        if request.path == "/v1/receipts":
            if request.method != "POST":
                return Kind.RECEIPT, _not_allowed("POST")
            with self._stores.lent() as store:
                return Kind.RECEIPT, received(store, self._shelves, token, request)
        asked = _FILE.fullmatch(request.path)
        since = _SINCE.fullmatch(request.path)
        if asked is None and since is None:
            return Kind.OTHER, plain(HTTPStatus.NOT_FOUND, "there is no such file")
        if request.method not in _READING:
            return Kind.OTHER, _not_allowed(*_READING)
        if since is not None:
            serial = int(since[1])
            kept = self._changes, self._compressed
            return Kind.DELTA, changed(request, self._shelves, token, serial, kept)
        assert asked  # noqa: S101  # one of the two
        name = _HEARTBEAT if asked["name"] == "heartbeat" else asked["name"]
        return self._kind(name), self._file(request, token, name, asked["serial"])

    def _file(self, request: Request, token: Token, name: str, serial: str | None) -> Answer:
        if not files.is_open_to(token, name, self._formats):
            return plain(HTTPStatus.FORBIDDEN, f"this token does not read {name}")
        try:
            if serial is None:
                with self._shelves.current(token.part) as shelf:
                    return self._sent(request, shelf, name, files.LATEST)
            with self._shelves.of_serial(int(serial), token.part) as shelf:
                return self._sent(request, shelf, name, files.FOR_GOOD)
        except NoSuchFileError as error:
            return plain(HTTPStatus.NOT_FOUND, str(error))
        except NotYetError as error:
            return plain(HTTPStatus.CONFLICT, f"{error}; {WHOLE}")
        except GoneError as error:
            return plain(HTTPStatus.GONE, f"{error}; {WHOLE}")
        except (NothingServedError, NoPartError) as error:
            return unavailable(f"{error}; come again later")

    def _sent(self, request: Request, shelf: Shelf, name: str, cache: str) -> Answer:
        return files.answered(request, shelf, name, self._compressed, cache)

    def _kind(self, name: str) -> Kind:
        if name.startswith("heartbeat."):
            return Kind.HEARTBEAT
        if name == FILE_NAME or SIGNATURE.fullmatch(name):
            return Kind.MANIFEST
        is_list = name in self._formats and not name.endswith(".skipped.json")
        return Kind.LIST if is_list else Kind.OTHER

    def _write_down(
        self, request: Request, token: Token, kind: Kind, answer: Answer, sent_bytes: int
    ) -> None:
        is_head = request.method == "HEAD"
        self._journal.pulled(
            Pull(
                at=iso(system_clock()),
                provider_id=token.provider_id,
                token_id=token.id,
                part=token.part,
                kind=Kind.OTHER if is_head else kind,
                path=request.path,
                serial=answer.serial,
                status=answer.status.value,
                bytes=sent_bytes,
                is_whole=answer.is_to_end and sent_bytes >= answer.size and not is_head,
            )
        )


def _nobody(_answer: Answer, _sent: int) -> None:
    """Nothing is written down of it."""


def _too_often(wait: int) -> Answer:
    return plain(
        HTTPStatus.TOO_MANY_REQUESTS, "too often; come again later", ("Retry-After", str(wait))
    )


def _not_allowed(*methods: str) -> Answer:
    allowed = ", ".join(methods)
    return plain(HTTPStatus.METHOD_NOT_ALLOWED, f"only {allowed} here", ("Allow", allowed))
