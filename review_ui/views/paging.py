"""Where in a list a page begins, as its address says."""

from typing import Final

from django.http import HttpRequest

_MAX_DIGITS: Final = 9


def place(request: HttpRequest) -> int:
    """The number after `from=`; 0 where it is none."""
    text = request.GET.get("from", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
