"""The dump, read by lxml and held against the schema we ship."""

import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from blocklist import lint, lint_lines
from blocklist.formats import FORMATS
from blocklist.lint_known import Known
from review_queue.blocks import normal
from review_queue.categories import Category, Scope
from review_queue.errors import ExportError
from review_queue.records import Entry
from tests.blocklist import records, samples
from tests.blocklist.samples import HEADING, entry

XSD = resources.files("blocklist.formats").joinpath("entries.xsd")
SCOPES = {
    "default": Scope.URL,
    "domain": Scope.HOST,
    "domain-mask": Scope.DOMAIN,
    "ip": Scope.IP,
    "ipSubnet": Scope.CIDR,
}


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(XSD.read_bytes()))


def written(entries: list[Entry]) -> bytes:
    """The file, its last check passed."""
    lines = [f"{line}\n" for line in samples.lines_of("xml", entries)]
    assert lint.check("xml", "xml-entries.xml", lines, serial=HEADING.serial) == len(entries)
    return "".join(lines).encode("utf-8")


def plain(text: str | None) -> str:
    """What a text says, by the rule in the docs."""
    return re.sub("\ufffd([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text or "")


def entry_of(content: etree._Element) -> Entry:
    parts = {child.tag: child for child in content}
    many = {
        tag: tuple(plain(each.text) for each in content.findall(tag))
        for tag in ("decision", "paper", "override")
    }
    return Entry(
        id=plain(content.get("id")),
        scope=SCOPES[str(content.get("entryType"))],
        name=plain(content[0].text),
        unicode_name=plain(parts["unicodeName"].text),
        category=Category(str(content.get("category"))),
        case_ref=plain(parts["case"].text),
        decision_ids=many["decision"],
        people=int(str(content.get("people"))),
        policy_code=plain(parts["reason"].text),
        policy_version=int(str(parts["reason"].get("version"))),
        legal_ground_code=plain(parts["legalGround"].text),
        legal_ground_version=int(str(parts["legalGround"].get("version"))),
        listed_at=str(content.get("includeTime")),
        review_at=content.get("reviewTime") or "",
        expires_at=content.get("expiryTime") or "",
        papers=many["paper"],
        overrides=many["override"],
    )


@settings(max_examples=150, deadline=None)
@given(records.entries())
def test_every_entry_is_read_back_as_it_was(entries: list[Entry]) -> None:
    root = etree.fromstring(written(entries))

    assert [entry_of(content) for content in root] == entries


@settings(max_examples=100, deadline=None)
@given(records.entries())
def test_the_dump_is_of_its_schema(schema: etree.XMLSchema, entries: list[Entry]) -> None:
    schema.assertValid(etree.fromstring(written(entries)))


@pytest.mark.parametrize("code", [*range(0x100), 0xD800, 0xFFFD, 0xFFFE, 0xFFFF, 0x10FFFF])
def test_no_character_breaks_the_dump(schema: etree.XMLSchema, code: int) -> None:
    odd = entry("bad.example", case_ref=f"a{chr(code)}b{chr(code)}")
    root = etree.fromstring(written([odd]))

    schema.assertValid(root)
    assert entry_of(root[0]) == odd


def test_the_head_says_serial_and_times() -> None:
    root = etree.fromstring(written([]))

    assert {str(name): root.get(str(name)) for name in root.attrib} == {
        "serial": "7",
        "created": HEADING.created,
        "not_after": HEADING.not_after,
    }


def test_a_name_is_in_the_dump_as_it_is_matched() -> None:
    url = "https://platform.example/a?b=1&c='\\x"
    root = etree.fromstring(written([entry(normal(Scope.URL, url), Scope.URL)]))

    assert root.findtext("content/url") == "https://platform.example/a?b=1&c=%27\\x"


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="libxml2-utils is not installed")
def test_xmllint_finds_the_dump_valid_and_a_changed_one_not(tmp_path: Path) -> None:
    path = tmp_path / "dump.xml"
    command = ["xmllint", "--noout", "--nonet", "--schema", str(XSD), str(path)]
    path.write_bytes(written(samples.ordered([entry(name, scope) for scope, name in records.SAFE])))
    whole = subprocess.run(command, capture_output=True, text=True, check=False)
    path.write_bytes(path.read_bytes().replace(b'"domain-mask"', b'"mask"'))
    changed = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (whole.returncode, whole.stderr.strip()) == (0, f"{path} validates")
    assert changed.returncode != 0


GOOD = samples.lines_of("xml", [entry("bad.example")])
NEXT = GOOD[2].replace("bad.example", "zoo.example")


@pytest.mark.parametrize("known", [None, samples.KNOWN], ids=["asked", "known"])
@pytest.mark.parametrize(
    ("line", "why"),
    [
        (GOOD[2], "repeats"),
        (NEXT.replace("zoo.example", "a.example"), "out of order"),
        (NEXT.replace(">zoo.example<", ">kz<"), "must not be listed"),
        (NEXT.replace('"domain"', '"ip"'), "granularity"),
        (NEXT.replace('"domain"', '"default"'), "granularity"),
        (NEXT.replace("KZ", "&#0;"), "cannot hold"),
        (NEXT.replace("KZ", "&#8;"), "cannot hold"),
        (NEXT.replace("KZ", "&#55296;"), "cannot hold"),
        (NEXT.replace("KZ", "&#65535;"), "cannot hold"),
        (NEXT.replace("KZ", "&#1114112;"), "cannot hold"),
        (NEXT.replace("KZ", "&name;"), "not one whole entry"),
        (NEXT.replace("KZ", "<![CDATA[KZ]]>"), "not one whole entry"),
        (NEXT.replace("KZ", "<!-- KZ -->"), "not one whole entry"),
        (NEXT.replace("KZ", "<b/>"), "not one whole entry"),
        (NEXT[:-1], "not one whole entry"),
        (NEXT + NEXT, "not one whole entry"),
        (NEXT.replace("2026-01-31T", "31.01.2026 "), "not one whole entry"),
        ("<!DOCTYPE html>", "not one whole entry"),
        (f"</registry>\n{NEXT}", "outside printable"),
    ],
)
def test_one_bad_line_keeps_the_dump_from_being_published(
    line: str, why: str, known: Known | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_lines, "_BATCH", 1)
    lines = [f"{each}\n" for each in [*GOOD[:-1], line, GOOD[-1]]]

    with pytest.raises(ExportError, match=f"line 4 .*{why}"):
        lint.check("xml", FORMATS["xml"].file_name, lines, serial=7, known=known)


@pytest.mark.parametrize(
    "lines", [[], GOOD[:1], GOOD[1:], GOOD[:-1], [*GOOD, GOOD[-1]], [GOOD[0], *GOOD[2:]]]
)
def test_a_dump_without_its_head_or_end_is_not_published(lines: list[str]) -> None:
    with pytest.raises(ExportError):
        lint.check("xml", FORMATS["xml"].file_name, (f"{line}\n" for line in lines), serial=7)


def test_a_dump_of_another_serial_is_not_published() -> None:
    with pytest.raises(ExportError, match="serial 8"):
        lint.check("xml", FORMATS["xml"].file_name, [f"{line}\n" for line in GOOD], serial=8)
