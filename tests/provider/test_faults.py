"""Whatever happens between the feed and the client: no bad list is installed, the last good one stays in force."""

import shutil
from pathlib import Path

import pytest

from tests.provider import feeds
from tests.provider.clients import NOT_FETCHED, OK, REFUSED
from tests.provider.conftest import World
from tests.provider.feeds import Answer, Fault, Handler, only

ELSEWHERE = feeds.instead(b"", 302, Location="/v1/elsewhere")
FAULTS: dict[str, Fault] = {
    "truncated": feeds.truncated,
    "a shorter body": feeds.shorter,
    "a changed byte": feeds.changed,
    "a wrong length": feeds.wrong_length,
    "a page": feeds.instead(feeds.PAGE),
    "a captive portal": ELSEWHERE,
    "an empty body": feeds.instead(b""),
    "ten times the size": feeds.ten_times,
    "an endless body": feeds.endless,
    "a reset": feeds.reset,
    "gzip garbage": feeds.gzip_garbage,
    "a gzip bomb": feeds.gzip_bomb,
    "an error": feeds.instead(b"", 500),
    "not modified": feeds.instead(b"", 304),
}
TOOLS = [("curl", "minisign"), ("wget", "openssl")]


def use(world: World, fetcher: str, verify: str) -> None:
    """The client fetches and verifies by these programs."""
    for program in (fetcher, verify):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    world.client.set(FETCHER=fetcher, VERIFY=verify, RECEIPTS="no")


def ends_on_the_last_good_list(world: World, fault: Fault) -> int:
    """Under the fault the client keeps list 2; afterwards it takes list 3. Returns its exit code."""
    world.serve(3)
    with world.proxy.spoiling(fault):
        spoilt = world.client.run()
    assert spoilt.returncode in (NOT_FETCHED, REFUSED), spoilt.stderr
    assert (world.client.serial, world.client.is_whole()) == (2, True)
    assert "serial 2 stays in force" in spoilt.stderr
    assert not list(world.client.target.glob(".work.*"))
    return spoilt.returncode


@pytest.mark.parametrize(("fetcher", "verify"), TOOLS)
@pytest.mark.parametrize("name", ["manifest.json", "rpz.zone"])
def test_no_fault_of_the_feed_installs_a_list(
    name: str, fetcher: str, verify: str, world: World
) -> None:
    use(world, fetcher, verify)
    for what, fault in FAULTS.items():
        if (name, what) != (
            "manifest.json",
            "not modified",
        ):  # the list in force stays, and is good
            ends_on_the_last_good_list(world, only(name, fault))

    assert world.client.run().returncode == OK
    assert (world.client.serial, world.client.is_whole()) == (3, True)


@pytest.mark.parametrize(("fetcher", "seconds"), [("curl", "60"), ("wget", "1")])
def test_a_feed_that_drips_is_given_up(fetcher: str, seconds: str, world: World) -> None:
    use(world, fetcher, "openssl")
    world.client.set(FETCH_TIME=seconds)  # curl gives up by itself, long before the list were whole

    assert ends_on_the_last_good_list(world, only("rpz.zone", feeds.slow)) == NOT_FETCHED


@pytest.mark.parametrize("fetcher", ["curl", "wget"])
def test_an_endless_body_fills_no_disk(fetcher: str, world: World) -> None:
    use(world, fetcher, "openssl")
    world.client.set(FETCH_TIME="20", SLOW_TIME="20")

    ends_on_the_last_good_list(world, only("rpz.zone", feeds.endless))

    # what the sockets between them hold; a disk would be sent gigabytes
    assert 0 < world.proxy.server.sent < 50_000_000


def test_what_is_longer_than_the_manifest_says_is_said_to_be(world: World) -> None:
    use(world, "wget", "openssl")
    world.serve(3)
    with world.proxy.spoiling(only("rpz.zone", feeds.ten_times)):
        assert "more came for rpz.zone than the" in world.client.run().stderr


@pytest.mark.parametrize(("fetcher", "verify"), TOOLS)
def test_no_fault_of_the_signature_installs_a_list(fetcher: str, verify: str, world: World) -> None:
    use(world, fetcher, verify)
    for what in ("truncated", "a page", "an empty body", "an error"):
        ends_on_the_last_good_list(world, only("manifest.json.minisig", FAULTS[what]))


def test_a_list_is_not_read_at_all_from_a_redirect(world: World) -> None:
    ends_on_the_last_good_list(world, ELSEWHERE)

    assert not any("elsewhere" in path for path in world.feed.asked)


def test_not_modified_is_no_answer_for_a_client_without_a_list(world: World) -> None:
    shutil.rmtree(world.client.target)

    with world.proxy.spoiling(only("manifest.json", FAULTS["not modified"])):
        done = world.client.run()

    assert done.returncode == NOT_FETCHED
    assert "304 for a list we do not have" in done.stderr
    assert world.client.serial == 0


def test_not_modified_is_not_believed_when_the_list_in_force_was_damaged(world: World) -> None:
    zone = world.client.current / "rpz.zone"
    zone.write_text(zone.read_text() + "* CNAME .\n")

    done = world.client.run()

    assert done.returncode == OK, done.stderr
    assert "fetched again" in done.stderr
    assert world.client.is_whole()


def test_files_of_two_lists_are_never_mixed(world: World) -> None:
    older = (world.feed.folder / "rpz.zone").read_bytes()

    def mixed(_path: str, answer: Answer, _handler: Handler) -> Answer:
        return Answer(200, answer.headers, older)

    assert ends_on_the_last_good_list(world, only("rpz.zone", mixed)) == REFUSED


def test_a_new_list_between_two_files_is_taken_at_once(world: World) -> None:
    world.serve(2)
    shutil.rmtree(world.client.target)
    turned: list[Path] = []

    def turn(path: str, answer: Answer, _handler: Handler) -> Answer:
        if path.endswith("/manifest.json") and not turned:
            turned.append(world.serve(3))
        return answer

    with world.proxy.spoiling(turn):
        done = world.client.run()

    # the first manifest was of list 2 and its signature already of list 3
    assert done.returncode in (OK, REFUSED)
    assert world.client.run().returncode == OK
    assert (world.client.serial, world.client.is_whole()) == (3, True)


def test_what_the_feed_sends_in_its_head_never_reaches_a_later_request(world: World) -> None:
    def odd(_path: str, answer: Answer, _handler: Handler) -> Answer:
        return Answer(
            answer.status, {**answer.headers, "ETag": '"a", url = "http://x.test/"'}, answer.body
        )

    world.serve(3)
    with world.proxy.spoiling(odd):
        assert world.client.run().returncode == OK

    assert (world.client.current / "etag").read_text() == ""
    assert world.client.run().returncode == OK
