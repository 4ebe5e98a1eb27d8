import pytest

from blocklist import lint
from blocklist.formats import FORMATS
from review_queue.errors import ExportError
from tests.blocklist import samples
from tests.blocklist.samples import HEADING, domain, entry

ENTRIES = (domain("bad.example"), entry("shop.mixed.example"))


def lines_of(name: str) -> list[str]:
    """A good list, as it stands in its file."""
    return [f"{line}\n" for line in samples.lines_of(name, ENTRIES)]


def complaint(name: str, lines: list[str], serial: int = HEADING.serial) -> str:
    """What the last check says against these lines."""
    with pytest.raises(ExportError) as caught:
        lint.check(name, FORMATS[name].file_name, lines, serial=serial)
    message = str(caught.value)
    assert "\n" not in message
    assert "the last good list stays" in message
    return message


@pytest.mark.parametrize(("name", "count"), [("domains", 3), ("hosts", 1), ("rpz", 3)])
def test_a_good_list_passes_and_is_counted(name: str, count: int) -> None:
    assert lint.check(name, FORMATS[name].file_name, lines_of(name), serial=HEADING.serial) == count


BREAKAGES = [
    ("duplicate", "bad.example CNAME .", "repeats"),
    ("duplicate further up", "another.example CNAME .", "repeats a name or is out of order"),
    ("case-only duplicate", "Shop.Mixed.example CNAME .", "capital"),
    ("absolute name", "zoo.example. CNAME .", "absolute"),
    ("too long under a zone name", f"{'.'.join(['z' * 60] * 3)}.example CNAME .", "too long"),
    ("label too long", f"{'z' * 64}.example CNAME .", "odd label"),
    ("bare star", "* CNAME .", "odd label"),
    ("blank domain", "*. CNAME .", "absolute"),
    ("root", ". CNAME .", "absolute"),
    ("blank owner", " CNAME .", "odd label"),
    ("blank line", "", "blank"),
    ("top-level name", "zz CNAME .", "top-level"),
    ("star below a top-level name", "*.zz CNAME .", "top-level"),
    ("public suffix", "xn--p1acf CNAME .", "top-level"),
    ("star inside", "zoo.*.example CNAME .", "odd label"),
    ("double star", "*.*.zoo.example CNAME .", "odd label"),
    ("star without its name", "*.zoo.example CNAME .", "but not the name"),
    ("another type", "zoo.example A 127.0.0.1", "CNAME"),
    ("CNAME and another type", "shop.mixed.example A 127.0.0.1", "CNAME"),
    ("pass rule", "zoo.example CNAME rpz-passthru.", "CNAME"),
    ("class and TTL", "zoo.example 300 IN CNAME .", "CNAME"),
    ("address rule without prefix length", "4.3.2.1.rpz-ip CNAME .", "rule on addresses"),
    ("origin", "$ORIGIN .", "CNAME"),
    ("include", "$INCLUDE /etc/passwd", "CNAME"),
    ("generate", "$GENERATE 1-9 a$.example CNAME .", "CNAME"),
    ("second SOA", "@ SOA localhost. nobody.invalid. 8 1 1 1 1", "CNAME"),
    ("HTML", "<!DOCTYPE html>", "CNAME"),
    ("URL as a name", "http://zoo.example/p CNAME .", "odd label"),
    ("raw IDN", "қазақ.example CNAME .", "ASCII"),
    ("control character", "zoo\x00.example CNAME .", "ASCII"),
    ("comment", "; zoo.example CNAME .", "CNAME"),
    ("continued line", "zoo.example CNAME ( .", "CNAME"),
    ("address", "203.0.113.66 CNAME .", "address"),
]


@pytest.mark.parametrize(
    ("line", "why"), [each[1:] for each in BREAKAGES], ids=[each[0] for each in BREAKAGES]
)
def test_one_bad_line_keeps_a_zone_from_being_published(line: str, why: str) -> None:
    lines = [*lines_of("rpz"), f"{line}\n"]

    message = complaint("rpz", lines)

    assert f"line {len(lines)} " in message
    assert why in message


@pytest.mark.parametrize("missing", range(4))
def test_a_zone_without_one_of_its_head_lines_is_not_published(missing: int) -> None:
    lines = lines_of("rpz")
    del lines[missing]

    complaint("rpz", lines)


def test_a_zone_of_another_serial_is_not_published() -> None:
    assert "serial 8" in complaint("rpz", lines_of("rpz"), serial=8)


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_list_that_is_cut_off_is_not_published(name: str) -> None:
    lines = lines_of(name)
    lines[-1] = lines[-1][:-1]

    assert "cut off" in complaint(name, lines)


def test_an_empty_zone_file_is_not_published() -> None:
    complaint("rpz", [])


@pytest.mark.parametrize(
    "line",
    [
        "0.0.0.0 bad",
        "0.0.0.0 *.zoo.example",
        "127.0.0.1 zoo.example",
        ":: zoo.example",
        "zoo.example",
    ],
)
def test_one_bad_line_keeps_a_hosts_file_from_being_published(line: str) -> None:
    complaint("hosts", [*lines_of("hosts"), f"{line}\n"])


def test_a_hosts_file_without_its_heading_is_not_published() -> None:
    complaint("hosts", lines_of("hosts")[1:])


@pytest.mark.parametrize(
    "line", ["# comment", "zoo.example extra", "github.io", "*", "||zoo.example^"]
)
def test_one_bad_line_keeps_a_list_of_names_from_being_published(line: str) -> None:
    complaint("domains", [*lines_of("domains"), f"{line}\n"])
