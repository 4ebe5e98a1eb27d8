"""A real hidden primary and a real resolver of a provider: who may transfer what, how a lifted name gets through."""

import grp
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from blocklist import primary as primaries
from blocklist.consumers import bind, programs
from blocklist.consumers.resolver import Resolver
from blocklist.entries import admit
from blocklist.key_files import BadKeyError
from blocklist.primary import Primary, PrimaryError, Secondary
from blocklist.publish import export
from review_queue import entries, lifts
from review_queue.categories import Category, Scope
from review_queue.store import Store
from tests.blocklist import consumers_dns
from tests.blocklist.approvals import PEOPLE, approve

needs_dig = pytest.mark.skipif(shutil.which("dig") is None, reason="dig is not installed")
MANY = tuple(f"n{number:03}.example" for number in range(40))


def publish(store: Store, lists: Path, *parts: Category) -> int:
    admit(store)
    return export(store, lists, ["rpz"], actor="test", parts=parts).serial


def primary_of(tmp_path: Path, **changes: object) -> Primary:
    return replace(
        Primary(
            lists=tmp_path / "lists",
            out=tmp_path / "primary",
            addresses=("127.0.0.1",),
            port=programs.free_port(),
            control_port=programs.free_port(),
        ),
        **changes,  # type: ignore[arg-type]
    )


@contextmanager
def serving(primary: Primary) -> Iterator[None]:
    """The primary runs with the settings in its folder."""
    consumers_dns.path_of(bind.PROGRAM)
    home = primary.out / "run"
    home.mkdir(exist_ok=True)
    command = ["sh", str(primary.out / "start"), "-g", "-n", "1"]
    log = home / "output"
    with programs.started(
        command, home, lambda: b"all zones loaded" in log.read_bytes(), time.monotonic() + 20
    ):
        yield


def dig(primary: Primary, kind: str, zone: str, provider: str = "") -> list[list[str]]:
    """The records a transfer gives, of a provider or of somebody without a key."""
    key = ["-k", str(primary.out / "keys" / f"{provider}.key")] if provider else []
    done = subprocess.run(
        ["dig", *key, "@127.0.0.1", "-p", str(primary.port), "+noall", "+answer", "+time=3", "+tries=1", zone, kind],
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines() if not line.startswith(";")]
    return [words for words in lines if words]


def rndc(primary: Primary, *words: str) -> None:
    subprocess.run(
        ["rndc", "-c", str(primary.out / "rndc.conf"), *words],
        env={"PATH": programs.PATH}, check=True, capture_output=True, timeout=20,
    )  # fmt: skip


@needs_dig
def test_a_transfer_needs_the_key_and_the_right_to_that_part(store: Store, tmp_path: Path) -> None:
    approve(store, "one.example", "two.example")
    primary = primary_of(tmp_path)
    publish(store, primary.lists, Category.VIOLENCE, Category.SELF_HARM)
    written = primaries.write(primary, [Secondary("all", ("",)), Secondary("Part", ("violence",))])
    whole, part = written.zones

    with serving(primary):
        found = {
            (provider, zone): len(dig(primary, "AXFR", zone, provider))
            for provider in ("", "all", "Part")
            for zone in (whole, part)
        }
        asked = dig(primary, "SOA", whole)

    assert (whole, part) == ("rpz.qalqan.invalid", "violence.rpz.qalqan.invalid")
    assert written.new_keys == ("all", "Part")
    assert {each for each, number in found.items() if number} == {("all", whole), ("Part", part)}
    assert found["all", whole] == 2 + 2 + 1  # SOA and NS, two names, SOA again
    assert asked == []


@needs_dig
def test_what_changed_alone_is_transferred_also_after_the_primary_was_down(
    store: Store, tmp_path: Path
) -> None:
    approve(store, *MANY)
    primary = primary_of(tmp_path)
    first = publish(store, primary.lists)
    (zone,) = primaries.write(primary, [Secondary("acme", ("",))]).zones

    with serving(primary):
        whole = dig(primary, "AXFR", zone, "acme")
        approve(store, "new.example")
        second = publish(store, primary.lists)
        rndc(primary, "reload")
        wait_for(lambda: dig(primary, "SOA", zone, "acme")[0][6] == str(second))
        changes = dig(primary, f"IXFR={first}", zone, "acme")
    for name in ("more.example", "and-more.example"):
        approve(store, name)
        last = publish(store, primary.lists)
    with serving(primary):
        after = dig(primary, "SOA", zone, "acme")
        again = dig(primary, f"IXFR={second}", zone, "acme")

    assert (len(whole), [first, second, last]) == (43, [1, 2, 4])
    # the new SOA, the old one, the new one, what was added, the new SOA
    assert len(changes) == 5
    assert [words[0] for words in changes if words[3] == "CNAME"] == [f"new.example.{zone}."]
    assert after[0][6] == str(last)
    assert [words[0] for words in again if words[3] == "SOA"] != []
    assert f"more.example.{zone}." in {words[0] for words in again}


def wait_for(state: object) -> None:
    assert callable(state)
    end = time.monotonic() + 20
    while not state():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.1)


@contextmanager
def secondary(primary: Primary, folder: Path) -> Iterator[Resolver]:
    """The resolver of a provider, set up with the file that was handed over."""
    handed = (primary.out / "providers" / "acme.conf").read_text()
    (policy,) = re.findall(r"response-policy .*;", handed)
    with consumers_dns.running(bind.PROGRAM, folder, f"{policy}\n}};\n{handed}") as found:
        yield found


def test_a_lifted_name_resolves_at_the_provider_as_soon_as_it_is_told(
    store: Store, tmp_path: Path
) -> None:
    approve(store, "one.example", "two.example")
    approve(store, "wide.example", scope=Scope.DOMAIN)
    primary = primary_of(tmp_path)
    publish(store, primary.lists)
    primaries.write(primary, [Secondary("acme", ("",))])
    names = ("one.example", "a.wide.example", "egov.example")

    with serving(primary), secondary(primary, tmp_path) as resolver:
        wait_for(lambda: resolver.state("a.wide.example") == "blocked")
        listed = resolver.states(*names)
        primaries.write(
            replace(primary, notify_port=resolver.port), [Secondary("acme", ("",), ("127.0.0.1",))]
        )
        rndc(primary, "reconfig")
        (wide,) = [each for each in entries.live(store) if each.name == "wide.example"]
        lifts.lift(store, wide.id, PEOPLE[0], lifts.LiftReason.APPEAL, "Its owner was right.")
        publish(store, primary.lists)
        rndc(primary, "reload")
        wait_for(lambda: resolver.state("a.wide.example") == "open")
        lifted = resolver.states(*names)
        log = resolver.log.read_text()

    assert list(listed.values()) == ["blocked", "blocked", "open"]
    assert list(lifted.values()) == ["blocked", "open", "open"]
    assert "TSIG 'qalqan-acme'" in log


def test_keys_stay_until_they_are_renewed_or_their_provider_is_gone(tmp_path: Path) -> None:
    primary = primary_of(tmp_path)
    both = [Secondary("acme", ("",)), Secondary("other", ("violence",))]
    first = primaries.write(primary, both)
    path = primary.out / "keys" / "acme.key"
    before = path.read_text()

    second = primaries.write(primary, both)
    assert (first.new_keys, second.new_keys, path.read_text() == before) == (
        ("acme", "other"),
        (),
        True,
    )
    third = primaries.write(primary, both, renewed=["acme"])
    assert (third.new_keys, path.read_text() == before) == (("acme",), False)
    assert path.read_text().splitlines()[2] in (primary.out / "providers" / "acme.conf").read_text()
    last = primaries.write(primary, both[1:])
    assert (last.ended_keys, path.exists()) == (("acme",), False)
    assert not (primary.out / "providers" / "acme.conf").exists()
    assert "acme" not in (primary.out / "named.conf").read_text()
    assert first.waiting == ("rpz.qalqan.invalid", "violence.rpz.qalqan.invalid")


def test_nobody_but_the_owner_reads_what_was_written(tmp_path: Path) -> None:
    primary = primary_of(tmp_path)
    primaries.write(primary, [Secondary("acme", ("",))])

    files = [path for path in primary.out.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert primary.out.stat().st_mode & 0o777 == 0o700


def test_the_group_of_bind_reads_keys_and_writes_journals_and_no_more(tmp_path: Path) -> None:
    primary = primary_of(tmp_path, group=grp.getgrgid(os.getgid()).gr_name)
    for _ in range(2):  # as well where the keys are there already
        primaries.write(primary, [Secondary("acme", ("",))])

    modes = {
        path.relative_to(primary.out).as_posix(): path.stat().st_mode & 0o777
        for path in (primary.out, *primary.out.rglob("*"))
    }
    assert modes == {
        ".": 0o750, "keys": 0o750, "state": 0o770, "providers": 0o700,
        "named.conf": 0o640, "keys/acme.key": 0o640, "keys/rndc.key": 0o640,
        "rndc.conf": 0o600, "start": 0o600, "providers/acme.conf": 0o600,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "secondaries", "why"),
    [
        ({"zone": 'a"; };'}, [], "cannot name the zone"),
        ({"zone": "rpz"}, [], "cannot name the zone"),
        ({"zone": "a" * 60 + ".zone"}, [], "cannot name the zone"),
        ({"addresses": ()}, [], "name an address"),
        ({"addresses": ("any",)}, [], "no IP address"),
        ({"out": Path('/tmp/a"b')}, [], "cannot stand"),  # noqa: S108  # nothing is written
        ({}, [Secondary("a b", ("",))], "cannot name a key"),
        ({}, [Secondary("rndc", ("",))], "cannot name a key"),
        ({}, [Secondary("a", ("",)), Secondary("A", ("",))], "cannot name a key"),
        ({}, [Secondary("a", ("",), ("localhost",))], "no IP address"),
        ({}, [Secondary("a", ("",), ("fe80::1%x; }; options {",))], "no IP address"),
        (
            {"zone": f"rpz.{'a' * 55}"},
            [Secondary("a", ("violence",))],
            "room for the longest names",
        ),
        ({"group": "no-such-group"}, [Secondary("a", ("",))], "check the folder and the group"),
    ],
)
def test_what_cannot_stand_in_the_settings_is_refused(
    changes: dict[str, object], secondaries: list[Secondary], why: str, tmp_path: Path
) -> None:
    with pytest.raises(PrimaryError, match=why):
        primaries.write(primary_of(tmp_path, **changes), secondaries)


def test_a_provider_of_any_name_has_a_key_that_bind_takes(store: Store, tmp_path: Path) -> None:
    names = ("a", "a.", "a..b", "a.b", "A" * 60, ".".join("a" * 30))
    approve(store, "one.example")
    primary = primary_of(tmp_path)
    publish(store, primary.lists)
    readers = [Secondary(name, ("",)) for name in names]
    primaries.write(primary, readers)
    (zone,) = primaries.write(primary, readers).zones  # the keys are known again

    assert primaries.key_name("A" * 60) == primaries.key_name("a" * 60)
    assert len({primaries.key_name(name) for name in names}) == len(names)
    with serving(primary):
        for name in names:
            assert len(dig(primary, "AXFR", zone, name)) == 4, name


def test_a_key_that_somebody_changed_is_not_used(tmp_path: Path) -> None:
    primary = primary_of(tmp_path)
    primaries.write(primary, [Secondary("acme", ("",))])
    (primary.out / "keys" / "acme.key").write_text('key "qalqan-acme" { };\n')

    with pytest.raises(BadKeyError, match="no key of ours"):
        primaries.write(primary, [Secondary("acme", ("",))])
    with pytest.raises(PrimaryError, match="transfers no zone"):
        primaries.write(primary, [], renewed=["acme"])
