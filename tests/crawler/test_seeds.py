"""Seed lists in all formats, good and bad."""

import json
from pathlib import Path

import pytest

from crawler.seeds import parse_seeds, read_seeds
from review_queue.errors import UnreadableInputError
from review_queue.records import Seed


def urls(data: bytes, name: str = "standard input") -> list[str]:
    return [seed.url for seed in parse_seeds(data, name=name).seeds]


def test_text_has_one_url_a_line_with_comments_and_empty_lines() -> None:
    text = "\ufeff# list\n\nhttp://a.kz/x#part # seen in a chat\r\nb.kz\nhttps://c.kz:443/\rқала.қаз\n[::1]:80/x\n"

    listed = parse_seeds(text.encode())

    assert (listed.bad_rows, listed.notes) == ((), ())
    assert listed.seeds == (
        Seed("http://a.kz/x", note="seen in a chat"),
        Seed("http://b.kz/"),
        Seed("https://c.kz/"),
        Seed("http://xn--80aa6a83a.xn--80ao21a/"),
        Seed("http://[::1]/x"),
    )


def test_defanged_addresses_are_read() -> None:
    assert urls(b"hxxps://name[.]kz/x\nother[.]kz\n") == ["https://name.kz/x", "http://other.kz/"]


def test_bad_rows_are_told_by_line_and_good_ones_go_on() -> None:
    text = "a.kz\nnot a url\nmailto:x@y.kz\nfoo\nhttp://\nftp://a.kz/\nhttp://a..b/\na.kz:99999\njavascript:x\nb.kz"

    listed = parse_seeds(text.encode())

    assert [seed.url for seed in listed.seeds] == ["http://a.kz/", "http://b.kz/"]
    assert [row.line for row in listed.bad_rows] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert all(row.reason for row in listed.bad_rows)


def test_a_url_given_twice_is_one_seed_with_the_higher_priority() -> None:
    listed = parse_seeds(b"url,priority\na.kz,1\nhttp://a.kz/,5\na.kz,3\n")

    assert listed.seeds == (Seed("http://a.kz/", priority=5),)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_known_by_its_header(delimiter: str) -> None:
    rows = [["Priority", "URL", "note", "source"], ["7", "a.kz", '"two, ""words"""', "hotline"]]
    text = "\n".join(delimiter.join(row) for row in rows)

    assert parse_seeds(text.encode()).seeds == (
        Seed("http://a.kz/", source="hotline", priority=7, note='two, "words"'),
    )


def test_csv_rows_that_cannot_be_read_are_left_out_alone() -> None:
    text = 'url,source,priority,note\n"http://a.kz,s,1,n\nb.kz,s,2,"two\nlines"\n,s,1,\nc.kz,s,many,\nd.kz\n'

    listed = parse_seeds(text.encode())

    assert [seed.url for seed in listed.seeds] == ["http://b.kz/", "http://d.kz/"]
    assert listed.seeds[0].note == "two lines"
    assert [row.line for row in listed.bad_rows] == [2, 5, 6]


def test_a_csv_without_a_url_column_is_refused_as_a_whole() -> None:
    with pytest.raises(UnreadableInputError, match="no url column"):
        parse_seeds(b"address,note\na.kz,x\n", name="list.csv")


def test_jsonl_takes_the_four_fields_and_tells_bad_lines() -> None:
    rows = [
        {"url": "a.kz", "source": "s", "priority": 3, "note": "n"},
        {"url": None},
        ["a.kz"],
        {"url": "b.kz", "priority": True},
        {"url": "c.kz", "note": 5},
        {"url": "d.kz", "source": None, "priority": None},
    ]
    lines = [json.dumps(row) for row in rows]
    text = "\n".join([*lines, "{broken", "[" * 100_000, ""])

    listed = parse_seeds(text.encode())

    assert listed.seeds == (Seed("http://a.kz/", "s", 3, "n"), Seed("http://d.kz/"))
    assert [row.line for row in listed.bad_rows] == [2, 3, 4, 5, 7, 8]


def test_older_code_pages_and_utf16_are_read_and_remarked_on() -> None:
    text = "url,note\nhttp://a.kz/,привет мир\n"

    for data in (text.encode("cp1251"), text.encode("utf-16")):
        listed = parse_seeds(data)
        assert listed.seeds == (Seed("http://a.kz/", note="привет мир"),)
        assert len(listed.notes) == 1


@pytest.mark.parametrize("data", [b"PK\x03\x04rest", b"\x1f\x8b\x08", b"a.kz\x00b"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableInputError, match="not a text file"):
        parse_seeds(data)


def test_the_extension_tells_the_format(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text('\n{"url": "a.kz"}\n', encoding="utf-8")

    assert read_seeds(path).seeds == (Seed("http://a.kz/"),)


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="cannot read seeds"):
        read_seeds(tmp_path / "missing.txt")


@pytest.mark.parametrize("cell", ["note", "source"])
@pytest.mark.parametrize("broken", ["\ud800", "\x00"])
def test_a_text_that_cannot_be_stored_costs_its_own_row_only(cell: str, broken: str) -> None:
    rows = [{"url": "a.kz", cell: f"x{broken}"}, {"url": f"http://b.kz/{broken}"}, {"url": "c.kz"}]

    listed = parse_seeds("\n".join(map(json.dumps, rows)).encode())

    assert listed.seeds == (Seed("http://c.kz/"),)
    assert [row.line for row in listed.bad_rows] == [1, 2]
    assert cell in listed.bad_rows[0].reason
    for row in listed.bad_rows:
        assert row.reason.encode().isascii()


@pytest.mark.parametrize(
    "data",
    [
        b"a.kz\nb\x00.kz\nc.kz\n",
        b"a.kz\nb.kz # no\x00te\nc.kz\n",
        b"a.kz\n\x00\x00\x00\nc.kz\n",
        b"url,note\nb.kz,\x00\na.kz,\nc.kz,\n",
        b'{"url":"a.kz"}\n{"url":"b.kz","note":"\x00"}\n{"url":"c.kz"}\n',
    ],
)
def test_a_nul_character_costs_its_own_row_only(data: bytes) -> None:
    listed = parse_seeds(data)

    assert [seed.url for seed in listed.seeds] == ["http://a.kz/", "http://c.kz/"]
    assert [row.line for row in listed.bad_rows] == [2]


def test_a_binary_file_is_refused_as_a_whole() -> None:
    for data in (
        "a.kz\nb.kz\n".encode("utf-16-le"),
        bytes(range(256)) * 4,
        b"\x7fELF\x02\x00\n\x00",
    ):
        with pytest.raises(UnreadableInputError, match="not a text file"):
            parse_seeds(data)


def test_a_key_in_capitals_is_told_the_right_one() -> None:
    [bad] = parse_seeds(b'{"URL": "a.kz"}').bad_rows

    assert "the key is url in small letters, not 'URL'" in bad.reason


def test_csv_cells_beyond_the_columns_are_told_and_empty_ones_do_not_matter() -> None:
    listed = parse_seeds(b"url,note\nhttp://a.kz/x,y,n\nb.kz,one, two\nc.kz,n,,\n")

    assert listed.seeds == (Seed("http://c.kz/", note="n"),)
    assert [(row.line, row.reason[:42]) for row in listed.bad_rows] == [
        (2, "has 3 columns where the first line has 2; "),
        (3, "has 3 columns where the first line has 2; "),
    ]


def test_csv_columns_that_are_not_read_are_remarked_on() -> None:
    listed = parse_seeds(b"url,owner,note\na.kz,somebody,n\n")

    assert listed.seeds == (Seed("http://a.kz/", note="n"),)
    assert [note.partition("; ")[0] for note in listed.notes] == [
        "standard input: columns not used: owner"
    ]
