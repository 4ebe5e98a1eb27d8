"""What a folder of lists serves now, and whether that is what the store published last."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from blocklist import canonical, cms, sign, snapshots
from blocklist.manifest import FILE_NAME, PROOFS_NAME, FileDigest, Listing, Manifest
from blocklist.signers import Signers
from review_queue import audit, publications
from review_queue.clock import iso, later
from review_queue.errors import ExportError
from review_queue.store import Store

LONGEST_PAUSE: Final = timedelta(
    days=31
)  # between two lists; after a longer one a person looks at the clock
_CHUNK: Final = 1 << 20


class OlderStoreError(ExportError):
    """A store that knows less than what the folder serves."""


class ClockError(ExportError):
    """A clock that says it is earlier than when the last list was made, or far later."""


class OtherKeyError(ExportError):
    """Keys that are not those the last list was signed with."""


@dataclass(frozen=True, slots=True)
class Served:
    """One list that is served: the whole one, or a part of it."""

    folder: Path
    manifest: bytes
    found: Mapping[str, Any]

    @property
    def serial(self) -> int:
        """The serial of the list."""
        return int(self.found["serial"])

    @property
    def created(self) -> str:
        """When the list was made."""
        return str(self.found["created"])

    @property
    def as_manifest(self) -> Manifest:
        """What its manifest says."""
        formats = {name: Listing(**each) for name, each in self.found["formats"].items()}
        files = {name: FileDigest(**each) for name, each in self.found["files"].items()}
        return Manifest(self.serial, self.created, self.not_after, self.entries, formats, files)

    @property
    def not_after(self) -> str:
        """Until when the list may be used, as its manifest says."""
        return str(self.found["not_after"])

    @property
    def entries(self) -> int:
        """How many entries the list has."""
        return int(self.found["entries"])

    def is_same(self, other: Manifest) -> bool:
        """Whether a list with the other manifest says the same in the same formats, its serial and times aside."""
        entries = other.files[canonical.FILE_NAME].sha256
        mine = self.found["files"].get(canonical.FILE_NAME, {}).get("sha256")
        counts = {n: (each.entries, each.skipped) for n, each in other.formats.items()}
        own = {n: (each["entries"], each["skipped"]) for n, each in self.found["formats"].items()}
        return entries == mine and counts == own


def served(out: Path) -> Served | None:
    """The whole list that `out` serves; None before the first.

    Raises:
        ExportError: what stands there is no manifest of ours.
    """
    folder = snapshots.current(out)
    return _read(folder) if folder else None


def parts(whole: Served) -> dict[str, Served]:
    """The lists of single categories beside the whole one, by the names of their folders."""
    return {path.parent.name: _read(path.parent) for path in _part_manifests(whole)}


def proofs(whole: Served) -> Mapping[str, Any]:
    """What was told of the list when it was proved; empty where nothing was."""
    try:
        found = json.loads((whole.folder / PROOFS_NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_whole(one: Served, name: str) -> bool:
    """Whether the file is the one its manifest names."""
    return _sha256(one.folder / name) == str(one.found["files"][name]["sha256"])


def check_store(store: Store, whole: Served) -> None:
    """The store has made the list that is served, by its serial and its moment.

    Raises:
        OlderStoreError: it does not.
    """
    newest = publications.newest_export(store)
    known = newest.serial if newest else 0
    own = publications.export_of(store, whole.serial)
    # a restored store that has exported since has serials of its own, of other lists, made at other moments
    if own is not None and own.created_at == whole.created:
        return
    knows = (
        "knows of none above"
        if whole.serial > known
        else "made another list of that serial, its last is"
    )
    raise OlderStoreError(
        f"serial {whole.serial} is served, and this store {knows} {known}: it was restored from an"
        " older copy, or is another one. Blocks lifted since then would come back. Look through what was lifted,"
        " then run this again with --restored --as USER"
    )


def check_not_ahead(store: Store, now: datetime) -> None:
    """It is not so much later than the last deed on record that the clock must have jumped.

    Raises:
        ClockError: it is: what ends by such a clock would stay lifted.
    """
    newest = publications.newest_export(store)
    last = max(newest.created_at if newest else "", audit.newest_at(store))
    if last and later(now, -LONGEST_PAUSE.total_seconds()) > last:
        raise ClockError(
            f"the clock says {iso(now)}, and the last that was done here is of {last}: by a clock that is ahead entries"
            " would expire before their time. Set the clock; where it is right, run `qalqan export` with"
            " --clock-is-right, or `qalqan publish` with --clock-is-right --as USER"
        )


def check_clock(store: Store, whole: Served | None, now: datetime) -> None:
    """It is later than when any list before was made, and not so much later that a clock must have jumped.

    By a clock that is years ahead every entry would expire, and what is lifted stays lifted.

    Raises:
        ClockError: it is not: one of the two clocks is or was wrong.
    """
    newest = publications.newest_export(store)
    last = max(newest.created_at if newest else "", whole.created if whole else "")
    if not last:
        check_not_ahead(store, now)
    if last and later(now, -LONGEST_PAUSE.total_seconds()) > last:
        raise ClockError(
            f"the clock says {iso(now)}, and the last list was made at {last}: by a clock that is ahead entries would"
            " expire before their time. Set the clock; where it is right, add --clock-is-right --as USER"
        )
    if iso(now) < last:
        raise ClockError(
            f"the clock says {iso(now)}, and the last list was made at {last}: what is made now would be refused by"
            " everybody as too old. Set the clock; where it is right and was wrong then, add --clock-is-right --as USER"
        )


def check_keys(store: Store, signers: Signers) -> None:
    """The keys are those the last list was signed with, or there was none.

    Raises:
        OtherKeyError: they are not: every provider would refuse the list.
    """
    last = publications.last_keys(store)
    if last is None:
        return
    for kind in sorted({*last, *signers.keys}):
        before, now = last.get(kind, ""), signers.keys.get(kind, "")
        if before == now or (not before and kind not in last):
            continue
        what = "has no signature of this kind" if not now else "is signed with another"
        raise OtherKeyError(
            f"the last list was signed with the {kind} key {before}, and this one {what}: every provider that trusts"
            " the old key would refuse it. Name the old key, or tell the providers and add --new-key --as USER"
        )


def faults(store: Store, whole: Served, signers: Signers) -> list[str]:
    """What is wrong with the list that is served: changed since it was published, or not signed by these keys."""
    found = []
    known = publications.export_of(store, whole.serial)
    if known and known.manifest_sha256 != hashlib.sha256(whole.manifest).hexdigest():
        found.append(
            f"the manifest served as serial {whole.serial} is not the one that was published"
        )
    lists = {"": whole}
    for path in _part_manifests(whole):
        try:
            lists[path.parent.name] = _read(path.parent)
        except ExportError:
            found.append(f"{path.parent.name}/{FILE_NAME} is not a manifest of ours")
    for name, each in lists.items():
        where = f"{name}/" if name else ""
        found += [f"{where}{fault}" for fault in _signature_faults(each, signers)]
        found += [
            f"{where}{file} is not the file the manifest names"
            for file, about in each.found["files"].items()
            if _sha256(each.folder / file) != about["sha256"]
        ]
    return found


def _part_manifests(whole: Served) -> list[Path]:
    return sorted(whole.folder.glob(f"*/{FILE_NAME}"))


def _signature_faults(one: Served, signers: Signers) -> list[str]:
    """What is wrong with the signatures that are there; one that is missing is made anew by the next list."""
    found = []
    text = _bytes(one.folder / sign.MINISIGN_NAME)
    if signers.minisign and text is not None:
        try:
            key = signers.minisign.public_key()
            sign.verify_minisign(one.manifest, text.decode("utf-8", "replace"), key)
        except sign.BadSignatureError as error:
            found.append(f"{FILE_NAME}: {error}")
    signed = _bytes(one.folder / sign.CMS_NAME)
    if signers.cms and signed is not None:
        try:
            cms.signed(signed, signers.cms.certificate, one.manifest)
        except sign.BadSignatureError as error:
            found.append(f"{FILE_NAME}: {error}")
    return found


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _read(folder: Path) -> Served:
    path = folder / FILE_NAME
    try:
        text = path.read_bytes()
        found = json.loads(text)
        is_ours = isinstance(found["formats"], dict) and isinstance(found["files"], dict)
        if is_ours and type(found["serial"]) is int and isinstance(found["created"], str):
            return Served(folder, text, found)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ExportError(f"{path} is not a manifest of ours; move the folder away or choose another")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while data := file.read(_CHUNK):
                digest.update(data)
    except OSError:
        return ""
    return digest.hexdigest()
