"""How long a wrong block stays: from the lift of an entry until a provider's resolver answers again, in its steps.

    uv run python benchmarks/lift_to_removal.py                     # 1,000 entries, Unbound, the client at once
    uv run python benchmarks/lift_to_removal.py --entries 100000 --consumer bind --runs 5
    uv run python benchmarks/lift_to_removal.py --held              # all that is new is held: damaged guard data

Everything runs on loopback: the store, an export with its signature, the feed, the pull client of docs/provider and a
real resolver that is asked all the time. What no machine can shorten comes on top: how often lists are published, how
often a provider pulls (the kit's timer: ten minutes), and the proof of a list on the programs before it is served.
"""

import argparse
import hashlib
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import dns.exception
import dns.message
import dns.query

sys.path.insert(0, str(Path(__file__).parents[1]))

from blocklist.feed.app import FeedConfig
from blocklist.publish import export
from blocklist.removals import HeldError
from review_queue import entries, imports, lifts, policies
from review_queue.categories import Category, Scope
from review_queue.lifts import LiftReason
from review_queue.records import Entry
from review_queue.store import Store, open_store
from tests.blocklist.approvals import PEOPLE
from tests.blocklist.feeding import UNLIMITED, Site, a_text, running
from tests.blocklist.holding import damage
from tests.blocklist.samples import entry
from tests.provider import consumers
from tests.provider.clients import OK, Client, client
from tests.provider.lists import Publisher

FORMATS: Final = {"unbound-local": "unbound", "dnsmasq": "dnsmasq"}
STEPS: Final = (
    "lift",
    "publish",
    "fetch and verify",
    "check and swap",
    "load",
    "canary and receipt",
)


def imported(store: Store, count: int) -> Iterator[tuple[int, Entry]]:
    """So many domains, decided elsewhere under a policy and a ground of the store."""
    policy = policies.current(store, Category.VIOLENCE)[0]
    ground = policies.grounds(store)[0]
    for number in range(count):
        name = (
            f"n{number:07}.zz-qalqan.kz"  # made up, and asked of nobody but resolvers on loopback
        )
        blank = replace(
            entry(name, Scope.DOMAIN),
            case_ref="", decision_ids=(), people=0,
            policy_code=policy.code, policy_version=policy.version,
            legal_ground_code=ground.code, legal_ground_version=ground.version,
        )  # fmt: skip
        yield number + 1, replace(blank, papers=(f"order {number}",))


def filled(publisher: Publisher, count: int, form: str) -> list[str]:
    """The store has so many entries, and the first list is published; returns the names."""
    with open_store(publisher.home / "data") as store:
        digest = hashlib.sha256(str(count).encode()).hexdigest()
        number = imports.prepare(
            store,
            source="benchmark",
            file_sha256=digest,
            rows=imported(store, count),
            person=PEOPLE[0],
        )
        imports.sign(store, number, PEOPLE[1])
        export(store, publisher.lists, [form], actor="benchmark", sign=publisher.signatures)
        return [each.name for each in entries.live(store)]


def reader_of(site: Site, publisher: Publisher, home: Path, kind: str, form: str) -> Client:
    """A client before its first list, which writes down when it comes to its own steps."""
    found = client(home, f"http://127.0.0.1:{site.port}/v1", publisher.public_key)
    (home / "token").write_text(f"{a_text(site, formats=(form,))}\n")
    found.set(CONSUMER=kind, FILES="", ZONE=consumers.ZONE, FETCH_TIME="60", SLOW_TIME="20")
    found.set(CANARY_TIME="120", MUST_RESOLVE="egov.example")
    assert found.run("--prepare").returncode == OK
    # the first copy is made when everything is fetched and verified
    with found.settings.open("a") as file:
        file.write(f'cp() {{ date "+fetched %s.%N" >>{home}/moments; command cp "$@"; }}\n')
    return found


def once(
    publisher: Publisher, reader: Client, running_one: consumers.Running, name: str, form: str
) -> dict[str, float]:
    """The seconds of each step when `name` is lifted."""
    moments = reader.home / "moments"
    moments.unlink(missing_ok=True)
    resolver, is_open = running_one.resolver, threading.Event()
    opened: list[float] = []

    query = dns.message.make_query(f"a.{name}", "A")

    def watch() -> None:
        while not is_open.is_set():
            # a program that is loading a list, or is started anew, does not answer meanwhile
            with suppress(dns.exception.DNSException, OSError):
                answer = dns.query.udp(query, "127.0.0.1", port=resolver.port, timeout=0.2)
                if answer.answer:
                    opened.append(time.time())
                    return
            time.sleep(0.01)

    assert resolver.state(f"a.{name}") == "blocked"
    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.time()
    with open_store(publisher.home / "data") as store:
        gone = next(each for each in entries.live(store) if each.name == name)
        start = time.time()
        lifts.lift(store, gone.id, PEOPLE[0], LiftReason.APPEAL)
        lifted = time.time()
        with suppress(HeldError):
            export(store, publisher.lists, [form], actor="benchmark", sign=publisher.signatures)
    published = time.time()
    done = reader.run("--now", path=running_one.path)
    end = time.time()
    assert done.returncode == OK, done.stderr
    watcher.join(timeout=30)
    is_open.set()
    first: dict[str, float] = {}
    for line in moments.read_text().splitlines():
        first.setdefault(line.split()[0], float(line.split()[1]))
    ends = (start, lifted, published, first["fetched"], first["told"], first["loaded"], end)
    steps = dict(zip(STEPS, (after - before for before, after in pairwise(ends)), strict=True))
    return {
        **steps,
        "lift to removal": opened[0] - start,
        "of that the client": opened[0] - published,
    }


def marked(one: consumers.Running, moments: Path) -> None:
    """What the client tells the program by writes down when it began and ended."""
    (wrapper,) = Path(one.path.split(":")[0]).iterdir()
    command = wrapper.read_text().splitlines()[1].removeprefix("exec ")
    mark = f'date "+%s %s.%N" >>{moments}'
    lines = ["#!/bin/sh", mark.replace("%s ", "told ", 1), command, "code=$?"]
    wrapper.write_text("\n".join([*lines, mark.replace("%s ", "loaded ", 1), "exit $code", ""]))


def main() -> None:
    """The table is printed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1000)
    parser.add_argument("--consumer", choices=list(consumers.KINDS), default="unbound")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--held", action="store_true", help="with damaged guard data")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    form = FORMATS.get(options.consumer, "rpz")
    with tempfile.TemporaryDirectory(prefix="qalqan-lift-") as folder:
        home = Path(folder)
        (home / "publisher").mkdir()
        publisher = Publisher(home / "publisher")
        names = filled(publisher, options.entries, form)
        if options.held:
            damage(publisher.home / "data")
        site = Site(publisher.home / "data", publisher.lists)
        with running(site, FeedConfig(site.data, site.lists, limits=UNLIMITED)):
            reader = reader_of(site, publisher, home / "client", options.consumer, form)
            with consumers.running(options.consumer, reader.current) as one:
                reader.set(RESOLVER_PORT=str(one.resolver.port))
                first = reader.run(path=one.path)
                assert first.returncode == OK, first.stderr
                marked(one, reader.home / "moments")
                step = len(names) // (options.runs + 2)
                rows = [
                    once(publisher, reader, one, names[step * (run + 1)], form)
                    for run in range(options.runs)
                ]
    middle = {step: statistics.median(row[step] for row in rows) for step in rows[0]}
    if options.json:
        print(json.dumps({"entries": options.entries, "consumer": options.consumer, **middle}))
        return
    print(f"{options.entries} entries, {options.consumer}, median of {options.runs} lifts, seconds")
    for step, seconds in middle.items():
        print(f"{step:20} {seconds:8.3f}")


if __name__ == "__main__":
    main()
