"""One whole list in its folder: what a format left out is told, however odd, and nothing is read twice."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from blocklist import listing
from blocklist.formats import FORMATS
from blocklist.manifest import SHOWN_SKIPPED
from blocklist.rendering import columns_of, skipped_of
from blocklist.snapshots import Snapshot
from review_queue.categories import Scope
from review_queue.records import Entry
from tests.blocklist import records
from tests.blocklist.samples import HEADING, domain, entry, ordered


def write(folder: Path, entries: Sequence[Entry], formats: Sequence[str]) -> listing.Written:
    """The list of these entries; those called unsafe are kept out of it."""
    folder.mkdir()
    return listing.write(
        Snapshot(folder),
        iter(ordered(entries)),
        [FORMATS[name] for name in formats],
        HEADING,
        lambda each: "it is not safe" if each.name.startswith("unsafe") else "",
    )


@settings(deadline=None, max_examples=50)  # nothing here is about time
@given(found=records.entries())
def test_what_is_left_out_is_told_however_odd_it_is(
    tmp_path_factory: pytest.TempPathFactory, found: list[Entry]
) -> None:
    folder = tmp_path_factory.mktemp("lists") / "list"
    names = ("hosts", "nftables", "rpz", "e2guardian", "squid")

    written = write(folder, found, names)

    for name in names:
        text = (folder / f"{name}.skipped.json").read_text(encoding="ascii")
        rows = [tuple(row.values()) for row in json.loads(text)["skipped"]]
        expected = [*skipped_of(FORMATS[name], columns_of(found))]
        assert rows == [tuple(each) for each in expected]
        assert written.formats[name].first_skipped == tuple(expected)
        assert written.formats[name].skipped == len(expected)
        assert len(text.splitlines()) == 2 + len(expected)


def test_of_many_left_out_the_manifest_has_the_first(tmp_path: Path) -> None:
    hosts = [entry(f"h{number:04}.example") for number in range(SHOWN_SKIPPED + 20)]
    domains = [domain(f"d{number:04}.example") for number in range(30)]
    unsafe = [entry("unsafe.example")]

    written = write(tmp_path / "list", [*hosts, *domains, *unsafe], ["nftables"])

    found = written.formats["nftables"]
    assert (found.entries, found.skipped) == (0, SHOWN_SKIPPED + 51)
    assert len(found.first_skipped) == SHOWN_SKIPPED
    assert found.first_skipped[0].reason == "it is not safe"
    rows = json.loads((tmp_path / "list" / "nftables.skipped.json").read_text())["skipped"]
    assert [tuple(row.values()) for row in rows[:SHOWN_SKIPPED]] == [*found.first_skipped]


def test_the_entries_are_read_once_whatever_is_written(tmp_path: Path) -> None:
    read: list[str] = []

    def entries() -> Iterator[Entry]:
        for number in range(3):
            read.append(f"E-{number}")
            yield replace(entry(f"h{number}.example"), id=f"E-{number}")

    folder = tmp_path / "list"
    folder.mkdir()
    listing.write(Snapshot(folder), entries(), [*FORMATS.values()], HEADING, lambda _each: "")

    assert read == ["E-0", "E-1", "E-2"]


def test_a_host_that_is_an_address_is_in_no_list_of_names(tmp_path: Path) -> None:
    found = [entry("192.88.99.66"), entry("shop.mixed.example"), entry("192.88.99.66", Scope.IP)]

    written = write(tmp_path / "list", found, ["domains", "e2guardian"])

    assert (tmp_path / "list" / "domains.txt").read_text() == "shop.mixed.example\n"
    assert [each.scope for each in written.formats["domains"].first_skipped] == ["host", "ip"]
    assert written.formats["e2guardian"].entries == 1
