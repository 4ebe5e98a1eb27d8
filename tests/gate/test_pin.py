"""Floors rise by themselves and fall only when somebody says so."""

import json
from pathlib import Path
from typing import Any

from tests.gate import pin


def _found(value: float = 0.9, **parts: Any) -> dict[str, Any]:
    return {
        "model": "m/v1",
        "written_corpus": {"kk/a.txt": "1"},
        "written": {"AP kk": value},
        **parts,
    }


def test_a_floor_stands_a_little_below_the_figure(tmp_path: Path) -> None:
    path = tmp_path / "floors.json"

    assert pin.pin(path, _found(), may_lower=False) == []

    pinned = json.loads(path.read_text())
    assert pinned["written"] == {"AP kk": 0.895}
    assert pin.drops(pinned, _found(0.895)) == []
    assert pin.drops(pinned, _found(0.894)) == ["written: AP kk is 0.8940, its floor is 0.8950"]


def test_lowering_needs_leave(tmp_path: Path) -> None:
    path = tmp_path / "floors.json"
    pin.pin(path, _found(), may_lower=False)
    before = path.read_text()

    assert len(pin.pin(path, _found(0.8), may_lower=False)) == 1
    assert path.read_text() == before

    assert pin.pin(path, _found(0.8), may_lower=True) == []
    assert json.loads(path.read_text())["written"] == {"AP kk": 0.795}


def test_a_figure_that_is_no_longer_measured_is_a_drop() -> None:
    assert pin.drops(_found(), {"written": {}}) == ["written: AP kk is no longer measured"]


def test_public_floors_stay_where_the_public_texts_are_not_at_hand(tmp_path: Path) -> None:
    path = tmp_path / "floors.json"
    public: dict[str, Any] = {"public": {"AP en": 0.7}, "public_corpus": {"b": "2"}}
    pin.pin(path, _found(**public), may_lower=False)

    pin.pin(path, _found(0.95), may_lower=False)

    pinned = json.loads(path.read_text())
    assert pinned["public"] == {"AP en": 0.695}
    assert pin.drops(pinned, _found(0.95)) == []


def test_a_changed_new_or_missing_text_is_named() -> None:
    other = _found(written_corpus={"kk/a.txt": "2", "kk/b.txt": "3"})

    assert pin.changed_texts(_found(), other) == ["kk/a.txt changed", "kk/b.txt changed"]
    assert pin.changed_texts(_found(), _found(public_corpus={"c": "1"})) == []


def test_an_unknown_option_is_refused() -> None:
    assert pin.main(["--force"]) == 2
