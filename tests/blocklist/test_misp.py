"""The feed, read as MISP reads one: manifest, then the event it names, then its attributes."""

import hashlib
import json
import re
import subprocess
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from blocklist import lint, lint_lines
from blocklist.lint_known import Known
from review_queue.categories import Scope
from review_queue.errors import ExportError
from review_queue.records import Entry
from tests.blocklist import records, samples
from tests.blocklist.samples import HEADING, domain, entry, left_out

FILES = ("misp-manifest.json", "misp-event.json", "misp-hashes.csv")
SCOPES = {"url": Scope.URL, "hostname": Scope.HOST, "domain": Scope.DOMAIN}


def written(entries: list[Entry]) -> dict[str, str]:
    """The files, their last check passed."""
    files = {}
    for file in FILES:
        lines = [f"{line}\n" for line in samples.lines_of("misp", entries, file)]
        lint.check("misp", file, lines, serial=HEADING.serial)
        files[file] = "".join(lines)
    return files


def event_of(entries: list[Entry]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written(entries)["misp-event.json"])["Event"]
    return found


def place_of(attribute: dict[str, Any]) -> tuple[Scope, str]:
    """The scope and name of an attribute, by MISP's types."""
    value = attribute["value"]
    if attribute["type"] == "ip-dst":
        return (Scope.CIDR if "/" in value else Scope.IP), value
    return SCOPES[attribute["type"]], value


def said(entries: list[Entry]) -> list[tuple[Scope, str]]:
    """Each scope and name the format can say, once."""
    kept = [each for each in entries if each.name not in left_out("misp", entries)]
    return list(dict.fromkeys((each.scope, each.name) for each in kept))


@pytest.mark.parametrize("listed_at", ["0001-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z"])
def test_an_entry_of_before_1970_does_not_fail_the_whole_list(listed_at: str) -> None:
    (found,) = event_of([replace(entry("shop.example"), listed_at=listed_at)])["Attribute"]

    assert found["timestamp"] == "0"


@settings(max_examples=150, deadline=None)
@given(records.entries())
def test_every_name_is_read_back_with_its_scope(entries: list[Entry]) -> None:
    attributes = event_of(entries)["Attribute"]

    assert [place_of(each) for each in attributes] == said(entries)
    assert all(each["to_ids"] is True for each in attributes)


@settings(max_examples=60, deadline=None)
@given(records.entries())
def test_manifest_hashes_and_event_speak_of_each_other(entries: list[Entry]) -> None:
    files = written(entries)
    manifest = json.loads(files["misp-manifest.json"])
    event = json.loads(files["misp-event.json"])["Event"]

    assert list(manifest) == [event["uuid"]]
    assert manifest[event["uuid"]].items() <= event.items()
    assert files["misp-hashes.csv"].splitlines() == [
        f"{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()},{event['uuid']}"
        for _, name in said(entries)
    ]
    ids = [each["uuid"] for each in (event, event["Orgc"], *event["Attribute"])]
    assert len(set(ids)) == len(ids)
    assert {uuid.UUID(each).version for each in ids} == {5}


def test_the_guide_lays_the_files_out_as_a_feed(tmp_path: Path) -> None:
    guide = Path(__file__).parents[2] / "docs" / "providers.md"
    (commands,) = re.findall(r"```sh\n(mkdir -p feed\n.*?)```", guide.read_text("utf-8"), re.DOTALL)
    files = written([entry("bad.example")])
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    subprocess.run(["sh", "-e", "-c", commands], cwd=tmp_path, check=True)

    found = {path.name: path.read_text() for path in (tmp_path / "feed").iterdir()}
    (event,) = json.loads(found["manifest.json"])
    assert found == {
        "manifest.json": files["misp-manifest.json"],
        "hashes.csv": files["misp-hashes.csv"],
        f"{event}.json": files["misp-event.json"],
    }


def test_the_ids_are_the_same_in_every_list() -> None:
    one = event_of([entry("bad.example")])
    many = event_of(samples.ordered([domain("a.example"), entry("bad.example")]))

    assert one["uuid"] == many["uuid"] == "5ec045a4-1e3a-5c12-b942-22c8c43375ee"
    assert one["Attribute"][0] == many["Attribute"][1]
    assert one["Attribute"][0]["uuid"] == "57415fab-1974-55e2-a52a-e48f1e612259"


def test_a_name_of_two_entries_is_one_attribute_that_names_both() -> None:
    first = entry("bad.example", case_ref="KZ-1")
    second = replace(first, id="E-z", case_ref="KZ-2")
    (attribute,) = event_of([first, second])["Attribute"]

    assert attribute["comment"] == (
        "E-host-bad.example, case KZ-1, violence, decided by 3 people;"
        " E-z, case KZ-2, violence, decided by 3 people"
    )


def test_an_entry_that_was_taken_over_says_so_in_place_of_a_case() -> None:
    (attribute,) = event_of([entry("bad.example", case_ref="")])["Attribute"]

    assert attribute["comment"] == (
        "E-host-bad.example, violence, taken over from an older registry, signed by 3 people"
    )


def test_host_and_subtree_have_types_of_their_own() -> None:
    attributes = event_of([domain("bad.example"), entry("bad.example")])["Attribute"]

    assert [each["type"] for each in attributes] == ["domain", "hostname"]


def test_a_host_that_is_an_address_is_left_out() -> None:
    assert "not a DNS name" in left_out("misp", [entry("203.0.113.66")])["203.0.113.66"]


GOOD = samples.lines_of("misp", [entry("bad.example")])
NEXT = GOOD[1].replace("bad.example", "zoo.example")


@pytest.mark.parametrize("known", [None, samples.KNOWN], ids=["asked", "known"])
@pytest.mark.parametrize(
    ("line", "why"),
    [
        (GOOD[1], "repeats"),
        (GOOD[1].replace("E-host", "E-other"), "repeats"),
        (NEXT.replace("zoo.example", "a.example"), "out of order"),
        (NEXT.replace('"value":"zoo.example"', '"value":"kz"'), "must not be listed"),
        (NEXT.replace('"value":"zoo.example"', '"value":7'), "whole attribute"),
        (NEXT.replace('"hostname"', '"ip-dst"'), "must not be listed"),
        (NEXT.replace('"hostname"', '"url"'), "must not be listed"),
        (NEXT.replace('"hostname"', '"regexp"'), "granularity"),
        (NEXT.replace("true", "false"), "whole attribute"),
        (NEXT.replace('"deleted":false', '"deleted":true'), "whole attribute"),
        (NEXT.replace('"distribution":"5"', '"distribution":"3"'), "whole attribute"),
        (NEXT[:-1], "whole attribute"),
        ("<!DOCTYPE html>", "whole attribute"),
        ("", "blank"),
    ],
)
def test_one_bad_line_keeps_the_event_from_being_published(
    line: str, why: str, known: Known | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_lines, "_BATCH", 1)
    lines = [GOOD[0], f"{GOOD[1]},", line and f"{line},", GOOD[1], GOOD[-1]]

    with pytest.raises(ExportError, match=f"line 3 .*{why}"):
        lint.check(
            "misp", "misp-event.json", (f"{each}\n" for each in lines), serial=7, known=known
        )


@pytest.mark.parametrize(
    "lines",
    [
        [],
        GOOD[:1],
        GOOD[1:],
        GOOD[:-1],
        [*GOOD, GOOD[-1]],
        [GOOD[0], GOOD[1], GOOD[1], GOOD[-1]],
        [GOOD[0], f"{GOOD[1]},", GOOD[-1]],
    ],
)
def test_an_event_without_its_head_end_or_a_comma_is_not_published(lines: list[str]) -> None:
    with pytest.raises(ExportError):
        lint.check("misp", "misp-event.json", (f"{line}\n" for line in lines), serial=7)


@pytest.mark.parametrize("file", FILES[:2])
def test_a_feed_of_another_serial_is_not_published(file: str) -> None:
    lines = [f"{line}\n" for line in samples.lines_of("misp", [], file)]

    with pytest.raises(ExportError, match="serial 8"):
        lint.check("misp", file, lines, serial=8)


@pytest.mark.parametrize("lines", [[], ["{}\n"], ["[]\n"], ["<html>\n"], ["{}\n", "{}\n"], ["7\n"]])
def test_a_broken_manifest_is_not_published(lines: list[str]) -> None:
    with pytest.raises(ExportError, match="line 1 "):
        lint.check("misp", "misp-manifest.json", lines, serial=7)


OTHER = uuid.uuid5(uuid.NAMESPACE_DNS, "another event")


@pytest.mark.parametrize(
    "line", ["", "zoo", "0" * 32, f"{'0' * 32},{uuid.UUID(int=0)}", f"{'0' * 32},{OTHER}"]
)
def test_one_bad_hash_keeps_the_hashes_from_being_published(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_lines, "_BATCH", 2)
    names = ("a.example", "b.example", "c.example", "d.example")
    lines = samples.lines_of("misp", [*map(entry, names)], "misp-hashes.csv")
    assert lint.check("misp", "misp-hashes.csv", (f"{each}\n" for each in lines), serial=7) == 4

    lines.insert(3, line)
    with pytest.raises(ExportError, match="line 4 "):
        lint.check("misp", "misp-hashes.csv", (f"{each}\n" for each in lines), serial=7)
