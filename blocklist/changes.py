"""One file of changes: what no longer stands in a list and what is new in it, against the list served before.

`changes.jsonl` has a head, then what is no longer listed, then what is new, each in the order of the list. A line that
changed is both. A line that is new is the very line of `entries.jsonl`, so that who applies the changes has the list
itself, byte for byte, and can tell by its SHA-256.
"""

import hashlib
import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from blocklist import canonical
from blocklist.manifest import FILE_NAME as MANIFEST
from blocklist.rendering import Heading
from blocklist.snapshots import Snapshot, current
from review_queue.categories import Scope
from review_queue.errors import QalqanError

FILE_NAME: Final = "changes.jsonl"
SCHEMA: Final = 1
CHANGED: Final = "changed"  # the reason where the entry stands among the new ones again
_CHUNK: Final = 1 << 20
_TEXT: Final = rb'("(?:[^"\\]|\\.)*")'
_PLACE: Final = re.compile(
    rb'\{"schema": %d, "id": %s, "granularity": "([a-z]+)", "name": %s, '
    % (canonical.SCHEMA, _TEXT, _TEXT)
)

Key = tuple[str, Scope, str]  # name, scope, id: the order of the canonical list
Why = Callable[[str], str]  # the reason code for an entry that is no longer listed


class BrokenChangesError(QalqanError):
    """A file of changes is cut off, or leads from or to another list than it says."""


@dataclass(frozen=True, slots=True)
class Base:
    """The list that was served before: its serial, its folder, what its manifest says of the canonical list."""

    serial: int
    folder: Path
    sha256: str


def base_of(out: Path, part: str = "") -> Base | None:
    """The list that is served, or a part of it; None where there is none that changes could lead from."""
    try:
        folder = Path(current(out) or out / "none", part)
        manifest = json.loads((folder / MANIFEST).read_bytes())
        digest = manifest["files"][canonical.FILE_NAME]["sha256"]
        return Base(int(manifest["serial"]), folder, str(digest))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(snapshot: Snapshot, base: Base, heading: Heading, why: Why) -> bool:
    """The changes from `base` to the list in the snapshot are in the snapshot too.

    False, and no file, where the list of `base` is not the one its manifest names, or of another schema: then who is
    behind takes the whole list.
    """
    old, new = (folder / canonical.FILE_NAME for folder in (base.folder, snapshot.path))
    try:
        removed, added, digest = _compared(old, new)
    except (BrokenChangesError, OSError):
        return False
    if digest != base.sha256:
        return False
    again = {entry_id for _, _, entry_id in _keys(new, added)}
    head = {
        "schema": SCHEMA,
        "from": base.serial,
        "to": heading.serial,
        "created": heading.created,
        "from_sha256": digest,
        "to_sha256": snapshot.files[canonical.FILE_NAME].sha256,
        "removed": len(removed),
        "added": len(added),
    }

    def lines() -> Iterator[str]:
        yield json.dumps(head)
        for key in _keys(old, removed):
            yield removal(key, CHANGED if key[2] in again else why(key[2]))
        for line in _lines_at(new, added):
            yield line[:-1].decode("ascii")

    snapshot.write(FILE_NAME, lines())
    return True


def _compared(old: Path, new: Path) -> tuple["array[int]", "array[int]", str]:
    """Where in each file the lines start that the other does not have, and the SHA-256 of the old one.

    Both are in the order of `Key`, so they are gone through in lock-step; lines that are alike are not looked into.
    """
    removed, added = array("Q"), array("Q")
    digest = hashlib.sha256()
    olds, news = _lines(old, digest), _lines(new)
    before, after = next(olds, b""), next(news, b"")
    at_old = at_new = 0
    while before or after:
        take_old = take_new = True
        if before != after:
            if before and after:
                left, right = key_of(before), key_of(after)
                take_old, take_new = left <= right, right <= left
            else:
                take_old, take_new = bool(before), bool(after)
            if take_old:
                removed.append(at_old)
            if take_new:
                added.append(at_new)
        if take_old:
            at_old += len(before)
            before = next(olds, b"")
        if take_new:
            at_new += len(after)
            after = next(news, b"")
    return removed, added, digest.hexdigest()


def key_of(line: bytes) -> Key:
    """The place of a line of the canonical list in its order.

    Raises:
        BrokenChangesError: it is no such line.
    """
    found = _PLACE.match(line)
    if found is None:
        raise BrokenChangesError(f"{line[:80]!r} is no line of a list of schema {canonical.SCHEMA}")
    entry_id, granularity, name = found.groups()
    return _plain(name), canonical.granularity_of(granularity.decode()), _plain(entry_id)


def _plain(text: bytes) -> str:
    return str(json.loads(text)) if b"\\" in text else text[1:-1].decode("ascii")


def _lines(path: Path, digest: Any = None) -> Iterator[bytes]:  # noqa: ANN401  # hashlib has no public type
    with path.open("rb") as file:
        while lines := file.readlines(_CHUNK):
            if digest:
                digest.update(b"".join(lines))
            yield from lines


def _lines_at(path: Path, places: Iterable[int]) -> Iterator[bytes]:
    with path.open("rb") as file:
        for place in places:
            file.seek(place)
            yield file.readline()


def _keys(path: Path, places: Iterable[int]) -> Iterator[Key]:
    return map(key_of, _lines_at(path, places))


def removal(key: Key, reason: str) -> str:
    """The line that says that an entry is no longer listed, without its end."""
    name, scope, entry_id = key
    return json.dumps(
        {
            "removed": entry_id,
            "granularity": canonical.GRANULARITIES[scope],
            "name": name,
            "reason": reason,
        }
    )


def head_of(path: Path, line: bytes) -> dict[str, Any]:
    """What the first line of a file of changes says.

    Raises:
        BrokenChangesError: it is none.
    """
    try:
        head = json.loads(line)
        if head["schema"] == SCHEMA and line.endswith(b"\n"):
            return dict(head)
    except (ValueError, KeyError, TypeError):
        pass
    raise BrokenChangesError(f"{path} has no head of changes; take the whole list")


class ChangeLine(NamedTuple):
    """A line of a file of changes: which file, where in it, and the place of its entry in the list."""

    key: Key
    file: int
    at: int


def changes_in(
    path: Path, file: BinaryIO, head: dict[str, Any], number: int
) -> Iterator[tuple[bool, ChangeLine]]:
    """The lines behind the head, known to be as many as it says; whether each is a removal.

    Raises:
        BrokenChangesError: the file is cut off, or a line is not of its kind.
    """
    at = file.tell()
    count = head["removed"] + head["added"]
    for text in file:
        is_gone = count > head["added"]
        count -= 1
        if not text.endswith(b"\n"):
            break
        yield is_gone, ChangeLine(_removed_key(path, text) if is_gone else key_of(text), number, at)
        at += len(text)
    else:
        if count == 0:
            return
    raise BrokenChangesError(f"{path} is cut off; take the whole list")


def _removed_key(path: Path, line: bytes) -> Key:
    try:
        said = json.loads(line)
        return said["name"], canonical.granularity_of(said["granularity"]), said["removed"]
    except (ValueError, KeyError, TypeError):
        raise BrokenChangesError(f"{path} has a line that is no removal: {line[:80]!r}") from None
