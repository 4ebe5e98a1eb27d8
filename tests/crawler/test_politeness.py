"""Hosts take turns, and none is asked more often than the delay allows."""

from crawler.politeness import HostQueue


def test_a_host_is_not_served_again_before_its_delay() -> None:
    queue: HostQueue[str] = HostQueue(delay_s=1.0, per_host=2)
    for item in ("a1", "a2", "b1"):
        queue.add(item[0], item)

    assert [queue.take(10.0), queue.take(10.0), queue.take(10.0)] == ["a1", "b1", None]
    assert queue.next_at() == 11.0
    assert queue.take(11.0) == "a2"


def test_a_host_with_all_its_places_taken_waits_for_one_to_end() -> None:
    queue: HostQueue[str] = HostQueue(delay_s=0.0, per_host=1)
    queue.add("a", "a1")
    queue.add("a", "a2")

    assert queue.take(0.0) == "a1"
    assert (queue.take(5.0), queue.next_at(), len(queue), queue.running) == (None, None, 1, 1)
    queue.done("a", 5.0)
    assert queue.take(5.0) == "a2"


def test_hosts_that_are_done_with_are_forgotten() -> None:
    queue: HostQueue[int] = HostQueue(delay_s=1.0, per_host=1)
    for i in range(20_000):
        queue.add(f"h{i}", i)
        assert queue.take(float(i)) == i
        queue.done(f"h{i}", float(i))

    assert len(queue._hosts) < 12_000  # noqa: SLF001  # memory is what this test is about


def test_who_asks_a_host_past_the_queue_waits_for_its_delay_and_the_queue_for_his() -> None:
    queue: HostQueue[str] = HostQueue(delay_s=1.0, per_host=2)
    for item in ("a1", "a2", "b1"):
        queue.add(item[0], item)

    assert queue.take(10.0) == "a1"
    assert queue.reserve("a", 10.5) == 0.5
    assert [queue.take(11.0), queue.take(11.5)] == ["b1", None]
    assert queue.take(12.0) == "a2"
    assert queue.reserve("new", 20.0) == 0.0
