"""The file of keyed hashes for one provider: its key read with care, the live entries, one rename."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blocklist import hashed
from blocklist.judging import judge_of
from blocklist.key_files import BadKeyError, secret
from blocklist.publish import VALID_FOR
from blocklist.rendering import Heading, View, columns_of
from review_queue import audit
from review_queue import entries as store_entries
from review_queue.clock import later
from review_queue.errors import ExportError
from review_queue.records import Entry
from review_queue.store import Store

_KEY_BYTES: Final = 32
_LONGEST_KEY_TEXT: Final = 1024
_KEY: Final = re.compile(r"(?:[0-9a-fA-F]{2}){32,}")


@dataclass(frozen=True, slots=True)
class Report:
    """What was written."""

    serial: int
    key_id: str
    entries: int
    unsafe: int  # entries the guards hold back


def read_key(path: Path) -> bytes:
    """The key that stands in the file in hexadecimal, which nobody but its owner may read.

    Raises:
        BadKeyError: it is no such file, or others may use it, or it holds no key.
    """
    text = secret(path, longest=_LONGEST_KEY_TEXT).decode("ascii", "replace").strip()
    if not _KEY.fullmatch(text):
        raise BadKeyError(
            f"{path} holds no key: one of {_KEY_BYTES} bytes or more in hexadecimal is wanted;"
            " make one with: openssl rand -hex 32"
        )
    return bytes.fromhex(text)


def write(
    store: Store, out: Path, key: bytes, *, actor: str, prefix_bytes: int = hashed.PREFIX_BYTES
) -> Report:
    """The live entries stand in `out` as hashes under `key`; what stood there before is gone.

    The serial is that of the newest export.

    Raises:
        ExportError: there was no export yet, or the file cannot be written. What stood there stays.
    """
    serial = store_entries.last_serial(store)
    if not serial:
        raise ExportError("nothing was exported yet; run `qalqan export` first")
    heading = Heading(
        serial, store.now(), not_after=later(store.clock(), VALID_FOR.total_seconds())
    )
    judge = judge_of(store)
    stopped = 0

    def safe() -> Iterator[Entry]:
        nonlocal stopped
        for entry in store_entries.live(store):
            if judge.refusal_of(entry):
                stopped += 1
            else:
                yield entry

    # names alone: a million whole entries would take half a gigabyte
    names = {scope: column.names for scope, column in columns_of(safe()).items()}
    view = View(heading, names, lambda: iter(()))
    listed = sum(map(len, names.values()))
    report = Report(serial, hashed.key_id(key), listed, stopped)
    try:
        _put(store, out, hashed.lines(view, key, prefix_bytes), report, actor)
    except OSError as error:
        raise ExportError(f"cannot write the hashes to {out} ({error.strerror})") from None
    return report


def _put(store: Store, out: Path, lines: Iterator[str], report: Report, actor: str) -> None:
    """The lines are the file, once they were read back and the store knows of them."""
    handle, waiting = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    digest = hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as file:
            for line in lines:
                data = f"{line}\n".encode("ascii")
                digest.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with Path(waiting).open(encoding="ascii", newline="\n") as written:
            hashed.read(written)
        audit.append(
            store,
            actor=actor,
            action="list.hashed",
            subject=report.key_id,
            detail={"serial": report.serial, "entries": report.entries, "sha256": digest.hexdigest()},
        )  # fmt: skip
        Path(waiting).replace(out)
    except BaseException:
        Path(waiting).unlink(missing_ok=True)
        raise
