"""The manifest: what a snapshot of the lists holds, by which a reader tells a whole list from a broken one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from blocklist.rendering import Skipped
from review_queue.errors import ExportError

FILE_NAME: Final = "manifest.json"
PROOFS_NAME: Final = "proofs.json"  # beside a manifest that was proved before it was served
SHOWN_SKIPPED: Final = 100


@dataclass(frozen=True, slots=True)
class FileDigest:
    """One file of a snapshot."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One format: how many live entries its files block, how many they leave out and the first of those."""

    file: str
    entries: int
    skipped: int
    sha256: str
    first_skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One export: its serial, when it was made, until when it may be used, each format and each file."""

    serial: int
    created: str
    not_after: str
    entries: int
    formats: Mapping[str, Listing]
    files: Mapping[str, FileDigest]
    part: str = ""  # the category, where the list is of one alone

    def as_json(self) -> dict[str, object]:
        """The manifest as it stands in `manifest.json`."""
        return {
            "serial": self.serial,
            "created": self.created,
            "not_after": self.not_after,
            **({"part": self.part} if self.part else {}),
            "entries": self.entries,
            "formats": {
                name: {
                    "file": listing.file,
                    "entries": listing.entries,
                    "skipped": listing.skipped,
                    "sha256": listing.sha256,
                }
                for name, listing in self.formats.items()
            },
            "files": {name: asdict(found) for name, found in sorted(self.files.items())},
        }

    def text(self) -> str:
        """What stands in `manifest.json`, without the last line end."""
        return json.dumps(self.as_json(), indent=2)


@dataclass(frozen=True, slots=True)
class Published:
    """What a manifest in a folder says, as far as the next export must know it."""

    serial: int
    formats: tuple[str, ...]


def read_manifest(out: Path) -> Published | None:
    """What the manifest in `out` says; None where there is none.

    Raises:
        ExportError: there is one that no export of ours has written.
    """
    path = out / FILE_NAME
    try:
        found = json.loads(path.read_bytes())
        serial, formats = found["serial"], found["formats"]
        if type(serial) is int and serial > 0 and isinstance(formats, dict):
            return Published(serial, tuple(formats))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        pass
    raise ExportError(f"{path} is not a manifest of ours; move it away or choose another folder")
