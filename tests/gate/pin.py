"""Pin the figures of the model in use as floors no later model may fall below.

python -m tests.gate.pin            # floors may rise; texts may change
python -m tests.gate.pin --lower    # floors may fall: say why in the commit message
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.gate.measure import COMMAND, FLOORS, state

# Below a measured figure by this much: machines differ in the last bits, not in one page of fifty.
MARGIN: Final = 0.005
PARTS: Final = ("written", "public")


def floors_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is written down of a measurement."""
    pinned = dict(found)
    for part in PARTS:
        if part in pinned:
            pinned[part] = {
                name: round(max(0.0, value - MARGIN), 4) for name, value in pinned[part].items()
            }
    return pinned


def drops(pinned: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Every figure below its floor, and every one that is no longer measured; unmeasured parts left out."""
    lines = []
    for part in PARTS:
        if part not in pinned or part not in found:
            continue
        for name, floor in pinned[part].items():
            value = found[part].get(name)
            if value is None:
                lines.append(f"{part}: {name} is no longer measured")
            elif value < floor:
                lines.append(f"{part}: {name} is {value:.4f}, its floor is {floor:.4f}")
    return lines


def changed_texts(pinned: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Every text file that is not the one the floors were measured on."""
    lines = []
    for part in ("written_corpus", "public_corpus"):
        if part in pinned and part in found:
            old, new = pinned[part], found[part]
            lines += [
                f"{name} changed" for name in sorted({*old, *new}) if old.get(name) != new.get(name)
            ]
    return lines


def pin(path: Path, found: Mapping[str, Any], *, may_lower: bool) -> list[str]:
    """The floors are those of `found`, parts it lacks kept; or, without leave to lower, what would fall."""
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    new = {**old, **floors_of(found)}
    fallen = [line for line in drops(old, new) if not may_lower]
    if not fallen:
        path.write_text(json.dumps(new, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return fallen


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 where the floors are pinned."""
    if {*arguments} - {"--lower"}:
        sys.stderr.write(f"usage: {COMMAND} [--lower]\n")
        return 2
    fallen = pin(FLOORS, state(), may_lower="--lower" in arguments)
    if fallen:
        sys.stderr.write("\n".join([*fallen, f"nothing is pinned: {COMMAND} --lower", ""]))
        return 1
    sys.stdout.write(f"pinned in {FLOORS}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
