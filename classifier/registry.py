"""The versions of the models in a folder: which are sound, which is in use, how two of them differ.

Which version is in use stands in `<name>/in-use.json`, with its digest and the versions used before it.
Who changed it and when stands in `<name>/log.jsonl`, one line a change, only ever added to.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from classifier import artefacts, shelf
from review_queue.clock import Clock, iso
from review_queue.errors import (
    ModelCardError,
    ModelMissingError,
    QalqanError,
    UnreadableInputError,
)
from review_queue.records import ModelId

LOG_FILE: Final = "log.jsonl"
_KEYS: Final = (
    "name",
    "category",
    "lang",
    "kind",
    "source",
)  # what tells rows of a card's list apart
_SPREAD: Final = frozenset({"low", "high", "n", "bins_said_true_share"})
_GROUPS: Final = {
    "thresholds": "thresholds",
    "threshold_figures": "figures",
    "held_out_figures": "figures",
    "evaluation": "figures",
    "calibration": "calibration",
    "sources": "sources",
    "training_rows": "counts",
    "held_out_pages": "counts",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One version as the folder has it; `problem` is "" where it would load."""

    name: str
    version: str
    in_use: bool
    digest: str
    size_bytes: int
    problem: str


@dataclass(frozen=True, slots=True)
class Change:
    """Another version is in use from now on."""

    action: str  # promote or rollback
    at: str
    actor: str
    name: str
    before: str  # "" where there was none
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry in which two cards differ; None where a card lacks it."""

    group: str
    entry: str
    before: Any
    after: Any


def in_use(models_dir: Path, name: str = artefacts.DEFAULT_NAME) -> str:
    """The version that is loaded when none is named, "" where there is no model of that name."""
    promoted, _ = artefacts.in_use(models_dir, name)
    known = artefacts.versions(models_dir, name)
    return promoted or (known[-1] if known else "")


def full_name(models_dir: Path, name: str | None) -> str:
    """`name` as NAME/VERSION, with the version in use where none is given."""
    base, version = shelf.parted(name)
    version = version or in_use(models_dir, base)
    if not version:
        raise ModelMissingError(f"no model {base} in {models_dir}: run `qalqan train` to make one")
    return f"{base}/{version}"


def folders(models_dir: Path) -> list[str]:
    """Every NAME/VERSION there is a folder for, sound or not."""
    found = [path for path in models_dir.glob("*/*/") if path.is_dir()]
    found.sort(key=lambda path: (path.parent.name, *artefacts.age(path.name)))
    return [f"{path.parent.name}/{path.name}" for path in found]


def listing(models_dir: Path) -> list[Listed]:
    """Every version in the folder, oldest first, each checked as if it were to be loaded."""
    return [_listed(models_dir, name) for name in folders(models_dir)]


def verify(models_dir: Path, name: str) -> ModelId:
    """NAME/VERSION is the file its card describes, of no foreign type, and the card is its own.

    Raises ModelMissingError, ModelCardError or ModelDigestError with what is amiss.
    """
    model = artefacts.load(models_dir, name)
    card = artefacts.card(models_dir, name)
    claimed = (card.get("name"), card.get("version"))
    if claimed != (model.id.name, model.id.version):
        raise ModelCardError(
            f"{models_dir / name} has the card of {claimed[0]}/{claimed[1]}: restore it or train again"
        )
    cuts = {category.value: cut for category, cut in model.thresholds.items()}
    if card.get("thresholds") != cuts:
        raise ModelCardError(
            f"{models_dir / name} has a card with other thresholds than its model: train again"
        )
    return model.id


def promote(models_dir: Path, name: str, *, actor: str, clock: Clock) -> Change:
    """NAME/VERSION, which was verified first, is in use; the version before it is remembered."""
    identity = verify(models_dir, name)
    before = in_use(models_dir, identity.name) if _is_readable(models_dir, identity.name) else ""
    trail = [past for past in _trail(models_dir, identity.name) if past != identity.version]
    if before and before != identity.version:
        trail.append(before)
    return _changed(models_dir, "promote", identity, before, trail, iso(clock()), actor)


def rollback(models_dir: Path, name: str, *, actor: str, clock: Clock) -> Change:
    """The version used before the present one, verified first, is in use again."""
    name, _ = shelf.parted(name)
    trail = _trail(models_dir, name)
    if not trail:
        raise ModelMissingError(
            f"no version of {name} was in use before: run `qalqan models promote {name}/VERSION`"
        )
    identity = verify(models_dir, f"{name}/{trail[-1]}")
    before = in_use(models_dir, name)
    return _changed(models_dir, "rollback", identity, before, trail[:-1], iso(clock()), actor)


def diff(models_dir: Path, before: str, after: str) -> list[Difference]:
    """What the cards of two models say differently: thresholds, figures, calibration, sources, counts."""
    old, new = (dict(_described(models_dir, name)) for name in (before, after))
    rank = list(dict.fromkeys(_GROUPS.values()))
    found = [
        Difference(_GROUPS.get(path[0], "card"), ".".join(path), old.get(path), new.get(path))
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    ]
    return sorted(found, key=lambda d: rank.index(d.group) if d.group in rank else len(rank))


def _listed(models_dir: Path, name: str) -> Listed:
    base, _, version = name.partition("/")
    weights = models_dir / name / artefacts.WEIGHTS_FILE
    size = weights.stat().st_size if weights.is_file() else 0
    try:
        digest, problem = verify(models_dir, name).digest, ""
    except QalqanError as error:
        digest, problem = artefacts.card_digest(models_dir, base, version), str(error)
    used = in_use(models_dir, base) if _is_readable(models_dir, base) else ""
    return Listed(base, version, version == used, digest, size, problem)


def _is_readable(models_dir: Path, name: str) -> bool:
    try:
        artefacts.in_use(models_dir, name)
    except ModelCardError:
        return False
    return True


def _trail(models_dir: Path, name: str) -> list[str]:
    """The versions in use before the present one, oldest first."""
    try:
        text = (models_dir / name / artefacts.IN_USE_FILE).read_text(encoding="utf-8")
        trail = json.loads(text)["before"]
    except (OSError, ValueError, LookupError, TypeError):
        return []
    return [str(version) for version in trail] if isinstance(trail, list) else []


def _changed(
    models_dir: Path,
    action: str,
    identity: ModelId,
    before: str,
    trail: list[str],
    at: str,
    actor: str,
) -> Change:
    change = Change(action, at, actor, identity.name, before, identity.version, identity.digest)
    folder = models_dir / identity.name
    note = {"version": identity.version, "digest": identity.digest, "before": trail}
    line = {"at": at, "actor": actor, "action": action, "from": before, "to": identity.version}
    try:
        # The log first: a change nobody can see the author of must not happen.
        with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
            log.write(json.dumps({**line, "digest": identity.digest}, ensure_ascii=False) + "\n")
    except OSError as error:
        raise UnreadableInputError(
            f"{folder / LOG_FILE} cannot be written: {error.strerror}"
        ) from error
    artefacts.replace(folder / artefacts.IN_USE_FILE, (json.dumps(note, indent=2) + "\n").encode())
    return change


def measured(models_dir: Path, name: str) -> dict[str, Any]:
    """What `qalqan evaluate --card` left beside the model, {} where nothing, or of other weights."""
    path = models_dir / name / artefacts.MEASURED_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    is_own = isinstance(found, dict) and found.get("digest") == artefacts.card_digest(
        models_dir, *name.split("/", maxsplit=1)
    )
    return found if is_own else {}


def _described(models_dir: Path, name: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield from _entries(artefacts.card(models_dir, name))
    for path, value in _entries({"evaluation": measured(models_dir, name)}):
        if path[-1] not in _SPREAD and len(path) > 2:  # noqa: PLR2004 - not its own name and digest
            yield path, value


def _entries(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every single value of a card with the way to it; rows of a list are named, not numbered."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _entries(value, (*path, str(key)))
    elif isinstance(node, list) and node and all(isinstance(row, Mapping) for row in node):
        for row in node:
            named = {key: value for key, value in row.items() if key not in _KEYS}
            own = " ".join(str(row[key]) for key in _KEYS if key in row)
            yield from _entries(named, (*path, own))
    else:
        yield path, node
