"""The changes of many lists, kept longer than the lists themselves, as one for whoever is behind.

LISTS/changes/0000000007.jsonl leads from the list served before to the list of serial 7,
LISTS/changes/part-violence/0000000007.jsonl does the same for the list of one category.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from blocklist.changes import (
    CHANGED,
    FILE_NAME,
    SCHEMA,
    Base,
    BrokenChangesError,
    ChangeLine,
    base_of,
    changes_in,
    head_of,
    key_of,
    removal,
)
from blocklist.snapshots import place_of, sync
from review_queue.errors import QalqanError

FOLDER: Final = "changes"
KEPT_SERIALS: Final = 60
KEPT_S: Final = 35 * 24 * 3600.0


class UnknownSerialError(QalqanError):
    """From a list of this serial no changes lead to the one that is served."""


def keep(out: Path, serial: int) -> None:
    """The changes of the snapshot of this serial stand where they stay when it is gone; nobody is led to them yet."""
    place = place_of(out, serial)
    for folder in (place, *sorted(place.glob("part-*"))):
        kept = out / FOLDER / ("" if folder == place else folder.name)
        kept.mkdir(parents=True, exist_ok=True)
        mark = kept / f"{place.name}.jsonl"
        mark.unlink(missing_ok=True)  # of an export that was killed
        if (folder / FILE_NAME).exists():
            mark.hardlink_to(folder / FILE_NAME)
        sync(kept)


def prune(out: Path, before: str) -> None:
    """Of the changes, the newest stay, and all that were made after the moment `before`."""
    for folder in (out / FOLDER, *(out / FOLDER).glob("part-*")):
        names = sorted(folder.glob("*.jsonl"))
        for path in names[:-KEPT_SERIALS]:
            if _made_at(path) >= before:
                break
            path.unlink()


def _made_at(path: Path) -> str:
    """When the file of changes was made; "" where it is broken and leads nowhere."""
    try:
        with path.open("rb") as file:
            return str(head_of(path, file.readline()).get("created", ""))
    except BrokenChangesError:
        return ""


def since(out: Path, serial: int, part: str = "") -> Iterator[str]:
    """What leads from the list of `serial` to the one that is served now, as one file of changes, line by line.

    `part` is the folder of the list, such as `part-violence`; empty for the whole one.

    Raises:
        UnknownSerialError: the serial is of the future, was never served here, or is too long ago.
        BrokenChangesError: a file on the way is cut off or does not fit the one before it.
    """
    served = base_of(out, part)
    if served is None:
        raise UnknownSerialError("no list is served yet; ask again after the first export")
    if serial > served.serial:
        raise UnknownSerialError(
            f"there is no list of serial {serial} yet, the newest is {served.serial}: whoever has"
            " seen one has it from elsewhere; take the whole list"
        )
    chain = list(_chain(out / FOLDER / part, served.serial, serial))
    return _merged(chain[::-1], served, serial)


def _chain(folder: Path, newest: int, serial: int) -> Iterator[Path]:
    """The files of changes on the way from `serial` to `newest`, the last one first."""
    at = newest
    while at > serial:
        path = folder / f"{at:010}.jsonl"
        try:
            with path.open("rb") as file:
                at = int(head_of(path, file.readline())["from"])
        except FileNotFoundError:
            at = -1
        if at < serial:
            raise UnknownSerialError(
                f"no changes are kept that lead from the list of serial {serial} to {newest}; take"
                " the whole list"
            )
        yield path


@dataclass(slots=True)
class _Change:
    """What became of an entry on the way: by which line it went, by which it came; None where by none."""

    gone: ChangeLine | None = None
    come: ChangeLine | None = None


def _merged(paths: Sequence[Path], served: Base, serial: int) -> Iterator[str]:
    """The files of changes as one, all of them known to be whole."""
    found: dict[str, _Change] = {}
    first = last = served.sha256
    for number, path in enumerate(paths):
        with path.open("rb") as file:
            head = head_of(path, file.readline())
            if number and head["from_sha256"] != last:
                raise BrokenChangesError(f"{path} does not lead from the list before it")
            first = first if number else head["from_sha256"]
            last = head["to_sha256"]
            for is_gone, line in changes_in(path, file, head, number):
                _follow(found, line, is_gone=is_gone)
    if last != served.sha256:
        raise BrokenChangesError(f"the changes in {paths[-1]} do not lead to the list served")
    head = {
        "schema": SCHEMA,
        "from": serial,
        "to": served.serial,
        "from_sha256": first,
        "to_sha256": served.sha256,
        "removed": sum(bool(each.gone) for each in found.values()),
        "added": sum(bool(each.come) for each in found.values()),
    }
    return _written_out(paths, head, found)


def _follow(found: dict[str, _Change], line: ChangeLine, *, is_gone: bool) -> None:
    change = found.setdefault(line.key[2], _Change())
    if not is_gone:
        change.come = line
    elif change.come and not change.gone:
        del found[line.key[2]]  # it came and went on the way
    else:
        # where it went twice the first line has the name it had in the list of before
        change.gone, change.come = (
            line if change.gone is None or not change.come else change.gone,
            None,
        )


def _written_out(
    paths: Sequence[Path], head: dict[str, Any], found: dict[str, _Change]
) -> Iterator[str]:
    with ExitStack() as opened:
        files = [opened.enter_context(path.open("rb")) for path in paths]

        def text_of(line: ChangeLine) -> str:
            files[line.file].seek(line.at)
            return files[line.file].readline().decode("ascii")

        yield f"{json.dumps(head)}\n"
        gone = sorted((each.gone, bool(each.come)) for each in found.values() if each.gone)
        for line, comes_again in gone:
            yield f"{removal(line.key, CHANGED)}\n" if comes_again else text_of(line)
        for line in sorted(each.come for each in found.values() if each.come):
            yield text_of(line)


def replay(base: Iterable[str], changes: Iterable[str]) -> Iterator[str]:
    """The lines of the list that the changes lead to from the list `base`, each with its end.

    Raises:
        BrokenChangesError: the changes are cut off, or, at the end, the list that came out is not the one they name.
    """
    said = iter(changes)
    head = json.loads(next(said, "{}"))
    if head.get("schema") != SCHEMA:
        raise BrokenChangesError(f"changes of the schema {head.get('schema')!r} are not known here")
    gone = {json.loads(line)["removed"] for line in islice(said, head["removed"])}
    if len(gone) != head["removed"]:
        raise BrokenChangesError("the changes are cut off; take the whole list")
    digests = hashlib.sha256(), hashlib.sha256()
    coming = next(said, "")
    for line in base:
        digests[0].update(line.encode())
        key = key_of(line.encode())
        while coming and key_of(coming.encode()) < key:
            digests[1].update(coming.encode())
            yield coming
            coming = next(said, "")
        if key[2] not in gone:
            digests[1].update(line.encode())
            yield line
    while coming:
        digests[1].update(coming.encode())
        yield coming
        coming = next(said, "")
    if [each.hexdigest() for each in digests] != [head["from_sha256"], head["to_sha256"]]:
        raise BrokenChangesError(
            f"the changes lead from serial {head['from']} to {head['to']}, but not from this list;"
            " take the whole one"
        )
