"""Finds every string of the pages that is to be translated, without GNU gettext."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2] / "review_ui"
_PLAIN = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop"})
_WITH_CONTEXT = frozenset({"pgettext", "pgettext_lazy"})
_PLURAL = frozenset({"ngettext", "ngettext_lazy"})


@dataclass(frozen=True, slots=True)
class Message:
    """A string as catalogues name it."""

    text: str
    context: str | None = None
    plural: str | None = None


def in_package() -> dict[Message, str]:
    """Every message of the package and the file it was first seen in."""
    found: dict[Message, str] = {}
    for path in sorted(ROOT.rglob("*.py")):
        for message in _in_python(path.read_text("utf-8")):
            found.setdefault(message, path.relative_to(ROOT).as_posix())
    for path in sorted(ROOT.rglob("*.html")):
        # Django turns a template into calls of gettext and ngettext between runs of X
        source = templatize(path.read_text("utf-8"), origin=str(path))
        for message in _in_template(source):
            found.setdefault(message, path.relative_to(ROOT).as_posix())
    return found


def _in_python(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from _in_call(node.func.id, node.args)


def _in_template(source: str) -> Iterator[Message]:
    # one argument is never split over two calls, so each call is found by itself
    for match in re.finditer(r"\b(gettext|ngettext|pgettext|npgettext)\(", source):
        yield from _in_call(match[1], _arguments(source, match.end()))


def _arguments(source: str, start: int) -> list[ast.expr]:
    for end in (match.end() for match in re.finditer(r"\)", source[start:])):
        try:
            call = ast.parse(f"f({source[start : start + end]}", mode="eval").body
        except SyntaxError:
            continue
        assert isinstance(call, ast.Call)
        return call.args
    raise AssertionError(source[start : start + 80])


def _in_call(name: str, arguments: list[ast.expr]) -> Iterator[Message]:
    texts = [
        argument.value
        for argument in arguments
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if name in _PLAIN and texts:
        yield Message(texts[0])
    elif name in _WITH_CONTEXT:
        yield Message(texts[1], context=texts[0])
    elif name in _PLURAL:
        yield Message(texts[0], plural=texts[1])
