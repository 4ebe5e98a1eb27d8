"""The line a running crawl shows: the speed of now, what is left, the commonest errors."""

from crawler.plan import Progress
from qalqan.cli.crawl_report import Pulse, status_line


def pulse_of(*moments: Progress) -> Pulse:
    pulse = Pulse()
    for now in moments:
        pulse.beat(now)
    return pulse


def test_the_speed_is_that_of_the_last_ten_seconds() -> None:
    slow = [Progress(pages=second, seconds=second) for second in range(101)]
    fast = [Progress(pages=100 + 50 * second, seconds=100 + second) for second in range(1, 11)]

    assert pulse_of(*slow).pages_s == 1.0
    assert pulse_of(*slow, *fast).pages_s == 50.0


def test_what_is_left_is_told_by_pages_and_failures_alike() -> None:
    start = Progress(pages=0, errors={}, pending=500, seconds=0)
    later = Progress(pages=60, errors={"dns": 40}, pending=400, seconds=10)

    assert pulse_of(start, later).eta_s == 40.0
    assert "0:00:40 left" in status_line(later, pulse_of(start, later))


def test_nothing_is_told_of_the_end_while_nothing_moves() -> None:
    now = Progress(pending=5, seconds=3)

    assert pulse_of().eta_s is None
    assert pulse_of(now).eta_s is None
    assert pulse_of(Progress(pending=5), now).eta_s is None
    assert "left" not in status_line(now, pulse_of(Progress(pending=5), now))


def test_the_commonest_errors_are_named_and_all_are_counted() -> None:
    errors = {"tls": 1, "dns": 9, "http_404": 4, "timeout": 4, "refused": 2, "robots": 1}
    now = Progress(pages=7, errors=errors, harvested=3, killed={"time": 2}, memory_mb=310.4)

    line = status_line(now, pulse_of(now))

    assert "3 harvested  310 MB  2 readers killed" in line
    assert line.endswith("21 errors (dns 9, http_404 4, timeout 4, refused 2, ...)")


def test_a_crawl_that_waits_for_another_says_so() -> None:
    now = Progress(pages=7, is_waiting=True)

    assert "waiting for another crawl" in status_line(now, pulse_of(now))
    assert "waiting" not in status_line(Progress(pages=7), pulse_of(now))


def test_an_end_too_far_away_to_be_written_is_shown_all_the_same() -> None:
    moments = (Progress(pages=0), Progress(pages=1, pending=10**15, seconds=10))

    assert "1000 days" in status_line(moments[-1], pulse_of(*moments))
