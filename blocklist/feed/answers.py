"""What is answered: a status, headers, and a body that is either a few bytes or an open file."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
RETRY_S: Final = 30


class Told(io.FileIO):
    """An open file that tells how many bytes were read of it, once, when it is closed."""

    def __init__(self, handle: int) -> None:
        super().__init__(handle, "rb")
        self._began = 0
        self._on_close: Callable[[int], None] | None = None

    def begin(self, offset: int, on_close: Callable[[int], None]) -> None:
        """Reading begins at `offset`; `on_close` is told how far it came."""
        self.seek(offset)
        self._began, self._on_close = offset, on_close

    def close(self) -> None:
        """The file is closed."""
        told, self._on_close = self._on_close, None
        sent = self.tell() - self._began if told and not self.closed else 0
        super().close()
        if told:
            told(sent)

    def __del__(self) -> None:
        """The file is closed: waitress leaves it open where the reader is gone before its first byte."""
        self.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        file: of which `size` bytes are sent from `offset` on, to its end or not.
        serial: of the list it is from; 0 where it is from none.
    """

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    file: Told | None = None
    offset: int = 0
    size: int = 0
    is_to_end: bool = True
    serial: int = 0

    def header(self, name: str) -> str:
        """The header of that name; "" where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the parts of the feed see it; `headers` has those by their usual names."""

    method: str
    path: str
    query: str
    address: str
    certificate: str  # SHA-256 of the one the proxy saw, "" where there is none
    headers: Mapping[str, str] = field(repr=False)
    body: Callable[[int], bytes] = field(repr=False)  # its first so many bytes


def plain(status: HTTPStatus, text: str, *more: tuple[str, str]) -> Answer:
    """A line of text that nobody keeps."""
    body = f"{text}\n".encode()
    headers = (
        ("Content-Type", TEXT),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        *more,
    )
    return Answer(status, headers, body)


def unavailable(text: str) -> Answer:
    """What is asked for is not there now, and will be."""
    return plain(HTTPStatus.SERVICE_UNAVAILABLE, text, ("Retry-After", str(RETRY_S)))


def as_json(status: HTTPStatus, found: object, *more: tuple[str, str]) -> Answer:
    """A JSON object that nobody keeps."""
    body = json.dumps(found, ensure_ascii=False).encode() + b"\n"
    headers = (
        ("Content-Type", JSON),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        *more,
    )
    return Answer(status, headers, body)


def sent(
    answer: Answer,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    on_end: Callable[[int], None],
) -> Iterable[bytes]:
    """The answer on its way; `on_end` is told how many bytes of the body were taken, now or when the file is."""
    status = f"{answer.status.value} {answer.status.phrase}"
    start_response(status, [*answer.headers, ("X-Content-Type-Options", "nosniff")])
    if answer.file is None:
        on_end(len(answer.body))
        return [answer.body] if environ["REQUEST_METHOD"] != "HEAD" else []
    if environ["REQUEST_METHOD"] == "HEAD":
        answer.file.close()
        on_end(0)
        return []
    answer.file.begin(answer.offset, on_end)
    wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](answer.file)
    return wrapped
