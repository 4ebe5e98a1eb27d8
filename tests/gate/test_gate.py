"""The model in use is no worse than the one the floors were pinned from, on the very same texts."""

import json
from typing import Any

import pytest

from tests.gate import pin
from tests.gate.measure import COMMAND, FLOORS, PUBLIC, state


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return state()


@pytest.fixture(scope="module")
def pinned() -> dict[str, Any]:
    floors: dict[str, Any] = json.loads(FLOORS.read_text(encoding="utf-8"))
    return floors


def test_the_texts_are_those_the_floors_were_pinned_on(
    found: dict[str, Any], pinned: dict[str, Any]
) -> None:
    changed = pin.changed_texts(pinned, found)

    assert not changed, "\n".join([*changed, f"pin anew: {COMMAND}"])


def test_no_figure_fell_below_its_floor(found: dict[str, Any], pinned: dict[str, Any]) -> None:
    fallen = pin.drops(pinned, found)

    assert not fallen, "\n".join([*fallen, f"where this is meant: {COMMAND} --lower"])


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the labelled texts are not beside the repository")
def test_public_rows_have_floors_too(found: dict[str, Any], pinned: dict[str, Any]) -> None:
    assert set(pinned["public"]) == set(found["public"])
    assert len(pinned["written"]) >= 18
