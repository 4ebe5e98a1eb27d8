"""What a reader makes of responses: pages with text, links, language and score.

Everything in here meets hostile bytes, so it runs where it can be killed; what it raises is told of the page alone.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from crawler.encodings import BadEncodingError, undo
from crawler.exchange import Exchange
from crawler.extract import read_document
from crawler.guard import AddressPolicy
from crawler.links import sort_links
from crawler.page_types import is_page_type, looks_binary
from crawler.plan import Score
from review_queue.hosts import Url, parse_url
from review_queue.records import Capture, Link, Page, PageScore

# in no language we look for, and in none at all: between them they are asked of every library a detector has
_ANY_TEXTS: Final = ("Brot wird aus Mehl und Wasser gebacken.", "1f3 a9c 0be " * 100)
_LIKE_A_PAGE: Final = 50  # times one of them is as long as a page
_DETECT_CHARS: Final = 20_000  # enough of a page to know its language
# the shell of a page that scripts build says its name and "loading" or "switch JavaScript on"; and in less than two
# sentences the model finds nothing, so a page with less is worth the browser's second
_SHORT_TEXT: Final = 200
logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """A response to be read. With `unread` set it is not: reading it has gone wrong so before."""

    exchange: Exchange
    content_type: str
    encodings: str
    follow: bool  # whether links into the same site are wanted
    unread: str = ""
    made_from: str = (
        ""  # the record id of the response a browser made this of, "" for what a server sent
    )
    navigations: tuple[str, ...] = ()  # where the page's scripts wanted to go
    unsealable: bool = False  # so the body is wanted back as it was unpacked


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a task: a page, or the kind of an error; `unread` says why the page has no text.

    No reader fills in `capture`: see `readers`.
    """

    error: str = ""
    page: Page | None = None
    links: tuple[Link, ...] = ()
    offsite: tuple[Link, ...] = ()
    capture: Capture | None = field(repr=False, default=None)
    score: PageScore | None = None
    unread: str = ""
    size_bytes: int = 0
    scripted: bool = False  # there is hardly any text, and a script that may make some
    screenshot: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class ReadingJob:
    """All a reader of pages is given; `load` makes the function that scores, None where nothing is scored."""

    memory_mb: int  # that reading may take, on top of what the reader holds at its beginning
    addresses: AddressPolicy
    detect_language: Callable[[str], str]
    load: Callable[[], Score] | None = None

    def open(self) -> Callable[[Sequence[Task], Sequence[bytes]], list[Answer]]:
        """The function that answers tasks whose payloads come apart from them."""
        score = self.load() if self.load else None
        reading = Reading(
            addresses=self.addresses,
            detect_language=self.detect_language,
            score=score,
        )
        # their libraries take 100 MB when they are first asked, which no page's reading may be charged with
        for text in _ANY_TEXTS:
            self.detect_language(text)
        if score is not None:
            score([("", text * _LIKE_A_PAGE) for text in _ANY_TEXTS * 4])

        def answers(tasks: Sequence[Task], payloads: Sequence[bytes]) -> list[Answer]:
            return reading.answers(
                [
                    replace(task, exchange=replace(task.exchange, payload=payload))
                    for task, payload in zip(tasks, payloads, strict=True)
                ]
            )

        return answers


class Reading:
    """Reads batches of tasks; `score` is the model at work, None where nothing is scored."""

    def __init__(
        self,
        *,
        addresses: AddressPolicy,
        detect_language: Callable[[str], str],
        score: Score | None = None,
    ) -> None:
        self._addresses = addresses
        self._detect_language = detect_language
        self._score = score

    def answers(self, tasks: Sequence[Task]) -> list[Answer]:
        """An answer to each task, in their order; the pages among them are scored together."""
        answers = [self._answer(task) for task in tasks]
        read = [i for i, answer in enumerate(answers) if answer.page and not answer.unread]
        for i, score in zip(read, self._scores([answers[i].page for i in read]), strict=True):
            answers[i] = self._judged(answers[i], score)
        return answers

    def _answer(self, task: Task) -> Answer:
        unread = task.unread
        if not unread:
            try:
                answer = self._read(task)
            except MemoryError:
                unread = "memory"
            except Exception:
                logger.exception("a page could not be read: %s", task.exchange.url)
                unread = "failed"
            else:
                return answer
        return unread_answer(task.exchange, task.content_type, unread)

    def _read(self, task: Task) -> Answer:
        exchange = task.exchange
        received = len(exchange.payload)
        try:
            body = undo(exchange.payload, task.encodings)
        except BadEncodingError:
            return Answer("bad_encoding", size_bytes=received)
        if not is_page_type(task.content_type) or looks_binary(body, task.content_type):
            return Answer("not_html", size_bytes=len(body))
        url = parse_url(exchange.url)
        document = read_document(body, task.content_type)
        hrefs = document.hrefs + tuple((target, "") for target in task.navigations)
        links = sort_links(
            replace(document, hrefs=hrefs), url, follow=task.follow, addresses=self._addresses
        )
        page = _page(exchange, url, task.content_type, body)
        page = replace(page, title=document.title, text=document.text, lang=document.lang)
        if task.unsealable and body is not exchange.payload:
            page = replace(page, body=body)
        return Answer(
            page=page,
            links=links.followed,
            offsite=links.offsite,
            size_bytes=len(body),
            scripted=len(document.text) < _SHORT_TEXT and b"<script" in body.lower(),
        )

    def _scores(self, pages: Sequence[Page | None]) -> Sequence[PageScore | None]:
        titled = [(page.title, page.text) for page in pages if page]
        if self._score is None or not titled:
            return [None] * len(titled)
        try:
            return self._score(titled)
        except Exception:
            logger.exception("pages could not be scored; `qalqan score` will try again")
            return [None] * len(titled)

    def _judged(self, answer: Answer, score: PageScore | None) -> Answer:
        """The answer with its score; the page's language is what the model or the detector says, else the declared."""
        page = answer.page
        assert page is not None  # noqa: S101  # only pages are scored
        lang = score.lang if score else self._language(page.text)
        return replace(answer, page=replace(page, lang=lang or page.lang), score=score)

    def _language(self, text: str) -> str:
        try:
            return self._detect_language(text[:_DETECT_CHARS])
        except Exception:  # a detector that fails must not cost the page
            logger.exception("the language could not be told")
            return ""


def unread_answer(exchange: Exchange, content_type: str, unread: str) -> Answer:
    """The answer about a page that nobody could read: no text, and what was received as its body."""
    page = _page(exchange, parse_url(exchange.url), content_type, exchange.payload)
    return Answer(page=page, unread=unread, size_bytes=len(exchange.payload))


def _page(exchange: Exchange, url: Url, content_type: str, body: bytes) -> Page:
    return Page(
        url=url.canonical,
        host=url.host.name,
        site=url.host.site,
        fetched_at=exchange.fetched_at,
        status=exchange.status,
        title="",
        text="",
        lang="",
        body_sha256=hashlib.sha256(body).hexdigest(),
        content_type=content_type,
    )
