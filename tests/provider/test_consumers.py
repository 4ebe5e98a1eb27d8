"""The client with real programs: what it puts in force is blocked, what it takes back is open again."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.provider.clients import CHECK, NEITHER, OK, ROLLED_BACK
from tests.provider.conftest import World
from tests.provider.consumers import KINDS, ZONE, Running, running
from tests.provider.lists import resigned

GOES_ON = "egov.example www.three.example"
NAMES = ("one.example", "two.example", "three.example", "egov.example")


@contextmanager
def consumed(world: World, kind: str) -> Iterator[Running]:
    """A consumer runs with the empty list the client starts from; the client knows of it."""
    client = world.client
    client.set(
        TARGET=str(target(world)),
        CONSUMER=kind,
        FILES="",
        ZONE=ZONE,
        MUST_RESOLVE="egov.example",
    )
    assert client.run("--prepare").returncode == OK
    with running(kind, target(world) / "current") as found:
        client.set(RESOLVER_PORT=str(found.resolver.port), MUST_RESOLVE=GOES_ON)
        yield found


def target(world: World) -> Path:
    """The folder of lists of the client in these tests."""
    return world.client.home.parent / "lists"


def serial(world: World) -> int:
    return int((target(world) / "current").readlink().name.split("-")[0])


def states(found: Running) -> str:
    """Of one, two, three and egov: b where it is blocked, o where it is open."""
    return "".join(found.resolver.state(name)[0] for name in NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_is_put_in_force_and_a_bad_one_is_taken_back(kind: str, world: World) -> None:
    with consumed(world, kind) as found:
        before = states(found)
        first = world.client.run(path=found.path)
        after_first = states(found)
        world.serve(3)
        # list 3 blocks a site that must go on working
        world.client.set(MUST_RESOLVE="egov.example three.example", CANARY_TIME="4")
        spoilt = world.client.run(path=found.path)
        after_spoilt, serial_then = states(found), serial(world)
        waits = world.client.run(path=found.path)
        world.client.set(MUST_RESOLVE=GOES_ON)
        last = world.client.run("--now", path=found.path)
        after_last = states(found)

    assert (before, first.returncode, after_first) == ("oooo", OK, "bboo"), first.stderr
    assert (spoilt.returncode, after_spoilt, serial_then) == (ROLLED_BACK, "bboo", 2), spoilt.stderr
    assert "three.example must go on working and is blocked" in spoilt.stderr
    assert (waits.returncode, "tried again" in waits.stderr) == (ROLLED_BACK, True), waits.stderr
    assert (last.returncode, after_last) == (OK, "bbbo"), last.stderr
    told = [(each["serial"], each["outcome"]) for each in world.feed.receipts[1:]]
    assert told == [(2, "applied"), (3, "rolled_back"), (3, "applied")]


def test_a_list_that_blocks_nothing_once_it_is_loaded_is_taken_back(world: World) -> None:
    with consumed(world, "unbound") as found:
        world.client.set(
            RELOAD="true", CANARY_TIME="2"
        )  # it says that it is done, and does nothing
        done = world.client.run(path=found.path)

    assert (done.returncode, serial(world)) == (ROLLED_BACK, 0), done.stderr
    assert "a listed name is not blocked" in done.stderr


def test_a_program_that_is_gone_is_said_to_be_and_the_last_list_is_taken_up_when_it_is_back(
    world: World,
) -> None:
    with consumed(world, "unbound") as found:
        world.client.run(path=found.path)
    world.serve(3)
    world.client.set(CANARY_TIME="1")

    gone = world.client.run(path=found.path)

    assert (gone.returncode, serial(world)) == (NEITHER, 2), gone.stderr
    with running("unbound", target(world) / "current") as back:
        world.client.set(RESOLVER_PORT=str(back.resolver.port))
        assert world.client.run(path=back.path).returncode == OK
        assert (serial(world), states(back)) == (3, "bbbo")


def spoil(folder: Path, key: object, name: str, line: bytes) -> None:
    """The list has one line more, and the manifest is signed as if that were right."""
    path = folder / name
    data = path.read_bytes() + line
    path.write_bytes(data)
    was = json.loads((folder / "manifest.json").read_bytes())["files"][name]

    def change(manifest: bytes) -> bytes:
        new = hashlib.sha256(data).hexdigest()
        found = manifest.replace(was["sha256"].encode(), new.encode())
        sizes = rb'("%s": \{\s*"sha256": "\w+",\s*"size_bytes": )\d+' % re.escape(name.encode())
        return re.sub(sizes, rb"\g<1>%d" % len(data), found)

    resigned(folder, key, change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "name", "line"),
    [
        ("bind", "rpz.zone", b"* CNAME .\n"),
        ("unbound", "rpz.zone", b"*. CNAME .\n"),
        ("unbound", "rpz.zone", b"trailing.example. CNAME .\n"),
        ("knot", "rpz.zone", b"example CNAME .\n"),
        ("pdns-recursor", "rpz.zone", b"one.example CNAME .\n"),
        ("pdns-recursor", "rpz.zone", b"cut.example CNAME ."),
        ("bind", "rpz.zone", b"<!DOCTYPE html>\n"),
        ("bind", "rpz.zone", b"one.example A 192.0.2.1\n"),
        ("unbound-local", "unbound.conf", b"local-zone: \n"),
        ("dnsmasq", "dnsmasq.conf", b"address=/#/\n"),
        ("dnsmasq", "dnsmasq.conf", b"address=/./\n"),
        ("dnsmasq", "dnsmasq.conf", b"no-such-thing\n"),
        ("dnsmasq", "dnsmasq-hosts.txt", b"192.0.2.1 other.example\n"),
        ("dnsmasq-hosts", "hosts.txt", b"<html>\n"),
    ],
)
def test_a_list_that_its_program_would_choke_on_is_refused_although_it_is_signed(
    kind: str, name: str, line: bytes, world: World
) -> None:
    world.client.set(
        CONSUMER=kind, FILES="", MUST_RESOLVE="egov.example", RELOAD="true", CANARY="true"
    )
    assert world.client.run().returncode == OK
    spoil(world.serve(3), world.publisher.key, name, line)

    done = world.client.run()

    assert (done.returncode, world.client.serial) == (CHECK, 2), done.stderr
    assert f"the check of {kind} does not accept the list" in done.stderr
    assert world.feed.receipts[-1]["outcome"] == "refused"


@pytest.mark.parametrize("setting", ["RELOAD", "LOADED", "CANARY", "VALIDATE"])
def test_every_command_can_be_replaced_and_its_failure_keeps_the_last_list(
    setting: str, world: World
) -> None:
    client = world.client
    world.serve(3)
    fails_for_3 = {
        "VALIDATE": 'test "$(grep -c CNAME "$NEW/rpz.zone")" -lt 3',
        "LOADED": 'test "$SERIAL" -lt 3',
    }
    client.set(
        **{setting: fails_for_3.get(setting, 'test "$(grep -c CNAME "$LIST/rpz.zone")" -lt 3')}
    )
    client.set(CANARY_TIME="1", CANARY_KIND="none")

    done = client.run()

    assert done.returncode == (CHECK if setting == "VALIDATE" else ROLLED_BACK), done.stderr
    assert (client.serial, client.is_whole()) == (2, True)
