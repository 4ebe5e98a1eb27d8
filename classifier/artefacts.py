"""Models on disk: written so that the same weights give the same bytes, read only when nothing is amiss.

A model is a folder `<name>/<version>/` with `model.skops` and `card.json`. The card holds the SHA-256 of
the weights file; a file that differs, or that would build any type but the few listed here, is refused.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from classifier import shelf
from classifier.calibration import Calibration, as_plain, from_plain
from classifier.model import Block, MoveHead, Weights
from classifier.shelf import (
    CARD_FILE,
    DEFAULT_NAME,
    IN_USE_FILE,
    WEIGHTS_FILE,
    age,
    card,
    default_models_dir,
    in_use,
    versions,
)
from review_queue.categories import HARMS, Category
from review_queue.errors import (
    ModelCardError,
    ModelDigestError,
    ModelMissingError,
    ModelNameError,
    UnreadableInputError,
)
from review_queue.records import ModelId

# what finds a model is known here too, beside what loads it
__all__ = [
    "CARD_FILE",
    "DEFAULT_NAME",
    "IN_USE_FILE",
    "WEIGHTS_FILE",
    "age",
    "card",
    "default_models_dir",
    "in_use",
    "versions",
]
MEASURED_FILE: Final = "evaluation.json"
README_FILE: Final = "README.md"
FORMAT: Final = 2
_TYPES: Final = frozenset(
    {
        ("builtins", "dict", "DictNode"),
        ("builtins", "list", "ListNode"),
        ("builtins", "str", "JsonNode"),
        ("builtins", "str", "TypeNode"),
        ("numpy", "ndarray", "NdArrayNode"),
        ("sklearn.feature_extraction.text", "TfidfTransformer", "ObjectNode"),
        ("sklearn.linear_model._logistic", "LogisticRegression", "ObjectNode"),
    }
)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model ready to score: weights, calibration, thresholds, identity."""

    id: ModelId
    weights: Weights
    calibration: Calibration
    thresholds: Mapping[Category, float]


def next_version(models_dir: Path, name: str) -> str:
    """The version a new model would get."""
    known = versions(models_dir, name)
    return f"v{age(known[-1])[0] + 1}" if known else "v1"


def card_digest(models_dir: Path, name: str, version: str) -> str:
    """The digest a card gives for its weights, "" where the card cannot be read."""
    try:
        return str(card(models_dir, f"{name}/{version}").get("digest", ""))
    except (ModelMissingError, ModelNameError, ModelCardError):
        return ""


def save(folder: Path, data: bytes, described: Mapping[str, Any], readme: str) -> None:
    """The model stands complete in `folder`; the card comes last, so half a model is never loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / WEIGHTS_FILE, data)
    replace(folder / README_FILE, readme.encode())
    replace(
        folder / CARD_FILE, (json.dumps(described, ensure_ascii=False, indent=2) + "\n").encode()
    )


def load(models_dir: Path, name: str | None = None) -> Model:
    """The model `name` ("name" for the version in use, or "name/version"), checked against its card.

    In use is the version promoted last, the newest one where none ever was.

    Raises ModelNameError where the name leads out of the folder, ModelMissingError where there is no such
    model, ModelCardError where its card cannot be read, ModelDigestError where the file is not what the card
    says or holds a type that no model of ours needs.
    """
    found = shelf.find(models_dir, name)
    content = _content(found.data, found.folder)
    try:
        weights, calibration, thresholds = _unpacked(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelDigestError(
            f"{found.folder / WEIGHTS_FILE} is not a model of this program: train again"
        ) from error
    return Model(found.id, weights, calibration, thresholds)


def dump(weights: Weights, calibration: Calibration, thresholds: Mapping[Category, float]) -> bytes:
    """The bytes of a weights file; equal content gives equal bytes."""
    content = {
        "format": FORMAT,
        "char_bins": weights.chars.bins.astype(np.int32),
        "char_tfidf": weights.chars.tfidf,
        "word_bins": weights.words.bins.astype(np.int32),
        "word_tfidf": weights.words.tfidf,
        "topic": weights.topic,
        "stance": weights.stance,
        "pair": weights.pair,
        "calibration": as_plain(calibration),
        "thresholds": {category.value: float(cut) for category, cut in thresholds.items()},
    }
    if weights.moves:
        content["moves"] = {
            "names": list(weights.moves.names),
            "columns": weights.moves.columns.astype(np.int32),
            "coef": weights.moves.coef.astype(np.float16),
            "intercept": weights.moves.intercept.astype(np.float16),
            "cut": float(weights.moves.cut),
        }
    return _settled(skops.io.dumps(content))


def _unpacked(
    content: Mapping[str, Any],
) -> tuple[Weights, Calibration, dict[Category, float]]:
    if content["format"] != FORMAT:
        raise ValueError(content["format"])
    weights = Weights(
        Block(content["char_bins"].astype(np.int64), content["char_tfidf"]),
        Block(content["word_bins"].astype(np.int64), content["word_tfidf"]),
        content["topic"],
        content["stance"],
        content["pair"],
        _moves(content),
    )
    calibration = from_plain(content["calibration"])
    thresholds = {category: float(content["thresholds"][category.value]) for category in Category}
    if any(set(lines) != set(HARMS) for lines in calibration.values()):
        raise ValueError("calibration")
    return weights, calibration, thresholds


def _moves(content: Mapping[str, Any]) -> MoveHead | None:
    if "moves" not in content:  # a model fitted before moves were named
        return None
    held = content["moves"]
    head = MoveHead(
        tuple(map(str, held["names"])),
        held["columns"].astype(np.int64),
        held["coef"].astype(np.float32),
        held["intercept"].astype(np.float32),
        float(held["cut"]),
    )
    width = len(content["char_bins"]) + len(content["word_bins"])
    fits = head.coef.shape == (len(head.names), len(head.columns)) and np.all(head.columns < width)
    if not fits or head.intercept.shape != (len(head.names),) or np.any(head.columns < 0):
        raise ValueError("moves")
    return head


def _content(data: bytes, folder: Path) -> dict[str, Any]:
    path = folder / WEIGHTS_FILE
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            foreign = sorted(_types(json.loads(archive.read("schema.json"))) - _TYPES)
        if foreign:
            module, name, _ = foreign[0]
            raise ModelDigestError(
                f"{path} holds a {module}.{name}, which no model needs: not loaded"
            )
        content = skops.io.loads(data, trusted=[])
    except UntrustedTypesFoundException as error:
        raise ModelDigestError(f"{path} holds a type no model needs: not loaded") from error
    except (zipfile.BadZipFile, LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelDigestError(f"{path} is not a skops file: not loaded") from error
    if not isinstance(content, dict):
        raise ModelDigestError(f"{path} is not a model of this program: train again")
    return content


def _types(node: object) -> set[tuple[str, str, str]]:
    """Every type that loading the schema would build."""
    found: set[tuple[str, str, str]] = set()
    if isinstance(node, dict):
        if "__class__" in node:
            found.add((str(node["__module__"]), str(node["__class__"]), str(node["__loader__"])))
        return found.union(*map(_types, node.values()))
    if isinstance(node, list):
        return found.union(*map(_types, node))
    return found


def _settled(data: bytes) -> bytes:
    """The same archive without what differs from run to run: memory addresses and the time."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        schema = json.loads(source.read("schema.json"))
        addresses: dict[int, int] = {}
        files: dict[str, str] = {}
        _renumber(schema, addresses, files)
        arrays = {files[old]: source.read(old) for old in files}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        arrays["schema.json"] = json.dumps(schema, sort_keys=True).encode()
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, arrays[name], compresslevel=9)
    return out.getvalue()


def _renumber(node: object, addresses: dict[int, int], files: dict[str, str]) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            # Whether two equal numbers or words are one object is the interpreter's whim.
            is_plain = node.get("__loader__") in {"JsonNode", "TypeNode"}
            address = -len(addresses) if is_plain else node["__id__"]
            node["__id__"] = addresses.setdefault(address, len(addresses) + 1)
        if isinstance(node.get("file"), str):
            suffix = Path(node["file"]).suffix
            node["file"] = files.setdefault(node["file"], f"{len(files) + 1:03}{suffix}")
        for key in sorted(node):  # attributes may have been set in any order
            _renumber(node[key], addresses, files)
    elif isinstance(node, list):
        for value in node:
            _renumber(value, addresses, files)


def replace(path: Path, data: bytes) -> None:
    """The file holds `data`, whole; a reader sees the old content or the new."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be written: {error.strerror}") from error
