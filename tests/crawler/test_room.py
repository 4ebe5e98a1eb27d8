"""The room that bodies share: full is full, what waits goes on when it is free, and one body always fits."""

from crawler.plan import Pace
from crawler.room import Charge, Room
from tests.crawler.conftest import Crawl, plan_for
from tests.site.web import Web

KIB = 1024


def test_bodies_share_the_room_and_give_it_back() -> None:
    room = Room(1_000 * KIB)
    first, second = Charge(room), Charge(room)

    assert first.grow(900 * KIB)
    assert not second.grow(200 * KIB)
    assert room.is_tight
    first.shrink(0)
    assert second.grow(200 * KIB)
    assert room.used >= 200 * KIB
    second.shrink(0)
    assert room.used == 0


def test_a_body_larger_than_the_room_fits_alone() -> None:
    room = Room(100 * KIB)
    alone, other = Charge(room), Charge(room)

    assert alone.grow(60 * KIB)
    assert alone.grow(500 * KIB)
    assert not other.grow(1)


def test_whoever_waits_is_told_when_there_is_room() -> None:
    room = Room(100 * KIB)
    told: list[int] = []
    room.on_free = lambda: told.append(room.used)
    charge = Charge(room)
    charge.grow(80 * KIB)

    charge.shrink(10 * KIB)
    charge.shrink(10 * KIB)

    assert told == [10 * KIB]


def test_pages_for_which_there_was_no_room_are_fetched_in_the_same_crawl(
    web: Web, run: Crawl
) -> None:
    hosts = [f"h{n}.test" for n in range(12)]
    for host in hosts:
        web.put(f"http://{host}/", b"<p>" + b"word " * 60_000, content_type="text/html")
    web.pause_s = 0.2
    pace = Pace(delay_s=0.0, timeout_s=8.0, max_held_bytes=400_000, max_body_bytes=350_000)

    report = run(*(f"http://{host}/" for host in hosts), plan=plan_for(web, pace=pace))

    assert (report.pages, report.errors) == (12, {})
    asked = [url for url in web.pages_asked() if url.endswith("/")]
    assert len(asked) > 12  # some were put off
