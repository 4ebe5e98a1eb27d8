"""Which responses may be pages, by what the server says of them and by their first bytes."""

import re
from typing import Final

_PAGE_TYPES: Final = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+")
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SNIFF_BYTES: Final = 1024
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def is_page_type(content_type: str) -> bool:
    """Whether a response of this type may be a page; one without a usable type is looked into."""
    essence = content_type.partition(";")[0].strip().lower()
    return essence in _PAGE_TYPES or not _TYPE.fullmatch(essence)


def looks_binary(body: bytes, content_type: str) -> bool:
    """Whether a body without a usable type begins like a file that is no text."""
    declared = _TYPE.fullmatch(content_type.partition(";")[0].strip())
    head = body[:_SNIFF_BYTES]
    return not declared and not head.startswith(_UTF16) and bool(_BINARY.search(head))
