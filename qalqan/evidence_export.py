"""A case's evidence as one zip that anybody can check without this program."""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from crawler.archive import checked, folder_of
from crawler.warc import BrokenRecordError
from qalqan.evidence_case import EXPORTED, Kept, collect
from qalqan.evidence_manifest import EvidenceError, stamp_name
from qalqan.evidence_readme import readmes
from review_queue import audit, captures
from review_queue.captures import CaptureRow
from review_queue.store import Store

_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is made
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3


class _Sealed:
    """A zip that keeps the digest of each of its files."""

    def __init__(self, target: zipfile.ZipFile) -> None:
        self._zip = target
        self._sums: dict[str, str] = {}

    def add(self, name: str, parts: Iterator[bytes]) -> None:
        """The zip has one more file."""
        info = zipfile.ZipInfo(name, _TIME)
        info.create_system = _UNIX
        info.external_attr = _MODE
        digest = hashlib.sha256()
        with self._zip.open(info, "w", force_zip64=True) as opened:
            for part in parts:
                digest.update(part)
                opened.write(part)
        self._sums[name] = digest.hexdigest()

    def finish(self) -> None:
        """The digests of all its files are in the zip."""
        sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items()))
        self.add("SHA256SUMS", iter([sums.encode()]))


def export(
    store: Store, ref: str, out: Path, *, certificate: Path | None, actor: str
) -> tuple[str, Kept]:
    """The evidence of a case is in the new file `out`; returns its SHA-256 and what is in it.

    The same store gives the same bytes. That it was made, and its digest, stand in the audit log before it is there.

    Raises:
        UnknownCaseError: there is no such case.
        EvidenceError: `out` is there already, something of the case is in no manifest yet, or not what was kept.
    """
    kept = collect(store, ref)
    if kept.unsealed:
        raise EvidenceError(
            f"{kept.unsealed} rows of {kept.case.ref} are in no manifest yet; run `qalqan evidence seal` first"
        )
    if out.exists():
        raise EvidenceError(f"{out} is there already; name a new file")
    root = _certificate(certificate) if certificate else b""
    part = out.with_name(f".{out.name}.part")
    try:
        try:
            with part.open("wb") as file:
                # stored: the bytes must not depend on a version of zlib, and the bulk is packed already
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as target:
                    _write(store, kept, _Sealed(target), root)
                file.flush()
                os.fsync(file.fileno())
            with part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            audit.append(
                store,
                actor=actor,
                action=EXPORTED,
                subject=kept.case.ref,
                detail={"sha256": digest, "captures": len(kept.captures)},
            )
            with out.open("xb"):  # nobody else's file of that name, made meanwhile, is replaced
                part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise EvidenceError(f"{out} is there already; name a new file") from None
    except OSError as error:
        raise EvidenceError(f"cannot write {out} ({error.strerror})") from None
    return digest, kept


def _certificate(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"cannot read {path} ({error.strerror})") from None


def _write(store: Store, kept: Kept, target: _Sealed, certificate: bytes) -> None:
    for name, text in readmes(kept.case.ref).items():
        target.add(name, iter([text]))
    custody = json.dumps(kept.custody, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    target.add("custody.json", iter([custody.encode()]))
    target.add("audit.jsonl", iter([kept.audit]))
    if certificate:
        target.add("certificate.pem", iter([certificate]))
    for sealing in kept.sealings:
        manifest = sealing.manifest
        target.add(f"manifests/{manifest.name}", iter([manifest.content]))
        if sealing.stamp:
            target.add(f"manifests/{stamp_name(manifest.name)}", iter([sealing.stamp.token]))
        day = Path(manifest.name).stem
        for table, rows in sealing.tables.items():
            target.add(f"rows/{day}/{table}.jsonl", iter([rows.own]))
            target.add(f"rows/{day}/{table}.sha256", iter([rows.digests]))
    target.add("case.warc.gz", _records(store, kept.captures))
    target.add("records.txt", iter([_places(store, kept.captures)]))
    target.finish()


def _records(store: Store, rows: tuple[CaptureRow, ...]) -> Iterator[bytes]:
    """The records of the captures as they lie in their files, after the warcinfo record of each file."""
    files = {file.id: file for file in captures.files(store)}
    file_id = 0
    for row in rows:
        path = folder_of(store) / row.file
        with path.open("rb") as opened:
            if row.file_id != file_id:
                file_id = row.file_id
                yield opened.read(files[file_id].info_length)
            opened.seek(row.offset)
            data = opened.read(row.length)
        try:
            checked(row, data)
        except BrokenRecordError as error:
            raise EvidenceError(
                f"capture {row.id} in {path} was changed: {error}; see `qalqan evidence verify`"
            ) from None
        yield data


def _places(store: Store, rows: tuple[CaptureRow, ...]) -> bytes:
    """A line for each capture: where it begins among the records, its length, its SHA-256 and its number."""
    files = {file.id: file for file in captures.files(store)}
    lines, end, file_id = [], 0, 0
    for row in rows:
        if row.file_id != file_id:
            file_id = row.file_id
            end += files[file_id].info_length
        lines.append(f"{end} {row.length} {row.sha256} {row.id}\n")
        end += row.length
    return "".join(lines).encode()
