"""The manifest: what a folder of lists holds, by which a reader tells a whole list from a broken one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blocklist.rendering import Skipped
from review_queue.errors import ExportError

FILE_NAME: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Listing:
    """One list file: how many live entries it blocks, and those it leaves out."""

    file: str
    entries: int
    skipped: tuple[Skipped, ...]
    sha256: str

    def skipped_text(self, serial: int) -> str:
        """What stands in `FORMAT.skipped.json`."""
        rows = [
            {
                "id": each.entry.id,
                "scope": each.entry.scope,
                "name": each.entry.name,
                "reason": each.reason,
            }
            for each in self.skipped
        ]
        return json.dumps({"serial": serial, "skipped": rows}, indent=2)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One export: its serial, when it was made, and each format's list."""

    serial: int
    created: str
    formats: Mapping[str, Listing]

    def as_json(self) -> dict[str, object]:
        """The manifest as it stands in `manifest.json`."""
        return {
            "serial": self.serial,
            "created": self.created,
            "formats": {
                name: {
                    "file": listing.file,
                    "entries": listing.entries,
                    "skipped": len(listing.skipped),
                    "sha256": listing.sha256,
                }
                for name, listing in self.formats.items()
            },
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
