"""The harvest of a crawl as a line."""

from review_queue.progress import Reading
from review_ui.plot import HEIGHT, WIDTH, harvest


def _readings(count: int, harvested: float = 0.1) -> list[Reading]:
    return [
        Reading(pages=n * 10, harvested=int(n * 10 * harvested), seconds=n * 10.0)
        for n in range(count)
    ]


def _places(points: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (one.split(",") for one in points.split())]


def test_a_line_goes_from_nothing_to_all_that_was_found() -> None:
    plot = harvest(_readings(5))

    assert plot
    places = _places(plot.points)
    assert [places[0], places[-1]] == [(0.0, float(HEIGHT)), (float(WIDTH), 0.0)]
    assert places == sorted(places, key=lambda place: (place[0], -place[1]))
    assert _places(plot.even) == [places[0], places[-1]]
    assert (plot.pages, plot.harvested) == (40, 4)
    assert plot.rows[-1].pages == 40


def test_a_harvest_of_nothing_is_a_line_on_the_ground() -> None:
    plot = harvest(_readings(5, 0.0))

    assert plot
    assert {y for _, y in _places(plot.points)} == {float(HEIGHT)}


def test_a_long_crawl_has_no_longer_a_page_than_a_short_one() -> None:
    plot = harvest(_readings(10_000))

    assert plot
    assert len(_places(plot.points)) <= 201
    assert len(plot.rows) == 20
    assert plot.rows[-1].pages == 99_990


def test_readings_without_a_page_draw_nothing() -> None:
    assert harvest([]) is None
    assert harvest(_readings(1)) is None
    assert harvest([Reading(seconds=s) for s in (10.0, 20.0)]) is None


def test_a_crawl_that_stands_still_is_not_drawn_in_the_same_place_again_and_again() -> None:
    plot = harvest([*_readings(5), *[_readings(5)[-1]] * 500])

    assert plot
    assert len(plot.rows) == 5
