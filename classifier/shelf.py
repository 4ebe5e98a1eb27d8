"""Where models lie, which is in use, and whether its file is the one its card describes; none is loaded for it.

Loading one takes a second and a hundred megabytes; a command that hands a model to another process needs neither.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from review_queue.categories import Category
from review_queue.errors import (
    ModelCardError,
    ModelDigestError,
    ModelMissingError,
    ModelNameError,
)
from review_queue.records import ModelId

DEFAULT_NAME: Final = "topic-stance"
WEIGHTS_FILE: Final = "model.skops"
CARD_FILE: Final = "card.json"
IN_USE_FILE: Final = "in-use.json"
_LARGEST_FILE: Final = 200_000_000
_VERSION: Final = re.compile(r"v(\d+)\Z")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
# a name is a place in the folder of models: of one folder each, and none that leads out of it
_NO_FOLDER: Final = re.compile(r"\.{0,2}\Z|.*[/\\\0]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """A model's file, which is the one its card describes."""

    id: ModelId
    folder: Path
    card: Mapping[str, Any]
    data: bytes = field(repr=False)

    @property
    def thresholds(self) -> dict[Category, float]:
        """The thresholds on the card.

        Raises:
            ModelCardError: the card has none.
        """
        try:
            return {category: float(self.card["thresholds"][category]) for category in Category}
        except (LookupError, TypeError, ValueError):
            raise _broken_card(self.folder / CARD_FILE, "it names no thresholds") from None


def default_models_dir() -> Path:
    """Where the models that ship with the program are: in the wheel, or beside the package."""
    packaged = Path(__file__).parent / "_models"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "models"


def parted(name: str | None) -> tuple[str, str]:
    """The name and the version in NAME/VERSION, both fit to be one folder's; "" for a version left out.

    Raises ModelNameError where one would lead elsewhere.
    """
    base, slash, version = (DEFAULT_NAME if name is None else name).partition("/")
    if _NO_FOLDER.match(base) or (slash and _NO_FOLDER.match(version)):
        raise ModelNameError(f"{name!a} is not a model; write NAME or NAME/VERSION")
    return base, version


def versions(models_dir: Path, name: str = DEFAULT_NAME) -> list[str]:
    """The versions of a model that have a card, oldest first."""
    folder = models_dir / parted(name)[0]
    found = [path.parent.name for path in folder.glob(f"*/{CARD_FILE}")]
    return sorted(found, key=age)


def in_use(models_dir: Path, name: str = DEFAULT_NAME) -> tuple[str, str]:
    """The version that was promoted last and its digest then; ("", "") where none ever was.

    Raises ModelCardError where the note of it cannot be read: the newest version instead would put to
    work what nobody promoted.
    """
    path = models_dir / parted(name)[0] / IN_USE_FILE
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        return parted(f"{name}/{note['version']}")[1], str(note["digest"])
    except FileNotFoundError:
        return "", ""
    except (OSError, ValueError, LookupError, TypeError, RecursionError, ModelNameError) as error:
        raise ModelCardError(
            f"{path} does not say which version is in use: run `qalqan models promote {name}/VERSION`"
        ) from error


def card(models_dir: Path, name: str) -> dict[str, Any]:
    """The card of NAME/VERSION; raises ModelNameError, ModelMissingError or ModelCardError."""
    path = models_dir.joinpath(*parted(name)) / CARD_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelMissingError(
            f"{path} cannot be read ({error.strerror}): run `qalqan train` to make a model"
        ) from error
    except (ValueError, RecursionError) as error:
        raise _broken_card(path, str(error)) from error
    if not isinstance(found, dict):
        raise _broken_card(path, "it is not a JSON object")
    return found


def find(models_dir: Path, name: str | None = None) -> Found:
    """The file of the model `name` ("name" for the version in use, or "name/version"), checked against its card.

    In use is the version promoted last, the newest one where none ever was.

    Raises ModelNameError where the name leads out of the folder, ModelMissingError where there is none,
    ModelCardError where the card cannot be read, ModelDigestError where the file is not what the card says.
    """
    base, version = parted(name)
    promised = ""
    if not version:
        version, promised = in_use(models_dir, base)
    if not version:
        known = versions(models_dir, base)
        if not known:
            raise ModelMissingError(
                f"no model {base} in {models_dir}: run `qalqan train` to make one"
            )
        version = known[-1]
    folder = models_dir / base / version
    described = card(models_dir, f"{base}/{version}")
    if not _DIGEST.fullmatch(str(described.get("digest"))):
        raise _broken_card(folder / CARD_FILE, "it names no SHA-256 of its model")
    data = _weights(folder)
    digest = hashlib.sha256(data).hexdigest()
    if described.get("digest") != digest:
        raise ModelDigestError(
            f"{folder / WEIGHTS_FILE} was changed after its card was written: restore it or train again"
        )
    if promised and promised != digest:
        raise ModelDigestError(
            f"{folder} is not what was promoted: restore it or run `qalqan models promote {base}/{version}`"
        )
    return Found(ModelId(base, version, digest), folder, described, data)


def age(version: str) -> tuple[int, str]:
    """What versions are sorted by: v2 comes before v10."""
    match = _VERSION.match(version)
    return (int(match.group(1)) if match else 0, version)


def _broken_card(path: Path, why: str) -> ModelCardError:
    return ModelCardError(
        f"{path} is no card of a model ({why}), and the model is not loaded: restore the card or train again"
    )


def _weights(folder: Path) -> bytes:
    path = folder / WEIGHTS_FILE
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ModelDigestError(f"{path} is larger than any model of this program")
        return path.read_bytes()
    except OSError as error:
        raise ModelMissingError(
            f"{error.filename} cannot be read ({error.strerror}): run `qalqan train` to make a model"
        ) from error
