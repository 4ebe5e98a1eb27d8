"""Surroundings are built where they can do no harm."""

import os
import signal

from crawler.processes import is_alive, owner_of
from crawler.shaping import UNSEEN, Shaper
from crawler.surroundings import surroundings

BODY = b"<h1>Heading</h1><p>Some words.</p><a href=/>link</a>"


def _pid(shaper: Shaper) -> int:
    process = shaper._process  # noqa: SLF001  # nothing else tells
    assert process is not None
    assert process.pid is not None
    return process.pid


def test_the_surroundings_are_those_the_builder_gives() -> None:
    with Shaper() as shaper:
        assert shaper.surroundings(BODY, "text/html") == surroundings(BODY, "text/html")


def test_one_process_serves_many_pages_and_ends_with_the_block() -> None:
    with Shaper() as shaper:
        shaper.surroundings(BODY)
        process = owner_of(_pid(shaper))
        shaper.surroundings(BODY)
        assert owner_of(_pid(shaper)) == process

    assert not is_alive(process)


def test_a_page_that_takes_too_long_has_none_and_the_next_one_is_built() -> None:
    with Shaper() as shaper:
        shaper.surroundings(BODY)
        os.kill(_pid(shaper), signal.SIGSTOP)
        shaper._page_s = 0.2  # noqa: SLF001  # so that the test need not wait

        assert shaper.surroundings(BODY) == UNSEEN

        shaper._page_s = 60.0  # noqa: SLF001
        assert shaper.surroundings(BODY) == surroundings(BODY)


def test_a_process_that_died_costs_one_page() -> None:
    with Shaper() as shaper:
        shaper.surroundings(BODY)
        os.kill(_pid(shaper), signal.SIGKILL)

        assert shaper.surroundings(BODY) == UNSEEN
        assert shaper.surroundings(BODY) == surroundings(BODY)
