"""The feed, read by PyMISP, the library of the MISP project, whose maker of feeds writes manifest and hashes alike."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from pymisp import MISPAttribute, MISPEvent
from pymisp.tools import feed_meta_generator

from review_queue.categories import Scope
from review_queue.records import Entry
from tests.blocklist import records
from tests.blocklist.canaries import ENTRIES
from tests.blocklist.samples import HEADING, entry, ordered
from tests.blocklist.test_misp import SCOPES, said, written

EVERY: Final = ordered(
    [
        *ENTRIES,
        entry("http://platform.example/users/evil/page.html", Scope.URL),
        entry("192.88.99.66", Scope.IP),
        entry("2620:4f:8000::/48", Scope.CIDR),
    ]
)
NUMBERS: Final = ("analysis", "threat_level_id", "timestamp")


def feed(folder: Path, entries: Sequence[Entry]) -> Path:
    """The folder with the files under the names a feed has."""
    folder.mkdir(exist_ok=True)
    files = written([*entries])
    (event,) = json.loads(files["misp-manifest.json"])
    (folder / f"{event}.json").write_text(files["misp-event.json"], encoding="utf-8")
    (folder / "manifest.json").write_text(files["misp-manifest.json"], encoding="utf-8")
    (folder / "hashes.csv").write_text(files["misp-hashes.csv"], encoding="utf-8")
    return folder


def loaded(folder: Path) -> MISPEvent:
    """The event as PyMISP reads it."""
    (event,) = json.loads((folder / "manifest.json").read_text("utf-8"))
    found = MISPEvent()
    found.load_file(folder / f"{event}.json")
    return found


def place_of(attribute: MISPAttribute) -> tuple[Scope, str]:
    if attribute.type == "ip-dst":
        return (Scope.CIDR if "/" in attribute.value else Scope.IP), attribute.value
    return SCOPES[attribute.type], attribute.value


def as_numbers(about: dict[str, object]) -> dict[str, object]:
    """What a manifest says of an event; MISP writes its numbers as text, PyMISP some of them as numbers."""
    return {key: int(f"{value}") if key in NUMBERS else value for key, value in about.items()}


@settings(max_examples=40, deadline=None)
@given(entries=records.entries())
def test_every_name_comes_out_of_pymisp_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]
) -> None:
    event = loaded(feed(tmp_path_factory.mktemp("feed"), entries))

    assert [place_of(each) for each in event.attributes] == said(entries)
    assert all(each.to_ids and not each.deleted for each in event.attributes)


def test_what_the_event_says_of_itself_is_read(tmp_path: Path) -> None:
    event = loaded(feed(tmp_path / "feed", EVERY))

    assert event.published
    assert event.info == f"Qalqan block list, serial {HEADING.serial}, made {HEADING.created}"
    assert event.timestamp == datetime.fromisoformat(HEADING.created)
    assert event.Orgc.name == "Qalqan"
    assert len({each.uuid for each in event.attributes}) == len(EVERY)


@pytest.mark.parametrize("entries", [EVERY, []], ids=["every", "none"])
def test_manifest_and_hashes_are_those_pymisp_makes_of_the_event(
    tmp_path: Path, entries: list[Entry]
) -> None:
    folder = feed(tmp_path / "feed", entries)
    ours = {name: (folder / name).read_text("utf-8") for name in ("manifest.json", "hashes.csv")}

    feed_meta_generator(folder)

    assert (folder / "hashes.csv").read_text("utf-8") == ours["hashes.csv"]
    (event,) = json.loads(ours["manifest.json"]).items()
    (theirs,) = json.loads((folder / "manifest.json").read_text("utf-8")).items()
    assert (theirs[0], as_numbers(theirs[1])) == (event[0], as_numbers(event[1]))


def test_pymisp_hands_the_event_on_as_a_feed_with_the_same_attributes(tmp_path: Path) -> None:
    folder = feed(tmp_path / "feed", EVERY)
    before = json.loads((folder / f"{loaded(folder).uuid}.json").read_text("utf-8"))["Event"]

    after = loaded(folder).to_feed()["Event"]

    assert [(each["uuid"], each["type"], each["value"]) for each in after["Attribute"]] == [
        (each["uuid"], each["type"], each["value"]) for each in before["Attribute"]
    ]
