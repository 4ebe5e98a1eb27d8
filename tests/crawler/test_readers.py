"""Readers are killed, die and eat memory: every page is answered, and only the one to blame stays unread."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

import pytest

from crawler.exchange import Exchange
from crawler.guard import AddressPolicy
from crawler.processes import is_alive, owner_of
from crawler.readers import BATCH, Line, Readers, ReadLimits, _Waiting
from crawler.reading import Answer, ReadingJob, Task
from review_queue.errors import QalqanError

ENDLESS = "while True: pass"
DEADLY = "import os; os._exit(3)"
HUNGRY = "x = b'x' * 200_000_000"
LIMITS = ReadLimits(wall_s=8.0, cpu_s=0.5)

# the child imports no tests, so what a page does to its reader is written on the page
runs_its_text = partial(
    eval, "lambda pages: [exec(t, {}) if t[:1] in 'xwi' else None for _, t in pages]"
)


def job(**changes: object) -> ReadingJob:
    return ReadingJob(
        memory_mb=64,
        addresses=AddressPolicy(()),
        detect_language="".format,
        load=changes.get("load", runs_its_text),  # type: ignore[arg-type]  # the tests know what they pass
    )


def task(url: str) -> Task:
    exchange = Exchange(
        url, "GET", b"GET / HTTP/1.1\r\n\r\n", 200, b"HTTP/1.1 200 OK\r\n\r\n", b"", "2026"
    )
    return Task(exchange, "text/plain", "", follow=False)


async def read(readers: Readers, pages: Sequence[tuple[str, str]]) -> dict[str, Answer]:
    """The answers about pages (site, text), by their texts, which are waited for."""
    answers: dict[str, Answer] = {}
    for number, (site, text) in enumerate(pages):
        url = f"http://{site}/{number}"
        readers.submit(site, task(url), text.encode(), partial(answers.__setitem__, text))
    assert await readers.drained(80.0)
    return answers


def read_with(readers: Readers, pages: Sequence[tuple[str, str]]) -> dict[str, Answer]:
    async def run() -> dict[str, Answer]:
        readers.begin()
        try:
            return await read(readers, pages)
        finally:
            await readers.close()

    return asyncio.run(run())


def texts(answers: dict[str, Answer]) -> set[str]:
    """The texts of those that were read."""
    return {a.page.text for a in answers.values() if a.page is not None and not a.unread}


PLAIN = [(f"s{n % 7}.test", f"x = {n}") for n in range(40)]


def test_pages_are_answered_with_their_text_and_evidence() -> None:
    answers = read_with(Readers(job(), LIMITS), PLAIN)

    assert texts(answers) == {text for _, text in PLAIN}
    assert all(answer.capture is not None for answer in answers.values())


@pytest.mark.parametrize(
    ("page", "reason"), [(ENDLESS, "time"), (DEADLY, "died"), (HUNGRY, "memory")]
)
def test_a_page_that_brings_its_reader_down_is_unread_and_costs_no_other(
    page: str, reason: str
) -> None:
    pages = [*PLAIN[:20], ("bad.test", page), *PLAIN[20:]]
    answers = read_with(Readers(job(), LIMITS), pages)

    assert answers[page].unread == reason
    assert getattr(answers[page].page, "text", None) == ""
    assert answers[page].capture is not None
    assert texts(answers) == {text for _, text in PLAIN}


def test_a_reader_that_is_killed_from_outside_costs_no_page() -> None:
    readers = Readers(job(), LIMITS)
    slow = [(f"s{n % 5}.test", f"import time; time.sleep(0.02); x = {n}") for n in range(80)]
    answered = 0

    def kill_some() -> None:
        nonlocal answered
        answered += 1
        if answered in (1, 2, 4):  # in the middle of the next batch, which it has already
            os.kill(readers.pids()[0], signal.SIGKILL)

    readers.on_answers = kill_some
    answers = read_with(readers, slow)

    assert answered > 4
    assert texts(answers) == {text for _, text in slow}


def test_a_site_that_brings_three_readers_down_is_read_no_more() -> None:
    readers = Readers(job(), LIMITS)
    hostile: list[str] = []
    readers.on_hostile = hostile.append
    pages = [("bad.test", f"{DEADLY} # {n}") for n in range(8)]
    answers = read_with(readers, [*pages, *PLAIN])

    assert hostile == ["bad.test"]
    assert {answers[text].unread for _, text in pages} == {"died"}
    assert texts(answers) == {text for _, text in PLAIN}


@pytest.mark.parametrize("broken", ["1 / 0", "__import__('os')._exit(1)"])
def test_a_reader_that_cannot_begin_ends_the_crawl_with_a_reason(broken: str) -> None:
    readers = Readers(job(load=partial(eval, broken)), LIMITS)
    failures: list[QalqanError] = []
    readers.on_failure = failures.append

    async def run() -> bool:
        readers.begin()
        readers.submit("a.test", task("http://a.test/"), b"x = 1", lambda _: None)
        drained = await readers.drained(60.0)
        await readers.close()
        return drained

    assert not asyncio.run(run())
    assert len(failures) == 1
    assert "page" in str(failures[0])


def test_waiting_for_the_last_pages_has_an_end() -> None:
    readers = Readers(job(), ReadLimits(wall_s=60.0, cpu_s=60.0))

    async def run() -> bool:
        readers.begin()
        readers.submit("a.test", task("http://a.test/"), ENDLESS.encode(), lambda _: None)
        try:
            return await readers.drained(0.2)
        finally:
            await readers.close()

    assert not asyncio.run(run())
    assert readers.pids() == [0]


def test_a_reader_does_not_outlive_a_crawl_that_was_killed() -> None:
    code = (
        "import time\nfrom tests.crawler.test_readers import LIMITS, Readers, job\n"
        "if __name__ == '__main__':\n"
        "    print(Readers(job(), LIMITS).pids()[0], flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as crawl:
        assert crawl.stdout is not None
        reader = owner_of(int(crawl.stdout.readline()))
        assert is_alive(reader)
        crawl.kill()

    for _ in range(500):
        if not is_alive(reader):
            return
        time.sleep(0.01)
    pytest.fail("the reader still runs")


def _waiting(site: str, size: int = 1) -> _Waiting:
    return _Waiting(site, task(f"http://{site}/"), b"x" * size, lambda _: None, 0.0)


def test_a_site_that_floods_lets_the_others_go_in_their_turn() -> None:
    line = Line()
    for _ in range(50):
        line.add(_waiting("flood.test"))
    line.add(_waiting("a.test"))
    line.add(_waiting("b.test"))

    assert {item.site for item in line.take()[:3]} == {"flood.test", "a.test", "b.test"}
    assert len(line) == 52 - BATCH


def test_large_pages_go_in_small_batches() -> None:
    line = Line()
    for number in range(5):
        line.add(_waiting(f"s{number}.test", 600_000))

    assert [len(line.take()) for _ in range(5)] == [1, 1, 1, 1, 1]
    assert len(line) == 0


def test_what_may_bring_a_reader_down_goes_last_but_not_never() -> None:
    now = [0.0]
    line = Line(lambda: now[0])
    line.put_alone([_waiting("bad.test"), _waiting("bad.test")])
    for number in range(BATCH + 1):
        line.add(_waiting(f"s{number}.test"))

    assert len(line.take()) == BATCH
    now[0] = 31.0
    assert [item.site for item in line.take()] == ["bad.test"]


def test_what_was_not_begun_comes_before_what_came_later() -> None:
    line = Line()
    first, second = _waiting("a.test"), _waiting("a.test")
    line.add(second)
    line.put_back([first])

    assert line.take() == [first, second]
