"""A running proxy and how it is asked; what it lets through reaches a site that has every page."""

import contextlib
import http
import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from blocklist.consumers.questions import BLOCKED, NO_ANSWER, OPEN, Answers, Question

ANSWER_S: Final = 10.0
_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy."""

    port: int

    def state(self, url: str) -> str:
        """What becomes of a person who asks for this address: blocked, open, or what else came back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        with contextlib.closing(connection):
            connection.request("GET", url, headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
        is_block_page = answer.status == http.HTTPStatus.FORBIDDEN or b"e2guardian" in body.lower()
        if is_block_page:
            return BLOCKED
        return OPEN if answer.status == http.HTTPStatus.OK else f"status {answer.status}"

    def states(self, *urls: str) -> dict[str, str]:
        """What becomes of each address."""
        return {url: self.state(url) for url in urls}

    def answers(self, questions: Sequence[Question], deadline: float) -> Answers:
        """What becomes of each question; none is asked after the deadline."""
        for question in questions:
            yield question, self._answer(question.what, deadline)

    def _answer(self, url: str, deadline: float) -> str:
        for _ in range(_TRIES):
            if time.monotonic() > deadline:
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.state(url)
        return NO_ANSWER
