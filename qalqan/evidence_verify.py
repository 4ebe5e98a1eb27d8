"""Everything that is kept as evidence is looked at again, byte by byte, and every fault has a line."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from crawler import archive
from crawler.archive import checked, folder_of
from crawler.warc import BrokenRecordError, read_record
from qalqan import evidence_manifest as made
from qalqan import evidence_stamps
from qalqan.evidence_stamps import StampError, Trust
from review_queue import audit, captures, manifests, pages
from review_queue.errors import QalqanError
from review_queue.manifests import TABLES, Manifest
from review_queue.store import Store

_READ_BYTES: Final = 1024 * 1024
_MOST_BYTES: Final = 2 * archive.MOST_BODY_BYTES  # of the two records of a capture


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and what was wrong with it."""

    faults: tuple[str, ...]
    files: int
    bytes: int
    captures: int
    pages: int
    without_capture: int  # pages of earlier versions, whose bodies are in the store
    unsealed: int  # captures that no manifest stands for yet
    manifests: int
    stamps: int
    unstamped: int
    signatures: bool  # whether the time-stamps' signatures were checked


@dataclass(slots=True)
class _Look:
    """What has been seen so far."""

    store: Store
    trust: Trust | None
    on_capture: Callable[[int], None]
    faults: list[str] = field(default_factory=list)
    bytes: int = 0
    captures: int = 0
    log: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    # the digest of a file's first so many bytes, for each length that a manifest tells of
    digests: dict[tuple[str, int], str] = field(default_factory=dict)


def verify(
    store: Store, trust: Trust | None = None, on_capture: Callable[[int], None] = lambda _: None
) -> Report:
    """What a look at everything gave; nothing is changed.

    Args:
        store: the store whose evidence is looked at.
        trust: by whom time-stamps must be signed; without it only what they are for is checked.
        on_capture: told how many captures have been looked at since the last call.
    """
    look = _Look(store, trust, on_capture)
    known = manifests.all_of(store)
    _check_audit(look)
    ends = _ends(known)
    known_files = captures.files(store)
    for file in known_files:
        _check_file(look, file, ends.get(file.name, set()))
    _check_strays(look, {file.name for file in known_files})
    without = _check_pages(look)
    _check_manifests(look, known)
    stamps = _check_stamps(look, known)
    last = _content(known[-1]) if known else {}
    return Report(
        faults=tuple(look.faults),
        files=len(known_files),
        bytes=look.bytes,
        captures=look.captures,
        pages=pages.count_all(store),
        without_capture=without,
        unsealed=captures.count_after(store, last["rows"]["captures"]["last"] if last else 0),
        manifests=len(known),
        stamps=stamps,
        unstamped=len(known) - stamps,
        signatures=trust is not None,
    )


def _check_audit(look: _Look) -> None:
    try:
        audit.verify(look.store)
    except (QalqanError, ValueError) as error:
        look.faults.append(str(error))
        return
    look.log = {
        action: {row.subject: row.detail for row in audit.of_action(look.store, action)}
        for action in (made.SEALED, evidence_stamps.STAMPED)
    }


def _ends(known: list[Manifest]) -> dict[str, set[int]]:
    """The lengths of each file at which a manifest tells its digest."""
    ends: dict[str, set[int]] = {}
    for manifest in known:
        for file in _content(manifest).get("warc_files", ()):
            ends.setdefault(file["name"], set()).add(file["bytes"])
    return ends


def _check_file(look: _Look, file: captures.WarcFile, ends: set[int]) -> None:
    path = folder_of(look.store) / file.name
    try:
        with path.open("rb") as opened:
            _check_records(look, file, opened, ends)
            left = len(opened.read(_READ_BYTES))
    except (OSError, ValueError) as error:
        look.faults.append(f"{file.name}: cannot be read ({error})")
        return
    # a crawl that is at work may have written what it has not told the store of yet
    if left and not archive.is_being_written(path):
        now = captures.size_of(look.store, file.name) or 0
        if path.stat().st_size > now:
            look.faults.append(f"{file.name}: holds bytes after its last capture")


def _check_records(look: _Look, file: captures.WarcFile, opened: BinaryIO, ends: set[int]) -> None:
    whole = hashlib.sha256()
    info = opened.read(min(file.info_length, _READ_BYTES))
    whole.update(info)
    try:
        _check_info(file, info)
    except BrokenRecordError as error:
        look.faults.append(f"{file.name}: the warcinfo record: {error}")
    end = file.info_length
    for row in captures.of_file(look.store, file.id):
        if end in ends:
            look.digests[file.name, end] = whole.hexdigest()
        try:
            if row.offset != end:
                opened.seek(max(0, row.offset))
            data = opened.read(min(row.length, _MOST_BYTES))
            whole.update(data)
            checked(row, data)
            if row.offset != end:
                look.faults.append(f"{file.name}: capture {row.id} does not follow the one before")
        except BrokenRecordError as error:
            look.faults.append(
                f"{file.name}: capture {row.id} of page {row.page_id} at {row.offset}: {error}"
            )
        end = row.offset + row.length
        look.captures += 1
        look.on_capture(1)
    look.digests[file.name, end] = whole.hexdigest()
    look.bytes += end


def _check_info(file: captures.WarcFile, info: bytes) -> None:
    if hashlib.sha256(info).hexdigest() != file.info_sha256:
        raise BrokenRecordError("its digest does not match")
    read_record(info, _READ_BYTES)


def _check_strays(look: _Look, known: set[str]) -> None:
    """No file lies in the folder that the store does not know; a capture without a body leads to one with it."""
    folder = folder_of(look.store)
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and name not in known and not archive.is_being_written(path):
            look.faults.append(f"{name}: the store does not know this file")
    look.faults += [
        f"capture {one} refers to none that holds its body" for one in captures.astray(look.store)
    ]


def _check_pages(look: _Look) -> int:
    """Every page has a capture, or the body it was kept with; returns how many are of the second kind."""
    without = 0
    for page_id, digest in captures.pages_without(look.store):
        without += 1
        try:
            body = pages.body(look.store, page_id)
        except (QalqanError, ValueError) as error:
            look.faults.append(f"page {page_id}: its body cannot be read ({error})")
            continue
        if hashlib.sha256(body).hexdigest() != digest:
            look.faults.append(f"page {page_id}: no capture, and no body that is its own")
    return without


def _check_manifests(look: _Look, known: list[Manifest]) -> None:
    sealed = look.log.get(made.SEALED, {})
    for name in sorted(sealed.keys() - {manifest.name for manifest in known}):
        look.faults.append(f"manifest {name}: the audit log tells of it, and it is gone")
    before: Manifest | None = None
    for number, manifest in enumerate(known, 1):
        for fault in _faults_of(look, manifest, before, number, sealed.get(manifest.name, {})):
            look.faults.append(f"manifest {manifest.name}: {fault}")
        before = manifest


def _faults_of(
    look: _Look,
    manifest: Manifest,
    before: Manifest | None,
    number: int,
    logged: Mapping[str, Any],
) -> Iterator[str]:
    digest = hashlib.sha256(manifest.content).hexdigest()
    content = _content(manifest)
    if digest != manifest.sha256 or not content:
        yield "its content is not what was sealed"
        return
    if logged != {"seq": number, "sha256": digest}:
        yield "the audit log does not tell of it"
    path = made.folder_of_manifests(look.store) / manifest.name
    if not path.is_file() or path.read_bytes() != manifest.content:
        yield f"{path.name} in {made.FOLDER} is not what was sealed"
    previous = {"name": before.name, "sha256": before.sha256} if before else None
    named = (content["seq"], content["name"], content["made_at"], content["previous"])
    if named != (number, manifest.name, manifest.made_at, previous):
        yield "it does not follow the one before"
    for file in content["warc_files"]:
        if look.digests.get((file["name"], file["bytes"])) != file["sha256"]:
            yield f"{file['name']} up to byte {file['bytes']} is not what was sealed"
    yield from _row_faults(look, content, _content(before) if before else {})
    head = content["audit"]
    if head["seq"] and audit.hash_at(look.store, head["seq"]) != head["hash"]:
        yield f"row {head['seq']} of the audit log is not what was sealed"


def _row_faults(
    look: _Look, content: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[str]:
    for table in TABLES:
        sealed = content["rows"][table]
        try:
            found = manifests.sum_of(look.store, table, made.span_of(table, content, before))
        except QalqanError as error:
            yield f"the rows of {table} cannot be read ({error})"
            continue
        if (found.rows, found.sha256) != (sealed["rows"], sealed["sha256"]):
            yield f"the rows of {table} are not those that were sealed"


def _check_stamps(look: _Look, known: list[Manifest]) -> int:
    by_seq = {manifest.seq: manifest for manifest in known}
    logged = {
        row.subject: row.detail for row in audit.of_action(look.store, evidence_stamps.STAMPED)
    }
    stamps = manifests.stamps(look.store)
    names = {by_seq[stamp.manifest_seq].name for stamp in stamps if stamp.manifest_seq in by_seq}
    for name in sorted(logged.keys() - names):
        look.faults.append(f"time-stamp of {name}: the audit log tells of it, and it is gone")
    for number, stamp in enumerate(stamps, 1):
        manifest = by_seq.get(stamp.manifest_seq)
        if manifest is None or stamp.id != number:
            look.faults.append(f"time-stamp {stamp.id}: it belongs to no manifest")
            continue
        for fault in _faults_of_stamp(look, stamp, manifest, logged.get(manifest.name, {})):
            look.faults.append(f"time-stamp of {manifest.name}: {fault}")
    return len(stamps)


def _faults_of_stamp(
    look: _Look, stamp: manifests.Stamp, manifest: Manifest, logged: Mapping[str, Any]
) -> Iterator[str]:
    path = made.folder_of_manifests(look.store) / made.stamp_name(manifest.name)
    if not path.is_file() or path.read_bytes() != stamp.token:
        yield f"{path.name} in {made.FOLDER} is not what the authority gave"
    told = {
        "authority": stamp.authority,
        "stamped_at": stamp.stamped_at,
        "token_sha256": hashlib.sha256(stamp.token).hexdigest(),
    }
    if told != logged:
        yield "it is not what the audit log tells of"
    try:
        if evidence_stamps.checked(stamp.token, manifest.content, look.trust) != stamp.stamped_at:
            yield "its time is not the authority's"
    except StampError as error:
        yield str(error)


def _content(manifest: Manifest) -> dict[str, Any]:
    """The manifest's content; nothing where it is not what was sealed."""
    if hashlib.sha256(manifest.content).hexdigest() != manifest.sha256:
        return {}
    try:
        found: dict[str, Any] = json.loads(manifest.content)
    except ValueError:
        return {}
    return found if found.keys() == made.KEYS else {}
