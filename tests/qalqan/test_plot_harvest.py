"""The harvest as a picture and as a line of letters."""

import re
import xml.etree.ElementTree as ET

from qalqan.plot_harvest import as_svg, sparkline
from review_queue.progress import Reading

EARLY = [Reading(pages=50, harvested=40), Reading(pages=100, harvested=40)]
LATE = [Reading(pages=50, harvested=0), Reading(pages=100, harvested=20)]


def polylines(svg: str) -> list[list[tuple[float, ...]]]:
    found = re.findall(r'points="([^"]*)" fill="none" stroke="#0072b2"', svg)
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in found]


def test_the_line_rises_where_the_harvest_came_in_and_the_same_readings_give_the_same_file() -> (
    None
):
    svg = as_svg([("round 1", EARLY)])

    (line,) = polylines(svg)
    assert [across for across, _ in line] == sorted(across for across, _ in line)
    ups = [up for _, up in line]
    assert ups[0] > ups[1] == ups[2]
    assert svg == as_svg([("round 1", EARLY)])
    assert "100</text>" in svg
    assert "40</text>" in svg


def test_rounds_stand_beside_each_other_by_their_names_on_one_scale() -> None:
    svg = as_svg([("round <1>", EARLY), ("round 2", LATE)])

    root = ET.fromstring(svg)  # noqa: S314  # our own file
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert "round <1>" in texts
    assert "round 2" in texts
    assert 'stroke="#d55e00"' in svg


def test_nothing_in_the_picture_is_fetched_or_run() -> None:
    svg = as_svg([("round 1", EARLY)])

    assert not re.search(r"script|href|url\(|@import|on\w+=", svg)
    assert svg.count("http") == 1  # the namespace


def test_many_readings_make_no_larger_file_and_keep_the_last() -> None:
    readings = [Reading(pages=n, harvested=n // 7) for n in range(1, 50_001)]

    (line,) = polylines(as_svg([("round 1", readings)]))

    assert len(line) <= 301
    assert line[-1] == (624.0, 40.0)


def test_a_round_without_pages_is_an_empty_plot() -> None:
    for readings in ([], [Reading()]):
        ET.fromstring(as_svg([("round 1", readings)]))  # noqa: S314  # our own file
        assert sparkline(readings) == ""


def test_the_letters_show_in_which_part_of_the_pages_the_harvest_lay() -> None:
    assert sparkline(EARLY, 4) == "██▁▁"
    assert sparkline(LATE, 4) == "▁▁██"
    assert sparkline([Reading(pages=10)], 3) == "▁▁▁"
