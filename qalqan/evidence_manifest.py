"""Daily manifests: what the evidence of the store is, in one small file whose time an authority can attest."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from crawler.archive import folder_of
from review_queue import audit, captures, manifests
from review_queue.errors import QalqanError
from review_queue.manifests import TABLES, Manifest, Span
from review_queue.store import Store

FORMAT: Final = "qalqan-evidence-1"
FOLDER: Final = Path("evidence") / "manifests"
KEYS: Final = frozenset(
    {"format", "seq", "name", "made_at", "previous", "warc_files", "rows", "audit"}
)
SEALED: Final = "evidence.sealed"
_READ_BYTES: Final = 1024 * 1024


class EvidenceError(QalqanError):
    """Evidence that is not what it should be, or cannot be sealed."""


def folder_of_manifests(store: Store) -> Path:
    """Where the manifests of this store lie as files."""
    return store.path.parent / FOLDER


def seal(
    store: Store, *, actor: str, on_bytes: Callable[[int], None] = lambda _: None
) -> Manifest | None:
    """A new manifest stands in the store, the audit log and its file; None where nothing has changed since the last.

    It lists every WARC file up to its last capture, and stands for all rows of `TABLES` that the manifests before it
    do not stand for. Each names the SHA-256 of the one before, so that none can be exchanged without all that follow.

    Raises:
        EvidenceError: a WARC file is gone or shorter than the store says, or another seal was faster.
    """
    write_out(store)
    known = manifests.all_of(store)
    last = known[-1] if known else None
    before = json.loads(last.content) if last else {}
    with (
        store.atomic()
    ):  # all is taken at one moment; what it is needs no lock, for it never changes
        ids = manifests.last_ids(store)
        files = captures.files(store)
        head = audit.head(store)
        made_at = store.now()
    sums = {
        table: manifests.sum_of(store, table, Span(_last_of(before, table), ids[table]))
        for table in TABLES
    }
    hashed = {file["name"]: file for file in before.get("warc_files", ())}
    is_new = (
        any(total.rows for total in sums.values())
        or any(hashed.get(f.name, {}).get("bytes") != f.size for f in files)
        or manifests.deeds_since(store, before.get("audit", {}).get("seq", 0))
    )
    if not is_new:
        return None
    content = {
        "format": FORMAT,
        "seq": len(known) + 1,
        "name": _name(made_at, {one.name for one in known}),
        "made_at": made_at,
        "previous": {"name": last.name, "sha256": last.sha256} if last else None,
        "warc_files": [_listed(store, f, hashed.get(f.name), on_bytes) for f in files],
        "rows": {table: asdict(total) for table, total in sums.items()},
        "audit": asdict(head),
    }
    manifest = _stored(store, content, actor)
    write_out(store)
    return manifest


def span_of(table: str, content: Mapping[str, Any], before: Mapping[str, Any]) -> Span:
    """The rows of `table` that a manifest with this content stands for, after one with the content `before`."""
    return Span(_last_of(before, table), _last_of(content, table))


def _last_of(content: Mapping[str, Any], table: str) -> int:
    last: int = content["rows"][table]["last"] if content else 0
    return last


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one way to write this content."""
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode("ascii")


def write_out(store: Store) -> None:
    """Every manifest and time-stamp of the store is also a file; what is there already is left as it is."""
    folder = folder_of_manifests(store)
    known = manifests.all_of(store)
    names = {manifest.seq: manifest.name for manifest in known}
    for manifest in known:
        write_once(folder / manifest.name, manifest.content)
    for stamp in manifests.stamps(store):
        write_once(folder / stamp_name(names[stamp.manifest_seq]), stamp.token)


def stamp_name(manifest_name: str) -> str:
    """The name of the file with the time-stamp of a manifest."""
    return Path(manifest_name).with_suffix(".tsr").name


def write_once(path: Path, data: bytes) -> None:
    """The file is there, whole; one that was there already was not touched.

    Raises:
        EvidenceError: it cannot be written.
    """
    if path.exists():
        return
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        raise EvidenceError(
            f"cannot write {path} ({error.strerror}); nothing in the store is lost"
        ) from None


def _stored(store: Store, content: dict[str, Any], actor: str) -> Manifest:
    data = canonical(content)
    with store.atomic():
        known = manifests.all_of(store)
        if len(known) + 1 != content["seq"]:
            raise EvidenceError("another seal was made at the same time; run the command again")
        manifests.add(store, content["name"], content["made_at"], data)
        manifest = manifests.all_of(store)[-1]
        audit.append(store, actor=actor, action=SEALED, subject=manifest.name,
                     detail={"seq": manifest.seq, "sha256": manifest.sha256})  # fmt: skip
    return manifest


def _name(made_at: str, taken: set[str]) -> str:
    day = made_at[:10]
    number = 1
    while (name := f"{day}.json" if number == 1 else f"{day}-{number}.json") in taken:
        number += 1
    return name


def _listed(
    store: Store,
    file: captures.WarcFile,
    before: Mapping[str, Any] | None,
    on_bytes: Callable[[int], None],
) -> dict[str, Any]:
    if before and before["bytes"] == file.size:
        return dict(before)
    digest = hashlib.sha256()
    path = folder_of(store) / file.name
    left = file.size
    try:
        with path.open("rb") as opened:
            while left and (part := opened.read(min(left, _READ_BYTES))):
                digest.update(part)
                left -= len(part)
                on_bytes(len(part))
    except OSError as error:
        raise EvidenceError(
            f"cannot read {path} ({error.strerror}); see `qalqan evidence verify`"
        ) from None
    if left:
        raise EvidenceError(f"{path} ends too early; see `qalqan evidence verify`")
    return {"name": file.name, "bytes": file.size, "sha256": digest.hexdigest()}
