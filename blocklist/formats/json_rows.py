"""How a format that is one JSON object stays one row a line, so that a million rows never stand in memory."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

_AS_TEXT: Final = json.JSONEncoder(separators=(",", ":")).encode
_LONE: Final = re.compile("[\ud800-\udfff]")


def sayable(text: str) -> str:
    """The text, with U+FFFD for half a surrogate pair: readers of JSON refuse or drop what holds one."""
    return _LONE.sub("\ufffd", text)


def rows(head: str, objects: Iterator[Mapping[str, object]], tail: str) -> Iterator[str]:
    """`head`, each object on a line of its own with commas between them, `tail`."""
    yield head
    held = ""
    for each in objects:
        if held:
            yield f"{held},"
        held = _AS_TEXT(each)
    if held:
        yield held
    yield tail
