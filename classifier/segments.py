"""Where the sentences and windows of a page lie, as offsets into its own text."""

import re
from collections.abc import Sequence
from typing import Final

Span = tuple[int, int]

MAX_CHARS: Final = (
    100_000  # of a page; what follows is left unread, so one page cannot stall a round
)
_MAX_SENTENCE: Final = 400
_WINDOW_CHARS: Final = 260
# Beginning with one set of characters, it is found twice as fast as with a choice or a look behind.
_END: Final = re.compile(r"[.!?\u2026\n](?:(?<=\n)\n*|[\"'\u00bb\u201d)\]]*\s+)")


def sentences(text: str) -> list[Span]:
    """Spans of the sentences in the first `MAX_CHARS` of `text`, blank edges left out, in order."""
    limit = min(len(text), MAX_CHARS)
    spans: list[Span] = []
    start = 0
    for end in _END.finditer(text, 0, limit):
        stop = end.start()
        _add(text, start, stop if text[stop] == "\n" else stop + 1, spans)
        start = end.end()
    _add(text, start, limit, spans)
    return spans


def windows(spans: Sequence[Span]) -> list[Span]:
    """Runs of neighbouring sentences of about a paragraph each, as index ranges into `spans`."""
    runs: list[Span] = []
    first = 0
    for i, (_, end) in enumerate(spans):
        if i > first and end - spans[first][0] > _WINDOW_CHARS:
            runs.append((first, i))
            first = i
    if spans:
        runs.append((first, len(spans)))
    return runs


def _add(text: str, start: int, end: int, spans: list[Span]) -> None:
    if 0 < end - start <= _MAX_SENTENCE and not (text[start].isspace() or text[end - 1].isspace()):
        spans.append((start, end))
        return
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > _MAX_SENTENCE:
        cut = text.rfind(" ", start + 1, start + _MAX_SENTENCE)
        cut = cut if cut > start else start + _MAX_SENTENCE
        spans.append((start, cut))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if end > start:
        spans.append((start, end))
